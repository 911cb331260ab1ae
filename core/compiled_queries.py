"""Queries that Django puts into SQL once, and that then run with other values each time.

Making the SQL of a query costs more than the database needs to answer it. For the few queries that every page and every
booking asks, that is worth saving:

    @prepared
    def of_provider(provider_id: int, since: datetime) -> QuerySet[Hold]:
        return Hold.objects.filter(provider_id=provider_id, end__gt=since)

    rows = of_provider(provider_id=7, since=now)      # a list, as list(queryset) would be

The function says what to ask and nothing else: it must not look at its values, only hand them to the query, because it
is called twice for each shape of them (how long a list is, what is None or a truth value), with stand-ins, and never
again. The two must come out as the same SQL with each stand-in in it as it is: a value that was changed on its way
(`since - DAY`, `name__contains=name`) is refused with TypeError at the first call, not answered wrongly later. So
is, on PostgreSQL, a number for a column of less than 64 bits: stand-ins for it would have to be numbers that occur.
"""

from collections.abc import Callable
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

Row = TypeVar("Row")
Slot = tuple[str, int | None]  # the value of that name, or one of its items
MOST_SHAPES = 500
_kept: dict[Any, "_Ready"] = {}


def prepared(build: Callable[..., QuerySet[Any, Row]]) -> Callable[..., list[Row]]:
    """Decorates a function that makes a queryset of its keyword arguments; what it makes answers with its rows."""

    @wraps(build)
    def run(**values: Any) -> list[Row]:
        key = (build, *((name, _shape(value)) for name, value in values.items()))
        ready = _kept.get(key)
        if ready is None:
            if len(_kept) >= MOST_SHAPES:
                _kept.clear()
            try:
                ready = _kept[key] = _Ready(build, values)
            except EmptyResultSet:
                return _nothing(build, values)
        return ready.rows(values)

    return run


def _nothing(build: Callable[..., QuerySet], values: dict[str, Any]) -> list[Any]:
    """No rows, where Django sees from the values without asking that there are none, as with an empty list.

    Raises TypeError when it sees that in the stand-ins alone: the query could never be kept.
    """
    try:
        build(**values).query.get_compiler(connection=connections[DEFAULT_DB_ALIAS]).as_sql()
    except EmptyResultSet:
        return []
    raise TypeError(f"{build.__name__} compares a number with a column of less than 64 bits.")


class _Ready:
    """A query of one shape with its SQL."""

    def __init__(self, build: Callable[..., QuerySet], values: dict[str, Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        first, second = _StandIns(values, 0), _StandIns(values, 1)
        self.queryset = build(**first.values)
        self.compiler = self.queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        columns = [column for column, *_ in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns)
        sql, others = build(**second.values).query.get_compiler(connection=connection).as_sql()
        self.slots = [(first.slot_of(param), param) for param in params]
        if sql != self.sql:
            raise TypeError(f"{build.__name__} asks different things for different values.")
        for (slot, param), other in zip(self.slots, others, strict=True):
            if slot != second.slot_of(other) or (slot is None and param != other):
                raise TypeError(f"{build.__name__} changes a value on its way into the query.")
        if missing := first.of.keys() - {slot for slot, _ in self.slots}:
            raise TypeError(f"{build.__name__} does not hand on {sorted(map(str, missing))} as they are.")

    def rows(self, values: dict[str, Any]) -> list[Any]:
        connection = connections[DEFAULT_DB_ALIAS]
        params = tuple(param if slot is None else _adapted(_value(values, slot)) for slot, param in self.slots)
        # Compiler and query are this call's own: nothing is shared between threads but what nobody changes.
        compiler = copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *args, **options: (self.sql, params)
        compiler.get_converters = lambda columns: self.converters
        rows = self.queryset.all()
        rows.query.get_compiler = lambda *args, **options: compiler  # type: ignore[method-assign]
        return list(rows)


class _StandIns:
    """For each value another of the same kind that nobody would ask for."""

    def __init__(self, values: dict[str, Any], series: int) -> None:
        self.of: dict[Slot, Any] = {}
        self.series = series
        self.values = {name: self._all_of(name, value) for name, value in values.items()}

    def _all_of(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, list | tuple):
            return [self._one_of((name, at), item) for at, item in enumerate(value)]
        return self._one_of((name, None), value)

    def _one_of(self, slot: Slot, value: Any) -> Any:
        number = 1 + 2 * len(self.of) + self.series
        if isinstance(value, datetime):
            stand_in: Any = datetime(2150, 1, 1, tzinfo=UTC) + timedelta(days=7 * number, microseconds=number)
        elif isinstance(value, date):
            stand_in = date(2150, 1, 1) + timedelta(days=7 * number)
        elif isinstance(value, int) and not isinstance(value, bool):
            stand_in = 2**40 + 7919 * number
        elif isinstance(value, str):
            stand_in = f"\x01stand-in {number}\x02"
        else:
            raise TypeError(f"A prepared query takes no {type(value).__name__}.")
        self.of[slot] = stand_in
        return stand_in

    def slot_of(self, param: Any) -> Slot | None:
        """Which value this parameter of the SQL stands for; None for one that is always the same."""
        for slot, stand_in in self.of.items():
            adapted = _adapted(stand_in)
            if type(param) is type(adapted) and param == adapted:
                return slot
        return None


def _value(values: dict[str, Any], slot: Slot) -> Any:
    name, at = slot
    return values[name] if at is None else values[name][at]


def _adapted(value: Any) -> Any:
    """As a model's field hands it to the driver: SQLite has no dates."""
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datefield_value(value)
    return value


def _shape(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return ("many", len(value)) if isinstance(value, list | tuple) else "one"
