"""Operations that change the time of an appointment: at once where that counts, else by a new time that is proposed."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from api.answers import Answer
from api.calls import Call
from api.operations import found
from api.operations.booking import read_appointment
from appointments.pages.standing import Standing
from appointments.services import proposals
from appointments.states import Verb


def propose(call: Call, *, ref: str, start: datetime, reason: str = "") -> Answer:
    """Move an appointment to another open start, or propose that to the other side where they must agree.

    Moved at once is 200. With 202 the new time waits in `proposal`, and both times are held until it is answered. To
    choose the very time that the other side proposes is to accept it.
    """
    one, role = found.in_role(call.person, ref, Verb.PROPOSE)
    call.shown_in(one.provider.time_zone)
    proposals.propose_time(
        appointment=one, start=start, actor=call.person, role=role, message=reason, version=call.version
    )
    standing = read_appointment(call, ref=ref)
    return Answer(standing, status=HTTPStatus.ACCEPTED if standing.proposal else HTTPStatus.OK)


def accept(call: Call, *, ref: str, id: str) -> Standing:
    """Accept a new time that the other side proposes: the appointment moves there, and a request is confirmed by it."""
    return _answer(call, ref, id, Verb.MOVE, proposals.accept_time)


def decline(call: Call, *, ref: str, id: str, reason: str = "") -> Standing:
    """Decline a new time that the other side proposes: the present one stays, and the new one is released."""
    return _answer(call, ref, id, Verb.DECLINE_TIME, proposals.decline_time, reason=reason)


def withdraw(call: Call, *, ref: str, id: str, reason: str = "") -> Standing:
    """Take back a new time that one has proposed, and release it."""
    return _answer(call, ref, id, Verb.WITHDRAW_TIME, proposals.withdraw_time, reason=reason)


def _answer(call: Call, ref: str, id: str, verb: Verb, service: Any, **said: Any) -> Standing:
    one, role = found.in_role(call.person, ref, verb)
    proposal = found.proposal(one, id)
    service(proposal=proposal, actor=call.person, role=role, version=call.version, **said)
    return read_appointment(call, ref=ref)
