"""Operations that answer, end and mark an appointment. One that was done before is answered with what it is now."""

from typing import Any

from api.calls import Call
from api.operations import found
from api.operations.booking import read_appointment
from appointments.pages.consequences import number_accepted
from appointments.pages.standing import Standing
from appointments.services import transitions
from appointments.states import Status, Verb


def accept(call: Call, *, ref: str, reason: str = "") -> Standing:
    """Confirm a request, as its provider."""
    return _act(call, ref, Verb.ACCEPT, transitions.accept_request, reason=reason)


def decline(call: Call, *, ref: str, reason: str = "") -> Standing:
    """Decline a request, as its provider, and release its time."""
    return _act(call, ref, Verb.DECLINE, transitions.decline_request, reason=reason)


def withdraw(call: Call, *, ref: str, reason: str = "") -> Standing:
    """Take back a request that was not answered yet, as its customer, and release its time."""
    return _act(call, ref, Verb.WITHDRAW, transitions.withdraw_request, reason=reason)


def cancel(call: Call, *, ref: str, reason: str = "", accept: str = "") -> Standing:
    """Cancel a confirmed appointment before its start, and release its time.

    A late cancellation is refused with what it would count as, until the request says in `accept` that the person
    agrees to exactly that.
    """
    return _act(call, ref, Verb.CANCEL, transitions.cancel_appointment, reason=reason, seen=number_accepted(accept))


def complete(call: Call, *, ref: str, reason: str = "") -> Standing:
    """Mark an appointment as completed, as its provider, from its start on."""
    return _act(call, ref, Verb.COMPLETE, transitions.complete_appointment, reason=reason)


def mark_no_show(call: Call, *, ref: str, reason: str = "") -> Standing:
    """Mark that the customer did not come, as the provider, from the start on."""
    return _act(call, ref, Verb.NO_SHOW, transitions.mark_no_show, reason=reason)


def correct(call: Call, *, ref: str, to: str, reason: str = "") -> Standing:
    """Correct completed to no-show or back, as the provider, within 7 days."""
    return _act(call, ref, Verb.CORRECT, transitions.correct_outcome, reason=reason, to=Status(to))


def _act(call: Call, ref: str, verb: Verb, service: Any, **said: Any) -> Standing:
    one, role = found.in_role(call.person, ref, verb)
    service(appointment=one, actor=call.person, role=role, version=call.version, **said)
    return read_appointment(call, ref=ref)
