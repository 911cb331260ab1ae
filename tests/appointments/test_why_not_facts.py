"""Why not, from real rows: the named entries are all that decides, and the answer is that of the check."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.exceptions import PolicyRefused
from appointments.models import Hold
from appointments.rules.bookable import Shut
from appointments.rules.why_not import Closed, DayFull, Entry, EntryKind, Full, OffTheGrid, Part, Taken
from appointments.services import availability, holds, proposals, transitions
from appointments.services.why_not import why_not
from appointments.states import Role
from calendar_sync.models import BusyInterval
from core.intervals import clip, merge
from providers.models import DateOverride, Listing
from tests.factories.providers import ServiceFactory, TimeOffFactory

from .conftest import NOW, TUESDAY_TEN
from .test_availability import HOUR, MINUTE, Undo, rows, write

pytestmark = pytest.mark.django_db


def reasons_for(service, start=TUESDAY_TEN):
    return why_not(service, start, now=NOW).reasons


def busy(provider, start, minutes):
    return BusyInterval.objects.create(provider=provider, start=start, end=start + minutes * MINUTE)


@settings(max_examples=40)
@given(rows(), st.integers(-100, 200))
def test_there_is_a_reason_exactly_where_the_check_refuses(provider, case, quarter):
    try:
        with transaction.atomic():
            service, _ = write(provider, case)
            start = case["around"] + 15 * quarter * MINUTE

            found = why_not(service, start, now=case["now"])

            assert (found.reasons == []) == availability.may_book(service, start, now=case["now"])
            named, around = merge(each.blocked for each in found.named.entries), found.asked.blocked
            assert clip(named, *around) == clip(found.asked.facts.taken, *around)
            raise Undo
    except Undo:
        pass


def test_an_open_start_has_no_reason_and_is_among_the_nearest(service):
    found = why_not(service, TUESDAY_TEN, now=NOW)

    assert found.reasons == []
    assert TUESDAY_TEN in found.nearest


def test_an_appointment_is_named_by_its_time_and_by_the_free_time_it_keeps(service, book):
    service.buffer_after_minutes = 20
    service.save()
    one = book().appointment
    entry = Entry(EntryKind.APPOINTMENT, (one.start, one.end), (one.start, one.end + 20 * MINUTE), one)

    assert reasons_for(service) == [Taken(entry, Part.TIME, Part.TIME)]
    assert reasons_for(service, TUESDAY_TEN + HOUR) == [Taken(entry, Part.AFTER, Part.TIME)]
    assert reasons_for(service, TUESDAY_TEN - HOUR) == [Taken(entry, Part.TIME, Part.AFTER)]
    assert reasons_for(service, TUESDAY_TEN - 2 * HOUR) == []


def test_an_appointment_that_was_cancelled_is_no_reason_any_more(service, confirmed):
    assert reasons_for(service) != []

    transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role="customer")

    assert reasons_for(service) == []


def test_a_kept_time_is_a_reason_until_it_runs_out(service):
    hold = holds.keep_time(service=service, start=TUESDAY_TEN, browser="b" * 64)
    entry = Entry(EntryKind.KEPT, (hold.start, hold.end), (hold.start, hold.end), None, hold.expires_at)

    assert reasons_for(service) == [Taken(entry, Part.TIME, Part.TIME)]
    Hold.objects.update(expires_at=NOW)
    assert reasons_for(service) == []
    busy(service.provider, TUESDAY_TEN, 60)
    assert [reason.entry.kind for reason in reasons_for(service)] == [EntryKind.BUSY]


def test_a_proposed_time_is_a_reason_until_its_time_to_answer_is_over(service, confirmed):
    wednesday = TUESDAY_TEN + timedelta(days=1)
    owner = confirmed.provider.user
    proposals.propose_time(appointment=confirmed, start=wednesday, actor=owner, role=Role.PROVIDER)
    hold = confirmed.holds.get(kind="proposal")
    entry = Entry(EntryKind.PROPOSAL, (hold.start, hold.end), (hold.start, hold.end), confirmed, hold.expires_at)

    assert reasons_for(service, wednesday) == [Taken(entry, Part.TIME, Part.TIME)]
    Hold.objects.filter(kind="proposal").update(expires_at=NOW)
    assert reasons_for(service, wednesday) == []


def test_busy_time_elsewhere_is_named_by_its_times_alone(service):
    row = busy(service.provider, TUESDAY_TEN + 30 * MINUTE, 45)
    entry = Entry(EntryKind.BUSY, (row.start, row.end), (row.start, row.end))

    assert reasons_for(service) == [Taken(entry, Part.TIME, Part.TIME)]


def test_time_off_is_named(service):
    row = TimeOffFactory(provider=service.provider, start=TUESDAY_TEN - HOUR, end=TUESDAY_TEN + MINUTE)

    assert reasons_for(service) == [
        Taken(Entry(EntryKind.TIME_OFF, (row.start, row.end), (row.start, row.end)), Part.TIME, Part.TIME)
    ]
    row.delete()
    assert reasons_for(service) == []


def test_rules_and_entries_are_named_together(service, book):
    one = book().appointment
    override = DateOverride.objects.create(
        provider=service.provider, start_on=date(2026, 3, 3), end_on=date(2026, 3, 4), ranges=[]
    )
    service.provider.policy.max_per_day = service.provider.policy.max_open = 1
    service.is_active = False
    entry = Entry(EntryKind.APPOINTMENT, (one.start, one.end), (one.start, one.end), one)

    assert reasons_for(service) == [
        Shut.SERVICE,
        Closed(date(2026, 3, 3), override),
        Full(1, 1),
        DayFull(date(2026, 3, 3), 1, 1),
        Taken(entry, Part.TIME, Part.TIME),
    ]


def test_other_providers_entries_are_no_reason(service, book):
    other = ServiceFactory()
    busy(other.provider, TUESDAY_TEN, 60)
    Hold.objects.create(
        provider=other.provider,
        kind="kept",
        browser="c" * 64,
        start=TUESDAY_TEN,
        end=TUESDAY_TEN + HOUR,
        expires_at=NOW + HOUR,
    )

    assert reasons_for(service) == []


def test_a_start_off_the_grid_names_its_neighbours(in_london, service):
    service.provider = in_london

    assert reasons_for(service, TUESDAY_TEN + 20 * MINUTE) == [
        OffTheGrid(TUESDAY_TEN - HOUR, TUESDAY_TEN, TUESDAY_TEN + HOUR)
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"listing": Listing.PAUSED}, [Shut.PAGE]),
        ({"listing": Listing.HIDDEN}, [Shut.PAGE]),
        ({"is_active": False}, [Shut.SERVICE]),
        ({"account": False}, [Shut.PERSON]),
        ({"account": False, "listing": Listing.PAUSED, "is_active": False}, [Shut.PERSON, Shut.PAGE, Shut.SERVICE]),
    ],
)
def test_what_takes_no_bookings_is_a_reason_exactly_where_booking_refuses_it(service, change, expected):
    service.provider.listing = change.get("listing", Listing.LIVE)
    service.provider.user.is_active = change.get("account", True)
    service.is_active = change.get("is_active", True)

    found = why_not(service, TUESDAY_TEN, now=NOW)

    assert found.reasons == expected
    if expected:
        assert found.nearest == []
        with pytest.raises(PolicyRefused):
            holds.check_bookable(service)
    else:
        holds.check_bookable(service)


def test_the_answer_costs_thirteen_queries_for_an_empty_day_and_a_full_one(service, book, django_assert_num_queries):
    start = TUESDAY_TEN + timedelta(days=1)

    with django_assert_num_queries(13):
        why_not(service, start, now=NOW)
    for hour in range(5):
        book(start + hour * HOUR)
        busy(service.provider, start + hour * HOUR, 20)
    with django_assert_num_queries(13):
        assert len(why_not(service, start, now=NOW).reasons) == 2
