"""Nobody takes a provider's week away by keeping its times, and whoever only tries often is never refused."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from appointments.exceptions import SlotTaken
from appointments.models import Hold
from appointments.rules.shares import visitors_may_keep
from appointments.rules.slots import Facts, Rules, openings_on
from appointments.services import availability, booking
from appointments.services.availability import Mine
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .conftest import TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

MOST = 6
# Of eight openings from nine to five.
THIRD = 2
SIGN_IN_AND_BOOK = (
    "so this one can’t be kept for you while you sign in. It is still open: sign in and book it before somebody else "
    "does."
)
AT_ADDRESS = (
    "6 times with Maya are being kept for people at your internet address, and that is the most, " + SIGN_IN_AND_BOOK
)
OF_DAY = "Many people are choosing a time with Maya on that day right now, " + SIGN_IN_AND_BOOK


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


def press(service, *, days=0, hours=0, client=None, **headers):
    """Continue at an hour from Tuesday, ten o'clock, on; without a client by one that keeps no cookie."""
    start = TUESDAY_TEN + timedelta(days=days, hours=hours)
    address = reverse("keep_time", args=[service.provider.slug, service.slug])
    return (client or Client()).post(address, {"start": start.isoformat()}, **headers)


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def week_days(count):
    """So many days from Tuesday on that are no weekend."""
    return [day for day in range(20) if (1 + day) % 7 < 5][:count]


def kept():
    return sorted(Hold.objects.filter(expires_at__gt=clock.now()).values_list("start", flat=True))


# --- The rule --------------------------------------------------------------------------------------------------------


def hours_of(*pairs):
    return [(TUESDAY_TEN + timedelta(hours=start), TUESDAY_TEN + timedelta(hours=end)) for start, end in pairs]


@pytest.mark.parametrize(
    ("wanted", "kept", "openings", "may"),
    [
        ((0, 1), [], [(0, 8)], True),
        ((1, 2), [(0, 1)], [(0, 6)], True),
        ((1, 2), [(0, 1)], [(0, 5), (6, 6.9)], False),
        ((2, 3), [(0, 1), (1, 2)], [(0, 4), (5, 10)], True),
        ((3, 4), [(0, 3)], [(0, 9)], False),
        # One may always be kept, also where the day has no more.
        ((0, 1), [], [(0, 1)], True),
    ],
)
def test_visitors_keep_a_third_of_a_day_together(wanted, kept, openings, may):
    [one] = hours_of(wanted)

    assert visitors_may_keep(one, kept=hours_of(*kept), openings=hours_of(*openings)) is may


def test_a_day_is_open_where_nothing_is_taken_and_it_can_still_be_booked():
    now, day = TUESDAY_TEN, TUESDAY_TEN.date()
    taken = hours_of((4, 5))
    facts = Facts(ZoneInfo("Europe/London"), Rules(timedelta(hours=2), 60), {1: [(540, 1020)]}, {}, taken)

    assert openings_on(facts, day, now) == hours_of((2, 4), (5, 7))
    assert openings_on(facts, day + timedelta(days=7), now) == hours_of((7 * 24 - 1, 7 * 24 + 7))
    assert openings_on(facts, day + timedelta(days=1), now) == []


# --- Continue --------------------------------------------------------------------------------------------------------


def test_one_address_without_cookies_keeps_a_handful_of_times_of_a_provider(service):
    days = week_days(9)

    answers = [press(service, days=day) for day in days]

    assert [answer.status_code for answer in answers] == [302] * 9
    assert [told(answer) for answer in answers] == [[]] * MOST + [[AT_ADDRESS]] * 3
    assert kept() == [TUESDAY_TEN + timedelta(days=day) for day in days[:MOST]]


def test_what_one_address_keeps_of_a_provider_counts_for_no_other(service):
    for day in week_days(MOST):
        press(service, days=day)

    assert told(press(ServiceFactory(duration_minutes=60))) == []


def test_many_addresses_keep_a_third_of_a_day_and_another_day_is_not_meant(service):
    answers = [press(service, hours=n, REMOTE_ADDR=f"203.0.113.{n}") for n in range(5)]
    next_day = press(service, days=1, REMOTE_ADDR="203.0.113.9")

    assert [told(answer) for answer in answers] == [[]] * THIRD + [[OF_DAY]] * 3
    assert told(next_day) == []
    assert kept() == [TUESDAY_TEN, TUESDAY_TEN + timedelta(hours=1), TUESDAY_TEN + timedelta(days=1)]


def test_what_could_not_be_kept_can_be_booked_all_the_same(service, customer):
    for n in range(THIRD):
        press(service, hours=n, REMOTE_ADDR=f"203.0.113.{n}")
    visitor = Client()

    answer = press(service, hours=4, client=visitor, REMOTE_ADDR="203.0.113.8")
    sign_in = visitor.get(answer.url, follow=True).text
    visitor.force_login(customer)
    form = visitor.get(answer.url)

    assert OF_DAY in sign_in
    assert (form.status_code, "Book this time" in form.text) == (200, True)


def test_an_account_keeps_one_time_whatever_visitors_keep(service):
    for n in range(THIRD + 1):
        press(service, hours=n, REMOTE_ADDR=f"203.0.113.{n}")
    person = UserFactory()

    answers = [press(service, hours=hour, client=signed_in(person)) for hour in (4, 5, 6)]

    assert [told(answer) for answer in answers] == [[]] * 3
    assert kept() == [TUESDAY_TEN + timedelta(hours=hour) for hour in (0, 1, 6)]


def test_a_time_kept_on_one_device_is_open_to_the_account_on_another_and_taken_for_everybody_else(service, customer):
    press(service, client=signed_in(customer))
    terms = booking.terms_of(service)
    wanted = {"service": service, "start": TUESDAY_TEN, "terms": terms, "booking_key": "key"}

    with pytest.raises(SlotTaken):
        booking.book_appointment(**wanted, customer=UserFactory())
    seen = availability.may_book(service, TUESDAY_TEN, now=clock.now(), mine=Mine(account_id=customer.pk))
    outcome = booking.book_appointment(**wanted, customer=customer)

    assert (seen, outcome.changed) == (True, True)
    assert [hold.appointment for hold in Hold.objects.all()] == [outcome.appointment]


def test_a_browser_that_keeps_its_cookie_may_change_its_mind_as_often_as_it_likes(service):
    browser = Client()

    answers = [press(service, hours=n % 5, client=browser) for n in range(15)]

    assert [answer.status_code for answer in answers] == [302] * 15
    assert [told(answer) for answer in answers] == [[]] * 15
    assert kept() == [TUESDAY_TEN + timedelta(hours=4)]


def test_whoever_could_not_keep_another_time_still_has_the_first(service):
    browser = Client()
    for n in range(THIRD):
        press(service, days=1, hours=n, REMOTE_ADDR=f"203.0.113.{n}")
    press(service, client=browser)

    assert told(press(service, days=1, hours=4, client=browser)) == [OF_DAY]
    assert kept()[0] == TUESDAY_TEN


def test_what_ran_out_counts_for_nobody(service):
    for n in range(THIRD):
        press(service, hours=n, REMOTE_ADDR=f"203.0.113.{n}")
    Hold.objects.update(expires_at=clock.now())

    assert told(press(service, hours=3, REMOTE_ADDR="203.0.113.8")) == []


def test_the_address_of_a_visitor_is_kept_as_a_hash_and_that_of_an_account_not_at_all(service):
    press(service, REMOTE_ADDR="203.0.113.7")
    press(service, days=1, client=signed_in(UserFactory()), REMOTE_ADDR="203.0.113.7")

    visitors, accounts = Hold.objects.order_by("start").values_list("kept_from", flat=True)
    assert (len(visitors), "203.0.113" in visitors, accounts) == (64, False, "")


def test_without_the_cache_a_time_can_be_kept(service, monkeypatch):
    def gone(*args, **kwargs):
        raise ConnectionError("no cache here")

    for name in ("get", "set", "add"):
        monkeypatch.setattr(cache, name, gone)

    assert press(service).status_code == 302
    assert Hold.objects.count() == 1
