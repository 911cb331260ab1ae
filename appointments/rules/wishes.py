"""What places on waitlists wait for, in words: dates, weekdays and parts of the day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.text import capfirst

from appointments.models import WaitlistPlace
from appointments.rules.parts import part_of
from appointments.rules.waitlist import Want
from appointments.states import ALL_PARTS, ALL_WEEKDAYS
from core import clock
from core.wording import date_text, weekday_name

MONDAY_TO_FRIDAY = 0b0011111
WEEKEND = 0b1100000
PARTS = ("mornings", "afternoons", "evenings")


def bits(numbers: Sequence[int]) -> int:
    """The numbers as bits: [0, 2] is 0b101."""
    return sum(1 << number for number in set(numbers))


def numbers(mask: int) -> list[int]:
    """The numbers that are set as bits."""
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def days_words(weekdays: int) -> str:
    """Weekdays inside a sentence: "any day", "weekdays", "Tuesdays and Thursdays"."""
    short = {ALL_WEEKDAYS: "any day", MONDAY_TO_FRIDAY: "weekdays", WEEKEND: "weekends"}
    return short.get(weekdays) or listed([f"{weekday_name(day)}s" for day in numbers(weekdays)])


def parts_words(parts: int) -> str:
    """Parts of the day inside a sentence: "any time", "mornings and evenings"."""
    return "any time" if parts == ALL_PARTS else listed([PARTS[part] for part in numbers(parts)])


def listed(words: Sequence[str]) -> str:
    """Words as a list inside a sentence: "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def want_of(place: WaitlistPlace) -> Want:
    """What the place waits for. Needs the appointment, where it is for an earlier time of one."""
    before = place.appointment.start if place.appointment else None
    return Want(place.first_on, place.last_on, place.weekdays, place.parts, place.zone, before)


def want_words(place: WaitlistPlace) -> str:
    """What a place waits for: "Any day from Tue 1 December to Fri 18 December, mornings"."""
    days, parts = days_words(place.weekdays), parts_words(place.parts)
    if place.first_on == place.last_on:
        if not place.weekdays >> place.first_on.weekday() & 1:
            return f"On {date_text(place.first_on)}, only {days}, {parts}"
        return f"On {date_text(place.first_on)}, {parts}"
    return capfirst(f"{days} from {date_text(place.first_on)} to {date_text(place.last_on)}, {parts}")


def never_met(want: Want, *, now: datetime) -> str:
    """Why no time can ever fit, as a sentence to whoever asks for it; empty where one can."""
    begin, end = clock.local(now, want.zone), want.before and clock.local(want.before, want.zone)
    first, last = max(want.first_on, begin.date()), want.last_on
    if end and first > end.date():
        return f"Your appointment is on {date_text(end.date())}. To get a time before it, choose dates until then."
    if end:
        last = min(last, end.date())
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    fitting = [day for day in days if want.weekdays >> day.weekday() & 1]
    if not fitting:
        there = listed([weekday_name(day) for day in sorted({day.weekday() for day in days})])
        until = " before your appointment" if end and end.date() < want.last_on else ""
        chosen = days_words(want.weekdays)
        if len(days) == 1:
            return f"{date_text(first)} is a {there}, and you chose {chosen} only. Choose {there} too, or other dates."
        return f"There are no {chosen} in these dates{until}, only {there}. Choose one of these, or other dates."
    for day in fitting:
        earliest = begin.hour if day == begin.date() else 0
        latest = 24 if not end or day < end.date() else end.hour + (end.minute > 0)
        if any(want.parts >> part_of(hour) & 1 for hour in range(earliest, latest)):
            return ""
    limit = "before your appointment" if end and fitting[-1] == end.date() else "any more"
    return f"These dates have no {parts_words(want.parts)} {limit}. Choose another part of the day, or other dates."
