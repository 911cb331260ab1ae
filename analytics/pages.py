"""What the page of figures shows: tiles, charts with their findings, and the tables under them."""

from dataclasses import dataclass
from decimal import Decimal

from analytics import charts, findings, tables
from analytics.charts import Columns, Stack, Strip
from analytics.figures import (
    KEPT,
    LOST,
    NOTICE_CLASSES,
    Cell,
    Figures,
    Regular,
    Sums,
    booked_minutes,
    by_service,
    counted,
    percent,
    summed,
)
from analytics.periods import Dates
from analytics.tables import Table
from core.money import Money, format_money
from core.wording import date_part, duration_text
from providers.hours import hours_text

UP, DOWN, SAME = "up", "down", ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: its change in words (`tone` says whether that is good), what else there is to say, and its course."""

    label: str
    value: str
    change: str
    tone: str
    rest: str
    spark: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Earnings:
    """The chart of one currency, with its table, the total fee and the sentence about what has no bar."""

    code: str
    chart: Columns
    table: Table
    fee: str
    fee_label: str
    left_out: str


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class HeatRow:
    name: str
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a list with a bar under it, of which the longest is 100 wide."""

    name: str
    note: str
    figure: str
    width: int


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page shows of figures. `tables` are by their keys."""

    figures: Figures
    tiles: list[Tile]
    earnings: list[Earnings]
    groups: list[Group]
    strips: list[Strip]
    kept_percent: int
    ended: int
    endings_finding: str
    heat: list[HeatRow]
    heat_hours: list[str]
    heat_finding: str
    services: list[tuple[str, list[Bar]]]
    notice: list[Bar]
    notice_finding: str
    notice_middle: str
    openings: Columns
    people: list[Strip]
    people_finding: str
    late: list[tuple[str, int, int]]
    regulars: list[tuple[Regular, list[Money]]]
    tables: dict[str, Table]


def shown(figures: Figures) -> Shown:
    """What the page shows of these figures."""
    groups = [Group(kind, name, counted(figures.now_cells, ends)) for kind, name, ends in tables.GROUPS]
    ended, people, regulars = counted(figures.now_cells), figures.people, tables.regulars(figures)
    return Shown(
        figures=figures,
        tiles=tiles(figures),
        earnings=[_earnings(figures, code) for code in figures.currencies],
        groups=groups,
        strips=charts.strips([(group.kind, group.count) for group in groups]),
        kept_percent=percent(counted(figures.now_cells, KEPT), ended),
        ended=ended,
        endings_finding=findings.endings_words(figures),
        heat=_heat(figures),
        heat_hours=[f"{hour:02}" for hour in tables.hours_shown(figures)],
        heat_finding=findings.hours_words(figures),
        services=_services(figures),
        notice=_notice(figures),
        notice_finding=findings.notice_words(figures.notice.counts, [name for _, name in NOTICE_CLASSES]),
        notice_middle=middle_words(figures),
        openings=_openings(figures),
        people=charts.strips([("s1", people.new), ("s4", people.again)]),
        people_finding=findings.people_words(figures),
        late=[(name, now, before) for name, now, before, *_ in tables.late(figures).rows],
        regulars=[(person, list(row[2:-1])) for person, row in zip(figures.regulars, regulars.rows, strict=True)],
        tables={table.key: table for table in tables.all_tables(figures)},
    )


# --- Tiles ------------------------------------------------------------------------------


def tiles(figures: Figures) -> list[Tile]:
    """The four figures at the head of the page; beside those of the first currency the others stand apart."""
    return [_earned(figures), _kept(figures), _open(figures), _lost(figures)]


def _earned(figures: Figures) -> Tile:
    code, *others = figures.currencies or [""]
    label, before = "Earned, after fees", figures.period.before
    if not code:
        return Tile(label, "Nothing", "", SAME, f"As in {before}", "")
    now, earlier = summed(figures.now_cells, code).net, summed(figures.earlier_cells, code).net
    sums = figures.by_piece(code)
    change, tone, rest = _change_in_percent(now, earlier, before)
    return Tile(
        label,
        format_money(now, code),
        change,
        tone,
        rest,
        charts.spark([sums.get(place, Sums()).net for place in figures.parts]),
        tuple(format_money(summed(figures.now_cells, other).net, other) for other in others),
    )


def _change_in_percent(now: Decimal, earlier: Decimal, before: str) -> tuple[str, str, str]:
    if not earlier:
        return "", SAME, f"Nothing in {before}"
    change = int(abs(now - earlier) * 100 / earlier + Decimal("0.5"))
    if now == earlier or not change:
        return "", SAME, f"As much as in {before}"
    return (f"Up {change}%", UP, f"on {before}") if now > earlier else (f"Down {change}%", DOWN, f"on {before}")


def _kept(figures: Figures) -> Tile:
    now, earlier = counted(figures.now_cells, KEPT), counted(figures.earlier_cells, KEPT)
    change, tone = _difference(now - earlier, str(abs(now - earlier)))
    rest = f"from {earlier}" if change else f"As many as in {figures.period.before}"
    return Tile("Appointments kept", str(now), change, tone, rest, charts.spark(_by_part(figures, KEPT)))


def _open(figures: Figures) -> Tile:
    now = percent(booked_minutes(figures.now_cells), figures.open_now)
    earlier = percent(booked_minutes(figures.earlier_cells), figures.open_earlier)
    points = "1 point" if abs(now - earlier) == 1 else f"{abs(now - earlier)} points"
    change, tone = _difference(now - earlier, points) if figures.open_earlier else ("", SAME)
    rest = f"of {hours_text(figures.open_now)} offered"
    return Tile("Open time booked", f"{now}%", change, tone, rest, charts.spark(_shares(figures)))


def _lost(figures: Figures) -> Tile:
    code, *others = figures.currencies or [""]
    count, ended = counted(figures.now_cells, LOST), counted(figures.now_cells)
    rest = f"{count} of {ended} appointments"
    label = "Lost to late changes"
    if not code:
        return Tile(label, "Nothing", "", SAME, rest, "")
    now, earlier = (summed(cells, code, LOST).refund for cells in (figures.now_cells, figures.earlier_cells))
    change, _ = _difference(int(now > earlier) - int(now < earlier), format_money(abs(now - earlier), code))
    tone = {True: DOWN, False: UP}[now > earlier] if change else SAME
    by_part = [
        summed((cell for cell in figures.now_cells if cell.piece == place), code, LOST).refund
        for place in figures.parts
    ]
    apart = tuple(
        format_money(amount, other) for other in others if (amount := summed(figures.now_cells, other, LOST).refund)
    )
    return Tile(label, format_money(now, code), change, tone, rest, charts.spark(by_part), apart)


def _difference(difference: int, words: str) -> tuple[str, str]:
    """The words of a change, "Up 12", and whether it is one up or down."""
    if not difference:
        return "", SAME
    return (f"Up {words}", UP) if difference > 0 else (f"Down {words}", DOWN)


def _by_part(figures: Figures, ends: frozenset) -> list[int]:
    return [counted(_of_piece(figures, place), ends) for place in figures.parts]


def _shares(figures: Figures) -> list[int]:
    """The percentage of open time that was booked in each of the period's parts."""
    return [percent(booked_minutes(_of_piece(figures, place)), figures.open_minutes[place]) for place in figures.parts]


def _of_piece(figures: Figures, place: int) -> list[Cell]:
    return [cell for cell in figures.now_cells if cell.piece == place]


# --- Charts -----------------------------------------------------------------------------


def _earnings(figures: Figures, code: str) -> Earnings:
    sums, unit = figures.by_piece(code), figures.period.unit
    stacks = []
    for place in figures.parts:
        own = sums.get(place, Sums())
        part = figures.pieces[place]
        title = f"{_title(part, figures)}: {Money(own.net, code)} for you, {Money(own.fee, code)} fee"
        stacks.append(Stack(_label(part, figures), title, (own.net, own.fee)))
    chart = charts.columns(
        stacks,
        kinds=("s1", "s2"),
        written=lambda number: format_money(Decimal(number), code),
        finding=findings.earnings_words(figures, code),
        ghost=[sums.get(place, Sums()).kept for place in figures.earlier_parts],
        callout=lambda stack: f"Best {unit.value}, {Money(Decimal(stack.total), code)}",
    )
    now = summed(figures.now_cells, code)
    return Earnings(
        code=code,
        chart=chart,
        table=tables.earnings(figures, code),
        fee=format_money(now.fee, code) if now.fee else "",
        fee_label=tables.fee_label(figures, code),
        left_out=left_out_words(figures, code),
    )


def _title(part: Dates, figures: Figures) -> str:
    unit = figures.period.unit.value
    return f"Week of {date_part(part.first, 'j F')}" if unit == "week" else tables.part_name(part, figures.period.unit)


def _label(part: Dates, figures: Figures) -> str:
    """The label under a column; of months the year stands at January alone."""
    if figures.period.unit.value == "month":
        return date_part(part.first, "M Y" if part.first.month == 1 else "M")
    return date_part(part.first, "j M")


def left_out_words(figures: Figures, code: str) -> str:
    """The sentence about the dates that belong to no whole week or month, with what they brought in a currency."""
    sums = figures.by_piece(code)
    left = [place for place in range(figures.first_piece, len(figures.pieces)) if place not in figures.parts]
    if not left:
        return ""
    named = [
        f"{tables.dates_text(figures.pieces[place])} ({Money(sums.get(place, Sums()).kept, code)})" for place in left
    ]
    what = (
        f"is no whole {figures.period.unit.value}" if len(left) == 1 else f"are no whole {figures.period.unit.value}s"
    )
    return f"{' and '.join(named)} {what} and left out of the drawing."


def _heat(figures: Figures) -> list[HeatRow]:
    most = max(figures.hours.values(), default=0)
    table = tables.hours(figures)
    return [
        HeatRow(name, tuple((count, charts.heat_step(count, most)) for count in counts)) for name, *counts in table.rows
    ]


def _services(figures: Figures) -> list[tuple[str, list[Bar]]]:
    """The services by currency, in the page's order; the bar of the first is whole."""
    rows = by_service(figures.now_cells)
    found = []
    for code in figures.currencies:
        own = [row for row in rows if row.currency == code]
        most = max((row.sums.kept for row in own), default=Decimal(0))
        bars = [
            Bar(row.name, f"{row.kept} kept", format_money(row.sums.kept, code), percent(row.sums.kept, most))
            for row in own
        ]
        if bars:
            found.append((code, bars))
    return found


def _notice(figures: Figures) -> list[Bar]:
    counts = figures.notice.counts
    most = max(counts, default=0)
    return [
        Bar(name, "", str(count), percent(count, most)) for (_, name), count in zip(NOTICE_CLASSES, counts, strict=True)
    ]


def middle_words(figures: Figures) -> str:
    """The sentence about how long ahead the appointments were booked; empty where none took place."""
    notice = figures.notice
    if notice.middle is None or notice.shortest is None:
        return ""
    middle, shortest = (duration_text(length) for length in (notice.middle, notice.shortest))
    return f"Booked {middle} before the start in the middle, {shortest} at the shortest."


def _openings(figures: Figures) -> Columns:
    shares = _shares(figures)
    parts = [figures.pieces[place] for place in figures.parts]
    stacks = [
        Stack(_label(part, figures), f"{_title(part, figures)}: {share}%", (share,))
        for part, share in zip(parts, shares, strict=True)
    ]
    return charts.columns(
        stacks,
        kinds=("s1",),
        written=lambda number: f"{number}%",
        finding=findings.openings_words(shares, parts, figures.period.unit),
    )
