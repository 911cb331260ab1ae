"""Operations on one's own working hours, and on the dates that differ from them."""

from datetime import date
from typing import Any
from uuid import UUID

from api import paging
from api.calls import Call
from api.errors import not_found
from api.operations import own
from api.paging import Page
from api.serializers.studio import DAYS, Hours
from providers import edit_stamps, queries, services
from providers.models import DateOverride, Provider


def read_hours(call: Call) -> Hours:
    """Read one's own working hours."""
    page = own.provider(call)
    return Hours(page.time_zone, queries.week_of(page))


def set_hours(call: Call, *, time_zone: str | None = None, **days: Any) -> Hours:
    """Set the hours of the whole week; a day that is left out is closed. No appointment moves."""
    page = own.provider(call)
    week = {weekday: days[name] for weekday, name in enumerate(DAYS) if days.get(name)}
    with own.by_name(ranges=lambda problem: own.place_of(DAYS[problem.weekday], problem.place)):
        services.set_working_hours(
            provider=page,
            actor=call.person,
            week=week,
            time_zone=time_zone,
            seen=_stamp(call.seen) if call.seen else None,
        )
    return read_hours(call)


def list_overrides(call: Call) -> Page:
    """List the dates with hours of their own that are not over, soonest first."""
    page = own.provider(call)
    rows = page.date_overrides.filter(end_on__gte=queries.today_of(page))
    return paging.page(call, rows, by=("start_on",))


def read_override(call: Call, *, override: str) -> DateOverride:
    """Read the hours of dates of their own. Its id is the first date."""
    page = own.provider(call)
    return _override(page, override)


def add_override(call: Call, *, start_on: date, end_on: date | None = None, **said: Any) -> DateOverride:
    """Give dates hours of their own, or none, instead of the week's. No appointment moves."""
    page = own.provider(call)
    with own.by_name():
        return services.save_override(
            provider=page,
            actor=call.person,
            start_on=start_on,
            end_on=end_on or start_on,
            key=UUID(call.key),
            **said,
        )


def added_before(call: Call, made: str) -> DateOverride:
    """The dates that this request gave hours of their own before, as they are now."""
    return read_override(call, override=made)


def change_override(call: Call, *, override: str, **said: Any) -> DateOverride:
    """Change dates or hours; what is left out stays. With another first date its id is that date."""
    page = own.provider(call)
    row = _override(page, override)
    values = {"start_on": row.start_on, "end_on": row.end_on, "ranges": row.ranges, "note": row.note, **said}
    with own.by_name():
        return services.save_override(
            provider=page, actor=call.person, override=row, seen=edit_stamps.of_override(call.seen or row), **values
        )


def remove_override(call: Call, *, override: str) -> None:
    """Let the dates follow the week again."""
    row = _override(own.provider(call), override)
    services.remove_override(
        override=row, actor=call.person, seen=edit_stamps.of_override(call.seen) if call.seen else None
    )


def _override(page: Provider, day: str) -> DateOverride:
    try:
        row = page.date_overrides.filter(start_on=date.fromisoformat(day)).first() if len(day) == 10 else None
    except ValueError:
        row = None
    if row is None:
        raise not_found()
    row.provider = page
    return row


def _stamp(seen: Hours) -> str:
    rows = [(weekday, start, end) for weekday, ranges in seen.week.items() for start, end in ranges]
    return edit_stamps.of_week(seen.time_zone, rows)
