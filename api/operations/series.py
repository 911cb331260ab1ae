"""Operations on series: appointments that repeat, booked in one act."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.calls import Call
from api.errors import Problem, not_found
from api.operations import found
from api.operations.booking import terms_agreed_to
from api.serializers.base import price
from api.serializers.looking import terms_told
from api.serializers.series import date_told
from appointments.models import Series
from appointments.pages.consequences import number_accepted
from appointments.queries.series import WholeSeries, whole_series_of
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.services.series import stop_series
from appointments.services.series_booking import book_by_rule, look_before_series
from appointments.states import Frequency, Role
from providers.models import Service


def book(
    call: Call,
    *,
    provider: str,
    service: str,
    start: datetime,
    repeat: dict[str, Any],
    skip: list[int] | None = None,
    shift: dict[int, datetime] | None = None,
    venue: str = "",
    note: str = "",
    terms: dict[str, Any] | None = None,
    hold: UUID | None = None,
) -> WholeSeries:
    """Book a series: every date of its rule but those that are skipped, all of them or none.

    Where a date is not open that is neither skipped nor shifted, nothing is booked, and `dates` of the refusal has
    each with what is open around it. A `hold` must be kept for one of the dates.
    """
    wanted = found.service(provider, service)
    call.shown_in(wanted.provider.time_zone)
    booked = book_by_rule(
        service=wanted,
        rule=_rule(wanted, start, repeat),
        skip=skip or (),
        shift=shift or {},
        customer=call.person,
        terms=terms_agreed_to(terms),
        booking_key=call.key,
        venue=venue,
        note=note,
        hold=hold,
    )
    assert booked.series is not None
    return read_series(call, id=str(booked.series.uuid))


def preview(
    call: Call,
    *,
    provider: str,
    service: str,
    start: datetime,
    repeat: dict[str, Any],
    skip: list[int] | None = None,
    shift: dict[int, datetime] | None = None,
    terms: dict[str, Any] | None = None,
    hold: UUID | None = None,
    **_said: Any,
) -> dict[str, Any]:
    """Look at each date of a series with its price and what would become of it, and write nothing."""
    wanted = found.service(provider, service)
    zone = call.zone_of(wanted.provider.time_zone)
    call.shown_in(wanted.provider.time_zone)
    look = look_before_series(
        customer=call.person,
        service=wanted,
        rule=_rule(wanted, start, repeat),
        skip=skip or (),
        shift=shift or {},
        seen=terms_agreed_to(terms),
        hold=hold,
    )
    each = price(look.terms.price, look.terms.currency)
    return {
        "open": look.open,
        "refusal": look.refusal,
        "terms": terms_told(look.terms),
        "count": look.count,
        "total": price(look.terms.price * look.count, look.terms.currency),
        "time_zone": zone.key,
        "dates": [date_told(one, zone, each=each) for one in look.judged.dates],
        "without": [day.isoformat() for day in look.judged.expanded.without],
    }


def _rule(service: Service, start: datetime, repeat: dict[str, Any]) -> Rule:
    frequency = Frequency(repeat["every"])
    return Rule(frequency, start, service.provider.zone, count=repeat.get("count"), until=repeat.get("until"))


def read_series(call: Call, *, id: str) -> WholeSeries:
    """Read a series with its appointments, as its customer or its provider."""
    try:
        return whole_series_of(call.person, found.uuid_of(id))
    except Series.DoesNotExist:
        raise not_found() from None


def booked_before(call: Call, made: str) -> WholeSeries:
    """The series that this request made or ended before, as it is now."""
    return read_series(call, id=made)


def cancel(
    call: Call, *, id: str, which: str, since: str | None = None, reason: str = "", accept: str = ""
) -> WholeSeries:
    """Cancel one date of a series, it and those that follow, or all that lie ahead; requests end with them.

    However many they are, they count as one late cancellation at most, which is refused until `accept` agrees to it.
    """
    whole = _to_change(call, id)
    named = next((one for one in whole.appointments if one.reference == since), None)
    if since is not None and named is None:
        raise not_found()
    role = Role.CUSTOMER if whole.series.customer_id == call.person.pk else Role.PROVIDER
    stop_series(
        series=whole.series,
        appointments=whole.appointments,
        scope=Scope(which),
        since=named,
        actor=call.person,
        role=role,
        reason=reason,
        seen=number_accepted(accept),
        versions={one.reference: one.sequence for one in call.seen.appointments} if call.seen else None,
    )
    return read_series(call, id=id)


def _to_change(call: Call, id: str) -> WholeSeries:
    try:
        return read_series(call, id=id)
    except Problem:
        raise (Problem("not-allowed") if call.person.is_staff else not_found()) from None
