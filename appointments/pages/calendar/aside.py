"""What stands beside a provider's day on the calendar: the day as a line, what it is worth, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from appointments.models import Appointment
from appointments.pages.studio.today import Line, line_of
from appointments.queries.agenda import Agenda
from appointments.states import Status
from core.money import price_words

from .layout import Figures, hours_text
from .month import PARTS, Open
from .words import joined


@dataclass(frozen=True, slots=True)
class Aside:
    """The day as a line and in figures, each as a label and words, and the requests that wait for an answer on it."""

    line: Line
    facts: list[tuple[str, str]]
    waiting: list[Appointment]


def build_aside(
    agenda: Agenda, figures: Figures, *, day: date, now: datetime, twelve: bool, is_open: Open | None
) -> Aside:
    """What stands beside the date; `is_open` says in which parts of it customers find a time, None if not known."""
    on_day = agenda.on(day)
    booked = hours_text(figures.booked) if figures.booked else "Nothing"
    if figures.open:
        booked += f" of {hours_text(figures.open)}"
    facts = [("Booked", booked), ("Still open", still_open(is_open)), ("Worth", worth(on_day))]
    return Aside(
        line=line_of(agenda, day, now=now, twelve=twelve),
        facts=[(label, words) for label, words in facts if words],
        waiting=[one for one in on_day if one.is_request],
    )


def still_open(is_open: Open | None) -> str:
    """In which parts of the day something can still be booked: "Morning and evening"; empty where it is not known."""
    if is_open is None:
        return ""
    named = [part for part, still in zip(PARTS, is_open, strict=True) if still]
    return joined(named).capitalize() if named else "No start left"


def worth(appointments: Sequence[Appointment]) -> str:
    """What the appointments cost, by currency: "£100, and £58 if you accept"; empty where nothing does."""
    agreed = _sums([one for one in appointments if one.status in {Status.CONFIRMED, Status.COMPLETED}])
    asked = _sums([one for one in appointments if one.is_request])
    if not asked:
        return agreed
    return f"{agreed}, and {asked} if you accept" if agreed else f"{asked} if you accept"


def _sums(appointments: Sequence[Appointment]) -> str:
    sums: dict[str, Decimal] = {}
    for one in appointments:
        if one.price:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.price
    return " and ".join(price_words(amount, currency) for currency, amount in sorted(sums.items()))
