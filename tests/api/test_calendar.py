"""Programs see how a provider's Google Calendar stands, have it read, and send its owner to Google in a browser."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from calendar_sync.models import Connection
from calendar_sync.services import connecting
from calendar_sync.states import Profile, State
from core import clock
from tests.factories.calendars import connect
from tests.factories.providers import ProviderFactory

CALENDAR, RECONNECT, SYNC = "/api/calendar/", "/api/calendar/reconnect/", "/api/calendar/sync/"


@pytest.fixture(autouse=True)
def _with_client(settings):
    settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = "dayline", "secret"


@pytest.fixture
def connection(provider):
    return connect(provider, "Own").connection


def test_it_is_told_how_the_calendar_stands(studio, connection):
    told = studio.get(CALENDAR).json()

    [account] = told["accounts"]
    assert (account["id"], account["account"], account["state"]) == (str(connection.uuid), connection.email, "working")
    assert [each["name"] for each in account["calendars"]] == ["Own"]
    assert account["last_success"] == "2026-03-02T13:45:00+05:45"
    assert studio.get(RECONNECT).json() == told


def test_without_a_connection_none_is_told_and_nothing_can_be_read(studio):
    assert (studio.get(CALENDAR).json()["state"], studio.get(CALENDAR).json()["accounts"]) == ("none", [])
    assert (studio.post(SYNC).status_code, studio.delete(CALENDAR).status_code) == (404, 404)


def test_a_program_sends_its_person_to_google_and_they_come_back_in_a_browser(
    studio, provider, client, monkeypatch, connection
):
    sent = studio.post(RECONNECT, {"account": str(connection.uuid)}).json()["authorization_url"]
    state = parse_qs(urlsplit(sent).query)["state"][0]
    finished = {}
    monkeypatch.setattr(connecting, "finish", lambda **given: finished.update(given) or connection)
    other = ProviderFactory()

    client.force_login(other.user)
    client.get("/studio/google/back/", {"state": state, "code": "c"})
    assert finished == {}

    client.force_login(provider.user)
    client.get("/studio/google/back/", {"state": state + "x", "code": "c"})
    assert finished == {}

    client.get("/studio/google/back/", {"state": state, "code": "c"})
    assert (finished["user"], finished["code"], finished["again"]) == (provider.user, "c", connection)
    assert len(finished["verifier"]) >= 43
    assert finished["verifier"] not in sent


def test_the_way_to_google_ends_after_half_an_hour(studio, provider, client, monkeypatch):
    sent = studio.post(RECONNECT).json()["authorization_url"]
    state = parse_qs(urlsplit(sent).query)["state"][0]
    finished = []
    monkeypatch.setattr(connecting, "finish", lambda **given: finished.append(given))
    client.force_login(provider.user)

    with time_machine.travel(clock.now() + connecting.LASTS + timedelta(seconds=1), tick=False):
        client.get("/studio/google/back/", {"state": state, "code": "c"})

    assert finished == []


def test_a_site_without_google_says_so(studio, settings):
    settings.GOOGLE_CLIENT_ID = ""

    assert studio.post(RECONNECT).status_code == 409
    assert studio.get(CALENDAR).json()["available"] is False


def test_the_calendars_are_read_by_a_job_unless_google_asks_to_sign_in_to_each(studio, provider, connection):
    given = {"email": "second@example.com", "profile": connection.profile, "refresh_token": "r"}
    Connection.objects.create(user=provider.user, account="2", **given)
    assert studio.post(SYNC).status_code == 202
    asks = {"state": State.SIGN_IN_AGAIN, "refresh_token": ""}
    Connection.objects.filter(pk=connection.pk).update(**asks)
    assert studio.post(SYNC).status_code == 202
    Connection.objects.update(**asks)

    assert studio.post(SYNC).status_code == 409


def test_a_provider_disconnects_and_only_their_own(studio, connection):
    theirs = connect(ProviderFactory()).connection

    assert studio.delete(f"{CALENDAR}?account={theirs.uuid}").status_code == 404
    assert studio.delete(CALENDAR, if_match=studio.get(CALENDAR)["ETag"]).status_code == 204
    assert studio.get(CALENDAR).json()["accounts"] == []
    theirs.refresh_from_db()
    assert theirs.is_working


@pytest.mark.parametrize("change", ["another account", "another calendar"])
def test_nothing_is_disconnected_where_the_calendar_changes_after_the_look(
    studio, provider, connection, meanwhile, change
):
    other = {"account": "2", "email": "other@example.com", "profile": Profile.FULL, "refresh_token": "r"}
    tag = studio.get(CALENDAR)["ETag"]
    changes = {
        "another account": lambda: Connection.objects.create(user=provider.user, **other),
        "another calendar": lambda: connection.calendars.update(counts_as_busy=False),
    }
    meanwhile(connecting, "disconnect_several", changes[change])

    answer = studio.delete(CALENDAR, if_match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, "/developers/problems/changed-meanwhile/")
    assert not Connection.objects.exclude(state=State.WORKING).exists()
