"""The figures as tables: the rows that stand under each chart, in the file, in the report and behind the API.

A cell is a text, a number, `Money`, a `Percent`, a length or a moment. Pages and files write the same cells, each in
their own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from analytics.figures import (
    IN_TIME,
    KEPT,
    LATE,
    LOST,
    NOTICE_CLASSES,
    UNMET,
    ZERO,
    End,
    Figures,
    Sums,
    booked_minutes,
    by_service,
    counted,
    percent,
    summed,
)
from analytics.periods import Dates, Unit
from core.money import Money, percent_text
from core.wording import date_part, weekday_name

SERVICE_HEADS = ("Service", "Kept", "Gross", "Refunds", "Platform fee", "For you")
HEADS = {Unit.DAY: "Day", Unit.WEEK: "Week of", Unit.MONTH: "Month"}
# The four groups of the drawing, with the classes of their colours.
GROUPS = (
    ("s1", "Kept", KEPT),
    ("s4", "Cancelled in time", IN_TIME),
    ("s3", "Declined or not answered", UNMET),
    ("s5", "Late cancellation or no-show", LOST),
)


@dataclass(frozen=True, slots=True)
class Percent:
    value: int

    def __str__(self) -> str:
        return f"{self.value}%"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under their heads; the first cell of a row names it. `foot` is the row of sums, if any."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    foot: tuple[Any, ...] = ()


def all_tables(figures: Figures) -> list[Table]:
    """All tables of the figures, in the order of the page."""
    return [
        totals(figures),
        *(earnings(figures, code) for code in figures.currencies),
        endings(figures),
        late(figures),
        hours(figures),
        services(figures),
        people(figures),
        notice(figures),
        openings(figures),
        regulars(figures),
    ]


def part_name(part: Dates, unit: Unit, *, year: bool = False) -> str:
    """The name of a day, week or month: "15 Dec", "Dec 2026"."""
    if unit is Unit.MONTH:
        return date_part(part.first, "M Y")
    return date_part(part.first, "j M Y" if year else "j M")


def totals(figures: Figures) -> Table:
    """The sums of each currency in the period."""
    rows = [(code, *amounts(summed(figures.now_cells, code), code)) for code in figures.currencies]
    heads = ("Currency", "Gross", "Refunds", "Platform fee", "For you")
    return Table("totals", "Earned in the period", heads, rows)


def earnings(figures: Figures, code: str) -> Table:
    """The sums of one currency by the period's whole parts, beside the earlier ones, with what is left out."""
    sums, unit = figures.by_piece(code), figures.period.unit
    rows: list[tuple[Any, ...]] = []
    for n, place in enumerate(figures.parts):
        own = sums.get(place, Sums())
        earlier = sums.get(figures.earlier_parts[n], Sums()) if n < len(figures.earlier_parts) else None
        before = Money(earlier.kept, code) if earlier else ""
        name = part_name(figures.pieces[place], unit, year=True)
        rows.append((name, Money(own.net, code), Money(own.fee, code), Money(own.kept, code), before))
    for place, piece in enumerate(figures.pieces):
        if place >= figures.first_piece and place not in figures.parts:
            own = sums.get(place, Sums())
            rows.append((dates_text(piece), Money(own.net, code), Money(own.fee, code), Money(own.kept, code), ""))
    heads = (HEADS[unit], "For you", "Platform fee", "Together", "Before")
    return Table(f"earnings-{code.lower()}", f"Earnings by {unit.value}, {code}", heads, rows)


def dates_text(dates: Dates) -> str:
    """Dates as text: "1 to 4 Oct 2026", "30 Sep to 4 Oct 2026", "1 Oct 2026"."""
    last = date_part(dates.last, "j M Y")
    if dates.days == 1:
        return last
    first = date_part(dates.first, "j" if dates.first.replace(day=1) == dates.last.replace(day=1) else "j M")
    return f"{first} to {last}"


def endings(figures: Figures) -> Table:
    """The appointments and requests of the period by how they ended; what never happened is left out."""
    all_now, rows = counted(figures.now_cells), []
    for end in End:
        now, before = counted(figures.now_cells, {end}), counted(figures.earlier_cells, {end})
        if now or before:
            rows.append((str(end.label), now, Percent(percent(now, all_now)), before))
    foot = ("All", all_now, Percent(100 if all_now else 0), counted(figures.earlier_cells))
    return Table("endings", "How they ended", ("End", "Number", "Share", "Before"), rows, foot)


def late(figures: Figures) -> Table:
    """Late cancellations by both sides, and no-shows, with the prices that went back."""
    ends = (End.LATE_BY_CUSTOMER, End.LATE_BY_PROVIDER, End.NO_SHOW)
    names = ("By customers", "By you", "No-shows")
    codes = _codes(figures, LATE | {End.NO_SHOW})
    rows = []
    for name, end in zip(names, ends, strict=True):
        refunds = (Money(summed(figures.now_cells, code, {end}).refund, code) for code in codes)
        rows.append((name, counted(figures.now_cells, {end}), counted(figures.earlier_cells, {end}), *refunds))
    heads = ("Side", "Number", "Before", *(f"Refunded, {code}" for code in codes))
    return Table("late", "Late cancellations and no-shows", heads, rows)


def hours(figures: Figures) -> Table:
    """The kept appointments by weekday and hour of their start."""
    shown = hours_shown(figures)
    rows = [
        (weekday_name(day), *(figures.hours.get(day * 24 + hour, 0) for hour in shown)) for day in weekdays(figures)
    ]
    return Table("hours", "When you are busiest", ("Weekday", *(f"{hour:02}" for hour in shown)), rows)


def hours_shown(figures: Figures) -> list[int]:
    """The hours of the day from the first to the last in which anything starts."""
    used = {hour % 24 for hour in figures.hours}
    return list(range(min(used), max(used) + 1)) if used else []


def weekdays(figures: Figures) -> list[int]:
    first = figures.period.first_weekday
    return [(first + n) % 7 for n in range(7)]


def services(figures: Figures) -> Table:
    """The services with what they brought in the period, each in its currency."""
    rows = [(row.name, row.kept, *amounts(row.sums, row.currency)) for row in by_service(figures.now_cells)]
    return Table("services", "By service", SERVICE_HEADS, rows)


def people(figures: Figures) -> Table:
    now, before = figures.people, figures.earlier_people
    rows = [("New", now.new, before.new), ("Had come before", now.again, before.again)]
    return Table("people", "New and returning customers", ("Customers", "Number", "Before"), rows)


def notice(figures: Figures) -> Table:
    names = [name for _, name in NOTICE_CLASSES]
    rows: list[tuple[Any, ...]] = list(zip(names, figures.notice.counts, strict=True))
    return Table("notice", "How far ahead they booked", ("Before the start", "Appointments"), rows)


def openings(figures: Figures) -> Table:
    """The open time of the period by its parts, and how much of it appointments took."""
    rows = []
    for place in range(figures.first_piece, len(figures.pieces)):
        piece, is_open = figures.pieces[place], figures.open_minutes[place]
        taken = booked_minutes(cell for cell in figures.now_cells if cell.piece == place)
        whole = place in figures.parts
        name = part_name(piece, figures.period.unit, year=True) if whole else dates_text(piece)
        rows.append((name, timedelta(minutes=is_open), timedelta(minutes=taken), Percent(percent(taken, is_open))))
    taken = booked_minutes(figures.now_cells)
    share = Percent(percent(taken, figures.open_now))
    foot = ("All", timedelta(minutes=figures.open_now), timedelta(minutes=taken), share)
    heads = (HEADS[figures.period.unit], "Open", "Booked", "Share")
    return Table("openings", "Open time booked", heads, rows, foot)


def regulars(figures: Figures) -> Table:
    """Those who came most often in the period, with what that brought."""
    codes = [code for code in figures.currencies if any(code in person.brought for person in figures.regulars)]
    rows = [
        (person.name, person.kept, *(Money(person.brought.get(code, ZERO), code) for code in codes), person.next)
        for person in figures.regulars
    ]
    return Table("regulars", "Regulars", ("Customer", "Kept", *(f"Brought, {code}" for code in codes), "Next"), rows)


def fee_label(figures: Figures, code: str) -> str:
    """The name of the fee, with its rate where all appointments of the period have one: "Platform fee, 8%"."""
    rates = {rate for cell in figures.now_cells if cell.currency == code and cell.sums.fee for rate in cell.rates}
    return f"Platform fee, {percent_text(*rates)}" if len(rates) == 1 else "Platform fee"


def amounts(sums: Sums, code: str) -> tuple[Money, Money, Money, Money]:
    """Gross, refunds, fee and what is left, as money."""
    return Money(sums.gross, code), Money(sums.refund, code), Money(sums.fee, code), Money(sums.net, code)


def _codes(figures: Figures, ends: frozenset[End]) -> list[str]:
    """The currencies of what ended in one of these ways in the period, in the page's order."""
    used = {cell.currency for cell in figures.now_cells if cell.end in ends}
    return [code for code in figures.currencies if code in used]
