"""Refusals by rules as problems for programs: with the rule's sentence, and with what it knows beyond that."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from accounts.exceptions import FieldsRefused, PhotoRefused, Suspended
from api.auth import CHALLENGE
from api.calls import Call
from api.errors import FieldError, Problem
from api.problems import KINDS
from api.serializers.appointments import consequence_told
from api.serializers.base import told
from api.serializers.looking import terms_told
from api.serializers.series import date_told
from appointments.exceptions import (
    CountsForMore,
    DatesUnsettled,
    EventRefused,
    HoldRefused,
    OpenNow,
    SlotTaken,
    TermsChanged,
    Unreadable,
)
from appointments.pages.consequences import counts_sentence
from appointments.rules.fair_use import Consequence
from core import clock
from core.exceptions import DomainError
from providers.exceptions import NotReady

# The kind of a refusal that names none, by its status.
BY_STATUS = {
    400: "invalid",
    403: "not-allowed",
    404: "not-found",
    409: "refused",
    410: "gone",
    412: "changed-meanwhile",
    422: "invalid",
    429: "too-many",
    503: "busy",
}
# Further members of the documents of some refusals.
MORE: dict[type[DomainError], Callable[[Any, ZoneInfo], dict[str, Any]]] = {
    SlotTaken: lambda error, zone: {"nearest": [told(at, zone) for at in error.nearest]},
    Suspended: lambda error, zone: suspension(error.since, zone),
    TermsChanged: lambda error, zone: {"terms": terms_told(error.terms)} if error.terms else {},
    OpenNow: lambda error, zone: {"nearest": [told(error.start, zone)]},
    DatesUnsettled: lambda error, zone: {"dates": [date_told(one, zone) for one in error.dates]},
    CountsForMore: lambda error, zone: consequence_told(Consequence(error.number)),
    NotReady: lambda error, zone: {"missing": [{"step": each.step, "detail": each.sentence} for each in error.missing]},
}
# The sentences of refusals that speak of a page otherwise.
SENTENCES: dict[type[DomainError], Callable[[Any], str]] = {
    CountsForMore: lambda error: counts_sentence(Consequence(error.number)),
}


def refusal_of(error: Exception, call: Call) -> Exception:
    """The problem that a refusal by a rule becomes; any other error as it is."""
    if not isinstance(error, DomainError):
        return error
    name = error.problem or BY_STATUS.get(error.program_status or error.status, "refused")
    headers = {"Retry-After": str(getattr(error, "seconds", 1))} if KINDS[name].status in {429, 503} else {}
    if KINDS[name].status == HTTPStatus.UNAUTHORIZED:
        headers |= CHALLENGE
    zone = call.zone or clock.zone("UTC")
    more: dict[str, Any] = {}
    for kind, members in MORE.items():
        if isinstance(error, kind):
            more |= members(error, zone)
    said = SENTENCES.get(type(error), str)(error)
    return Problem(name, said, errors=_fields(error), more=more, headers=headers)


def suspension(since: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The members that tell since when somebody is suspended, and where they read why and can appeal."""
    return {"since": told(since, zone), "page": settings.SITE_URL + reverse("suspended")}


def _fields(error: DomainError) -> list[FieldError]:
    """The reasons by field, where the refusal has them."""
    if isinstance(error, Unreadable):
        return [FieldError(*fault) for fault in error.faults]
    if isinstance(error, EventRefused) and error.field:
        names = {"place": "location", "repeat": "repeat.every", "count": "repeat.count", "until": "repeat.until"}
        return [FieldError(names.get(error.field, error.field), "invalid", str(error))]
    if isinstance(error, HoldRefused):
        return [FieldError("hold", "not_kept", str(error))]
    if isinstance(error, PhotoRefused) and error.problem == "invalid":
        return [FieldError("photo", "invalid", str(error))]
    if not isinstance(error, FieldsRefused):
        return []
    return [
        FieldError(field, reason.code or "invalid", sentence)
        for field, reasons in error.errors.items()
        for reason in reasons
        for sentence in reason.messages
    ]
