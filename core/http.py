"""What our middleware adds to Django's request, for the type checker; `accounts.http` adds who is signed in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class Request(HttpRequest):
    htmx: HtmxDetails
    request_id: str
    has_bad_address: bool
