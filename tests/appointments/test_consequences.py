"""What cancelling counts as, in words: the figures, the boundaries, and a viewer in another zone."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.consequences import Day, OfDay, Phrase, ordinal, until_when, weighed
from appointments.pages.labels import state_label
from appointments.rules.fair_use import FREE, Consequence, Ending
from appointments.rules.moves import cancel_terms
from appointments.states import Role, Status
from core.wording import clock_text, date_text, local, moment_text
from providers.models import BookingPolicy, Provider

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
START = datetime(2026, 11, 26, 16, 20, tzinfo=UTC)
NOW = START - 5 * HOUR - timedelta(minutes=18)
FREE_AGAIN = datetime(2026, 12, 18, 9, tzinfo=UTC)


def appointment(**fields):
    return Appointment(status=Status.CONFIRMED, start=START, end=START + HOUR, **fields)


def terms(*, cutoff=120, now=NOW, role=Role.CUSTOMER):
    policy = BookingPolicy(cancellation_cutoff_minutes=cutoff)
    return cancel_terms(appointment(), role=role, policy=policy, now=now)


def said(phrase: Phrase, zone=LONDON) -> str:
    written = {
        OfDay: lambda value: clock_text(value.moment, zone),
        Day: lambda value: date_text(local(value.moment, zone).date(), year=False),
        datetime: lambda value: moment_text(value, zone, year=False),
        str: str,
    }
    return phrase.pattern.format(*(written[type(value)](value) for value in phrase.values))


def page(counts, ending=None, *, zone=LONDON, now=NOW, one=None, role=Role.CUSTOMER):
    found = weighed(one or appointment(), terms(now=now, role=role), counts, ending or Ending(), reader=zone, now=now)
    notice = " ".join([found.headline, *(said(each, zone) for each in found.details)])
    return found, notice


# --- On the page that asks --------------------------------------------------------------------------------------------


def test_the_second_of_three_in_figures_and_sentences():
    found, notice = page(Consequence(2, FREE_AGAIN))

    assert notice == "This is a late cancellation. It starts in 5 h 18 min. Free cancelling ended today at 04:20."
    assert (found.number, found.figure, found.button) == (2, "2nd of 3", "Cancel and use my 2nd of 3")
    assert (found.used, found.limit, found.strikes_label) == (1, 3, "1 of 3 used, this would be the 2nd")
    assert said(found.window) == ("late cancellations in 30 days. A third up to Fri 18 December would suspend booking.")
    assert [(icon, said(rule)) for icon, rule in found.rules] == [
        ("clock", "Cancelling 12 hours or less before the start is a late cancellation."),
        (
            "cal",
            "Each one counts for 30 days. Yours from Wed 18 November stops counting on Fri 18 December.",
        ),
        ("warn", "The third suspends booking straight away."),
    ]


def test_the_first_of_three_leaves_two():
    found, _ = page(Consequence(1, NOW + 30 * DAY))

    assert (found.used, found.button) == (0, "Cancel and use my 1st of 3")
    assert said(found.window) == (
        "late cancellations in 30 days. Two more up to Sat 26 December would suspend booking."
    )
    assert said(found.rules[1][1]) == "Each one counts for 30 days."


@pytest.mark.parametrize(
    ("ending", "also"),
    [
        (Ending(4, 0), " and your other 4 appointments are cancelled"),
        (Ending(1, 0), " and your other appointment is cancelled"),
        (Ending(0, 0), ""),
        (Ending(0, 1), " and 1 request ends"),
        (Ending(11, 2, True), ", your page is taken down, your other 11 appointments are cancelled and 2 requests end"),
        (Ending(0, 0, True), " and your page is taken down"),
    ],
)
def test_the_third_says_what_a_suspension_does(ending, also):
    found, notice = page(Consequence(3, FREE_AGAIN), ending)

    assert notice == (
        "This will be your 3rd late cancellation of 3. If you cancel, booking is suspended straight "
        f"away{also}. You are signed out everywhere. It starts in 5 h 18 min. Free cancelling ended today at 04:20."
    )
    assert (found.used, found.figure, found.button) == (2, "3rd of 3", "Cancel and be suspended")
    assert said(found.window) == "late cancellations in 30 days. The third suspends booking."
    assert said(found.rules[1][1]).endswith("Your oldest, from Wed 18 November, stops counting on Fri 18 December.")


@pytest.mark.parametrize(
    ("role", "cutoff", "holds"),
    [
        (Role.CUSTOMER, 120, "That holds before Thu 26 November, 04:20, London time."),
        (Role.CUSTOMER, 24 * 60, "That holds until Wed 25 November, 16:20, London time."),
        (Role.PROVIDER, 24 * 60, "That holds before Thu 26 November, 04:20, London time."),
    ],
)
def test_free_is_one_line_that_says_until_when(role, cutoff, holds):
    now = START - 2 * DAY
    allowed = terms(cutoff=cutoff, now=now, role=role)
    found = weighed(appointment(), allowed, FREE, Ending(), reader=LONDON, now=now)

    assert found.headline == "Cancelling now is free and does not affect your standing."
    assert [said(each) for each in found.details] == [holds]
    assert (found.number, found.button) == (0, "Cancel appointment")


def test_a_reader_in_another_zone_reads_their_own_clock_and_day():
    found, notice = page(Consequence(2, datetime(2026, 12, 18, 3, tzinfo=UTC)), zone=NEW_YORK)

    assert "Free cancelling ended yesterday at 23:20." in notice
    assert "up to Thu 17 December would" in said(found.window, NEW_YORK)


def test_what_was_agreed_when_it_was_late_already_was_never_free():
    ended = START - 12 * HOUR
    for agreed_at, late in ((ended, True), (ended - SECOND, False)):
        _, notice = page(Consequence(1, NOW), one=appointment(agreed_at=agreed_at))
        assert ("Free cancelling had ended before it was agreed." in notice) is late


def test_the_last_minute_is_said_as_such():
    assert "It starts in less than a minute." in page(Consequence(1, NOW), now=START - SECOND, role=Role.PROVIDER)[1]


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st")],
)
def test_ordinals(number, text):
    assert ordinal(number) == text


# --- Until when -------------------------------------------------------------------------------------------------------

EDGE = "Thu 26 November, 04:20"


@pytest.mark.parametrize(
    ("cutoff", "left", "text"),
    [
        (120, 12 * HOUR + SECOND, f"Free to cancel before {EDGE}. After that it is a late cancellation, and in the "
                                  "last 2 hours only Maya can cancel."),
        (120, 12 * HOUR, "Cancelling now is a late cancellation. After Thu 26 November, 14:20, only Maya can cancel."),
        (120, 2 * HOUR, "Cancelling now is a late cancellation. After Thu 26 November, 14:20, only Maya can cancel."),
        (120, 2 * HOUR - SECOND, "It starts in less than 2 hours, so it can no longer be cancelled here."),
        (0, 13 * HOUR, f"Free to cancel before {EDGE}. After that it is a late cancellation."),
        (0, 12 * HOUR, "Cancelling now is a late cancellation."),
        (0, 0 * HOUR, "It has already started, so it can no longer be cancelled."),
        (720, 12 * HOUR + SECOND, f"Free to cancel before {EDGE}. After that, only Maya can."),
        (721, 13 * HOUR, "Free to cancel until Thu 26 November, 04:19. After that, only Maya can."),
    ],
)  # fmt: skip
def test_until_when_a_customer_cancels_for_free(cutoff, left, text):
    assert said(until_when(terms(cutoff=cutoff, now=START - left), "Maya")) == text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (12 * HOUR + SECOND, f"Free to cancel before {EDGE}. After that it is a late cancellation."),
        (SECOND, "Cancelling now is a late cancellation."),
    ],
)
def test_a_provider_cancels_until_the_start_whatever_their_cutoff(left, text):
    allowed = terms(cutoff=24 * 60, now=START - left, role=Role.PROVIDER)

    assert said(until_when(allowed, "Maya")) == text


def test_staff_are_never_late():
    allowed = terms(now=START - SECOND, role=Role.STAFF)

    assert (allowed.allowed, allowed.is_late, allowed.late_from) == (True, False, None)


# --- The badge --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", [Role.CUSTOMER, Role.PROVIDER])
@pytest.mark.parametrize(
    ("by", "left", "words"),
    [
        (Role.CUSTOMER, 12 * HOUR, "Late cancellation by Amara"),
        (Role.CUSTOMER, 12 * HOUR + SECOND, "Cancelled by Amara"),
        (Role.PROVIDER, SECOND, "Late cancellation by Maya"),
        (Role.STAFF, SECOND, "Cancelled by staff"),
        (Role.SYSTEM, SECOND, "Cancelled"),
    ],
)
def test_both_sides_read_whose_late_cancellation_it_is_where_one_of_them_cancelled_late(viewer, by, left, words):
    people = {"customer": User(name="Amara Nwosu"), "provider": Provider(name="Maya Okafor")}
    one = appointment(ended_by=by, closed_at=START - left, **people)
    one.status = Status.CANCELLED

    label = state_label(one, viewer)

    look = ("ruby", "warn") if words.startswith("Late") else ("slate", "x")
    expected = re.sub("by (Amara|Maya)", "by you", words) if by is viewer else words
    assert (label.label, label.family, label.icon) == (expected, *look)


def test_a_request_withdrawn_late_was_no_cancellation():
    one = appointment(ended_by=Role.CUSTOMER, closed_at=START - SECOND, was_withdrawn=True)
    one.status = Status.CANCELLED

    assert state_label(one, Role.CUSTOMER).label == "Withdrawn by you"
