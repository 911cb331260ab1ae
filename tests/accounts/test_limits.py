import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import usage
from accounts.usage import Usage
from core import clock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _low_limits(settings, time_machine):
    """Time stands still: a window that ends during a test would let one more through."""
    time_machine.move_to(clock.now(), tick=False)
    cache.clear()
    settings.LIMITS = settings.LIMITS | {"search": (2, 60)}
    yield
    cache.clear()


def statuses(client, count, **headers):
    return [client.get(reverse("search"), **headers).status_code for _ in range(count)]


def test_the_one_too_many_is_told_how_long_to_wait(client):
    assert statuses(client, 3) == [200, 200, 429]
    assert 0 < int(client.get(reverse("search"))["Retry-After"]) <= 60


def test_a_forged_forwarded_header_does_not_help(client):
    assert statuses(client, 2) == [200, 200]
    assert statuses(client, 1, headers={"X-Forwarded-For": "203.0.113.7"}) == [429]


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 429),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 200),
        ("::ffff:203.0.113.7", "203.0.113.7", 429),
        ("203.0.113.7", "203.0.113.8", 200),
    ],
)
def test_a_household_has_one_count_however_many_addresses_it_has(client, first, second, answer):
    assert statuses(client, 3, REMOTE_ADDR=first)[-1] == 429

    assert statuses(client, 1, REMOTE_ADDR=second) == [answer]


def test_people_who_share_an_address_are_counted_one_by_one(client):
    statuses(client, 3)
    client.force_login(UserFactory())

    assert statuses(client, 3) == [200, 200, 429]


def test_without_the_cache_nothing_is_refused(client, monkeypatch):
    def gone(*args, **kwargs):
        raise ConnectionError("no cache here")

    monkeypatch.setattr("accounts.usage.cache.add", gone)

    assert statuses(client, 4) == [200] * 4


def test_no_account_uses_up_what_visitors_at_its_address_may(client):
    busy = Client()
    busy.force_login(UserFactory())
    assert statuses(busy, 6) == [200, 200, 429, 429, 429, 429]

    assert statuses(client, 3) == [200, 200, 429]


def test_many_accounts_at_one_address_have_a_limit_together(client):
    answers = []
    for _ in range(11):
        client.force_login(UserFactory())
        answers += statuses(client, 2)

    assert answers == [200] * 20 + [429] * 2


def test_a_count_says_what_is_left_of_the_account_s_limit_or_of_its_network_s(settings, time_machine):
    time_machine.move_to("2026-11-28T10:00:15Z", tick=False)
    settings.LIMITS = {"book": (2, 60)}
    person, network = UserFactory(), "203.0.113.7"

    def one_more(account):
        return usage.count("book", account=account, network=network)

    assert [one_more(person) for _ in range(3)] == [Usage(2, 1, 45, 0), Usage(2, 0, 45, 0), Usage(2, 0, 45, 45)]
    assert one_more(None) == Usage(2, 1, 45, 0)
    for _ in range(9):
        one_more(other := UserFactory())
        one_more(other)
    assert one_more(UserFactory()) == Usage(20, 0, 45, 45)
