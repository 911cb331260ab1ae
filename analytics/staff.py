"""What staff's page of the platform's figures shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analytics import charts, tables
from analytics.charts import Columns, Stack
from analytics.figures import IN_TIME, KEPT, LOST, UNMET, Cell, counted, percent, summed
from analytics.findings import part_words
from analytics.periods import Period, piece_starts
from analytics.queries import Ranked, platform_cells, ranked_providers
from core.money import format_money
from core.wording import date_part

RANKED = 20
KINDS = ("s1", "s4", "s3", "s5")


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform's figures of a period. `rows` has for each currency gross, refunds, fee and what providers earned;
    `ranked` has each provider with the length of their bar and what they earned, in words."""

    kept: int
    ended: int
    kept_before: int
    lost: int
    chart: Columns
    parts: list[tuple[str, int, int, int, int]]
    rows: Sequence[tuple]
    ranked: list[tuple[Ranked, int, str]]


def platform_of(period: Period, zone: ZoneInfo) -> Platform:
    """The figures of all providers in the period, its dates being those of the zone. Three queries."""
    pieces, starts = period.pieces, piece_starts(period, zone)
    cells = platform_cells(starts)
    first = next(n for n, piece in enumerate(pieces) if piece.first == period.dates.first)
    now, before = _since(cells, first), [cell for cell in cells if cell.piece < first]
    places = [n for n, piece in enumerate(pieces) if n >= first and piece in set(period.parts)]
    parts = [(tables.part_name(pieces[n], period.unit), *_ends(cells, n)) for n in places]
    kept = [row[1] for row in parts]
    best = max(range(len(kept)), key=kept.__getitem__)
    finding = f"Most appointments, {kept[best]}, took place {part_words(pieces[places[best]], period.unit)}."
    chart = charts.columns(
        [
            Stack(date_part(pieces[n].first, "j M"), f"{row[0]}: {row[1]} kept", row[1:])
            for n, row in zip(places, parts, strict=True)
        ],
        kinds=KINDS,
        written=lambda number: f"{number:,}",
        finding=finding,
    )
    codes = sorted({cell.currency for cell in now}, key=lambda code: -counted(c for c in now if c.currency == code))
    ranked = ranked_providers(period.dates.bounds(zone), most=RANKED)
    most = max((one.kept for one in ranked), default=0)
    return Platform(
        kept=counted(now, KEPT),
        ended=counted(now),
        kept_before=counted(before, KEPT),
        lost=counted(now, LOST),
        chart=chart,
        parts=parts,
        rows=[(code, *tables.amounts(summed(now, code), code)) for code in codes],
        ranked=[(one, percent(one.kept, most), _earned(one)) for one in ranked],
    )


def _since(cells: Sequence[Cell], piece: int) -> list[Cell]:
    return [cell for cell in cells if cell.piece >= piece]


def _ends(cells: Sequence[Cell], piece: int) -> tuple[int, int, int, int]:
    own = [cell for cell in cells if cell.piece == piece]
    kept, in_time, unmet, lost = (counted(own, ends) for ends in (KEPT, IN_TIME, UNMET, LOST))
    return kept, in_time, unmet, lost


def _earned(one: Ranked) -> str:
    return " and ".join(format_money(amount, code) for code, amount in sorted(one.net.items()) if amount)
