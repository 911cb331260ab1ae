"""The reach of a search by days or parts of the day: the blocks of providers to look into, the soonest opening first.

A dense search stops after its first few hundred blocks, a sparse one sees from the blocks that few fit; neither reads
the openings of everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.lookups import IsNull
from django.db.models.sql.compiler import SQLCompiler

from appointments.models import OpenBlock, OpenDay
from appointments.models.opening_index import BLOCK_BITS, BLOCK_PROVIDERS, block_number
from appointments.search.quarters import HALF, Span

HALF_DAY = 1 << HALF
Row = TypeVar("Row", OpenBlock, OpenDay)


@dataclass(frozen=True, slots=True)
class Reach:
    """Blocks with openings in `spans`, as (key, number) in order of their first one; all of them, or the first."""

    spans: list[Span]
    blocks: list[tuple[int, int]]
    is_all: bool

    def first(self, count: int) -> "Reach":
        """Only the first `count` blocks."""
        return self if count >= len(self.blocks) else Reach(self.spans, self.blocks[:count], is_all=False)

    def providers(self) -> QuerySet[Any, Any]:
        """The ids of all providers with an opening in these blocks."""
        return self._days().values("provider")

    def soonest(self, among: QuerySet[Any]) -> QuerySet[Any, Any]:
        """The ids of providers of `among` by their first openings. Nobody left out has a sooner one than the last."""
        days = self._days().filter(is_found(among.filter(pk=OuterRef("provider"))))
        rows: QuerySet[Any, Any] = days.annotate(key=_key(self.spans)).values("provider").annotate(first=Min("key"))
        if not self.is_all:
            # A block's members may have later openings than its first, behind those of blocks that are not here.
            key, number = self.blocks[-1]
            end = (number % (1 << BLOCK_BITS) + 1) * BLOCK_PROVIDERS
            rows = rows.filter(Q(first__lt=_big(key)) | Q(first=_big(key), provider__lt=end))
        return rows.order_by("first", "provider").values("provider")

    def _days(self) -> QuerySet[OpenDay]:
        return days_in(self.spans).filter(_IsOneOf("block", [number for _, number in self.blocks]))


class _IsOneOf(Func):
    """Whether a column is one of these numbers, which are sent as one value: Django is slow with hundreds of them."""

    output_field = BooleanField()
    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("

    def __init__(self, column: str, numbers: Sequence[int]) -> None:
        super().__init__(F(column), Value(f"[{','.join(map(str, numbers))}]"))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Any:
        joiner = " = ANY(translate("
        return self.as_sql(
            compiler, connection, arg_joiner=joiner, template="%(expressions)s::text, '[]', '{}')::bigint[])"
        )


def reach_of(spans: list[Span], *, most: int) -> Reach:
    """The reach of a search for openings in `spans`, of at most `most` blocks. One query."""
    first, end = block_number(spans[0].first, 0), block_number(spans[-1].last + 1, 0)
    rows = _hits(OpenBlock.objects.filter(number__gte=first, number__lt=end), spans).annotate(key=_key(spans))
    blocks = list(rows.order_by("day", "key", "number").values_list("key", "number")[: most + 1])
    return Reach(spans, blocks[:most], is_all=len(blocks) <= most)


def days_in(spans: list[Span]) -> QuerySet[OpenDay]:
    """The days with an opening in `spans`."""
    return _hits(OpenDay.objects.all(), spans)


def is_found(rows: QuerySet[Any]) -> IsNull:
    """Whether there is one of these rows, which belong to the row of an outer query.

    PostgreSQL asks that of one outer row at a time, and so stops where their list ends. `Exists` it turns into a join,
    for which it reads everybody's rows.
    """
    return IsNull(Subquery(rows.order_by().values("pk")[:1]), False)


def _hits(rows: QuerySet[Row], spans: list[Span]) -> QuerySet[Row]:
    """The rows with an opening in `spans`, with its quarters as `early_hit` and `late_hit`."""

    def bits(half: str) -> Combinable:
        cases = [When(day__lte=span.last, then=_big(getattr(span, half))) for span in spans[:-1]]
        last = _big(getattr(spans[-1], half))
        return _and(half, Case(*cases, default=last, output_field=BigIntegerField()) if cases else last)

    rows = rows.filter(day__gte=spans[0].first, day__lte=spans[-1].last)
    return rows.annotate(early_hit=bits("early"), late_hit=bits("late")).filter(Q(early_hit__gt=0) | Q(late_hit__gt=0))


def first_key(spans: list[Span]) -> Subquery:
    """A provider's first opening in `spans`, to the quarter, as a number that sorts by time; `key_start` reads it."""
    days = days_in(spans).filter(provider=OuterRef("pk")).order_by("day")
    return Subquery(days.annotate(key=_key(spans)).values("key")[:1])


def _key(spans: list[Span]) -> Case:
    def key(half: str, *, half_days: int) -> Combinable:
        lowest_bit = _and(half, F(half) * -1)
        return (F("day") - spans[0].first) * _big(2 * HALF_DAY) + _big(half_days * HALF_DAY) + lowest_bit

    return Case(
        When(early_hit__gt=0, then=key("early_hit", half_days=0)),
        default=key("late_hit", half_days=1),
        output_field=BigIntegerField(),
    )


def _big(number: int) -> Value:
    """The number as 64 bits. Django binds a bare number as `integer`, of which PostgreSQL keeps the lower 32 bits."""
    return Value(number, output_field=BigIntegerField())


def _and(column: str, mask: Any) -> Combinable:
    return F(column).bitand(mask)
