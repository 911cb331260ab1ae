"""Programs list and read their person's appointments, on either side, and change the note."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.services import transitions
from tests.api.program import signed_in
from tests.appointments.conftest import TUESDAY_TEN
from tests.factories.accounts import UserFactory

ALL = "/api/appointments/"
HISTORY = "/api/appointments/history/"


def of(appointment, rest=""):
    return f"/api/appointments/{appointment.reference}/{rest}"


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


@pytest.fixture
def three(book, provider, customer):
    """One that is ahead, a request, and one that was cancelled, each at another time."""
    ahead = book().appointment
    over = book(TUESDAY_TEN + timedelta(days=1)).appointment
    transitions.cancel_appointment(appointment=over, actor=customer, role="customer", reason="Ill")
    provider.policy.accepts_at_once = False
    provider.policy.save()
    waiting = book(TUESDAY_TEN + timedelta(days=2), note="Left knee").appointment
    return {"upcoming": ahead, "history": over, "waiting": waiting}


def test_each_appointment_stands_in_one_list(program, three):
    for name, one in three.items():
        assert ids(program.get(ALL, {"when": name})) == [one.reference]
    assert ids(program.get(HISTORY)) == [three["history"].reference]
    soonest_first = sorted(three.values(), key=lambda one: one.start)
    assert ids(program.get(ALL)) == [one.reference for one in soonest_first]


def test_both_sides_read_the_same_appointments_and_others_none(studio, three):
    everything = {one.reference for one in three.values()}

    assert set(ids(studio.get(ALL, {"as": "provider"}))) == everything
    assert ids(studio.get(ALL, {"as": "customer"})) == []
    assert ids(signed_in(UserFactory()).get(ALL)) == []


def test_lists_are_narrowed(program, studio, three, provider, customer):
    ahead, waiting = three["upcoming"], three["waiting"]
    wanted = [
        (program, {"status": "cancelled"}, {three["history"]}),
        (program, {"provider": provider.slug}, set(three.values())),
        (program, {"provider": "nobody"}, set()),
        (studio, {"customer": str(customer.uuid)}, set(three.values())),
        (studio, {"customer": str(provider.user.uuid)}, set()),
        (program, {"from": "2026-03-05"}, {waiting}),
        (program, {"to": "2026-03-04"}, {ahead}),
        (program, {"from": "2026-03-03", "to": "2026-03-03"}, set()),
        (program, {"q": ahead.reference.lower()}, {ahead}),
        (program, {"q": provider.name.split()[0].upper()}, set(three.values())),
        (studio, {"q": customer.name}, set(three.values())),
        # One's own name stands everywhere, and finds nothing.
        (program, {"q": customer.name}, set()),
        (program, {"q": "?!"}, set()),
    ]

    for caller, asked, found in wanted:
        assert set(ids(caller.get(ALL, asked))) == {one.reference for one in found}, asked


@pytest.mark.parametrize("asked", [{"when": "soon"}, {"as": "staff"}, {"customer": "7"}, {"from": "03/03/2026"}])
def test_a_filter_that_nobody_can_mean_is_refused(program, asked):
    answer = program.get(ALL, asked)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(asked)


def test_a_list_goes_on_in_pages(program, three):
    first = program.get(ALL, {"limit": 2, "tz": "Europe/London"})
    second = program.get(first.json()["next"])

    assert (len(ids(first)), len(ids(second)), second.json()["next"]) == (2, 1, None)
    assert not set(ids(first)) & set(ids(second))
    assert ids(program.get(second.json()["previous"])) == ids(first)


def test_a_list_asks_as_much_for_many_as_for_one(studio, book, settings):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            rows = ids(studio.get(ALL, {"q": "a"}))
        return len(queries), len(rows)

    book(customer=UserFactory(name="Ana"))
    asked()
    few = asked()
    for hour in range(1, 5):
        book(TUESDAY_TEN + timedelta(hours=hour), customer=UserFactory(name="Ana"))

    assert asked() == (few[0], 5)


def test_times_are_in_the_zone_that_is_asked_for(program, confirmed):
    told = program.get(ALL, {"tz": "Europe/London"}).json()["results"][0]

    assert (told["start"], told["time_zone"]) == ("2026-03-03T10:00:00+00:00", "Europe/London")


def test_the_history_says_who_when_from_to_and_why(program, customer, confirmed):
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role="customer", reason="Ill")

    cancelled, booked = program.get(of(confirmed, "history/")).json()["results"]

    assert cancelled == {
        "at": "2026-03-02T13:45:00+05:45",
        "time_zone": "Asia/Kathmandu",
        "verb": "cancel",
        "by": "customer",
        "name": customer.name,
        "from": "confirmed",
        "to": "cancelled",
        "start": "2026-03-03T15:45:00+05:45",
        "new_start": None,
        "reason": "Ill",
    }
    assert (booked["verb"], booked["from"], booked["to"]) == ("book", "", "confirmed")


def test_a_calendar_file_is_what_a_page_offers(program, client, customer, confirmed):
    client.force_login(customer)

    for path, page in [
        (of(confirmed, "calendar.ics"), f"/my/appointments/{confirmed.reference}/calendar.ics"),
        ("/api/appointments/calendar.ics", "/my/appointments/calendar.ics"),
    ]:
        answer = program.get(path, accept="text/calendar")
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.content == client.get(page).content
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert program.get(path, if_none_match=answer.headers["ETag"]).status_code == 304


def test_a_request_has_no_calendar_file(program, requested):
    assert program.get(of(requested, "calendar.ics")).status_code == 404


def test_the_customer_changes_their_note_while_it_is_open(program, studio, customer, confirmed):
    before = program.get(of(confirmed)).headers["ETag"]

    assert program.patch(of(confirmed), {"note": "Both knees"}).json()["note"] == "Both knees"
    stale = program.patch(of(confirmed), {"note": "None"}, if_match=before)
    assert (stale.status_code, stale.json()["type"]) == (412, "/developers/problems/changed-meanwhile/")
    assert studio.patch(of(confirmed), {"note": "Mine"}).status_code == 404

    confirmed.refresh_from_db()
    assert confirmed.note == "Both knees"
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role="customer")
    assert program.patch(of(confirmed), {"note": "Late"}).json()["type"] == "/developers/problems/move-refused/"


@pytest.mark.parametrize("field", ["status", "price", "customer", "start"])
def test_no_body_writes_what_an_act_or_the_provider_decides(program, confirmed, field):
    answer = program.patch(of(confirmed), {"note": "Hello", field: "completed"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    confirmed.refresh_from_db()
    assert confirmed.note == ""


def test_nothing_is_ever_deleted(program, confirmed):
    answer = program.delete(of(confirmed))

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, PATCH, OPTIONS")


def test_the_version_that_was_read_is_compared_again_under_the_lock(program, customer, confirmed, monkeypatch):
    """Somebody else's change between the look and the lock: here as the note is about to be written."""
    from api.operations import appointments

    seen = program.get(of(confirmed)).headers["ETag"]
    write = appointments.notes.change_note

    def late(**terms):
        write(appointment=confirmed, actor=customer, note="Faster")
        return write(**terms)

    monkeypatch.setattr(appointments.notes, "change_note", late)
    answer = program.patch(of(confirmed), {"note": "Slower"}, if_match=seen)

    assert answer.status_code == 412
    confirmed.refresh_from_db()
    assert confirmed.note == "Faster"
