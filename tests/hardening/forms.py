"""The values of forms as a browser would send them."""

import re

from django.urls import reverse

START = "2026-03-03T10:00:00Z"


def hidden_values(response):
    """The hidden fields of the form on the page, by name."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def book_address(service):
    return reverse("book", args=[service.provider.slug, service.slug])


def booking_values(client, service, start=START):
    return hidden_values(client.get(book_address(service), {"start": start}))
