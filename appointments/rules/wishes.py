"""What places on waitlists wait for, in words: dates, weekdays and parts of the day."""

from collections.abc import Sequence

from django.utils.text import capfirst

from appointments.models import WaitlistPlace
from appointments.states import ALL_PARTS, ALL_WEEKDAYS
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


def want_words(place: WaitlistPlace) -> str:
    """What a place waits for: "Any day from Tue 1 December to Fri 18 December, mornings"."""
    days, parts = days_words(place.weekdays), parts_words(place.parts)
    if place.first_on == place.last_on:
        return f"On {date_text(place.first_on)}, {parts}"
    return capfirst(f"{days} from {date_text(place.first_on)} to {date_text(place.last_on)}, {parts}")
