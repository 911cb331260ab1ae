"""Quiet hours: what can wait is sent when they end, if it is still true then; what can not wait goes at once."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from notifications import preferences, services
from notifications.models import AT_ANY_HOUR, EMAIL, Kind, MailPreferences, SentMail, State, Topic
from notifications.rules import TIME_TO_ACT, QuietHours, waits_until
from notifications.services import Job, send_mail
from outbox import services as outbox
from tests.factories.accounts import UserFactory

from .conftest import PlainMail

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHT = QuietHours(22 * 60, 7 * 60)


def end(quiet, zone, *wall, fold=0):
    """The wall clock at the end of the quiet hours in which this wall time lies, in the zone; empty for none."""
    there = ZoneInfo(zone)
    found = quiet.end_at(datetime(*wall, tzinfo=there, fold=fold).astimezone(UTC), there)
    return f"{found.astimezone(there):%d %b %H:%M %z}" if found else ""


@pytest.mark.parametrize(
    ("quiet", "zone", "wall", "ends"),
    [
        # Over midnight; the first minute is quiet, the last is not.
        (NIGHT, "Europe/London", (2026, 3, 10, 21, 59), ""),
        (NIGHT, "Europe/London", (2026, 3, 10, 22, 0), "11 Mar 07:00 +0000"),
        (NIGHT, "Europe/London", (2026, 3, 11, 6, 59), "11 Mar 07:00 +0000"),
        (NIGHT, "Europe/London", (2026, 3, 11, 7, 0), ""),
        (NIGHT, "Asia/Kolkata", (2026, 3, 10, 23, 30), "11 Mar 07:00 +0530"),
        (NIGHT, "Asia/Kathmandu", (2026, 3, 11, 0, 10), "11 Mar 07:00 +0545"),
        # Within a day.
        (QuietHours(13 * 60, 14 * 60 + 30), "Europe/London", (2026, 3, 10, 13, 0), "10 Mar 14:30 +0000"),
        (QuietHours(13 * 60, 14 * 60 + 30), "Europe/London", (2026, 3, 10, 14, 30), ""),
        (QuietHours(0, 6 * 60), "Europe/London", (2026, 3, 10, 0, 0), "10 Mar 06:00 +0000"),
        (QuietHours(22 * 60, 0), "Europe/London", (2026, 3, 10, 23, 59), "11 Mar 00:00 +0000"),
        # A night with a clock change ends at the same wall time.
        (NIGHT, "Europe/London", (2026, 3, 28, 23, 0), "29 Mar 07:00 +0100"),
        (NIGHT, "Europe/London", (2026, 10, 24, 23, 0), "25 Oct 07:00 +0000"),
        # An end that the change skips is the first instant after the gap, one that comes twice its first occurrence.
        (QuietHours(22 * 60, 2 * 60 + 30), "America/New_York", (2026, 3, 7, 23, 0), "08 Mar 03:00 -0400"),
        (QuietHours(22 * 60, 60 + 30), "America/New_York", (2026, 10, 31, 23, 0), "01 Nov 01:30 -0400"),
        # Lord Howe moves its clocks by half an hour, from 02:00 to 02:30.
        (QuietHours(22 * 60, 2 * 60 + 15), "Australia/Lord_Howe", (2026, 10, 3, 23, 0), "04 Oct 02:30 +1100"),
    ],
)
def test_when_quiet_hours_end(quiet, zone, wall, ends):
    assert end(quiet, zone, *wall) == ends


def test_after_the_first_of_two_equal_ends_it_is_no_longer_quiet():
    quiet = QuietHours(22 * 60, 60 + 30)

    assert end(quiet, "America/New_York", 2026, 11, 1, 1, 15, fold=0) == "01 Nov 01:30 -0400"
    assert end(quiet, "America/New_York", 2026, 11, 1, 1, 15, fold=1) == ""


NOW = datetime(2026, 3, 10, 23, 10, tzinfo=UTC)
ENDS = datetime(2026, 3, 11, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("matters_at", "waits"),
    [
        (None, True),
        (NOW - MINUTE, True),  # nothing can be done about it any more
        (NOW + MINUTE, False),
        (ENDS - HOUR, False),
        (ENDS + TIME_TO_ACT - MINUTE, False),
        (ENDS + TIME_TO_ACT, True),
    ],
)
def test_what_can_still_be_acted_upon_but_not_well_afterwards_does_not_wait(matters_at, waits):
    found = waits_until(NIGHT, NOW, ZoneInfo("Europe/London"), matters_at=matters_at)

    assert found == (ENDS if waits else None)


# --- Sending ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def night(person):
    """Somebody with quiet hours, ten past eleven at night."""
    preferences.save_choice(actor=person, leads=[1440], quiet=NIGHT)
    with time_machine.travel(NOW, tick=False):
        yield person


def mail(person, **changes):
    made = PlainMail(person, **{"kind": Kind.CONFIRMED} | changes)
    return made


@pytest.mark.django_db
def test_a_mail_that_can_wait_is_held_back_and_sent_when_the_quiet_hours_end(smtp, night):
    with pytest.raises(outbox.NotYet) as wait:
        send_mail(mail(night))
    held = SentMail.objects.get()
    with time_machine.travel(ENDS, tick=False):
        sent = send_mail(mail(night))

    assert wait.value.after == (ENDS - NOW).total_seconds()
    assert (held.state, held.reason) == (State.HELD, services.QUIET)
    assert held.held_until is not None
    assert (sent.state, sent.reason, sent.held_until) == (State.SENT, "", None)
    assert len(smtp.received) == 1


@pytest.mark.django_db
def test_a_mail_that_waited_has_the_date_of_its_first_attempt_and_each_repeat_has_the_same(smtp, night):
    smtp.cut_after_data = 1
    with pytest.raises(outbox.NotYet):
        send_mail(mail(night))
    for minutes in (0, 5):
        with time_machine.travel(ENDS + minutes * MINUTE, tick=False), suppress(outbox.Retry):
            send_mail(mail(night))

    assert [message["Date"].datetime for message in smtp.received] == [ENDS, ENDS]
    assert len({message["Message-ID"] for message in smtp.received}) == 1


@pytest.mark.django_db
def test_what_is_no_longer_true_in_the_morning_is_not_sent(smtp, night):
    with pytest.raises(outbox.NotYet):
        send_mail(mail(night))

    with time_machine.travel(ENDS, tick=False):
        row = send_mail(mail(night, stale="the appointment is over"))

    assert (row.state, row.reason, row.held_until) == (State.SKIPPED, "the appointment is over", None)
    assert smtp.received == []


@pytest.mark.django_db
def test_what_is_near_goes_at_once(smtp, night):
    near = mail(night, kind=Kind.CANCELLED)
    near.matters_at = ENDS + HOUR

    assert send_mail(near).state == State.SENT


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(AT_ANY_HOUR))
def test_suspension_security_codes_and_links_never_wait(smtp, night, kind):
    assert send_mail(mail(night, kind=kind)).state == State.SENT


@pytest.mark.django_db
def test_staff_may_send_one_again_at_night(smtp, night):
    job = Job("notifications.send_mail", {}, again=1)

    assert send_mail(mail(night), job=job).state == State.SENT


@pytest.mark.django_db
def test_what_was_turned_off_during_the_night_is_held_back_for_good(smtp, night):
    with pytest.raises(outbox.NotYet):
        send_mail(mail(night))
    preferences.save_choice(actor=night, off=preferences.by(EMAIL, Topic), leads=[], quiet=NIGHT)

    row = send_mail(mail(night))

    assert (row.state, row.reason, row.held_until) == (State.HELD, services.UNWANTED, None)


@pytest.mark.django_db
def test_what_waits_for_somebody_whose_account_is_closed_by_then_is_settled(smtp, night):
    with pytest.raises(outbox.NotYet):
        send_mail(mail(night))
    night.is_active = False
    night.save()

    with time_machine.travel(ENDS, tick=False):
        assert send_mail(mail(night)) is None

    row = SentMail.objects.get()
    assert (row.state, row.reason, row.held_until) == (State.SKIPPED, services.LEFT, None)
    assert smtp.received == []


@pytest.mark.django_db
def test_quiet_hours_are_those_of_the_persons_own_zone(smtp, night):
    night.time_zone = "America/New_York"
    night.save()

    assert send_mail(mail(night)).state == State.SENT


@pytest.mark.every_case
@pytest.mark.django_db
@pytest.mark.parametrize(("start", "until"), [(None, 60), (60, None), (60, 60), (1440, 60), (60, 1440)])
def test_the_database_takes_no_other_quiet_hours(start, until):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        MailPreferences.objects.create(user=UserFactory(), quiet_from=start, quiet_until=until)
