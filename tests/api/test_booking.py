"""Programs find open starts and book them, under the rules and the terms of the pages."""

from tests.appointments.conftest import TUESDAY_TEN

SLOTS = "/api/providers/available/slots"
CREATE = "/api/appointments/create/"
TEN = TUESDAY_TEN.isoformat()


def wish(service, **more):
    return {"provider": service.provider.slug, "service": service.slug, "start": TEN, **more}


def test_the_open_starts_of_a_day_are_in_the_providers_zone(visitor, service):
    found = visitor.get(SLOTS, {"provider": service.provider.slug, "service": service.slug, "date": "2026-03-03"})

    assert found.status_code == 200
    told = found.json()
    assert (told["time_zone"], told["minutes"], told["next_opening"]) == (
        "Asia/Kathmandu",
        60,
        "2026-03-03T09:45:00+05:45",
    )
    assert told["slots"][0] == {"start": "2026-03-03T09:45:00+05:45", "end": "2026-03-03T10:45:00+05:45"}
    assert found.headers["Cache-Control"] == "public, max-age=0"


def test_who_is_signed_in_is_greeted(program, customer):
    assert program.get("/api/welcome").json() == {
        "message": f"Welcome, {customer.first_name}.",
        "username": None,
        "email": customer.email,
    }


def test_a_visitor_is_told_to_sign_in(visitor):
    answer = visitor.get("/api/welcome")

    assert (answer.status_code, answer.json()["type"]) == (401, "/developers/problems/token-invalid/")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Dayline"'


def test_a_program_books_an_open_start(program, service, customer):
    answer = program.post(CREATE, wish(service, note="Left knee"))

    assert answer.status_code == 201
    made = customer.appointments.get()
    assert answer.headers["Location"] == f"/api/appointments/{made.reference}/"
    told = answer.json()
    assert (told["id"], told["status"], told["start"], told["note"]) == (
        made.reference,
        "confirmed",
        "2026-03-03T15:45:00+05:45",
        "Left knee",
    )
    assert program.get(answer.headers["Location"]).json() == told


def test_a_taken_start_is_refused_with_the_nearest(program, service, book):
    book()

    answer = program.post(CREATE, wish(service))

    assert (answer.status_code, answer.json()["type"]) == (409, "/developers/problems/slot-taken/")
    assert len(answer.json()["nearest"]) == 3
