"""Nobody takes a provider's week away by keeping its times, and whoever only tries often is never refused."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from appointments.models import Hold
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db

MOST = 6


def press(service, n=0, client=None, **headers):
    """Continue at the nth full hour from Tuesday on; without a client by one that keeps no cookie."""
    start = TUESDAY_TEN + timedelta(days=n // 5, hours=n % 5)
    address = reverse("keep_time", args=[service.provider.slug, service.slug])
    return (client or Client()).post(address, {"start": start.isoformat()}, **headers)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_one_address_without_cookies_keeps_a_handful_of_times(service):
    answers = [press(service, n) for n in range(20)]

    assert [answer.status_code for answer in answers] == [302] * MOST + [429] * (20 - MOST)
    assert Hold.objects.filter(expires_at__gt=clock.now()).count() == MOST
    assert 0 < int(answers[-1]["Retry-After"]) <= 600
    assert "Too many tries" in answers[-1].content.decode()


def test_a_browser_that_was_refused_is_refused_again(service):
    for n in range(MOST):
        press(service, n)
    browser = Client()

    assert [press(service, MOST + n, browser).status_code for n in range(3)] == [429] * 3


def test_a_browser_that_keeps_its_cookie_may_change_its_mind_as_often_as_it_likes(service):
    browser = Client()

    assert [press(service, n, browser).status_code for n in range(15)] == [302] * 15
    assert Hold.objects.count() == 1


def test_one_account_signed_in_again_and_again_keeps_a_handful_of_times(service):
    person = UserFactory()

    answers = [press(service, n, signed_in(person)).status_code for n in range(10)]

    assert answers == [302] * MOST + [429] * (10 - MOST)


def test_others_are_not_meant(service):
    """Another address, another provider, and whoever is signed in at the same address."""
    for n in range(MOST + 1):
        press(service, n)
    elsewhere = ServiceFactory(provider=ProviderFactory(time_zone="Europe/London"), duration_minutes=60)
    give_hours(elsewhere.provider, {day: [("09:00", "17:00")] for day in range(5)})

    assert press(service, 10, REMOTE_ADDR="203.0.113.8").status_code == 302
    assert press(elsewhere, 10).status_code == 302
    assert press(service, 11, signed_in(UserFactory())).status_code == 302
    assert press(service, 12).status_code == 429


def test_without_the_cache_a_time_can_be_kept(service, monkeypatch):
    def gone(*args, **kwargs):
        raise ConnectionError("no cache here")

    for name in ("get", "set", "add"):
        monkeypatch.setattr(cache, name, gone)

    assert press(service).status_code == 302
    assert Hold.objects.count() == 1
