"""A provider in Kathmandu, a customer in New York, a fee, caps, and an answer time of its own: figures that no round
hour, no UTC date and no start of an appointment can stand in for.

It is Monday 2 March 2026, 08:00 UTC, which is 13:45 in Kathmandu and 03:00 in New York.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from appointments import tasks
from appointments.exceptions import AddressNeeded, MoveRefused, PolicyRefused, SlotTaken
from appointments.models import Appointment
from appointments.services import availability, transitions
from appointments.states import Role, Status
from core import clock
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import ANSWER_TIME, NOW

pytestmark = pytest.mark.django_db

KATHMANDU = clock.zone("Asia/Kathmandu")
ANSWER_BY = NOW + ANSWER_TIME
INSTANT = timedelta(microseconds=1)


def in_kathmandu(day, hour, minute=0):
    """That wall time of a day of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=KATHMANDU).astimezone(UTC)


THURSDAY = in_kathmandu(5, 10)


@pytest.fixture
def provider(db, settings):
    settings.PLATFORM_FEE_PERCENT = Decimal("7.5")
    provider = ProviderFactory(name="Sunita Gurung", time_zone="Asia/Kathmandu")
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    provider.policy.answer_minutes = ANSWER_TIME // timedelta(minutes=1)
    provider.policy.cancellation_cutoff_minutes = 97
    provider.policy.save()
    return provider


@pytest.fixture
def service(provider):
    return ServiceFactory(
        provider=provider, name="Yoga", duration_minutes=50, slot_interval_minutes=60, price=Decimal("59.90")
    )


@pytest.fixture
def customer(db):
    return UserFactory(name="Zebulon Quartermain", email="zebulon@example.com", time_zone="America/New_York")


def cap(provider, **caps):
    for name, value in caps.items():
        setattr(provider.policy, name, value)
    provider.policy.save()


def open_hours(service, day):
    """The open full hours of a date, by the provider's clock."""
    start, end = clock.day_bounds(date(2026, 3, day), KATHMANDU)
    slots = availability.slots_between(service, start, end, now=NOW)
    return [at.astimezone(KATHMANDU).hour for at in slots]


# --- What is agreed stays agreed --------------------------------------------------------------------------------------


def test_a_booking_writes_price_fee_and_both_ends(book):
    one = book(THURSDAY).appointment

    row = Appointment.objects.values(
        "start", "end", "price", "currency", "fee_percent", "platform_fee", "answer_by"
    ).get()
    assert row == {
        "start": datetime(2026, 3, 5, 4, 15, tzinfo=UTC),
        "end": datetime(2026, 3, 5, 5, 5, tzinfo=UTC),
        "price": Decimal("59.90"),
        "currency": one.service.currency,
        "fee_percent": Decimal("7.5"),
        "platform_fee": Decimal("4.49"),
        "answer_by": None,
    }


def test_accepting_agrees_to_what_was_requested_though_price_length_and_fee_have_changed(
    book, by_hand, service, settings
):
    request = book(THURSDAY).appointment
    terms = ("start", "end", "price", "currency", "fee_percent", "platform_fee", "venue", "answer_by")
    requested = Appointment.objects.values(*terms).get()
    type(service).objects.update(price=Decimal("80.00"), duration_minutes=90, currency="JPY")
    settings.PLATFORM_FEE_PERCENT = Decimal("20")

    transitions.accept_request(appointment=request, actor=by_hand.user)

    assert requested["price"] == Decimal("59.90") and requested["platform_fee"] == Decimal("4.49")
    assert Appointment.objects.values("status", *terms).get() == {"status": "confirmed", **requested}


# --- The answer's deadline --------------------------------------------------------------------------------------------


def test_a_request_may_be_answered_for_the_providers_answer_time(book, by_hand):
    assert book(THURSDAY).appointment.answer_by == ANSWER_BY


def test_a_request_near_its_start_may_be_answered_until_then(book, by_hand):
    start = in_kathmandu(2, 18)

    assert book(start).appointment.answer_by == start


ANSWERS = {
    "accept": lambda one: transitions.accept_request(appointment=one, actor=one.provider.user),
    "decline": lambda one: transitions.decline_request(appointment=one, actor=one.provider.user),
    "withdraw": lambda one: transitions.withdraw_request(appointment=one, actor=one.customer),
}


@pytest.mark.parametrize(
    ("verb", "status"), [("accept", "confirmed"), ("decline", "declined"), ("withdraw", "cancelled")]
)
def test_a_request_is_answered_until_its_deadline_and_not_at_it(book, by_hand, verb, status):
    request = book(THURSDAY).appointment

    with time_machine.travel(ANSWER_BY, tick=False), pytest.raises(MoveRefused, match="not answered in time"):
        ANSWERS[verb](request)
    assert Appointment.objects.get().status == "requested"
    with time_machine.travel(ANSWER_BY - INSTANT, tick=False):
        ANSWERS[verb](request)
    assert Appointment.objects.get().status == status


def test_a_request_expires_at_its_deadline_and_not_before(book, by_hand):
    request = book(THURSDAY).appointment

    with time_machine.travel(ANSWER_BY - INSTANT, tick=False):
        tasks.expire_requests()
        assert Appointment.objects.get().status == "requested"
        with pytest.raises(MoveRefused, match="can still be answered"):
            transitions.expire_request(appointment=request)
    with time_machine.travel(ANSWER_BY, tick=False):
        tasks.expire_requests()
    assert Appointment.objects.get().status == "expired"


@pytest.mark.parametrize("side", ["customer", "provider"])
def test_no_request_is_accepted_once_an_account_of_it_is_closed(book, by_hand, side):
    request = book(THURSDAY).appointment
    closed = {"customer": request.customer, "provider": by_hand.user}[side]
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)

    with pytest.raises(PolicyRefused, match=f"This {side}'s account is closed"):
        transitions.accept_request(appointment=request, actor=UserFactory(is_staff=True), role=Role.STAFF)

    assert Appointment.objects.get().status == "requested"


def test_the_job_completes_it_a_day_after_its_end_and_not_before(book):
    one = book(THURSDAY).appointment
    a_day_later = one.end + timedelta(hours=24)

    with time_machine.travel(a_day_later - INSTANT, tick=False):
        tasks.complete_past()
    assert Appointment.objects.get().status == "confirmed"
    with time_machine.travel(a_day_later, tick=False):
        tasks.complete_past()
    assert Appointment.objects.get().status == "completed"


def test_a_customer_cancels_until_the_cutoff_of_the_policy_and_not_after_it(book):
    first, second = book(THURSDAY).appointment, book(THURSDAY + timedelta(hours=3)).appointment
    cutoff = timedelta(minutes=97)

    with time_machine.travel(first.start - cutoff, tick=False):
        transitions.cancel_appointment(appointment=first, actor=first.customer, role=Role.CUSTOMER)
    with time_machine.travel(second.start - cutoff + INSTANT, tick=False), pytest.raises(PolicyRefused):
        transitions.cancel_appointment(appointment=second, actor=second.customer, role=Role.CUSTOMER)

    assert [one.status for one in Appointment.objects.order_by("start")] == ["cancelled", "confirmed"]


# --- Caps -------------------------------------------------------------------------------------------------------------


def test_a_days_cap_counts_the_providers_own_dates(book, provider, service):
    """Thursday in Kathmandu begins at 18:15 UTC on Wednesday: of the two here one is Wednesday's in UTC."""
    cap(provider, max_per_day=2)
    book(in_kathmandu(5, 3))
    book(in_kathmandu(5, 20))

    assert open_hours(service, 4) == list(range(24))
    assert open_hours(service, 5) == []
    assert open_hours(service, 6) == list(range(24))
    with pytest.raises(SlotTaken):
        book(in_kathmandu(5, 12))


def test_a_date_of_utc_that_is_full_leaves_the_providers_next_date_open(book, provider, service):
    """Both stand on 5 March in UTC; in Kathmandu the later one is on the 6th."""
    cap(provider, max_per_day=2)
    book(in_kathmandu(5, 9))
    book(in_kathmandu(6, 3))

    assert len(open_hours(service, 5)) == 23
    assert len(open_hours(service, 6)) == 23
    assert book(in_kathmandu(5, 12)).changed
    assert open_hours(service, 5) == []


@pytest.mark.parametrize(("by_hand_too", "kinds"), [(True, ["requested"] * 2), (False, ["confirmed"] * 2)])
def test_what_is_open_in_all_counts_requests_and_appointments_from_their_rows(
    book, provider, service, by_hand_too, kinds
):
    cap(provider, max_open=2, accepts_at_once=not by_hand_too)
    first = book(in_kathmandu(5, 10)).appointment
    assert len(open_hours(service, 6)) == 24
    # By another person on a far date: all of the provider's rows count, not those of one range or customer.
    book(in_kathmandu(25, 10), customer=UserFactory())

    assert [one.status for one in Appointment.objects.all()] == kinds
    assert open_hours(service, 6) == []
    with pytest.raises(SlotTaken):
        book(in_kathmandu(6, 12))
    end = transitions.decline_request if by_hand_too else transitions.cancel_appointment
    end(appointment=first, actor=provider.user, role=Role.PROVIDER)
    assert len(open_hours(service, 6)) == 24


def test_what_is_over_counts_for_no_cap_of_what_is_open(book, provider, service):
    cap(provider, max_open=1)
    one = book(in_kathmandu(5, 10)).appointment

    with time_machine.travel(one.end, tick=False):
        slots = availability.slots_between(service, one.end, one.end + timedelta(days=1), now=clock.now())

    assert slots != []


# --- Who may book, and what it takes ---------------------------------------------------------------------------------


def test_nobody_books_before_their_address_is_confirmed(book, customer):
    type(customer).objects.filter(pk=customer.pk).update(email_confirmed_at=None)

    with pytest.raises(PolicyRefused, match="Confirm your email address first"):
        book(THURSDAY)

    assert not Appointment.objects.exists()


def test_who_has_no_address_is_sent_there_first_and_books_with_an_unproven_one_where_the_house_says_so(
    book, customer, settings
):
    accounts = type(customer).objects.filter(pk=customer.pk)
    accounts.update(email=None, email_confirmed_at=None, username="robot")
    for confirmation in ("required", "later"):
        settings.EMAIL_CONFIRMATION = confirmation
        with pytest.raises(AddressNeeded, match="has no email address") as refusal:
            book(THURSDAY)
        assert (refusal.value.problem, refusal.value.status) == ("address-needed", 409)

    accounts.update(email="robot@example.com")

    assert book(THURSDAY).appointment.is_confirmed


@pytest.mark.parametrize("how", ["complete", "no-show"])
def test_what_took_place_keeps_its_time(book, how):
    one = book(THURSDAY).appointment

    end(how, one)

    assert list(one.holds.values_list("start", "end")) == [(one.start, one.end)]


# --- Who ended it -----------------------------------------------------------------------------------------------------

# What ends it: (what it was, state, who ended it, whether it was taken back, whether it is over).
ENDS = {
    "accept": ("request", "confirmed", "", False, False),
    "decline": ("request", "declined", "provider", False, True),
    "withdraw": ("request", "cancelled", "customer", True, True),
    "expire": ("request", "expired", "", False, True),
    "cancel by the customer": ("confirmed", "cancelled", "customer", False, True),
    "cancel by the provider": ("confirmed", "cancelled", "provider", False, True),
    "complete": ("confirmed", "completed", "", False, True),
    "no-show": ("confirmed", "no_show", "", False, True),
}


def end(how, one):
    """Does it, at a moment when it may be done; the moment."""
    at = {"expire": ANSWER_BY, "complete": one.end, "no-show": one.start}.get(how, NOW + timedelta(minutes=7))
    people = {"customer": one.customer, "provider": one.provider.user}
    with time_machine.travel(at, tick=False):
        match how.split(" by the "):
            case ["cancel", who]:
                transitions.cancel_appointment(appointment=one, actor=people[who], role=Role(who), reason="Snowed in")
            case ["expire"]:
                transitions.expire_request(appointment=one)
            case ["complete"]:
                transitions.complete_appointment(appointment=one, actor=people["provider"])
            case ["no-show"]:
                transitions.mark_no_show(appointment=one, actor=people["provider"])
            case [verb]:
                ANSWERS[verb](one)
    return at


@pytest.mark.parametrize(("how", "after"), ENDS.items(), ids=ENDS)
def test_the_row_says_how_and_by_whom_it_ended(book, provider, how, after):
    was, status, ended_by, was_withdrawn, is_over = after
    cap(provider, accepts_at_once=was == "confirmed")
    one = book(THURSDAY).appointment

    at = end(how, one)

    assert Appointment.objects.values("status", "ended_by", "was_withdrawn", "closed_at", "sequence").get() == {
        "status": status,
        "ended_by": ended_by,
        "was_withdrawn": was_withdrawn,
        "closed_at": at if is_over else None,
        "sequence": 1,
    }


# --- What leaves the row ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ENDS)
def test_no_message_for_later_carries_what_a_person_is_called_or_wrote(book, provider, how):
    """Messages are read by staff and kept for a while: ids and words of the program are all that they may hold."""
    cap(provider, accepts_at_once=ENDS[how][0] == "confirmed")
    one = book(THURSDAY, note="Left knee").appointment

    end(how, one)

    said = json.dumps([list(row) for row in Message.objects.values_list("topic", "key", "payload")])
    told = ["Zebulon", "Quartermain", "zebulon@", "Sunita", "Gurung", one.provider.user.email, "Left knee", "Snowed",
            "Yoga", one.reference]  # fmt: skip
    assert len(Message.objects.all()) > 1
    assert [word for word in told if word.lower() in said.lower()] == []


# --- Whose form it is -------------------------------------------------------------------------------------------------


def test_a_booking_form_without_our_own_key_books_nothing(service, customer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)
    address = reverse("book", args=[service.provider.slug, service.slug])
    page = browser.get(address, {"start": THURSDAY.isoformat()})
    values = page.context["form"].initial | {"note": ""}
    cache.clear()

    without = browser.post(address, values)
    assert (without.status_code, Appointment.objects.count()) == (403, 0)
    key = page.context["csrf_token"]
    with_key = browser.post(address, values | {"csrfmiddlewaretoken": str(key)})

    assert (with_key.status_code, Appointment.objects.get().status) == (302, Status.CONFIRMED)
