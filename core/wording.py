"""Dates, times, lengths and zones as text, for pages, mails and files.

24-hour by default; `twelve=True` writes `2:20 pm`. An instant is always shown in a named zone. A time that a clock
change repeats says whether it is the first or the second.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import dateformat, dates
from django.utils.translation import get_language

from core import clock

Zone = ZoneInfo | str


def as_zone(zone: Zone) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else clock.zone(zone)


def local(moment: datetime, zone: Zone) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("An instant without a zone cannot be shown.")
    return clock.local(moment, as_zone(zone))


def today(zone: Zone, now: datetime | None = None) -> date:
    return local(now or clock.now(), zone).date()


def clock_text(moment: datetime, zone: Zone, *, twelve: bool = False, spoken: bool = False) -> str:
    """A time of day: `14:20` or `2:20 pm`; midnight and noon stay `00:00` and `12:00`.

    In a repeated hour `01:30, first` and `01:30, second`; `spoken`, for a sentence, `the first 01:30`.
    """
    return _clock_text(moment, as_zone(zone), twelve, spoken)


@lru_cache(maxsize=8192)
def _clock_text(moment: datetime, zone: ZoneInfo, twelve: bool, spoken: bool) -> str:
    there = local(moment, zone)
    exact = (there.hour, there.minute) in {(0, 0), (12, 0)}
    text = f"{there.hour:02}:{there.minute:02}"
    if twelve and not exact:
        text = f"{there.hour % 12 or 12}:{there.minute:02} {'am' if there.hour < 12 else 'pm'}"
    which = clock.occurrence(there)
    if not which:
        return text
    return f"the {which} {text}" if spoken else f"{text}, {which}"


def why_repeated(moment: datetime, zone: Zone) -> str:
    """A sentence that says why the clock time of `moment` comes twice that day in the zone; empty if it does not."""
    place = as_zone(zone)
    if not clock.occurrence(local(moment, place)):
        return ""
    near = clock.transitions(place, moment - timedelta(days=1), moment + timedelta(days=1))
    back = next(change for change in near if abs(moment - change.instant) <= change.before - change.after)
    first, last = (f"{back.instant + offset:%H:%M}" for offset in (back.after, back.before))
    before, after = (offset_text(place, at=back.instant + step) for step in (timedelta(seconds=-1), timedelta()))
    return (
        f"Clocks in {zone_city(place)} go back that day, so the time from {first} to {last} comes twice: "
        f"first at {before}, then at {after}."
    )


def date_text(day: date, *, long: bool = False, year: bool | None = None, this_year: int | None = None) -> str:
    """A date: `Thu 12 March`, long `Thursday 12 March`; by default with the year when it is not `this_year`."""
    if year is None:
        year = day.year != (this_year or clock.now().year)
    return date_part(day, ("l" if long else "D") + " j F" + (" Y" if year else ""))


def date_part(day: date, form: str) -> str:
    """One part of a date by Django's letters: `D` Thu, `l` Thursday, `M` Mar, `F` March."""
    return _formatted(date(day.year, day.month, day.day), form, get_language())


@lru_cache(maxsize=4096)
def _formatted(day: date, form: str, language: str | None) -> str:
    """The formatted date, cached because formatting is slow and pages write the same few days over and over."""
    return dateformat.format(day, form)


def moment_text(moment: datetime, zone: Zone, *, long=False, year=None, twelve=False, spoken=False) -> str:
    """A date and time: `Thu 12 March, 14:20`."""
    day = local(moment, zone).date()
    return f"{date_text(day, long=long, year=year)}, {clock_text(moment, zone, twelve=twelve, spoken=spoken)}"


def range_text(start: datetime, end: datetime, zone: Zone, *, long=False, year=None, twelve=False, spoken=False) -> str:
    """A range of time: `Thu 12 March, 14:20 to 15:05`; across midnight both dates are written."""
    first = moment_text(start, zone, long=long, year=year, twelve=twelve, spoken=spoken)
    if local(start, zone).date() == local(end, zone).date():
        return f"{first} to {clock_text(end, zone, twelve=twelve, spoken=spoken)}"
    return f"{first} to {moment_text(end, zone, long=long, year=year, twelve=twelve, spoken=spoken)}"


def zone_city(zone: Zone) -> str:
    """The city of a zone: `New York` of `America/New_York`."""
    return clock.city_name(getattr(zone, "key", None) or str(zone))


def zone_text(zone: Zone, *, at: datetime | None = None) -> str:
    """A zone: `London time`; with an instant also the offset then: `London time (GMT+1)`."""
    text = f"{zone_city(zone)} time"
    return f"{text} ({offset_text(zone, at=at)})" if at else text


def offset_text(zone: Zone, *, at: datetime) -> str:
    minutes = round((local(at, zone).utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def duration_text(length: int | timedelta) -> str:
    """Minutes or a timedelta as `45 min`, `1 h`, `1 h 30 min`, from two days on `2 days 3 h`."""
    minutes = int(length.total_seconds() // 60) if isinstance(length, timedelta) else int(length)
    days, minutes = divmod(minutes, 1440) if minutes >= 2880 else (0, minutes)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{days} days" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or "0 min"


def words_for_minutes(minutes: int) -> str:
    """A length inside a sentence: `45 minutes`, `2 hours`, `1 hour 30 minutes`, `3 days`."""
    if minutes and minutes % 1440 == 0:
        days = minutes // 1440
        return f"{days} day{'s' if days != 1 else ''}"
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'s' if hours != 1 else ''}"] if hours else []
    if rest or not hours:
        parts.append(f"{rest} minute{'s' if rest != 1 else ''}")
    return " ".join(parts)


def day_distance(day: date, from_day: date) -> str:
    """A distance in days: `today`, `in 2 days`, `yesterday`, `3 days ago`; to be shown beside the date itself only."""
    days = (day - from_day).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return near[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def iso(moment: datetime, zone: Zone | None = None) -> str:
    """The moment in ISO 8601 for `<time datetime>`, with the offset of the zone at that moment."""
    there = local(moment, zone) if zone else moment.astimezone(UTC)
    return there.isoformat(timespec="minutes" if not there.second else "seconds")


def initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def weekday_name(weekday: int) -> str:
    """The name of a weekday, Monday for 0, in the present language."""
    return str(dates.WEEKDAYS[weekday])
