"""Changes of a provider's hours: the week, and the dates that differ from it. None moves an appointment."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.services import compare_calendar
from core import clock
from core.db import made_before, retrying
from core.wording import date_text
from providers import edit_stamps, queries
from providers.exceptions import (
    ChangedMeanwhile,
    HoursOverlap,
    HoursRefused,
    OverrideOverlaps,
    OverrideRefused,
    RangeProblem,
)
from providers.hours import WEEKDAYS, Range, Week, check_ranges, check_week
from providers.models import MOST_OVERRIDES, MOST_RANGES_A_DAY, DateOverride, Provider, WorkingHours
from providers.states import Step

from .locking import appointments_read_otherwise, lock_provider, open_time_changed, step_done

LONGEST_OVERRIDE = timedelta(days=366)
FURTHEST_OVERRIDE = timedelta(days=3 * 366)


@retrying
@transaction.atomic
def set_working_hours(
    *, provider: Provider, actor: User, week: Week, time_zone: str | None = None, seen: str | None = None
) -> Provider:
    """Replace the whole week: `week` maps a weekday (Monday 0) to its ranges, in wall-clock minutes after midnight.

    Afterwards exactly these ranges hold, in `time_zone` if one is given. `seen` is the fingerprint of the form, None
    without a form. Raises HoursRefused with every problem, ChangedMeanwhile, ValueError for an unknown zone.
    """
    zone = clock.canonical_zone(time_zone) if time_zone else None
    _refuse(check_week(week), week.values())
    provider = lock_provider(provider, actor=actor)
    wanted = sorted((weekday, start, end) for weekday, ranges in week.items() for start, end in ranges)
    present = sorted(provider.working_hours.values_list("weekday", "start_minute", "end_minute"))
    unchanged = wanted == present and zone in {None, provider.time_zone}
    if seen is not None and not unchanged and seen != edit_stamps.of_week(provider.time_zone, present):
        raise ChangedMeanwhile
    if not unchanged:
        _write_week(provider, wanted, zone or provider.time_zone)
        open_time_changed(provider)
    step_done(provider, Step.HOURS)
    return provider


@retrying
@transaction.atomic
def add_hours(
    *, provider: Provider, actor: User, weekday: int, start: int, end: int, again: bool = False
) -> WorkingHours:
    """Add a range to a weekday (Monday 0), in wall-clock minutes after midnight; the others stay, whoever added them.

    With `again`, from a caller who can't know whether they have added it before, an equal range that is there is
    returned. Raises HoursOverlap where it meets another, HoursRefused.
    """
    provider = lock_provider(provider, actor=actor)
    rows = list(provider.working_hours.filter(weekday=weekday))
    same = next((row for row in rows if (row.start_minute, row.end_minute) == (start, end)), None)
    if again and same is not None:
        return same
    ranges = [*((row.start_minute, row.end_minute) for row in rows), (start, end)]
    _refuse(check_ranges(ranges, day=WEEKDAYS[weekday], weekday=weekday), [ranges])
    row = WorkingHours.objects.create(provider=provider, weekday=weekday, start_minute=start, end_minute=end)
    open_time_changed(provider)
    step_done(provider, Step.HOURS)
    return row


@retrying
@transaction.atomic
def add_date_hours(
    *, provider: Provider, actor: User, on: date, start: int, end: int, again: bool = False
) -> DateOverride:
    """Add a range to a date's own hours, which it has from then on instead of the week's; its other ranges stay.

    `again` is that of `add_hours`. Raises HoursOverlap where it meets another range, OverrideOverlaps where the date
    has its hours together with others, HoursRefused, OverrideRefused.
    """
    provider = lock_provider(provider, actor=actor)
    override = provider.date_overrides.filter(start_on=on, end_on=on).first()
    ranges = [(first, last) for first, last in override.ranges] if override else []
    if again and override and (start, end) in ranges:
        return override
    ranges.append((start, end))
    _refuse(check_ranges(ranges), [ranges])
    override = override or DateOverride(provider=provider, start_on=on, end_on=on)
    _check_dates(provider, override, on, on)
    override.ranges = sorted(map(list, ranges))
    override.full_clean(exclude=["provider"])
    override.save()
    open_time_changed(provider)
    return override


@retrying
@transaction.atomic
def save_override(
    *,
    provider: Provider,
    actor: User,
    start_on: date,
    end_on: date,
    ranges: Sequence[Range],
    note: str = "",
    override: DateOverride | None = None,
    seen: str | None = "",
    key: UUID | None = None,
) -> DateOverride:
    """Set the hours, or none, of every date from `start_on` to `end_on`, in a new override or in `override`.

    `seen` is the stamp of that as it was shown, None for who saves whatever others did meanwhile. With the same `key`
    the override that it made is returned. Raises HoursRefused, OverrideOverlaps naming both,
    OverrideRefused, ChangedMeanwhile.
    """
    _refuse(check_ranges(ranges), [ranges])
    provider = lock_provider(provider, actor=actor)
    values = {"start_on": start_on, "end_on": end_on, "ranges": sorted(map(list, ranges)), "note": note}
    if override is None:
        twin = next(
            (row for row in provider.date_overrides.filter(start_on=start_on) if edit_stamps.same(row, values)), None
        )
        if made := made_before(provider.date_overrides.all(), key) or twin:
            return made  # the same form or call sent twice
        override = DateOverride(provider=provider, made_by_key=key)
    else:
        present = provider.date_overrides.filter(pk=override.pk).first()
        if present is None:
            raise OverrideRefused("These dates were removed meanwhile.")
        override = present
        if not edit_stamps.same(override, values):
            _check_seen(override, seen)
    _check_dates(provider, override, start_on, end_on)
    for field, value in values.items():
        setattr(override, field, value)
    override.full_clean(exclude=["provider"])
    override.save()
    open_time_changed(provider)
    return override


@retrying
@transaction.atomic
def remove_override(*, override: DateOverride, actor: User, seen: str | None = None) -> None:
    """Let the dates follow the week again. Removed already: nothing happens. Raises ChangedMeanwhile where it is not as
    `seen`."""
    provider = lock_provider(override.provider, actor=actor)
    if present := provider.date_overrides.filter(pk=override.pk).first():
        _check_seen(present, seen)
    if provider.date_overrides.filter(pk=override.pk).delete()[0]:
        open_time_changed(provider)


def dates_text(start_on: date, end_on: date) -> str:
    """Dates as text: "Thu 24 December", or "Thu 24 December to Sat 26 December"."""
    first = date_text(start_on)
    return first if start_on == end_on else f"{first} to {date_text(end_on)}"


def _write_week(provider: Provider, rows: list[tuple[int, int, int]], zone: str) -> None:
    provider.working_hours.all().delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(provider=provider, weekday=weekday, start_minute=start, end_minute=end)
        for weekday, start, end in rows
    )
    if zone != provider.time_zone:
        provider.time_zone = zone
        provider.save(update_fields=["time_zone"])
        compare_calendar(provider.user)
        appointments_read_otherwise(provider)


def _refuse(problems: Sequence[RangeProblem], days: Iterable[Sequence[Range]]) -> None:
    """Raise HoursOverlap for problems of ranges which could each stand alone, else HoursRefused; nothing for none."""
    if not problems:
        return
    alone = all(len(ranges) <= MOST_RANGES_A_DAY and all(start < end for start, end in ranges) for ranges in days)
    raise (HoursOverlap if alone else HoursRefused)(problems)


def _check_seen(override: DateOverride, seen: str | None) -> None:
    if seen is not None and seen != edit_stamps.of_override(override):
        raise ChangedMeanwhile


def _check_dates(provider: Provider, override: DateOverride, start_on: date, end_on: date) -> None:
    today = clock.local(clock.now(), provider.zone).date()
    if end_on < start_on:
        raise OverrideRefused("The last date is before the first one.")
    if end_on < today:
        raise OverrideRefused("These dates are over. Choose today or a later date.")
    if end_on - start_on >= LONGEST_OVERRIDE:
        raise OverrideRefused("One entry covers at most a year. Enter the rest as another one.")
    if end_on - today > FURTHEST_OVERRIDE:
        raise OverrideRefused("Choose dates within the next three years.")
    other = queries.override_meeting(provider, start_on, end_on, apart_from=override.pk)
    if other is not None:
        theirs = dates_text(other.start_on, other.end_on) + (f" ({other.note})" if other.note else "")
        have = "has hours of its" if other.start_on == other.end_on else "have hours of their"
        raise OverrideOverlaps(f"{dates_text(start_on, end_on)} can’t be added: {theirs} already {have} own.")
    if override.pk is None and provider.date_overrides.filter(end_on__gte=today).count() >= MOST_OVERRIDES:
        raise OverrideRefused(
            f"There are {MOST_OVERRIDES} coming entries already. Remove one that is no longer needed."
        )
