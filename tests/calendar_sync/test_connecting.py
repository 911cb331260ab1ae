"""Connecting a Google account on the studio's pages, choosing its calendars, and disconnecting it."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, Note
from calendar_sync.rules import scopes
from calendar_sync.services import connecting
from calendar_sync.states import Profile, State
from core import clock
from outbox.testing import deliver
from providers.models import CalendarState
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

from .pretend import MAYA, ROBIN, consent

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PAGE, CONNECT, BACK = reverse("studio_google"), reverse("google_connect"), reverse("google_come_back")


@pytest.fixture
def provider(db):
    return ProviderFactory(time_zone="Asia/Kathmandu")


@pytest.fixture
def maya(client, provider, at_pretend_google, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"  # the stand-in sends nobody to another machine
    client.force_login(provider.user)
    return client


def leave(client, **form):
    """Press Connect; returns the address at Google that this leads to."""
    answer = client.post(CONNECT, form)
    assert answer.status_code == 302
    return answer["Location"]


def connect(client, **how):
    """Connect by the pages, ours and Google's; returns the page that the person comes back to."""
    return client.get(BACK, consent(leave(client), **how), follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def event_in(server, hours, who=MAYA):
    start = (clock.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0) + hours * HOUR
    times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + HOUR).isoformat()}}
    return server.google.put(who, {"summary": "Dentist", **times})["id"]


# --- There and back ---------------------------------------------------------------------------------------------------


def test_a_provider_connects_and_their_own_calendar_is_read(maya, provider, at_pretend_google):
    event_in(at_pretend_google, 1)
    answer = connect(maya)
    assert said(answer) == [f"{MAYA} is connected. Its busy times are being read."]
    deliver()
    row = Connection.objects.get()
    assert (row.user, row.email, row.state, row.profile) == (provider.user, MAYA, State.WORKING, Profile.FULL)
    assert set(scopes.scopes_of(Profile.FULL)) <= set(row.granted)
    assert BusyInterval.objects.count() == 1
    provider.refresh_from_db()
    assert provider.calendar_state == CalendarState.WORKING
    assert "Customers see only times that are free in Google too." in maya.get(PAGE).text
    assert list(Note.objects.values_list("kind", flat=True)) == ["read", "connected"]


def test_until_google_has_said_which_calendars_there_are_the_page_says_that_they_are_read(maya):
    answer = connect(maya)
    shown = answer.text
    assert (answer.status_code, "Syncing" in shown, "Not known yet" in shown) == (200, True, True)
    assert "No calendar" not in shown
    assert 'hx-trigger="every 5s"' in shown
    deliver()
    assert "Not known yet" not in maya.get(PAGE).text


def test_what_is_asked_for_is_offline_access_with_proof_of_who_comes_back(maya):
    asked = parse_qs(urlsplit(leave(maya)).query)
    assert asked["access_type"] == ["offline"]
    assert asked["prompt"] == ["consent"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == [" ".join(scopes.scopes_of(Profile.FULL))]
    assert asked["redirect_uri"][0].endswith(BACK)


def test_a_box_left_empty_is_named_and_nothing_is_connected(maya):
    answer = connect(maya, without=["calendar.events.owned"])
    assert said(answer) == [
        "Google was not allowed to: “See and change events on calendars you own”. Connect again and tick that, too."
    ]
    assert not Connection.objects.exists()


def test_cancelling_at_google_ends_on_the_page_with_a_sentence(maya):
    assert said(connect(maya, press="cancel")) == ["You chose Cancel at Google, so nothing was connected."]


@pytest.mark.parametrize("spoil", ["state", "twice", "other session", "other person", "too late", "nothing"])
def test_an_answer_that_is_not_for_this_person_connects_nothing(maya, client, provider, spoil, django_user_model):
    back = consent(leave(maya))
    if spoil == "state":
        back["state"] = "x" * len(back["state"])
    elif spoil == "twice":
        maya.get(BACK, back)
        Connection.objects.all().delete()
    elif spoil == "other session":
        maya.logout()
        maya.force_login(provider.user)
    elif spoil == "other person":
        session = maya.session
        kept = session["at_google"]
        maya.force_login(ProviderFactory().user)
        session = maya.session
        session["at_google"] = kept
        session.save()
    elif spoil == "too late":
        session = maya.session
        session["at_google"] = {**session["at_google"], "until": clock.now().timestamp() - 1}
        session.save()
    else:
        back = {}
    answer = maya.get(BACK, back, follow=True)
    assert said(answer)[-1] == "That answer from Google was not for this page, or came too late. Connect again."
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("token", {"status": 500}),
        ("token", {"close": True}),
        ("token", {"status": 200, "body": "<html>Sorry</html>"}),
        ("token", {"status": 200, "body": "[]", "content_type": "application/json"}),
        ("token", {"status": 200, "body": "{}", "content_type": "application/json"}),
        ("userinfo", {"status": 200, "body": "{}", "content_type": "application/json"}),
        ("userinfo", {"status": 503}),
        ("userinfo", {"close": True}),
    ],
)
def test_google_failing_at_the_last_step_is_said(maya, at_pretend_google, method, fault):
    back = consent(leave(maya))
    at_pretend_google.google.faults.add(method, times=5, **fault)
    answer = maya.get(BACK, back, follow=True)
    assert said(answer) == ["Google did not answer in time, so no calendar was connected. Try again."]
    assert not Connection.objects.exists()


def test_a_code_that_google_refuses_is_said(maya, at_pretend_google):
    back = consent(leave(maya))
    answer = maya.get(BACK, {**back, "code": "not-a-code"}, follow=True)
    assert said(answer) == ["Google’s answer was used already or came too late. Connect again."]


def test_signing_in_again_keeps_the_connection_and_its_calendars(maya, provider, at_pretend_google):
    event_in(at_pretend_google, 1)
    connect(maya)
    deliver()
    at_pretend_google.google.revoke(MAYA)
    GoogleCalendar.objects.update(next_read_at=clock.now())
    deliver()
    Connection.objects.update(access_until=clock.now())
    maya.post(reverse("google_sync", args=[Connection.objects.get().uuid]))
    deliver()
    row = Connection.objects.get()
    assert row.state == State.SIGN_IN_AGAIN
    assert "Google asks you to sign in again" in maya.get(PAGE).text
    back = consent(leave(maya, connection=row.uuid))
    maya.get(BACK, back)
    deliver()
    again = Connection.objects.get()
    provider.refresh_from_db()
    assert (again.pk, again.state) == (row.pk, State.WORKING)
    assert provider.calendar_stopped_at is None
    assert BusyInterval.objects.count() == 1


def test_two_accounts_of_one_person_are_two_connections(maya, at_pretend_google):
    connect(maya)
    connect(maya, account=ROBIN)
    connect(maya)
    deliver()
    assert sorted(Connection.objects.values_list("email", flat=True)) == [MAYA, ROBIN]
    assert maya.get(PAGE).status_code == 200


def test_without_a_client_at_google_nothing_is_offered(client, provider, settings):
    settings.GOOGLE_CLIENT_ID = settings.GOOGLE_CLIENT_SECRET = ""
    client.force_login(provider.user)
    assert "This site is not set up for Google Calendar" in client.get(PAGE).text
    assert said(client.post(CONNECT, follow=True)) == ["This site is not set up for Google Calendar."]


# --- Calendars, and the end -------------------------------------------------------------------------------------------


@pytest.fixture
def row(maya, at_pretend_google):
    at_pretend_google.google.add_calendar(MAYA, "Choir")
    event_in(at_pretend_google, 1)
    connect(maya)
    deliver()
    return Connection.objects.get()


def test_calendars_are_chosen_and_what_is_not_ticked_opens_its_time(maya, provider, row):
    page = reverse("google_calendars", args=[row.uuid])
    assert "Choir" in maya.get(page).text
    choir = row.calendars.get(name="Choir")
    answer = maya.post(page, {"busy": [choir.google_id], "when_stale": "go_on", "when_changed": "ask"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert list(row.calendars.filter(counts_as_busy=True)) == [choir]
    assert row.when_stale == "go_on"
    assert BusyInterval.objects.count() == 0
    deliver()
    choir.refresh_from_db()
    assert choir.last_read_at is not None


def test_a_calendar_that_is_not_theirs_is_refused(maya, row):
    page = reverse("google_calendars", args=[row.uuid])
    answer = maya.post(page, {"busy": ["somebody@else.example"], "when_stale": "pause", "when_changed": "ask"})
    assert answer.status_code == 422
    assert BusyInterval.objects.count() == 1


def test_disconnecting_says_first_what_it_does_and_has_google_forget_it(maya, provider, row, at_pretend_google):
    page = reverse("google_disconnect", args=[row.uuid])
    assert "The 1 busy time read from it is open for booking at once." in maya.get(page).text
    maya.post(page)
    assert BusyInterval.objects.count() == 0
    provider.refresh_from_db()
    assert provider.calendar_state == CalendarState.NONE
    assert "Not connected" in maya.get(PAGE).text
    deliver()
    assert not Connection.objects.exists()
    assert [call.status for call in at_pretend_google.google.calls if call.method == "revoke"] == [200]


def test_disconnecting_twice_ends_both_grants(maya, row, at_pretend_google):
    """The first time it was connected again before Google was asked, so that the job found nothing to end."""
    maya.post(reverse("google_disconnect", args=[row.uuid]))
    connect(maya)
    deliver()
    maya.post(reverse("google_disconnect", args=[Connection.objects.get().uuid]))
    deliver()
    assert not Connection.objects.exists()
    assert [call.method for call in at_pretend_google.google.calls].count("revoke") == 1


def test_disconnecting_what_google_ended_already_is_no_failure(maya, row, at_pretend_google):
    at_pretend_google.google.revoke(MAYA)
    maya.post(reverse("google_disconnect", args=[row.uuid]))
    deliver()
    assert not Connection.objects.exists()


@pytest.mark.parametrize("name", ["google_calendars", "google_history", "google_sync", "google_disconnect"])
def test_the_connection_of_somebody_else_is_not_there(client, row, name):
    client.force_login(ProviderFactory().user)
    address = reverse(name, args=[row.uuid])
    assert client.post(address).status_code in {404, 405}
    if name != "google_sync":
        assert client.get(address).status_code == 404
    assert Connection.objects.filter(pk=row.pk, state=State.WORKING).exists()


def test_a_customer_has_no_such_page(client, at_pretend_google):
    client.force_login(UserFactory())
    assert client.get(PAGE).status_code == 404
    assert client.post(CONNECT)["Location"] == reverse("become_provider")


def test_looking_at_an_old_copy_has_it_read_again_and_a_fresh_one_not(maya, row):
    GoogleCalendar.objects.update(next_read_at=clock.now() + HOUR)
    maya.get(PAGE)
    assert not row.calendars.filter(next_read_at__lte=clock.now()).exists()
    GoogleCalendar.objects.filter(counts_as_busy=True).update(last_read_at=clock.now() - timedelta(minutes=2))
    maya.get(PAGE)
    assert row.calendars.filter(next_read_at__lte=clock.now()).count() == 1


def test_the_pages_cost_the_same_with_many_connections_and_a_long_history(maya, row):
    Connection.objects.filter(pk=row.pk).update(created_at=clock.now() - HOUR)
    GoogleCalendar.objects.update(last_read_at=clock.now())
    pages = [PAGE, reverse("google_calendars", args=[row.uuid]), reverse("google_history", args=[row.uuid])]

    def costs():
        found = []
        for page in pages:
            with CaptureQueriesContext(database) as asked:
                assert maya.get(page).status_code == 200
            found.append(len(asked))
        return found

    before = costs()
    for number in range(20):
        other = Connection.objects.create(
            user=row.user, account=f"a{number}", email="x@example.com", profile="full", refresh_token="r"
        )
        other.calendars.create(google_id="x", name="x", counts_as_busy=True, last_read_at=clock.now())
        row.calendars.create(google_id=f"c{number}", name=f"Calendar {number}")
        row.notes.create(kind="read", calendar=row.calendars.first(), busy=number)
    assert costs() == before


def test_an_account_whose_calendars_cannot_be_listed_says_why(maya, at_pretend_google):
    at_pretend_google.google.faults.add("calendarList.list", times=9, status=403, reason="notACalendarUser")
    connect(maya)
    deliver()
    assert "This Google account has no calendar" in maya.get(PAGE).text


def test_calendars_chosen_after_the_connection_was_ended_elsewhere_are_refused_in_words(maya, row, monkeypatch):
    page = reverse("google_calendars", args=[row.uuid])

    def ended_meanwhile(**values):
        connecting.disconnect(connection=row, actor=row.user)
        return choose(**values)

    choose = connecting.choose_calendars
    monkeypatch.setattr(connecting, "choose_calendars", ended_meanwhile)
    answer = maya.post(page, {"busy": [], "when_stale": "pause", "when_changed": "ask"}, follow=True)
    assert said(answer) == ["This connection was ended meanwhile."]


def test_no_token_is_on_any_page_or_in_the_admin(maya, row, client, caplog):
    secrets = {row.refresh_token, row.access_token}
    pages = [
        PAGE,
        *(reverse(name, args=[row.uuid]) for name in ("google_calendars", "google_history", "google_disconnect")),
    ]
    staff = UserFactory(is_staff=True, is_superuser=True)
    texts = [maya.get(page).text for page in pages]
    client.force_login(staff)
    texts += [client.get(f"/admin/calendar_sync/connection/{row.pk}/change/").text, caplog.text]
    assert "Connection" in texts[-2] or "connection" in texts[-2]
    assert not [text for text in texts for secret in secrets if secret in text]
