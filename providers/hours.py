"""Ranges of working hours in wall-clock minutes after midnight: reading, checking, adding up and writing them.

Pure: no database, no instants. 1440 is the end of the day, so that a range may reach to midnight and the next day's may
go on from 0.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from providers.exceptions import RangeProblem
from providers.models import MINUTES_A_DAY, MOST_RANGES_A_DAY

Range = tuple[int, int]
Week = Mapping[int, Sequence[Range]]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::00)?", re.ASCII)


def read_minute(text: str, *, ends: bool = False) -> int | None:
    """The minute of a time of day, 540 of "09:00"; None for other text. As an end, 00:00 and 24:00 close the day."""
    match = CLOCK.fullmatch(text.strip())
    minute = int(match[1]) * 60 + int(match[2]) if match else MINUTES_A_DAY + 1
    if ends and minute == 0:
        return MINUTES_A_DAY
    return minute if minute <= (MINUTES_A_DAY if ends else MINUTES_A_DAY - 1) else None


def minute_text(minute: int, *, twelve: bool = False) -> str:
    """A minute as text: "09:00", or "9:00 am"; the day's end is 24:00."""
    hours, minutes = divmod(minute, 60)
    if twelve and minute not in {0, 720, MINUTES_A_DAY}:
        return f"{hours % 12 or 12}:{minutes:02} {'am' if hours < 12 else 'pm'}"
    return f"{hours:02}:{minutes:02}"


def input_value(minute: int) -> str:
    """A minute as the value of the browser's time field, which has no 24:00."""
    return minute_text(minute % MINUTES_A_DAY)


def range_text(one: Range, *, twelve: bool = False) -> str:
    return f"{minute_text(one[0], twelve=twelve)} to {minute_text(one[1], twelve=twelve)}"


def ranges_text(ranges: Sequence[Range], *, twelve: bool = False) -> str:
    """Ranges as text: "09:00 to 12:30 and 13:30 to 17:00", or "Closed"."""
    texts = [range_text(one, twelve=twelve) for one in ranges]
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]])) if texts else "Closed"


def check_ranges(
    ranges: Sequence[Range], *, day: str = "", weekday: int = 0, twelve: bool = False
) -> list[RangeProblem]:
    """The problems of a day's ranges, each at the later of two that meet. `day` is a name such as "Tuesday"."""
    problems = []
    before: tuple[int, Range] | None = None  # of the ranges that start earlier, the one that ends last

    def which(index: int) -> str:
        return f"{ORDINALS[index]} range" if len(ranges) > 1 else "range"

    def name(index: int) -> str:
        return f"{day}’s {which(index)}" if day else f"The {which(index)}"

    if len(ranges) > MOST_RANGES_A_DAY:
        return [RangeProblem(weekday, MOST_RANGES_A_DAY, f"A day has at most {MOST_RANGES_A_DAY} ranges.")]
    for index, (start, end) in sorted(enumerate(ranges), key=lambda item: (item[1][0], item[0])):
        starts, ends = minute_text(start, twelve=twelve), minute_text(end, twelve=twelve)
        if end <= start:
            fault = (
                f"ends at {ends}, before it starts at {starts}" if end < start else f"ends when it starts, at {starts}"
            )
            problems.append(RangeProblem(weekday, index, f"{name(index)} {fault}."))
            continue
        if before is not None and start <= before[1][1]:
            other = f"the {ORDINALS[before[0]]} one ends"
            if start == before[1][1]:
                fault = f"starts at {starts}, exactly when {other}. Make them one range, or leave a gap"
            else:
                fault = f"starts at {starts}, before {other} at {minute_text(before[1][1], twelve=twelve)}"
            problems.append(RangeProblem(weekday, index, f"{name(index)} {fault}."))
        if before is None or end > before[1][1]:
            before = index, (start, end)
    return sorted(problems)


def check_week(week: Week, *, twelve: bool = False) -> list[RangeProblem]:
    return [
        problem
        for weekday in sorted(week)
        for problem in check_ranges(week[weekday], day=WEEKDAYS[weekday], weekday=weekday, twelve=twelve)
    ]


def minutes_of(ranges: Iterable[Range]) -> int:
    return sum(end - start for start, end in ranges)


def week_minutes(week: Week) -> int:
    return sum(minutes_of(ranges) for ranges in week.values())


def hours_text(minutes: int) -> str:
    """A length as text: "32 h 30 min", never in days, because a week's work isn't counted in days."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours or not rest else "", f"{rest} min" if rest else "") if part)


def week_lines(week: Week, *, twelve: bool = False) -> list[tuple[str, str]]:
    """The lines of a week, ("Monday to Friday", "09:00 to 17:00"): neighbouring days with equal hours are one line."""
    lines: list[tuple[int, int, str]] = []
    for weekday in range(7):
        text = ranges_text(week.get(weekday, ()), twelve=twelve)
        if lines and lines[-1][2] == text:
            lines[-1] = lines[-1][0], weekday, text
        else:
            lines.append((weekday, weekday, text))
    return [(days_text(first, last), text) for first, last, text in lines]


def days_text(first: int, last: int) -> str:
    """Weekdays as text: "Monday", "Saturday and Sunday", "Monday to Friday"."""
    if first == last:
        return WEEKDAYS[first]
    return f"{WEEKDAYS[first]} {'and' if last - first == 1 else 'to'} {WEEKDAYS[last]}"


def difference(ranges: Sequence[Range], start_on: date, end_on: date, week: Week) -> int:
    """The minutes that the dates gain, or lose if negative, by having `ranges` instead of the week's hours."""
    days = (end_on - start_on).days + 1
    usual = sum(minutes_of(week.get((start_on + timedelta(days=n)).weekday(), ())) for n in range(days))
    return minutes_of(ranges) * days - usual


def difference_text(minutes: int) -> str:
    if not minutes:
        return "Neither more nor less than the week has"
    return f"{hours_text(abs(minutes))} {'more' if minutes > 0 else 'less'} than the week has"
