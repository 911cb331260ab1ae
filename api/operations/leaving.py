"""Operations on deleting the account of the person who asks."""

from typing import Any

from django.contrib.auth import logout
from django.core.exceptions import ValidationError

from accounts import leaving as accounts_leaving
from accounts import sign_in
from accounts.exceptions import FieldsRefused
from accounts.mailed_codes import LEAVING
from accounts.models import User
from api.calls import Call
from api.errors import not_found
from api.serializers.appointments import consequence_told
from appointments.exceptions import InsideChanged
from appointments.pages.consequences import number_accepted
from appointments.queries.leaving import past_of
from appointments.rules.leaving import Ahead
from appointments.services import leaving
from appointments.services.leaving import Left, Look
from appointments.states import Role
from providers.exceptions import ChangedMeanwhile

NOT_THE_CODE = "That code is not right, or was not mailed in this session."


def look(call: Call) -> dict[str, Any]:
    """Read what deleting one's account would do, in counts. Nothing is changed."""
    return _told(call.person, leaving.look_before_leaving(call.person, now=call.now))


def _told(person: User, look: Look) -> dict[str, Any]:
    waiting, past = look.waiting, past_of(person)
    return {
        "as_customer": _counts(look.ahead, Role.CUSTOMER),
        "as_provider": _counts(look.ahead, Role.PROVIDER),
        "waitlist_places_ended": waiting.places,
        "places_on_your_waitlist_ended": waiting.on_theirs,
        "offers_given_up": waiting.offered,
        "offers_taken_back": waiting.offering,
        "past_as_customer": past.as_customer,
        "past_as_provider": past.as_provider,
        "page_comes_down": past.is_public,
        "late_cancellation": consequence_told(look.counts) if look.counts.is_late else None,
        "days_to_undo": accounts_leaving.GRACE.days,
    }


def _counts(ahead: list[Ahead], role: Role) -> dict[str, int]:
    own = [one for one in ahead if one.role is role]
    return {
        "cancelled": sum(one.ends and not one.is_request for one in own),
        "requests_ended": sum(one.ends and one.is_request for one in own),
        "staying": sum(not one.ends for one in own),
    }


def leave(call: Call, *, password: str | None = None, code: str | None = None, accept: str = "") -> Left:
    """Delete one's account. It closes now, with all tokens and keys, and is erased later; the mailed link undoes it.

    What lies ahead is cancelled by the rules. Where that is a late cancellation, it is refused with what it would
    count as, until the request says in `accept` that the person agrees to just that.
    """
    person, request = call.person, call.request
    if password is not None:  # else there is a code: a session that has just begun is not enough here
        session = call.caller.session_key
        sign_in.check_own_password(request, user=person, password=password, session_key=session)
    if code is not None and not LEAVING.matches(request, code, about=str(person.pk)):
        raise FieldsRefused({"code": [ValidationError(NOT_THE_CODE, code="wrong_code")]})
    look = leaving.look_before_leaving(person, now=call.now)
    if call.seen and _told(person, look) != call.seen:
        raise ChangedMeanwhile
    try:
        left = leaving.leave(person=person, seen=number_accepted(accept), shown=look.shown)
    except InsideChanged:
        if call.seen:
            raise ChangedMeanwhile from None
        raise
    if call.caller.is_browser:
        logout(request)  # its session has ended with the account
    return left


def left_before(call: Call, made: str) -> Left:
    """Refuse a request that deleted the account before: who can ask again has taken that back. Raises Problem
    `not-found`."""
    raise not_found()
