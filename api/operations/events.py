"""Operations on own events: what is in somebody's calendar that is no appointment."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api import paging
from api.calls import Call
from api.errors import FieldError, Problem, not_found
from api.operations import found
from api.paging import Page
from appointments.models import OwnEvent
from appointments.queries.own_events import own_event_of, own_events_of
from appointments.rules.own_events import Details, details_of, last_day, rule_of
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.services import own_events, own_recurrences
from appointments.states import Frequency
from core import clock


def list_events(call: Call, *, from_date: date | None = None, to_date: date | None = None) -> Page:
    """List the person's own events by start, those of some days where these are given."""
    zone = call.zone_of(call.person.time_zone)
    since, until = (clock.day_bounds(day, zone)[0] if day else None for day in (from_date, to_date))
    return paging.page(call, own_events_of(call.person, since=since, until=until))


def create(
    call: Call,
    *,
    title: str,
    start: date,
    end: date,
    all_day: bool = False,
    repeat: dict[str, Any] | None = None,
    **said: Any,
) -> OwnEvent:
    """Write down an own event; one that repeats on all its dates, of which this returns the first.

    What is agreed inside it stays; times that a provider offers there are taken back.
    """
    details = Details(title=title, **_times(call, start, end, all_day=all_day), **said)
    rule = _rule(call, details, repeat)
    _, after = own_recurrences.dates_written(None, details, rule, Scope.ONE, now=call.now)
    shown = _shown(call, after)
    saved = own_events.create_own_event(details=details, actor=call.person, key=UUID(call.key), shown=shown, rule=rule)
    return saved.event


def read_event(call: Call, *, id: str) -> OwnEvent:
    """Read an own event."""
    try:
        return own_event_of(call.person, found.uuid_of(id))
    except OwnEvent.DoesNotExist:
        raise not_found() from None


def event_before(call: Call, made: str) -> OwnEvent:
    """The event that this request made before, as it is now."""
    return read_event(call, id=made)


def replace_event(
    call: Call,
    *,
    id: str,
    title: str,
    start: date,
    end: date,
    all_day: bool = False,
    which: str = Scope.ONE,
    repeat: dict[str, Any] | None = None,
    **said: Any,
) -> OwnEvent:
    """Replace an own event: what is left out is empty, but how it repeats stays."""
    event = read_event(call, id=id)
    details = Details(title=title, **_times(call, start, end, all_day=all_day), **said)
    return _change(call, event, details, repeat, Scope(which))


def change_event(
    call: Call,
    *,
    id: str,
    start: date | None = None,
    end: date | None = None,
    all_day: bool | None = None,
    which: str = Scope.ONE,
    repeat: dict[str, Any] | None = None,
    **said: Any,
) -> OwnEvent:
    """Change what is sent of an own event; what is left out stays."""
    event = read_event(call, id=id)
    before = details_of(event)
    is_all_day = before.is_all_day if all_day is None else all_day
    if is_all_day != before.is_all_day and (start is None or end is None):
        raise _wrong("start" if start is None else "end", "Send start and end with all_day.")
    times: dict[str, Any] = {
        name: _time(call, name, each, is_all_day) for name, each in (("start", start), ("end", end)) if each
    }
    return _change(call, event, replace(before, is_all_day=is_all_day, **times, **said), repeat, Scope(which))


def _change(call: Call, event: OwnEvent, details: Details, repeat: dict[str, Any] | None, scope: Scope) -> OwnEvent:
    version = call.seen.version if call.seen else event.version
    rule, old = _rule(call, details, repeat), rule_of(event)
    if rule is None and old is not None:
        rule = Rule(old.frequency, details.start, call.person.zone, until=last_day(old))
    _, after = own_recurrences.dates_written(event, details, rule, scope, now=call.now)
    saved = own_recurrences.change_dates(
        event=event,
        details=details,
        rule=rule,
        scope=scope,
        actor=call.person,
        version=version,
        shown=_shown(call, after),
    )
    return saved.event


def delete(call: Call, *, id: str, which: str = Scope.ONE) -> None:
    """Delete an own event; the time that it closed is open again."""
    event = read_event(call, id=id)
    version = call.seen.version if call.seen else event.version
    own_recurrences.delete_dates(event=event, scope=Scope(which), actor=call.person, version=version)


def _rule(call: Call, details: Details, repeat: dict[str, Any] | None) -> Rule | None:
    """The rule that is asked for, on the person's clocks."""
    if repeat is None:
        return None
    frequency = Frequency(repeat["every"])
    return Rule(frequency, details.start, call.person.zone, count=repeat.get("count"), until=repeat.get("until"))


def _times(call: Call, start: date, end: date, *, all_day: bool) -> dict[str, Any]:
    times = {name: _time(call, name, each, all_day) for name, each in (("start", start), ("end", end))}
    return {**times, "is_all_day": all_day}


def _time(call: Call, name: str, said: date, all_day: bool) -> datetime:
    if isinstance(said, datetime) == all_day:
        raise _wrong(name, "Send a date with all_day, else a date and time with an offset.")
    return said if isinstance(said, datetime) else clock.day_bounds(said, call.person.zone)[0]


def _wrong(name: str, said: str) -> Problem:
    return Problem("invalid", f"{name}: {said}", errors=[FieldError(name, "invalid", said)])


def _shown(call: Call, dates: list[Details]) -> dict[str, str]:
    """All that lies inside these dates now. Its person's program need not be asked: nothing of it ends or moves."""
    inside = own_events.what_lies_inside(call.person, *dates, now=call.now)
    offered = own_events.what_is_offered_inside(call.person, *dates, now=call.now)
    agreed = {claim.appointment.reference: claim.appointment.as_shown for claim in inside}
    return agreed | {str(offer.uuid): "" for offer in offered}
