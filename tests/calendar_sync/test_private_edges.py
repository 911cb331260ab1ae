"""The private profile at its edges: grants that die one by one, entries that no grant reaches any more, what Google
tells as busy beside them, other accounts, and who takes no part."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from calendar_sync import queries
from calendar_sync.google_api.errors import TryLater
from calendar_sync.models import BusyInterval, Connection, FreeEvent, GoogleCalendar, WrittenEvent
from calendar_sync.services import connecting, own_calendar, writing, written
from calendar_sync.states import Problem, Profile, State
from core import clock
from outbox.testing import deliver
from providers.models import Provider
from tests.factories.providers import ServiceFactory

from .pretend import MAYA, ROBIN, consent
from .test_private import BACK, CONNECT, PAGE, connect_by_pages, in_full, made, maya, ours, private, said  # noqa: F401
from .world import DAY, HOUR, book, busy_times, cancel, connect, hour_from, put, read, take_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(provider, at_pretend_google):
    """The provider's connection with full access, before it becomes a private one."""
    return connect(provider, at_pretend_google)


@pytest.fixture
def appointment(full, provider, morning):
    """An appointment that stands in the provider's own calendar."""
    row = book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    return row


def become_private(client, full):
    connect_by_pages(client, "private", again=str(full.uuid))


@pytest.fixture
def left_behind(appointment, full, maya, at_pretend_google):  # noqa: F811
    """The same appointment in the new calendar, and in the old one, where nobody may remove it any more."""
    at_pretend_google.google.revoke(MAYA)
    become_private(maya, full)
    deliver()
    return appointment


# --- What stays in a calendar that is out of reach --------------------------------------------------------------------


def test_a_time_is_busy_again_once_what_stands_there_is_ours_no_more(
    left_behind, full, provider, morning, at_pretend_google
):
    cancel(left_behind)
    deliver()
    for event in at_pretend_google.google.entries(MAYA):
        at_pretend_google.google.remove(MAYA, event["id"])
    put(at_pretend_google, morning)

    read(full)

    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_time_off_in_whole_days_is_no_foreign_time_there(full, provider, morning, maya, at_pretend_google):  # noqa: F811
    midnight = clock.wall_minute_to_instant(clock.local(morning, provider.zone).date(), 0, provider.zone)
    take_off(provider, midnight, midnight + DAY, all_day=True)
    deliver()
    become_private(maya, full)

    read(full)

    assert busy_times(provider) == []


def test_what_is_still_to_be_removed_is_not_called_out_of_reach(appointment, full, maya, at_pretend_google):  # noqa: F811
    at_pretend_google.google.faults.add("events.delete", status=503, times=9)

    become_private(maya, full)
    deliver()

    assert in_full(at_pretend_google) == 1
    assert "does not let us remove" not in maya.get(PAGE).text


def test_disconnecting_counts_what_can_be_removed(left_behind, full, maya):  # noqa: F811
    page = maya.get(reverse("google_disconnect", args=[full.uuid])).text

    assert "1 of your entries ahead stands in Google" in page


def test_what_stood_in_a_deleted_calendar_stands_nowhere(private, provider, morning, at_pretend_google):  # noqa: F811
    own_calendar.make(private.pk)
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    before = queries.written_ahead(private, now=clock.now())
    at_pretend_google.google.remove_calendar(MAYA, made(at_pretend_google)[0]["id"])
    connecting.read_list(private.pk)

    assert (before, queries.written_ahead(private, now=clock.now())) == (1, 0)


# --- Grants -----------------------------------------------------------------------------------------------------------


def test_a_dead_grant_of_before_keeps_no_event_from_being_removed(
    appointment,
    full,
    maya,  # noqa: F811
    at_pretend_google,
):
    become_private(maya, full)
    own_calendar.make(full.pk)
    WrittenEvent.objects.filter(calendar__is_made=False).update(write_at=None)
    written.publish_due(now=clock.now())
    deliver(written.WRITE)
    Connection.objects.update(former_token="1//dead")
    both = (in_full(at_pretend_google), len(ours(at_pretend_google)))

    maya.post(reverse("google_disconnect", args=[full.uuid]), {"written": "remove"})
    deliver()

    assert both == (1, 1)
    assert ours(at_pretend_google) == []
    assert not Connection.objects.exists()


def test_the_grant_of_before_is_kept_also_for_what_is_being_sent(appointment, full, maya):  # noqa: F811
    WrittenEvent.objects.update(sent_at=None)  # as of an event whose request is under way

    become_private(maya, full)

    assert Connection.objects.get().former_token


def test_titles_go_with_the_access_to_them(full, provider, morning, maya, at_pretend_google):  # noqa: F811
    put(at_pretend_google, morning)
    at_pretend_google.google.put(MAYA, {"summary": "Fair", "transparency": "transparent", **hour_from(morning)})
    read(full)
    before = (BusyInterval.objects.get().title, FreeEvent.objects.count())

    become_private(maya, full)  # and nothing is read since

    assert before == ("Dentist", 1)
    assert (BusyInterval.objects.get().title, FreeEvent.objects.count()) == ("", 0)
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_connection_that_is_ended_and_made_anew_has_no_grant_of_before(
    private,  # noqa: F811
    maya,  # noqa: F811
    at_pretend_google,
):
    Connection.objects.update(former_token="1//before")
    maya.post(reverse("google_disconnect", args=[private.uuid]))
    connect_by_pages(maya, "private")

    assert Connection.objects.get().former_token == ""


def test_no_access_is_given_up_with_which_entries_are_still_being_removed(
    appointment,
    full,
    maya,  # noqa: F811
    at_pretend_google,
):
    maya.post(reverse("google_disconnect", args=[full.uuid]), {"written": "remove"})
    answer = connect_by_pages(maya, "private")
    deliver()
    again = connect_by_pages(maya, "private")

    assert said(answer)[-1] == ("Your entries are still being removed from that account. Connect it again in a minute.")
    assert in_full(at_pretend_google) == 0
    assert said(again)[0].startswith(f"{MAYA} is connected.")


def test_signing_in_with_another_connected_account_changes_neither(
    private,  # noqa: F811
    provider,
    maya,  # noqa: F811
    at_pretend_google,
):
    other = connect(provider, at_pretend_google, who=ROBIN)
    away = maya.post(CONNECT, {"connection": str(private.uuid)})["Location"]
    away = re.sub("&login_hint=[^&]*", "", away)  # they press "Use another account"

    answer = maya.get(BACK, consent(away, account=ROBIN), follow=True)

    other.refresh_from_db()
    assert (other.profile, other.former_token) == (Profile.FULL, "")
    assert said(answer) == [
        f"You chose {ROBIN} at Google, which is connected with other access. Nothing was changed. "
        f"Try again, and choose {MAYA} there."
    ]


# --- Who takes no part, and limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("since", ["banned_at", "leaves_at"])
def test_no_calendar_is_made_for_who_takes_no_part(since, private, at_pretend_google):  # noqa: F811
    User.objects.update(**{since: clock.now()})
    before = len(at_pretend_google.google.calls)

    deliver(own_calendar.MAKE)

    assert len(at_pretend_google.google.calls) == before
    User.objects.update(**{since: None})
    assert own_calendar.make(private.pk) is True


@pytest.mark.parametrize("call", [own_calendar.make, connecting.read_list])
@pytest.mark.parametrize(
    ("fault", "least"),
    [
        ({"status": 429, "reason": "rateLimitExceeded"}, timedelta(minutes=1)),
        ({"status": 403, "reason": "userRateLimitExceeded", "retry_after": "300"}, timedelta(minutes=5)),
        ({"status": 403, "reason": "quotaExceeded"}, HOUR),
    ],
)
def test_an_account_that_google_limits_is_left_alone(call, fault, least, private, at_pretend_google):  # noqa: F811
    at_pretend_google.google.faults.add("calendarList.list", times=9, **fault)
    began = clock.now()
    with pytest.raises(TryLater):
        call(private.pk)
    asked = len(at_pretend_google.google.calls)

    with pytest.raises(TryLater):
        own_calendar.make(private.pk)

    private.refresh_from_db()
    assert private.wait_until >= began + least
    assert writing.write_due(private.pk) == 0
    assert len(at_pretend_google.google.calls) == asked


def test_signed_out_the_page_promises_no_calendar_by_itself(private, maya):  # noqa: F811
    Connection.objects.update(state=State.SIGN_IN_AGAIN, refresh_token="", problem=Problem.SIGN_IN)

    page = maya.get(PAGE).text

    assert "A calendar “Dayline” is made once you have signed in." in page
    assert "tried by itself" not in page
    assert not GoogleCalendar.objects.filter(is_made=True).exists()


# --- Calendars that are out of reach though Google lists them --------------------------------------------------------


def test_a_calendar_that_another_client_of_this_site_made_is_not_taken_for_ours(
    private,  # noqa: F811
    provider,
    at_pretend_google,
):
    own_calendar.make(private.pk)
    [before] = made(at_pretend_google)
    at_pretend_google.google.calendar(MAYA, before["id"]).made_by = "the client that this site had before"
    Connection.objects.all().delete()

    row = connect(Provider.objects.select_related("user").get(pk=provider.pk), at_pretend_google, Profile.PRIVATE)
    deliver()

    row.refresh_from_db()
    assert row.state == State.WORKING
    assert len(made(at_pretend_google)) == 2
    assert row.calendars.get(is_made=True).google_id != before["id"]


@pytest.fixture
def team(full, provider, at_pretend_google):
    """A calendar that the provider owns together with Robin, which makes busy and is written to."""
    name = at_pretend_google.google.add_calendar(ROBIN, "Team")
    at_pretend_google.google.share(name, MAYA, "owner")
    connecting.read_list(full.pk)
    row = full.calendars.get(google_id=name)
    connecting.choose_calendars(connection=full, busy=[row], write_to=row, when_stale="pause", actor=provider.user)
    return row


@pytest.mark.parametrize("first", ["read", "written"])
def test_a_calendar_that_is_owned_no_more_is_read_by_its_busy_times_and_asks_for_no_sign_in(
    first,
    full,
    team,
    provider,
    morning,
    maya,  # noqa: F811
    at_pretend_google,
):
    read(full)
    google = at_pretend_google.google
    google.put(ROBIN, {"summary": "Fair", **hour_from(morning + DAY)}, team.google_id)
    google.share(team.google_id, MAYA, "writer")
    if first == "read":
        read(full)
        read(full)
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    read(full)

    full.refresh_from_db()
    assert full.state == State.WORKING
    assert busy_times(provider) == [(morning + DAY, morning + DAY + HOUR)]
    assert WrittenEvent.objects.get().problem == Problem.SCOPES
    page = maya.get(PAGE).text
    assert "“Team” is not yours any more, so Google lets us change nothing in it." in page
    assert (
        'value="' + team.google_id
        not in maya.get(reverse("google_calendars", args=[full.uuid]))
        .text.split('name="write_to"', 1)[1]
        .split("</fieldset>")[0]
    )


def test_a_permission_that_is_missing_for_a_calendar_still_owned_needs_a_sign_in(full, provider, at_pretend_google):
    at_pretend_google.google.faults.add("events.list", status=403, reason="insufficientPermissions")

    read(full)

    full.refresh_from_db()
    assert (full.state, full.problem) == (State.SIGN_IN_AGAIN, Problem.SCOPES)
    assert full.calendars.get(is_primary=True).is_owned
