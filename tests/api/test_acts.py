"""Programs answer, end, mark and move appointments, under the rules of the pages."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from appointments.models import LateCancellation, Proposal
from appointments.services import proposals
from tests.api.program import signed_in
from tests.appointments.conftest import TUESDAY_TEN

LATER = TUESDAY_TEN + timedelta(hours=3)


def of(appointment, rest=""):
    return f"/api/appointments/{appointment.reference}/{rest}"


def problem(answer):
    """The status and name of a refusal."""
    return answer.status_code, answer.json()["type"].strip("/").rpartition("/")[2]


def states(appointment):
    appointment.refresh_from_db()
    return [event.to_status for event in appointment.history.order_by("pk")]


ENDS = [("accept", "P", "confirmed"), ("decline", "P", "declined"), ("withdraw", "C", "cancelled")]


@pytest.mark.parametrize(("act", "whose", "state"), ENDS)
def test_a_request_is_answered_by_its_own_side_and_once(program, studio, requested, act, whose, state):
    mine, other = (studio, program) if whose == "P" else (program, studio)

    assert other.post(of(requested, f"{act}/")).status_code == 404
    first = mine.post(of(requested, f"{act}/"), {"reason": "So it is"})
    again = mine.post(of(requested, f"{act}/"))

    assert (first.status_code, first.json()["status"]) == (200, state)
    assert (again.status_code, again.json()) == (200, first.json())
    assert states(requested) == ["requested", state]


MARKS = [("complete", {}, "completed"), ("no-show", {}, "no_show")]


@pytest.mark.parametrize(("act", "said", "state"), MARKS)
def test_what_took_place_is_marked_and_corrected_by_the_provider(studio, confirmed, act, said, state):
    assert problem(studio.post(of(confirmed, f"{act}/"))) == (409, "policy-refused")
    other = {"completed": "no_show", "no_show": "completed"}[state]
    with time_machine.travel(confirmed.end, tick=False):
        program, studio = signed_in(confirmed.customer), signed_in(confirmed.provider.user)
        assert problem(studio.post(of(confirmed, "correct/"), {"to": other})) == (409, "move-refused")
        assert program.post(of(confirmed, f"{act}/")).status_code == 404
        assert studio.post(of(confirmed, f"{act}/"), said).json()["status"] == state
        assert program.post(of(confirmed, "correct/"), {"to": other}).status_code == 404
        for _ in range(2):
            assert studio.post(of(confirmed, "correct/"), {"to": other}).json()["status"] == other
        assert studio.post(of(confirmed, "correct/"), {"to": "cancelled"}).status_code == 400

    assert states(confirmed) == ["confirmed", state, other]


def test_cancelling_in_good_time_needs_no_word(program, confirmed):
    answer = program.post(of(confirmed, "cancel/"), {"reason": "Ill"})

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert confirmed.history.get(verb="cancel").reason == "Ill"


def test_a_late_cancellation_waits_until_its_consequence_is_accepted(customer, confirmed):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=5), tick=False):
        program = signed_in(customer)
        asked = program.post(of(confirmed, "cancel/"))
        assert problem(asked) == (409, "late-cancellation")
        told = {name: asked.json()[name] for name in ("accept", "number", "of", "would_ban")}
        assert told == {"accept": "1st of 3", "number": 1, "of": 3, "would_ban": False}
        assert states(confirmed) == ["confirmed"]
        assert problem(program.post(of(confirmed, "cancel/"), {"accept": "yes"})) == (409, "late-cancellation")

        answer = program.post(of(confirmed, "cancel/"), {"accept": "1st of 3"})

    assert answer.json()["status"] == "cancelled"
    assert LateCancellation.objects.filter(person=customer).count() == 1


def test_the_third_late_cancellation_says_that_it_suspends_and_ends_the_token(customer, confirmed):
    at = TUESDAY_TEN - timedelta(hours=5)
    LateCancellation.objects.bulk_create(LateCancellation(person=customer, occasion=uuid4(), at=at) for _ in range(2))
    with time_machine.travel(at, tick=False):
        program = signed_in(customer)
        asked = program.post(of(confirmed, "cancel/"), {"accept": "2nd of 3"})
        assert (problem(asked), asked.json()["would_ban"]) == ((409, "late-cancellation"), True)

        answer = program.post(of(confirmed, "cancel/"), {"accept": asked.json()["accept"]})

        assert answer.json()["status"] == "cancelled"
        assert program.get(of(confirmed)).status_code in {401, 403}


def test_an_act_on_another_state_than_was_read_changes_nothing(program, studio, requested):
    seen = studio.get(of(requested)).headers["ETag"]
    program.patch(of(requested), {"note": "Both knees"})

    assert problem(studio.post(of(requested, "accept/"), {}, if_match=seen)) == (412, "changed-meanwhile")
    assert states(requested) == ["requested"]
    fresh = studio.get(of(requested)).headers["ETag"]
    assert studio.post(of(requested, "accept/"), {}, if_match=fresh).status_code == 200


def test_an_act_sent_again_with_its_key_is_answered_with_what_became_of_it(program, studio, requested):
    first = studio.post(of(requested, "accept/"), {}, idempotency_key="one")
    program.post(of(requested, "cancel/"))

    again = studio.post(of(requested, "accept/"), {}, idempotency_key="one")

    assert (first.json()["status"], again.json()["status"]) == ("confirmed", "cancelled")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem(studio.post(of(requested, "accept/"), {"reason": "x"}, idempotency_key="one"))[0] == 422


@pytest.mark.parametrize("path", ["reschedule/", "proposals/"])
def test_a_customer_moves_at_once_where_the_provider_accepts_so(program, confirmed, path):
    wish = {"start": LATER.isoformat()}
    if path == "reschedule/":
        answer = program.post("/api/appointments/reschedule/", {"appointment": confirmed.reference, **wish})
    else:
        answer = program.post(of(confirmed, path), wish)

    assert (answer.status_code, answer.json()["start"]) == (200, "2026-03-03T18:45:00+05:45")
    assert answer.json()["proposal"] is None


def test_a_provider_proposes_and_the_customer_answers(program, studio, confirmed):
    wish = {"start": LATER.isoformat(), "reason": "A course"}
    asked = studio.post(of(confirmed, "proposals/"), wish)
    again = studio.post(of(confirmed, "proposals/"), wish)

    assert (asked.status_code, again.status_code) == (202, 202)
    assert asked.json()["start"] == "2026-03-03T15:45:00+05:45"
    proposal = asked.json()["proposal"]
    assert (proposal["by"], proposal["start"], proposal["message"], proposal["state"]) == (
        "provider",
        "2026-03-03T18:45:00+05:45",
        "A course",
        "open",
    )
    assert Proposal.objects.count() == 1
    answer_at = of(confirmed, f"proposals/{proposal['id']}/accept/")
    assert problem(studio.post(answer_at)) == (409, "move-refused")
    for _ in range(2):
        answer = program.post(answer_at)
        assert (answer.status_code, answer.json()["start"]) == (200, proposal["start"])
    [listed] = program.get(of(confirmed, "proposals/")).json()["results"]
    assert (listed["id"], listed["state"]) == (proposal["id"], "accepted")


@pytest.mark.parametrize(("act", "whose"), [("decline", "C"), ("withdraw", "P")])
def test_a_new_time_that_is_refused_leaves_the_present_one(program, studio, provider, confirmed, act, whose):
    proposals.propose_time(appointment=confirmed, start=LATER, actor=provider.user, role="provider")
    [proposal] = Proposal.objects.all()
    mine = program if whose == "C" else studio

    for _ in range(2):
        answer = mine.post(of(confirmed, f"proposals/{proposal.uuid}/{act}/"), {"reason": "No"})
        assert (answer.status_code, answer.json()["start"]) == (200, "2026-03-03T15:45:00+05:45")
        assert answer.json()["proposal"] is None


def test_the_other_sides_own_wish_for_that_very_start_accepts_it(program, provider, confirmed):
    proposals.propose_time(appointment=confirmed, start=LATER, actor=provider.user, role="provider")

    answer = program.post(
        "/api/appointments/reschedule/", {"appointment": confirmed.reference, "start": LATER.isoformat()}
    )

    assert (answer.status_code, answer.json()["start"]) == (200, "2026-03-03T18:45:00+05:45")
    assert Proposal.objects.get().state == "accepted"


def test_a_time_that_is_not_open_is_refused_with_the_nearest(program, confirmed, book):
    book(LATER, booking_key="other")

    answer = program.post(of(confirmed, "proposals/"), {"start": LATER.isoformat()})

    assert problem(answer) == (409, "slot-taken")
    assert len(answer.json()["nearest"]) == 3


def test_a_reschedule_of_another_state_than_was_read_changes_nothing(program, confirmed):
    wish = {"appointment": confirmed.reference, "start": LATER.isoformat()}
    seen = program.get(of(confirmed)).headers["ETag"]
    program.patch(of(confirmed), {"note": "Both knees"})

    assert problem(program.post("/api/appointments/reschedule/", wish, if_match=seen)) == (412, "changed-meanwhile")
    wish["appointment"] = "NOBODYS1"
    assert problem(program.post("/api/appointments/reschedule/", wish, if_match=seen)) == (404, "not-found")


@pytest.mark.parametrize("odd", ["7", "é", "0" * 200, "11111111-1111-1111-1111-111111111111"])
def test_a_new_time_that_is_none_does_not_exist(program, confirmed, odd):
    assert problem(program.post(of(confirmed, f"proposals/{odd}/accept/"))) == (404, "not-found")


@pytest.mark.parametrize("kind", ["", "application/json"])
def test_an_act_of_which_nothing_is_needed_takes_no_body(program, confirmed, kind):
    headers = {"Authorization": f"Bearer {program.token}"}

    answer = program.client.generic("POST", of(confirmed, "cancel/"), b"", content_type=kind, headers=headers)

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
