"""Programs look before they book, and keep a time while their person decides."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, Hold
from tests.api.program import signed_in
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

CHECK = "/api/appointments/check/"
HOLD = "/api/appointments/hold/"
CREATE = "/api/appointments/create/"


def wish(service, **more):
    return {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat(), **more}


def problem(answer):
    return answer.status_code, answer.json()["type"].strip("/").rpartition("/")[2]


def test_a_look_at_an_open_start_names_the_terms_and_writes_nothing(program, service):
    with CaptureQueriesContext(connection) as asked:
        answer = program.post(CHECK, wish(service))

    told = answer.json()
    assert (answer.status_code, told["open"], told["refusal"], told["clash"]) == (200, True, None, False)
    assert told["terms"]["minutes"] == 60
    assert [each["sql"] for each in asked if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []
    assert not Hold.objects.exists()
    # What was looked at can be booked on those very terms.
    assert program.post(CREATE, wish(service, terms=told["terms"])).status_code == 201


def test_a_look_says_what_booking_would_refuse(program, service, book):
    book(customer=UserFactory())

    told = program.post(CHECK, wish(service)).json()

    assert (told["open"], len(told["nearest"])) == (False, 3)
    assert told["refusal"] in told["refusals"]


def test_a_look_compares_the_terms_that_the_person_saw(program, service):
    force = program.post(CHECK, wish(service)).json()["terms"]

    told = program.post(CHECK, wish(service, terms={**force, "minutes": 45})).json()

    assert (told["open"], told["terms"]["minutes"]) == (False, 60)
    assert told["refusal"] == "The terms changed while you were reading."


def test_a_kept_time_is_for_nobody_else_until_it_is_given_up(program, service):
    other = signed_in(UserFactory())

    kept = program.post(HOLD, wish(service))

    assert kept.status_code == 201
    assert kept.json()["expires_at"] == "2026-03-02T13:55:00+05:45"
    assert problem(other.post(CREATE, wish(service))) == (409, "slot-taken")
    assert problem(other.delete(HOLD, {"hold": kept.json()["hold"]})) == (404, "not-found")
    assert program.delete(HOLD, {"hold": kept.json()["hold"]}).status_code == 204
    assert problem(program.delete(HOLD, {"hold": kept.json()["hold"]})) == (404, "not-found")
    assert other.post(CREATE, wish(service)).status_code == 201


@pytest.mark.parametrize(
    ("account", "named"),
    [({"email_confirmed_at": None}, "policy-refused"), ({"email": None, "username": "pos.till"}, "address-needed")],
)
def test_no_program_keeps_a_time_for_somebody_who_may_take_none(service, customer, account, named):
    type(customer).objects.filter(pk=customer.pk).update(**account)
    customer.refresh_from_db()
    program = signed_in(customer)

    assert problem(program.post(HOLD, wish(service))) == (409, named)
    assert not Hold.objects.exists()


def test_booking_takes_the_time_that_was_kept(program, service):
    kept = program.post(HOLD, wish(service)).json()["hold"]

    assert program.post(CHECK, wish(service, hold=kept)).json()["open"]
    assert program.post(CREATE, wish(service, hold=kept)).status_code == 201
    assert [each.kind for each in Hold.objects.all()] == ["appointment"]


@pytest.mark.parametrize("which", ["no hold", "another's", "for another start", "for another service", "run out"])
def test_a_time_that_is_not_kept_for_this_very_booking_books_nothing(program, service, which):
    longer = ServiceFactory(provider=service.provider, duration_minutes=90)
    keeper = signed_in(UserFactory()) if which == "another's" else program
    later = {"start": (TUESDAY_TEN + timedelta(hours=2)).isoformat()}
    kept = keeper.post(HOLD, wish(service, **later)).json()["hold"]
    hold = str(uuid4()) if which == "no hold" else kept
    wanted = {
        "for another start": wish(service, hold=hold),
        "for another service": wish(longer, hold=hold, **later),
    }.get(which, wish(service, hold=hold, **later))

    with time_machine.travel(NOW + timedelta(minutes=11 if which == "run out" else 1), tick=False):
        look = program.post(CHECK, wanted).json()
        refused = program.post(CREATE, wanted)

    assert (look["open"], problem(refused)) == (False, (409, "policy-refused"))
    assert [each["field"] for each in refused.json()["errors"]] == ["hold"]
    assert refused.json()["detail"] in look["refusals"]
    assert not Appointment.objects.exists()


def test_keeping_again_with_the_same_key_keeps_nothing_longer(program, service):
    first = program.post(HOLD, wish(service), idempotency_key="one").json()
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        again = program.post(HOLD, wish(service), idempotency_key="one")
        assert (again.json(), again.headers["Idempotency-Replayed"]) == (first, "true")
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert problem(program.post(HOLD, wish(service), idempotency_key="one")) == (404, "not-found")


def test_nobody_gives_up_a_time_that_is_none(program, service):
    assert problem(program.delete(HOLD, {"hold": str(uuid4())})) == (404, "not-found")
    assert program.delete(HOLD, {}).status_code == 400
