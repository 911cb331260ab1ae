"""The page on privacy names every cookie that is really set, and none that is not."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts import zones
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

# The page’s own script sets it (static/js/app.js).
BY_SCRIPT = {zones.COOKIE}


def test_the_privacy_page_names_every_cookie_that_is_set():
    hours = {weekday: [("00:00", "24:00")] for weekday in range(7)}
    service = ServiceFactory(provider=ProviderFactory(hours=hours), duration_minutes=60)
    UserFactory(email="amara@example.com", password="long walks by the river", email_confirmed_at=clock.now())
    browser = Client()
    at = [service.provider.slug, service.slug]
    page = browser.get(reverse("provider_service", args=at), {"tz": "Europe/Paris"})
    seen = set(browser.cookies)
    browser.post(reverse("keep_time", args=at), {"start": page.context["picker"].groups[0][1][0].value})
    seen |= set(browser.cookies)
    browser.get(reverse("book", args=at))  # without a time: a sentence travels to the next page
    seen |= set(browser.cookies)
    browser.post(
        reverse("account_login"), {"login": "amara@example.com", "password": "long walks by the river"}, follow=True
    )
    seen |= set(browser.cookies)

    said = Client().get(reverse("help_privacy")).content.decode()

    assert {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.DEVICE_COOKIE_NAME, "messages"} <= seen
    assert set(re.findall(r"<li><code>(\w+)</code>", said)) == seen | BY_SCRIPT
    assert settings.SESSION_COOKIE_AGE == 14 * 24 * 3600  # "two weeks"
    assert settings.CSRF_COOKIE_AGE >= 360 * 24 * 3600  # "a year"
