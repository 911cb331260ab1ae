"""Programs look at the dates of a series, book them whole or not at all, and end them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, Hold, Series
from tests.api.program import signed_in
from tests.appointments.conftest import TUESDAY_TEN
from tests.factories.accounts import UserFactory

SERIES, PREVIEW = "/api/series/", "/api/series/preview/"
WEEK = timedelta(days=7)


@pytest.fixture
def service(service):
    service.repeats, service.max_occurrences = True, 6
    service.save()
    return service


def wish(service, count=3, **more):
    repeat = {"every": "weekly", "count": count}
    where = {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat()}
    return {**where, "repeat": repeat, **more}


def problem(answer):
    return answer.status_code, answer.json()["type"].strip("/").rpartition("/")[2]


def test_a_look_tells_each_date_with_price_and_outcome_and_writes_nothing(program, service, book):
    book(TUESDAY_TEN + WEEK, customer=UserFactory())
    with CaptureQueriesContext(connection) as asked:
        told = program.post(PREVIEW, wish(service)).json()

    assert [each["sql"] for each in asked if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []
    assert (told["open"], told["count"]) == (False, 2)
    assert [(one["number"], one["outcome"], one["reason"]) for one in told["dates"]] == [
        (1, "open", None),
        (2, "unsettled", "taken"),
        (3, "open", None),
    ]
    taken = told["dates"][1]
    assert (taken["start"], taken["price"], len(taken["nearest"])) == ("2026-03-10T15:45:00+05:45", None, 2)
    assert told["dates"][0]["price"] == told["terms"]["price"]


def test_a_series_takes_the_time_that_is_kept_for_one_of_its_dates_alone(program, service):
    where = {name: wish(service)[name] for name in ("provider", "service")}
    keep = {**where, "start": (TUESDAY_TEN + WEEK).isoformat()}
    kept = program.post("/api/appointments/hold/", keep).json()["hold"]

    look, whole = (program.post(PREVIEW, wish(service, hold=kept, **more)).json() for more in ({"skip": [2]}, {}))
    refused = program.post(SERIES, wish(service, hold=kept, skip=[2]))
    booked = program.post(SERIES, wish(service, hold=kept))

    assert (look["open"], whole["open"], look["refusal"]) == (False, True, refused.json()["detail"])
    assert (problem(refused), booked.status_code) == ((409, "policy-refused"), 201)
    assert Hold.objects.filter(kind="kept").count() == 0


def test_a_series_is_booked_whole_or_not_at_all(program, service, book):
    book(TUESDAY_TEN + WEEK, customer=UserFactory())

    refused = program.post(SERIES, wish(service))
    looks = [program.post(PREVIEW, wish(service, count=count)).json() for count in (2, 3)]

    assert problem(refused) == (409, "slot-taken")
    # Of two dates one is open: a look speaks of the other one, and not of a series that is too short.
    assert [look["refusal"] for look in looks] == [refused.json()["detail"]] * 2
    nothing = wish(service, skip=[1, 2, 3])
    assert program.post(PREVIEW, nothing).json()["refusal"] == program.post(SERIES, nothing).json()["detail"]
    [date] = refused.json()["dates"]
    assert (date["number"], date["nearest"]) == (2, refused.json()["nearest"])
    assert not Series.objects.exists()

    booked = program.post(SERIES, wish(service, shift=[{"number": 2, "start": date["nearest"][0]}], skip=[3]))

    assert booked.status_code == 201
    told = booked.json()
    assert [(one["number"], one["status"]) for one in told["appointments"]] == [(1, "confirmed"), (2, "confirmed")]
    assert told["appointments"][1]["start"] == date["nearest"][0]
    assert [(one["number"], one["reason"]) for one in told["left_out"]] == [(3, "choice")]
    assert program.get(booked.headers["Location"]).json() == told


def test_both_sides_read_a_series_and_nobody_else(program, studio, service):
    made = program.post(SERIES, wish(service)).json()

    assert studio.get(f"{SERIES}{made['id']}/").json() == made
    assert signed_in(UserFactory()).get(f"{SERIES}{made['id']}/").status_code == 404
    assert program.get(f"{SERIES}7/").status_code == 404


def test_a_series_is_made_once_by_one_key(program, service):
    first = program.post(SERIES, wish(service), idempotency_key="one")
    again = program.post(SERIES, wish(service), idempotency_key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert (Series.objects.count(), Appointment.objects.count()) == (1, 3)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"count": 7}, "policy-refused"),
        ({"repeat": {"every": "month_last", "count": 2}}, "policy-refused"),
        ({"skip": [4]}, "policy-refused"),
        ({"repeat": {"every": "weekly"}}, "invalid"),
        ({"repeat": {"every": "weekly", "count": 2, "until": "2026-04-01"}}, "invalid"),
        ({"repeat": {"every": "yearly", "count": 2}}, "invalid"),
        ({"skip": [2], "shift": [{"number": 2, "start": TUESDAY_TEN.isoformat()}]}, "invalid"),
    ],
)
def test_a_rule_that_the_service_does_not_take_is_refused(program, service, more, named):
    assert problem(program.post(SERIES, wish(service, **more)))[1] == named
    assert problem(program.post(PREVIEW, wish(service, **more)))[1] == named


def test_a_service_that_takes_no_series_says_so(program, service):
    service.repeats = False
    service.save()

    assert problem(program.post(SERIES, wish(service))) == (409, "policy-refused")
    assert program.post(PREVIEW, wish(service)).json()["refusal"]


@pytest.mark.parametrize(
    ("which", "states"),
    [
        ("one", ["confirmed", "cancelled", "confirmed"]),
        ("following", ["confirmed", "cancelled", "cancelled"]),
        ("all", ["cancelled", "cancelled", "cancelled"]),
    ],
)
@pytest.mark.parametrize("whose", ["C", "P"])
def test_a_series_is_ended_from_a_date_on_and_once(program, studio, service, which, states, whose):
    made = program.post(SERIES, wish(service)).json()
    mine, address = (program if whose == "C" else studio), f"{SERIES}{made['id']}/cancel/"
    said = {"which": which, "from": made["appointments"][1]["id"], "reason": "A course"}

    for _ in range(2):
        told = mine.post(address, said).json()
        assert [one["status"] for one in told["appointments"]] == states


def test_ending_a_series_needs_a_date_of_its_own(program, service, book):
    made = program.post(SERIES, wish(service)).json()
    address, other = f"{SERIES}{made['id']}/cancel/", book(TUESDAY_TEN + timedelta(hours=2)).appointment

    assert problem(program.post(address, {"which": "one"})) == (400, "invalid")
    assert problem(program.post(address, {"which": "one", "from": other.reference})) == (404, "not-found")
    assert not Appointment.objects.filter(status="cancelled").exists()


def test_ending_another_series_than_was_read_changes_nothing(program, service):
    made = program.post(SERIES, wish(service)).json()
    seen = program.get(f"{SERIES}{made['id']}/").headers["ETag"]
    program.post(f"/api/appointments/{made['appointments'][0]['id']}/cancel/")

    answer = program.post(f"{SERIES}{made['id']}/cancel/", {"which": "all"}, if_match=seen)

    assert problem(answer) == (412, "changed-meanwhile")
    assert Appointment.objects.filter(status="cancelled").count() == 1


def test_a_late_series_counts_once_and_says_so(program, service):
    service.provider.policy.notice_minutes = 0
    service.provider.policy.save()
    soon = TUESDAY_TEN - timedelta(hours=24) + timedelta(hours=3)
    made = program.post(SERIES, wish(service, start=soon.isoformat())).json()
    address = f"{SERIES}{made['id']}/cancel/"

    asked = program.post(address, {"which": "all"})

    assert (problem(asked), asked.json()["accept"]) == ((409, "late-cancellation"), "1st of 3")
    ended = program.post(address, {"which": "all", "accept": "1st of 3"}).json()
    assert {one["status"] for one in ended["appointments"]} == {"cancelled"}
