"""The index follows the calendars: at a message, by time, and everything again and again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import tasks
from appointments.models import Hold, OpenBlock, OpenDay, OpeningIndex
from appointments.models.opening_index import block_number
from appointments.search.index import drop_past_blocks, refresh_openings, refresh_stale
from appointments.search.quarters import HALF, bits_by_day
from appointments.services import availability, booking, transitions
from appointments.states import Role
from outbox import registry
from outbox.testing import deliver
from providers.models import Listing, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TOPIC = "appointments.refresh_openings"


@pytest.fixture
def maya(offer, index):
    person = offer("Maya", hours={1: [("09:00", "11:00")]})
    index()
    return person


@pytest.fixture
def book(maya):
    def book(start):
        service = Service.objects.select_related("provider__policy").get(provider=maya)
        customer = UserFactory()
        terms = booking.terms_of(service)
        return booking.book_appointment(
            service=service, start=start, customer=customer, terms=terms, booking_key="k"
        ).appointment

    return book


def next_at():
    return OpeningIndex.objects.get().next_at


def test_the_index_holds_exactly_what_the_calendar_has_open(maya):
    service = Service.objects.select_related("provider__policy").get(provider=maya)
    starts = availability.slots_between(service, NOW, NOW + timedelta(days=62), now=NOW)

    stored = {day: early | late << HALF for day, early, late in OpenDay.objects.values_list("day", "early", "late")}

    assert stored == bits_by_day(starts)
    assert next_at() == starts[0] == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_booking_and_cancelling_move_the_next_opening(maya, book):
    appointment = book(datetime(2026, 3, 3, 9, tzinfo=UTC))
    deliver(TOPIC)
    booked = next_at()

    transitions.cancel_appointment(appointment=appointment, actor=appointment.customer, role=Role.CUSTOMER)
    deliver(TOPIC)

    assert booked == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert next_at() == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_other_hours_move_the_next_opening_and_forget_days(maya):
    give_hours(maya, {4: [("09:00", "11:00")]})

    refresh_openings(provider_ids=[maya.pk])

    assert next_at() == datetime(2026, 3, 6, 9, tzinfo=UTC)
    assert {day % 7 for day in OpenDay.objects.values_list("day", flat=True)} == {6}  # day 0 was a Saturday


def test_a_provider_without_openings_stays_listed_without_days(maya):
    give_hours(maya, {})

    refresh_openings(provider_ids=[maya.pk])

    assert next_at() is None
    assert not OpenDay.objects.exists()


def test_the_index_knows_words_and_the_lowest_price(maya):
    ServiceFactory(provider=maya, name="Säge-Kurs", price="19.50", currency="GBP", position=5)
    ServiceFactory(provider=maya, price=5, currency="EUR", position=6)

    refresh_openings(provider_ids=[maya.pk])

    row = OpeningIndex.objects.get()
    assert (row.low_price, row.currency) == (19.50, "GBP")
    assert " sage kurs " in row.words and " maya " in row.words and " physiotherapy " in row.words


@pytest.mark.parametrize(
    ("later", "seen"),
    [
        (timedelta(hours=22), True),  # 06:00 on Tuesday: 09:00 can still be booked
        (timedelta(hours=24), False),  # 08:00: it fell inside the notice of 2 hours
    ],
)
def test_what_time_alone_changes_is_followed(maya, later, seen):
    with time_machine.travel(NOW + later, tick=False):
        refresh_stale()

        assert (next_at() == datetime(2026, 3, 3, 9, tzinfo=UTC)) == seen


def test_nothing_is_done_again_that_is_fresh(maya):
    before = OpeningIndex.objects.get().refreshed_at
    with time_machine.travel(NOW + timedelta(minutes=4), tick=False):
        assert refresh_stale() == 0

    assert OpeningIndex.objects.get().refreshed_at == before


def test_everything_is_made_anew_every_hour_whatever_was_told(maya):
    give_hours(maya, {})
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert refresh_stale() == 1

    assert next_at() is None


def test_who_went_live_untold_is_found_by_the_next_round(db):
    person = ProviderFactory(hours={1: [("09:00", "11:00")]})
    ServiceFactory(provider=person)

    refresh_stale()

    assert next_at() == datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_time_kept_for_minutes_is_not_forgotten(maya):
    start = datetime(2026, 3, 3, 9, tzinfo=UTC)
    ends = NOW + timedelta(minutes=10)
    Hold.objects.create(
        kind="kept", provider=maya, start=start, end=start + timedelta(hours=1), browser="x", expires_at=ends
    )

    refresh_openings(provider_ids=[maya.pk])

    assert next_at() == start


def blocks():
    return {number: (early, late) for number, early, late in OpenBlock.objects.values_list("number", "early", "late")}


def combined_days():
    found = {}
    for provider_id, day, early, late in OpenDay.objects.values_list("provider", "day", "early", "late"):
        number = block_number(day, provider_id)
        before = found.get(number, (0, 0))
        found[number] = (before[0] | early, before[1] | late)
    return found


def test_a_block_has_the_openings_of_all_its_providers(maya, offer, index):
    for n in range(20):
        offer(f"Person {n}", hours={n % 3: [("09:00", "11:00")], 4: [(f"{9 + n % 4:02}:00", "15:00")]})
    index()

    assert blocks() == combined_days()
    assert set(blocks()) == set(OpenDay.objects.values_list("block", flat=True))


def test_a_block_forgets_what_its_last_open_provider_loses(maya, offer, index, book):
    other = offer("Noor", hours={1: [("10:00", "12:00")]})
    index()
    before = blocks()
    book(datetime(2026, 3, 3, 9, tzinfo=UTC))
    deliver(TOPIC)
    after_booking = blocks()
    Provider.objects.filter(pk=other.pk).update(listing=Listing.PAUSED)
    refresh_openings(provider_ids=[other.pk])

    assert before != after_booking != blocks()
    assert {number: bits for number, bits in blocks().items() if any(bits)} == combined_days()


def test_blocks_of_days_that_are_over_are_dropped(maya):
    with time_machine.travel(NOW + timedelta(days=9), tick=False):
        drop_past_blocks(now=NOW + timedelta(days=9))

    assert min(number >> 40 for number in blocks()) == min(
        day for day in OpenDay.objects.values_list("day", flat=True) if day >= 9557 + 8
    )


def test_a_provider_who_is_gone_is_no_fault(maya):
    refresh_openings(provider_ids=[maya.pk + 1000])

    assert OpeningIndex.objects.count() == 1


def test_a_batch_costs_hardly_more_queries_than_one(maya):
    def cost(count):
        people = [ProviderFactory() for _ in range(count)]
        for person in people:
            ServiceFactory(provider=person)
        with CaptureQueriesContext(connection) as captured:
            refresh_openings(provider_ids=[person.pk for person in people])
        return len(captured)

    # SQLite takes the writing in portions of 999 values.
    assert cost(12) - cost(1) <= 4


def test_the_jobs_are_registered_and_run(maya):
    assert registry.handlers[TOPIC] is tasks.refresh_openings
    for name in ("appointments.refresh_stale_openings", "appointments.measure_search"):
        registry.recurring[name].run()
