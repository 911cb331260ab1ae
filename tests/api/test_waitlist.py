"""Programs join waitlists, and take or pass what is offered."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.calls import Call, Caller
from api.operations import waitlist as operations
from appointments.models import Appointment, WaitlistPlace
from appointments.services import offers, waitlist
from appointments.states import OfferState
from providers.exceptions import ChangedMeanwhile
from tests.api.program import signed_in
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, TimeOffFactory
from tests.factories.waitlist import join

ALL = "/api/waitlist/"
# Beyond what can be booked, so that nothing that fits is open.
FAR = (NOW + timedelta(days=100)).date()


def wish(service, **more):
    days = {"from": FAR.isoformat(), "to": (FAR + timedelta(days=14)).isoformat()}
    return {"provider": service.provider.slug, "service": service.slug, **days, **more}


def problem(answer):
    return answer.status_code, answer.json()["type"].strip("/").rpartition("/")[2]


@pytest.fixture
def offered(service, customer, provider):
    """The customer's place, to which the provider offers an open time."""
    place = join(service, customer, first_on=FAR, last_on=FAR)
    waitlist.offer_by_hand(place=place, start=TUESDAY_TEN, actor=provider.user)
    return place


def test_a_program_joins_a_waitlist_and_waits_for_something_else(program, service):
    made = program.post(ALL, wish(service, weekdays=[0, 2], parts=["morning"]))

    assert made.status_code == 201
    told = made.json()
    assert {name: told[name] for name in ("from", "to", "weekdays", "parts", "time_zone", "state", "offer")} == {
        "from": FAR.isoformat(),
        "to": (FAR + timedelta(days=14)).isoformat(),
        "weekdays": [0, 2],
        "parts": ["morning"],
        "time_zone": "Asia/Kathmandu",
        "state": "waiting",
        "offer": None,
    }
    assert (told["ahead"], told["in_line"]) == (0, 1)
    assert WaitlistPlace.objects.get().last_on == FAR + timedelta(days=13)
    assert program.get(made.headers["Location"]).json() == told

    changed = program.post(ALL, wish(service, parts=["evening"]))
    assert (changed.status_code, changed.json()["id"], changed.json()["parts"]) == (200, told["id"], ["evening"])


def test_a_place_is_made_once_by_one_key(program, service):
    first = program.post(ALL, wish(service), idempotency_key="one")
    again = program.post(ALL, wish(service), idempotency_key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert WaitlistPlace.objects.count() == 1


def test_nobody_waits_for_what_is_open(program, service):
    answer = program.post(ALL, wish(service, **{"from": "2026-03-03", "to": "2026-03-04"}))

    assert (problem(answer), answer.json()["nearest"]) == ((409, "policy-refused"), ["2026-03-03T09:45:00+05:45"])


NO_DAYS = {"from": "2026-03-05", "to": "2026-03-05"}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"weekdays": [7]}, "weekdays.0"),
        ({"weekdays": []}, "weekdays"),
        ({"parts": ["night"]}, "parts.0"),
        ({"time_zone": "Mars"}, "time_zone"),
        (NO_DAYS, "to"),
    ],
)
def test_a_wish_that_nobody_can_mean_is_refused_by_field(program, service, more, field):
    answer = program.post(ALL, wish(service, **more))

    assert (problem(answer), [error["field"] for error in answer.json()["errors"]]) == ((400, "invalid"), [field])


def test_a_customer_waits_for_an_earlier_time_of_an_appointment(program, studio, confirmed, provider):
    day = {"from": "2026-03-03", "to": "2026-03-04"}
    said = {"appointment": confirmed.reference, **day, "parts": ["morning"]}
    open_now = program.post(ALL, said)
    TimeOffFactory(provider=provider, start=TUESDAY_TEN - timedelta(hours=9), end=TUESDAY_TEN)

    made, changed = program.post(ALL, said), program.post(ALL, {**said, "parts": ["morning", "afternoon"]})

    assert (problem(open_now), open_now.json()["nearest"]) == ((409, "policy-refused"), ["2026-03-03T09:45:00+05:45"])
    assert (made.status_code, made.json()["appointment"]) == (201, confirmed.reference)
    assert (changed.status_code, changed.json()["id"]) == (200, made.json()["id"])
    assert WaitlistPlace.objects.get().appointment == confirmed
    for other in (studio, signed_in(UserFactory())):
        assert problem(other.post(ALL, said)) == (404, "not-found")
    both = program.post(ALL, {**said, "provider": provider.slug})
    neither = program.post(ALL, day)
    assert [each["field"] for answer in (both, neither) for each in answer.json()["errors"]] == [
        "appointment",
        "provider",
        "service",
    ]


def test_nobody_waits_for_an_earlier_time_of_a_request(program, requested):
    said = {"appointment": requested.reference, "from": "2026-03-03", "to": "2026-03-04"}

    assert problem(program.post(ALL, said)) == (409, "policy-refused")


def test_an_offer_is_taken_once(program, offered):
    told = program.get(f"{ALL}{offered.uuid}/").json()["offer"]
    assert (told["start"], told["state"]) == ("2026-03-03T15:45:00+05:45", "open")

    first = program.post(f"{ALL}{offered.uuid}/claim/", {"note": "Left knee"})
    again = program.post(f"{ALL}{offered.uuid}/claim/", {"note": "Left knee"})

    assert (first.status_code, first.json()["start"], first.json()["note"]) == (200, told["start"], "Left knee")
    assert again.json() == first.json()
    assert Appointment.objects.count() == 1


def test_an_offer_is_passed_and_the_place_stays(program, offered):
    for _ in range(2):
        told = program.post(f"{ALL}{offered.uuid}/pass/").json()
        assert (told["state"], told["offer"]["state"]) == ("waiting", "passed")
    assert problem(program.post(f"{ALL}{offered.uuid}/claim/")) == (409, "move-refused")


def test_nothing_that_was_not_offered_is_taken(program, service, customer):
    place = join(service, customer, first_on=FAR, last_on=FAR)

    assert problem(program.post(f"{ALL}{place.uuid}/claim/")) == (409, "move-refused")
    assert program.post(f"{ALL}{place.uuid}/pass/").status_code == 200


def test_a_place_is_left_by_its_own_customer_alone(program, offered):
    other = signed_in(UserFactory())
    for verb, rest in (("get", ""), ("delete", ""), ("post", "claim/"), ("post", "pass/")):
        assert problem(other.call(verb, f"{ALL}{offered.uuid}/{rest}")) == (404, "not-found")

    for _ in range(2):
        assert program.delete(f"{ALL}{offered.uuid}/").status_code == 204
    assert program.get(f"{ALL}{offered.uuid}/").json()["state"] == "left"


@pytest.mark.parametrize(
    ("module", "act", "verb", "rest", "change"),
    [
        (waitlist, "leave", "delete", "", lambda place: offer_by(place, OfferState.EXPIRED)),
        (waitlist, "claim", "post", "claim/", lambda place: offer_by(place, OfferState.WITHDRAWN)),
        (offers, "pass_one", "post", "pass/", lambda place: offer_by(place, OfferState.WITHDRAWN)),
    ],
)
def test_a_place_that_changes_after_the_look_is_left_alone(
    program, offered, meanwhile, module, act, verb, rest, change
):
    path = f"{ALL}{offered.uuid}/"
    tag = program.get(path)["ETag"]
    meanwhile(module, act, lambda: change(offered))

    answer = program.call(verb, f"{path}{rest}", if_match=tag)

    assert problem(answer) == (412, "changed-meanwhile")
    offered.refresh_from_db()
    assert (offered.state, Appointment.objects.exists()) == ("waiting", False)


def offer_by(place, state):
    """Close what is offered to the place."""
    place.offers.update(state=state, closed_at=NOW)


def test_an_appointment_that_changes_after_the_look_does_not_move_to_an_earlier_time(program, offered, book, meanwhile):
    later = book(start=TUESDAY_TEN + timedelta(days=1)).appointment
    WaitlistPlace.objects.update(appointment=later)
    path = f"{ALL}{offered.uuid}/"
    tag = program.get(path)["ETag"]
    meanwhile(waitlist, "claim", lambda: Appointment.objects.update(sequence=later.sequence + 1))

    assert problem(program.post(f"{path}claim/", if_match=tag)) == (412, "changed-meanwhile")
    assert Appointment.objects.get().start == later.start


def test_an_offer_that_comes_after_the_look_is_not_taken_for_the_one_that_was_seen(rf, offered, customer, provider):
    call = Call(rf.post(ALL), Caller(customer))
    call.seen = operations.read_place(call, id=str(offered.uuid))
    offers.pass_one(offer=call.seen.last_offer, actor=customer)
    waitlist.offer_by_hand(place=offered, start=TUESDAY_TEN + timedelta(hours=2), actor=provider.user)

    for act in (operations.claim, operations.pass_offer):
        with pytest.raises(ChangedMeanwhile):
            act(call, id=str(offered.uuid))

    assert offered.offers.order_by("pk").last().is_open


def test_the_list_asks_as_much_for_many_as_for_one(program, service, provider, customer):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            rows = program.get(ALL, {"state": "waiting"}).json()["results"]
        return len(queries), len(rows)

    join(service, customer, first_on=FAR, last_on=FAR)
    asked()
    few = asked()
    for _ in range(3):
        join(ServiceFactory(provider=provider), customer, first_on=FAR, last_on=FAR)

    assert asked() == (few[0], 4)
