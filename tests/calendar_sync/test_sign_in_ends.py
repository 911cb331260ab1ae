"""How long a sign-in to Google lasts: shown, reminded of once, renewed early; and what an end after a week says."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from calendar_sync import mails
from calendar_sync.google_api import oauth
from calendar_sync.google_api.errors import SignInNeeded
from calendar_sync.models import BusyInterval, Connection
from calendar_sync.rules import sign_in
from calendar_sync.services import connecting, ending, health
from calendar_sync.states import Problem, Profile, State
from core import clock
from notifications.models import InboxItem
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.providers import ProviderFactory

from .pretend import MAYA, consent
from .test_connecting import BACK, connect, leave, maya, provider  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
PAGE = reverse("studio_google")
TESTING = "while this site’s app there is set to “Testing”"


# --- The rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "at"),
    [(None, None), (NOW + 7 * DAY, NOW + 4 * DAY), (NOW + 3 * DAY + SECOND, NOW + SECOND), (NOW + 3 * DAY, None)],
)
def test_the_reminder_is_three_days_before_the_end(until, at):
    assert sign_in.reminder_at(until, now=NOW) == at


@pytest.mark.parametrize(
    ("left", "soon"), [(timedelta(), False), (SECOND, True), (3 * DAY, True), (3 * DAY + SECOND, False)]
)
def test_an_end_is_soon_in_the_last_three_days(left, soon):
    assert sign_in.ends_soon(NOW + left, now=NOW) is soon
    assert sign_in.ends_soon(None, now=NOW) is False


@pytest.mark.parametrize(
    ("lasted", "found"),
    [
        (7 * DAY - HOUR, False),
        (7 * DAY - MINUTE, True),
        (7 * DAY + HOUR, True),
        (8 * DAY, True),
        (8 * DAY + SECOND, False),
    ],
)
def test_a_sign_in_that_ended_after_seven_days_is_one_of_an_app_in_testing(lasted, found):
    assert sign_in.ended_by_testing(NOW, NOW + lasted) is found


# --- What Google says, and what becomes of it -------------------------------------------------------------------------


def test_what_google_says_of_the_end_is_kept_and_shown(maya, at_pretend_google):  # noqa: F811
    before = clock.now()
    connect(maya, lasts="7")

    row = Connection.objects.get()
    assert before + 7 * DAY <= row.sign_in_until <= clock.now() + 7 * DAY
    assert "Google ends the sign-in " in maya.get(PAGE).text
    assert "Google ends this sign-in" not in maya.get(PAGE).text
    [reminder] = Message.objects.filter(topic=ending.REMIND)
    assert reminder.due_at == row.sign_in_until - 3 * DAY


def test_nothing_is_said_or_planned_where_google_says_nothing(maya):  # noqa: F811
    connect(maya)

    assert Connection.objects.get().sign_in_until is None
    assert not Message.objects.filter(topic=ending.REMIND).exists()
    assert "Google ends the sign-in" not in maya.get(PAGE).text


@pytest.mark.parametrize("said", [None, "604800", True, 0, -5, 10**12, 6.5, [7]])
def test_what_is_no_number_of_seconds_says_nothing(said):
    assert oauth._end_in({"refresh_token_expires_in": said}) is None


def test_signing_in_early_takes_one_press_and_interrupts_nothing(maya, provider, at_pretend_google):  # noqa: F811
    connect(maya, lasts="7")
    deliver()
    row = Connection.objects.get()
    Connection.objects.update(sign_in_until=clock.now() + DAY)
    page = maya.get(PAGE).text
    assert "Google ends this sign-in" in page
    assert f'value="{row.uuid}"' in page

    maya.get(BACK, consent(leave(maya, connection=row.uuid)))
    deliver()

    again = Connection.objects.get()
    provider.refresh_from_db()
    assert (again.pk, again.sign_in_until, again.state) == (row.pk, None, State.WORKING)
    assert again.calendars.get(counts_as_busy=True).last_read_at
    assert provider.calendar_stopped_at is None
    assert "Google ends this sign-in" not in maya.get(PAGE).text


def test_a_sign_in_that_brings_no_new_token_keeps_the_end_of_the_old_one(maya, provider, at_pretend_google):  # noqa: F811
    connect(maya, lasts="7")
    row = Connection.objects.get()
    grant = oauth.Grant(row.account, row.email, tuple(row.granted), "a", clock.now() + HOUR, refresh_token="")

    connecting._save(user=row.user, profile=Profile.FULL, grant=grant)

    assert Connection.objects.get().sign_in_until == row.sign_in_until


# --- The reminder -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ends():
    """A connection whose sign-in ends in three days."""
    with time_machine.travel(NOW, tick=False):
        user = ProviderFactory().user
        yield Connection.objects.create(
            user=user, account="1", email=MAYA, profile="full", refresh_token="r", sign_in_until=NOW + 3 * DAY
        )


def remind(row):
    return ending.remind(row.pk, until=NOW + 3 * DAY)


def test_the_owner_is_reminded_once_by_mail_and_in_the_inbox(ends, mailoutbox, client):
    assert [remind(ends), remind(ends)] == [True, True]
    deliver()

    [mail] = mailoutbox
    assert mail.subject == "Your sign-in to Google ends soon"
    assert ends.user.email in mail.to[0]
    assert f"Google ends the sign-in of {MAYA} on Thu 12 March, 12:00, London time" in mail.body
    assert InboxItem.objects.filter(reader=ends.user, name=ending.ENDS_NOTICE).count() == 1
    client.force_login(ends.user)
    assert "Your sign-in to Google ends soon" in client.get(reverse("my_inbox")).text


@pytest.mark.parametrize(
    "change",
    [
        {"sign_in_until": None},
        {"sign_in_until": NOW + 10 * DAY},
        {"state": State.SIGN_IN_AGAIN},
        {"state": State.LEAVING},
    ],
)
def test_who_signed_in_meanwhile_or_left_is_not_reminded(ends, change, mailoutbox):
    Connection.objects.filter(pk=ends.pk).update(**change)

    assert remind(ends) is False
    deliver()
    assert (mailoutbox, InboxItem.objects.count()) == ([], 0)


def test_who_is_suspended_is_not_reminded(ends):
    User.objects.filter(pk=ends.user_id).update(banned_at=NOW)

    assert remind(ends) is False


def test_a_reminder_is_not_sent_to_who_signs_in_before_it_goes_out_and_its_line_says_so(ends, mailoutbox, client):
    remind(ends)
    Connection.objects.filter(pk=ends.pk).update(sign_in_until=NOW + 10 * DAY)
    deliver()

    assert mailoutbox == []
    client.force_login(ends.user)
    assert "Your sign-in to Google was about to end" in client.get(reverse("my_inbox")).text


def test_the_reminder_misleads_after_the_end(ends):
    mail = mails.SignInEnds(ends, until=NOW + 3 * DAY)

    assert mail.stale_because(NOW + 3 * DAY - SECOND) == ""
    assert mail.stale_because(NOW + 3 * DAY) == "the sign-in does not end then any more"


# --- After seven days -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "problem", "said"), [(7, Problem.SIGN_IN, True), (7, Problem.SCOPES, False), (20, Problem.SIGN_IN, False)]
)
def test_an_end_after_seven_days_names_the_app_in_testing(ends, client, days, problem, said):
    Connection.objects.filter(pk=ends.pk).update(signed_in_at=NOW - days * DAY - HOUR)

    assert health.ask_to_sign_in(Connection.objects.get(), SignInNeeded(problem))

    letter = mails.sign_in_again(connection=ends.pk, since=NOW.isoformat(), hours=0).letter()
    client.force_login(ends.user)
    assert (TESTING in " ".join(letter.lead)) is said
    assert (TESTING in client.get(PAGE).text) is said


def test_access_for_a_time_ends_at_the_pretend_google_and_asks_for_a_sign_in(maya, at_pretend_google):  # noqa: F811
    connect(maya, lasts="7")
    deliver()
    google = at_pretend_google.google
    google.clock.advance((7 * DAY + HOUR).total_seconds())
    Connection.objects.update(access_until=clock.now())
    maya.post(reverse("google_sync", args=[Connection.objects.get().uuid]))
    deliver()

    assert Connection.objects.get().state == State.SIGN_IN_AGAIN
    assert BusyInterval.objects.count() == 0
