"""The pages of the pretend Google, and the command that starts it."""

import os
import pickle
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import requests
from django.core.management import CommandError, call_command

from calendar_sync.pretend_google import keeping
from calendar_sync.pretend_google.consent import PRETEND_CLIENT
from tests.processes import ROOT

from .pretend import MAYA

BACK = "http://127.0.0.1:8000/connected/"
FULL = "https://www.googleapis.com/auth/calendar.events.owned https://www.googleapis.com/auth/calendar.freebusy"


def asking(server, **more):
    asked = {"client_id": PRETEND_CLIENT.id, "redirect_uri": BACK, "scope": FULL, "response_type": "code", **more}
    return f"{server.settings()['GOOGLE_AUTH_URI']}?{urlencode(asked)}"


@pytest.fixture
def diary(pretend_google):
    return f"{pretend_google.address}/calendar/{MAYA}"


def entries(server, day=1):
    found = server.google.between(MAYA, datetime(2027, 3, day, tzinfo=UTC), datetime(2027, 3, day + 7, tzinfo=UTC))
    return [
        (event.fields["summary"], *(f"{edge:%d %H:%M}" for edge in event.span.instants("Europe/London")))
        for event in found
    ]


def test_every_page_says_what_it_is_and_has_no_inline_style_or_script(pretend_google, diary):
    pretend_google.google.put(MAYA, {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}})
    pages = [
        f"{pretend_google.address}/",
        diary + "?week=2027-03-01",
        asking(pretend_google),
        asking(pretend_google, login_hint=MAYA),
        asking(pretend_google, scope="nonsense"),
    ]
    for address in pages:
        answer = requests.get(address)
        assert "Pretend Google (demo)" in answer.text
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_may_follow_the_form_of_consent_to_the_client_and_nowhere_else(pretend_google):
    policy = requests.get(asking(pretend_google)).headers["Content-Security-Policy"]

    assert "form-action 'self' http://127.0.0.1:8000;" in policy


def test_what_somebody_typed_is_text(pretend_google, diary):
    pretend_google.google.put(
        MAYA, {"summary": "<b>&'\"", "start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}}
    )

    page = requests.get(f"{diary}?week=2027-03-01").text

    assert "<b>" not in page and "&lt;b&gt;&amp;" in page


def test_an_entry_is_added_moved_and_deleted(pretend_google, diary):
    form = {"title": "Dentist", "date": "2027-03-01", "from": "10:00", "to": "11:30", "week": "2027-02-28"}
    added = requests.post(f"{diary}/add", data=form, allow_redirects=False)
    first = entries(pretend_google)
    event = pretend_google.google.entries(MAYA)[0]["id"]
    which = {"event": event, "calendar": MAYA}

    moved = {"date": "2027-03-02", "from": "23:30", "to": "00:30"}
    requests.post(f"{diary}/move", data=which | moved)
    second = entries(pretend_google)
    requests.post(f"{diary}/move", data=which | {"date": "2027-03-03", "from": "", "to": ""})
    third = entries(pretend_google)
    requests.post(f"{diary}/delete", data=which)

    assert (added.status_code, added.headers["Location"]) == (303, f"/calendar/{MAYA}?week=2027-02-28")
    assert first == [("Dentist", "01 10:00", "01 11:30")]
    assert second == [("Dentist", "02 23:30", "03 00:30")]
    assert third == [("Dentist", "03 00:00", "04 00:00")]
    assert entries(pretend_google) == []


def test_an_entry_that_repeats_is_shown_on_each_of_its_days_and_one_of_them_moves(pretend_google, diary):
    form = {"title": "Choir", "date": "2027-03-01", "from": "10:00", "to": "11:00", "repeats": "RRULE:FREQ=DAILY"}
    requests.post(f"{diary}/add", data=form | {"transparency": "transparent"})
    second = pretend_google.google.between(MAYA, datetime(2027, 3, 2, tzinfo=UTC), datetime(2027, 3, 3, tzinfo=UTC))[
        0
    ].id

    moved = {
        "event": second,
        "calendar": MAYA,
        "date": "2027-03-02",
        "from": "15:00",
        "to": "16:00",
        "week": "2027-03-01",
    }
    page = requests.post(f"{diary}/move", data=moved).text

    assert [start for _, start, _ in entries(pretend_google)][:3] == ["01 10:00", "02 15:00", "03 10:00"]
    assert page.count('<span class="tag">free</span>') == 7


@pytest.mark.parametrize(
    "form", [{"date": "", "from": "10:00", "to": "11:00"}, {"date": "2027-03-01", "from": "10:00", "to": ""}]
)
def test_what_cannot_be_an_entry_is_said_and_kept(pretend_google, diary, form):
    answer = requests.post(f"{diary}/add", data={"title": "Dentist", **form})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text and 'value="Dentist"' in answer.text
    assert pretend_google.google.entries(MAYA) == []


def test_an_entry_that_is_gone_is_told(pretend_google, diary):
    answer = requests.post(f"{diary}/delete", data={"event": "nothing", "calendar": MAYA})

    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)


def test_a_client_loses_its_access_on_the_page_of_the_account(pretend_google, diary):
    pretend_google.google.connect(MAYA, FULL.split())
    assert "Remove access" in requests.get(diary).text

    requests.post(f"{diary}/disconnect", data={"client": PRETEND_CLIENT.id})

    assert pretend_google.google.consents.granted_to(pretend_google.google.accounts.get(MAYA).sub) == []


def test_a_form_of_another_site_changes_nothing(pretend_google, diary):
    form = {"title": "Dentist", "date": "2027-03-01", "from": "10:00", "to": "11:00"}

    answer = requests.post(f"{diary}/add", data=form, headers={"Origin": "https://evil.example.com"})

    assert answer.status_code == 421
    assert pretend_google.google.entries(MAYA) == []


def test_nobody_has_a_calendar_who_has_no_account(pretend_google):
    assert requests.get(f"{pretend_google.address}/calendar/nobody@example.com").status_code == 400


def test_settings_here_and_in_processes_lead_to_the_stand_in(at_pretend_google, settings):
    known = at_pretend_google.settings()

    assert {name: getattr(settings, name) for name in known} == known
    assert {name: os.environ[name] for name in known} == known
    assert requests.get(settings.GOOGLE_CERTS_URI).status_code == 200


# --- The command ------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_", "how", "said"),
    [
        ({"GOOGLE_CLIENT_ID": "real"}, ["--without-debug"], "real"),
        ({"GOOGLE_CLIENT_SECRET": "real"}, ["--without-debug"], "real"),
        ({"GOOGLE_CLIENT_ID": PRETEND_CLIENT.id, "GOOGLE_CLIENT_SECRET": "real"}, ["--without-debug"], "real"),
        ({"DEBUG": False}, [], "--without-debug"),
    ],
)
def test_it_does_not_start_beside_a_real_site(settings, set_, how, said):
    for name, value in set_.items():
        setattr(settings, name, value)

    with pytest.raises(CommandError, match=said):
        call_command("pretend_google", "--port", "0", *how)


@pytest.mark.parametrize("port", ["70000", "taken"])
def test_a_port_that_cannot_be_used_is_said(pretend_google, port):
    port = pretend_google.address.rpartition(":")[2] if port == "taken" else port

    with pytest.raises(CommandError, match=f"Port {port} of 127.0.0.1 cannot be used"):
        call_command("pretend_google", "--port", port, "--without-debug")


def test_it_starts_tells_where_it_is_and_keeps_what_was_done_until_the_next_start(pretend_google, tmp_path):
    before = pretend_google.google
    before.put(MAYA, {"summary": "Dentist", "start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}})
    keeping.save(before, tmp_path / "google")
    form = {"title": "Choir", "date": "2027-03-02", "from": "10:00", "to": "11:00", "week": "2027-03-01"}

    with started("--keep", tmp_path / "google") as told:
        week = requests.post(f"{told['GOOGLE_ISSUER']}/calendar/{MAYA}/add", data=form, timeout=10)

    assert set(told) == {*pretend_google.settings(), "OAUTHLIB_INSECURE_TRANSPORT"}
    assert "Dentist" in week.text and "Choir" in week.text
    assert [one["summary"] for one in keeping.load(tmp_path / "google").entries(MAYA)] == ["Dentist", "Choir"]
    assert (tmp_path / "google").stat().st_mode & 0o777 == 0o600


@contextmanager
def started(*how):
    """The variables that the command tells once it is there; it has ended when told to afterwards."""
    command = [sys.executable, "manage.py", "pretend_google", "--port", "0", "--without-debug", *how]
    # It asks the database nothing, and needs the settings of no test.
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": "sqlite://:memory:"}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=subprocess.PIPE, text=True)
    try:
        said = [process.stdout.readline() for _ in range(11)]
        assert said[0].startswith("# Pretend Google (demo) is at http://127.0.0.1:")
        yield dict(line.rstrip("\n").split("=", 1) for line in said[1:])
        # As at the end of the demo, where both come at once: many, so that one falls into the midst of another.
        for number in (signal.SIGINT, signal.SIGTERM) * 200:
            process.send_signal(number)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.parametrize("damage", [b"", b"nonsense", pickle.dumps({"another": "thing"})])
def test_a_state_that_cannot_be_read_is_begun_anew(tmp_path, damage):
    (tmp_path / "google").write_bytes(damage)

    assert keeping.load(tmp_path / "google") is None
    assert keeping.load(tmp_path / "nowhere") is None


def test_all_that_was_connected_is_still_connected_in_a_state_that_was_kept(pretend_google, tmp_path):
    google = pretend_google.google
    tokens = google.connect(MAYA, FULL.split())
    google.put(MAYA, {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}})
    keeping.save(google, tmp_path / "google")

    again = keeping.load(tmp_path / "google")

    assert again.entries(MAYA) == google.entries(MAYA)
    assert again.tokens.refresh(tokens["refresh_token"], PRETEND_CLIENT, "")["access_token"]
    again.put(MAYA, {"start": {"date": "2027-03-03"}, "end": {"date": "2027-03-04"}})
    assert len(google.entries(MAYA)) == 1
