"""The rule of a series in words: "Every third Thursday of the month", "12 Thursdays"."""

from datetime import date

from appointments.rules.recurrence import Rule, nth_weekday
from appointments.states import Frequency
from core.wording import date_part, date_text, zone_city

from .consequences import ordinal

NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def how_often(frequency: Frequency, first: date) -> str:
    """How often a series comes again that begins on `first`: "Every Thursday", "Every month on the 31st"."""
    weekday = date_part(first, "l")
    return {
        Frequency.DAILY: "Every day",
        Frequency.WEEKLY: f"Every {weekday}",
        Frequency.FORTNIGHTLY: f"Every second {weekday}",
        Frequency.MONTHLY_DATE: f"Every month on the {ordinal(first.day)}",
        Frequency.MONTHLY_WEEKDAY: f"Every month on the {NTH[nth_weekday(first)]} {weekday}",
        Frequency.MONTHLY_LAST: f"Every month on the last {weekday}",
    }[frequency]


def choice_label(frequency: Frequency, first: date) -> str:
    """The frequency as the booking form offers it for a series that begins on `first`."""
    if frequency in {Frequency.DAILY, Frequency.WEEKLY, Frequency.FORTNIGHTLY}:
        return str(frequency.label)
    return how_often(frequency, first)


def count_words(frequency: Frequency, first: date, count: int) -> str:
    """A number of dates: "12 Thursdays" of a weekly series, else "12 dates"."""
    if frequency in {Frequency.WEEKLY, Frequency.FORTNIGHTLY} and count != 1:
        return f"{count} {date_part(first, 'l')}s"
    return f"{count} date{'s' if count != 1 else ''}"


def without_words(rule: Rule, months: tuple[date, ...], *, none: str = "nothing is booked there") -> str:
    """The sentence about months that lack the day of the rule, where there is `none`; empty where none does."""
    if not months:
        return ""
    first = rule.wall.date()
    day = f"{NTH[nth_weekday(first)]} {date_part(first, 'l')}"
    if rule.frequency is Frequency.MONTHLY_DATE:
        day = ordinal(first.day)
    names = [month_words(month) for month in months]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    have = "has" if len(names) == 1 else "have"
    return f"{told} {have} no {day}, so {none}."


def moved_words(rule: Rule, day: date) -> str:
    """The sentence about a date on which the clocks of the rule's zone skip its wall time."""
    return f"Clocks in {zone_city(rule.zone)} skip {rule.wall:%H:%M} on {date_text(day)}, so it begins right after."


def month_words(day: date) -> str:
    """The month of a date: "December 2026"."""
    return f"{date_part(day, 'F')} {day.year}"
