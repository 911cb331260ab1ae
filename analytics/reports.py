"""What the monthly report says, on its page, in its PDF and in its mail: facts as words, none of them an adjective."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from analytics import charts, findings, tables
from analytics.charts import Columns, Stack
from analytics.figures import (
    IN_TIME,
    KEPT,
    LATE,
    End,
    Figures,
    Sums,
    by_service,
    counted,
    summed,
)
from analytics.pages import Tile, left_out_words, middle_words, tiles
from analytics.periods import whole_month
from analytics.tables import Table
from core.money import Money, format_money
from core.wording import date_part, moment_text, weekday_name, zone_text
from providers.models import Provider

OURS = frozenset({End.LATE_BY_PROVIDER, End.BY_PROVIDER})
# All others are one line, so that the report stays on its page.
MOST_SERVICES = 8
CANCELLED = LATE | IN_TIME - {End.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's month, as the report says it. Of the currency with most appointments there are a drawing and a
    table; `apart` has a sentence for each of the others."""

    month: date
    title: str
    earlier: str
    about: str
    lead: str
    tiles: list[Tile]
    earnings: Columns | None
    has_fee: bool
    fee_label: str
    left_out: str
    endings: Table
    cancellations: str
    services: Table | None
    notes: list[str]
    busiest: str
    busiest_note: str
    who_came: str
    who_came_note: str
    made: str

    @property
    def days(self) -> str:
        """The dates of the month, "1 to 31"."""
        return f"1 to {whole_month(self.month).days}"


def report_of(provider: Provider, figures: Figures, *, now: datetime) -> Report:
    """The report of the month that the figures are about."""
    month = figures.period.dates.first
    code = figures.currencies[0] if figures.currencies else ""
    zone = zone_text(figures.zone)
    where = ", ".join(part for part in (provider.address, provider.place) if part)
    about = ", ".join(part for part in (provider.name, provider.trade, where) if part)
    busiest, busiest_note = _busiest(figures)
    return Report(
        month=month,
        title=date_part(month, "F Y"),
        earlier=figures.period.before,
        about=f"{about}. All times are {zone}.",
        lead=_lead(figures),
        tiles=tiles(figures),
        earnings=_earnings(figures, code) if code else None,
        has_fee=bool(summed(figures.now_cells, code).fee),
        fee_label=tables.fee_label(figures, code),
        left_out=left_out_words(figures, code) if code else "",
        endings=_endings(figures),
        cancellations=_cancellations(figures),
        services=_services(figures, code) if code else None,
        notes=_notes(figures),
        busiest=busiest,
        busiest_note=busiest_note,
        who_came=f"{figures.people.new} new, {figures.people.again} again",
        who_came_note=middle_words(figures),
        made=f"{moment_text(now, figures.zone, year=True)} {zone}",
    )


def _lead(figures: Figures) -> str:
    ended, kept = counted(figures.now_cells), counted(figures.now_cells, KEPT)
    month = date_part(figures.period.dates.first, "F")
    if not ended:
        return f"No appointment was to take place in {month}."
    first = f"{kept} of {ended} appointment{'' if ended == 1 else 's'} took place."
    brought = [(code, summed(figures.now_cells, code).net) for code in figures.currencies]
    brought = [(code, net) for code, net in brought if net]
    if not brought:
        return first
    who = "It" if kept == 1 else "They"
    words = " and ".join(format_money(net, code) for code, net in brought)
    return f"{first} {who} brought you {words}{_beside(figures, *brought[0]) if len(brought) == 1 else ''}."


def _beside(figures: Figures, code: str, net: Decimal) -> str:
    earlier = summed(figures.earlier_cells, code).net
    if not earlier:
        return ""
    before = figures.period.before
    if net == earlier:
        return f", as much as {before}"
    return f", {format_money(abs(net - earlier), code)} {'more' if net > earlier else 'less'} than {before}"


def _earnings(figures: Figures, code: str) -> Columns:
    sums = figures.by_piece(code)
    stacks = []
    for place in figures.parts:
        own, day = sums.get(place, Sums()), date_part(figures.pieces[place].first, "j M")
        title = f"Week of {day}: {Money(own.net, code)} for you, {Money(own.fee, code)} fee"
        stacks.append(Stack(day, title, (own.net, own.fee)))
    return charts.columns(
        stacks,
        kinds=("s1", "s2"),
        written=lambda number: format_money(Decimal(number), code),
        finding=findings.earnings_words(figures, code),
        ghost=[sums.get(place, Sums()).kept for place in figures.earlier_parts],
        width=364,
        height=190,
    )


def _endings(figures: Figures) -> Table:
    """How the month's appointments ended; what none did is left out."""
    table = tables.endings(figures)
    return replace(table, rows=[row for row in table.rows if row[1]])


def _cancellations(figures: Figures) -> str:
    """The sentence about whose the cancellations were."""
    all_of_them, ours = counted(figures.now_cells, CANCELLED), counted(figures.now_cells, OURS)
    if not all_of_them:
        return "Nothing was cancelled."
    if not ours:
        return "None of the cancellations was yours."
    late = counted(figures.now_cells, {End.LATE_BY_PROVIDER})
    was = "was" if ours == 1 else "were"
    return f"{ours} of {all_of_them} cancellations {was} yours, {late or 'none'} of them late."


def _services(figures: Figures, code: str) -> Table:
    """The services of one currency, with their sums; on one page there is room for so many."""
    rows = [row for row in by_service(figures.now_cells) if row.currency == code]
    cells = [cell for cell in figures.now_cells if cell.currency == code]
    all_of_them = summed(cells, code)
    foot = (f"In {code}", counted(cells, KEPT), *tables.amounts(all_of_them, code))
    named = [(row.name, row.kept, *tables.amounts(row.sums, code)) for row in rows[:MOST_SERVICES]]
    if others := rows[MOST_SERVICES:]:
        sums = sum((row.sums for row in others), start=Sums())
        named.append((f"{len(others)} others", sum(row.kept for row in others), *tables.amounts(sums, code)))
    return Table("services", "By service", tables.SERVICE_HEADS, named, foot)


def _notes(figures: Figures) -> list[str]:
    """The sentences about refunds, and about the currencies that stand apart."""
    month = date_part(figures.period.dates.first, "F")
    refunds = [
        format_money(refund, code) for code in figures.currencies if (refund := summed(figures.now_cells, code).refund)
    ]
    went = f"{' and '.join(refunds)} went back to customers in {month}" if refunds else f"No refunds in {month}"
    notes = [f"{went}."]
    for code in figures.currencies[1:]:
        own, count = summed(figures.now_cells, code), sum(c.count for c in figures.now_cells if c.currency == code)
        if own.gross:
            gross, fee, net = (format_money(amount, code) for amount in (own.gross, own.fee, own.net))
            what = f"{count} appointment{'' if count == 1 else 's'} in {code}"
            notes.append(
                f"{what} {'stands' if count == 1 else 'stand'} apart: {gross} gross, {fee} fee, {net} for you."
            )
    if len(notes) > 1:
        notes.append("Currencies are never added up.")
    return notes


def _busiest(figures: Figures) -> tuple[str, str]:
    if not figures.hours:
        return "No hour stood out", "No appointment took place."
    hour = max(figures.hours, key=lambda each: (figures.hours[each], -each))
    count, in_all = figures.hours[hour], sum(figures.hours.values())
    return f"{weekday_name(hour // 24)}s at {hour % 24:02}:00", f"{count} of {in_all} starts."
