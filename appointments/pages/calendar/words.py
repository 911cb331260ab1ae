"""The sentences and the key of a calendar: what its dates hold, and what its looks mean."""

from collections.abc import Collection, Iterable, Sequence

from appointments.pages.studio.today import number_words
from core import wording

from .layout import Entry, Figures, Ground, Kind, by_day, counted
from .periods import Period, View

MOST_DATES = 3
# The class of the mark, and what it means, in the order in which the key has them.
KEY = (
    ("kc", "Confirmed"),
    ("kr", "Awaiting your answer"),
    ("kp", "New time proposed"),
    ("kt", "Time offered"),
    ("ke", "Over"),
    ("kn", "No-show"),
    ("ko", "Your event"),
    ("kb", "Busy in Google"),
    ("ki", "Free in Google"),
    ("kf", "Time off"),
    ("kk", "Somebody is booking"),
    ("kz", "Kept free around"),
    ("ks", "Closed"),
)
# What a customer reads instead.
TO_CUSTOMERS = {"kr": "Awaiting confirmation", "kt": "Offered to you"}
MARK_OF_STATE = {
    "requested": "kr",
    "proposed": "kp",
    "offered": "kt",
    "completed": "ke",
    "no_show": "kn",
    "own": "ko",
    "busy": "kb",
    "free": "ki",
    "off": "kf",
    "kept": "kk",
}


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def summary(period: Period, entries: Sequence[Entry], ground: Ground) -> str:
    """What the dates shown hold: "16 appointments, 11 h of 49 h booked. One request and one proposal wait."."""
    figures = Figures.on(period.own(period.days), entries, ground)
    number = counted(figures.appointments, "appointment") if figures.appointments else "no appointments"
    if period.view is View.LIST:
        number += f" until {wording.date_text(period.last, long=True)}"
    parts = [number, figures.hours] if period.view in {View.WEEK, View.DAY} else [number]
    said = [sentence(", ".join(part for part in parts if part)), waiting(figures)]
    if period.view is View.MONTH:
        said.append(off_ahead(period, entries, ground))
    said.append(not_shown(period, entries, ground))
    return " ".join(each for each in said if each)


def waiting(figures: Figures) -> str:
    """What waits for an answer: "One request and one proposal wait."; empty where nothing does."""
    found = [
        f"{number_words(number)} {word}{'' if number == 1 else 's'}"
        for number, word in ((figures.requests, "request"), (figures.proposals, "proposal"))
        if number
    ]
    if not found:
        return ""
    one = figures.requests + figures.proposals == 1
    return sentence(f"{' and '.join(found)} {'waits' if one else 'wait'}")


def off_ahead(period: Period, entries: Sequence[Entry], ground: Ground) -> str:
    """The dates ahead that are off whole: "2 days of time off ahead, Sun 29 November and Sat 5 December."."""
    off = [one for one in entries if one.kind is Kind.OFF and one.is_all_day]
    found = by_day(off, period.within, ground.zone)
    days = [day for day in period.own(period.within) if day >= period.today and found[day]]
    if not days:
        return ""
    what = f"{len(days)} day{'' if len(days) == 1 else 's'} of time off ahead"
    if len(days) > MOST_DATES:
        return f"{what}."
    return f"{what}, {joined([wording.date_text(day) for day in days])}."


def not_shown(period: Period, entries: Sequence[Entry], ground: Ground) -> str:
    """What lies on hidden weekends; empty where nothing does."""
    hidden = period.own(period.hidden)
    if not hidden:
        return ""
    figures = Figures.on(hidden, entries, ground)
    number = figures.appointments + figures.requests
    if not number:
        return ""
    return f"{counted(number, 'appointment')} on the weekend {'is' if number == 1 else 'are'} not shown."


def joined(words: Sequence[str]) -> str:
    """The words as a list in a sentence: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def to_customers(key: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The marks with what they mean to a customer."""
    return [(mark, TO_CUSTOMERS.get(mark, words)) for mark, words in key]


def key_of(entries: Iterable[Entry], *, shut: bool) -> list[tuple[str, str]]:
    """The marks that occur, each with what it means."""
    marks = {mark for one in entries for mark in _marks(one)} | ({"ks"} if shut else set())
    return [(mark, words) for mark, words in KEY if mark in marks]


def _marks(one: Entry) -> Collection[str]:
    mark = MARK_OF_STATE.get(one.state, "kc")
    if mark == "kc" and one.is_past:
        mark = "ke"
    return {mark} if one.held in {None, (one.start, one.end)} else {mark, "kz"}
