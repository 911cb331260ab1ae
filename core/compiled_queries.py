"""Queries whose SQL Django compiles once, and that then run with other values each time.

Compiling the SQL of a query costs more than the database needs to answer it. For the few queries that every page and
every booking makes, that is worth saving:

    @prepared
    def of_provider(provider_id: int, since: datetime) -> QuerySet[Hold]:
        return Hold.objects.filter(provider_id=provider_id, end__gt=since)

    rows = of_provider(provider_id=7, since=now)      # a list, as list(queryset) would be
    rows = of_provider.slice(20, 40, provider_id=7, since=now)      # as list(queryset[20:40]) would be

Questions that do not need each other's answers can travel to the database together, which saves the way there and
back, on PostgreSQL half of the time of a small query:

    holds, hours = together(of_provider.asking(provider_id=7, since=now), hours_of.asking(provider_id=7))

`Several` makes one question of some whose answers are read as one thing.

The decorated function builds the query and nothing else. It must pass its values on without looking at them, because
it is called only twice for each shape of the values (the length of a list, which are None or booleans), with stand-ins.
Both calls must give equal SQL that contains each stand-in unchanged: a value changed on its way (`since - DAY`,
`name__contains=name`) is refused with TypeError at the first call, not answered wrongly later. So is, on PostgreSQL, a
number for a column of less than 64 bits, because stand-ins for it would have to be numbers that occur.
"""

from collections.abc import Callable
from contextlib import nullcontext
from copy import copy
from datetime import UTC, date, datetime, timedelta
from functools import update_wrapper
from typing import Any, Generic, Protocol, TypeVar, overload
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators

Row = TypeVar("Row")
Slot = tuple[str, int | None]  # the name of a value, and the index of an item if it is a list
MOST_SHAPES = 500
_kept: dict[Any, "_Ready"] = {}


def prepared(build: Callable[..., QuerySet[Any, Row]]) -> "Prepared[Row]":
    """Decorates a function that builds a queryset from keyword arguments; the result returns the queryset's rows."""
    return Prepared(build)


class Prepared(Generic[Row]):
    """A query that is compiled once: called with its values, it returns all rows, and with `slice` some of them."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self.build = build
        update_wrapper(self, build)

    def __call__(self, **values: Any) -> list[Row]:
        return self.asking(**values).answer()

    def slice(self, first: int, last: int, /, **values: Any) -> list[Row]:
        """The rows from the place `first` to before `last`, which are not part of what is compiled."""
        return Question(self._ready(values), values, (first, last)).answer()

    def asking(self, **values: Any) -> "Question[Row]":
        """The same query, not yet sent, for `together`."""
        return Question(self._ready(values), values)

    def _ready(self, values: dict[str, Any]) -> "_Ready | None":
        key = (self.build, *((name, _shape(value)) for name, value in values.items()))
        ready = _kept.get(key)
        if ready is None:
            if len(_kept) >= MOST_SHAPES:
                _kept.clear()
            try:
                ready = _kept[key] = _Ready(self.build, values)
            except EmptyResultSet:
                _refuse_if_never_kept(self.build, values)
        return ready


class Question(Generic[Row]):
    """A compiled query with its values, which is sent once. Without a query its answer is known to have no rows."""

    def __init__(self, ready: "_Ready | None", values: dict[str, Any], places: tuple[int, int] | None = None) -> None:
        self.ready = ready
        self.values = values
        self.places = places
        self.cursor: Any = None

    def send(self) -> None:
        if self.ready:
            self.cursor = self.ready.send(self.values, self.places)

    def answer(self) -> list[Row]:
        """The rows; sends the query first if that was not done."""
        if not self.ready:
            return []
        if not self.cursor:
            self.send()
        return self.ready.read(self.cursor)


A = TypeVar("A", covariant=True)
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


class Asked(Protocol[A]):
    """What `together` takes: it sends all of them before it reads the answer of any."""

    def send(self) -> None: ...

    def answer(self) -> A: ...


class Several(Generic[A]):
    """Questions that are sent as one; `read` makes the answer from theirs."""

    def __init__(self, *parts: Asked[Any], read: Callable[..., A]) -> None:
        self.parts = parts
        self.read = read

    def send(self) -> None:
        for part in self.parts:
            part.send()

    def answer(self) -> A:
        return self.read(*(part.answer() for part in self.parts))


@overload
def together(a: Asked[A], /) -> tuple[A]: ...
@overload
def together(a: Asked[A], b: Asked[B], /) -> tuple[A, B]: ...
@overload
def together(a: Asked[A], b: Asked[B], c: Asked[C], /) -> tuple[A, B, C]: ...
@overload
def together(a: Asked[A], b: Asked[B], c: Asked[C], d: Asked[D], /) -> tuple[A, B, C, D]: ...
def together(*questions: Asked[Any]) -> tuple[Any, ...]:
    """The answer to each question, in one exchange with PostgreSQL; SQLite, where nothing travels, is asked in turn.

    The database answers them in this order, each as if it had been asked alone: inside a transaction a later one sees
    what happened while an earlier one waited for a lock. An error of any raises, and none has an answer then.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    pipeline = getattr(connection, "pipeline", nullcontext)
    with pipeline():
        for question in questions:
            question.send()
    return tuple(question.answer() for question in questions)


def _refuse_if_never_kept(build: Callable[..., QuerySet], values: dict[str, Any]) -> None:
    """Raise TypeError when only the stand-ins match nothing, because such a query could never be kept.

    Nothing happens where Django knows from the values alone that no row matches, as with an empty list of keys.
    """
    try:
        build(**values).query.get_compiler(connection=connections[DEFAULT_DB_ALIAS]).as_sql()
    except EmptyResultSet:
        return
    raise TypeError(f"{build.__name__} compares a number with a column of less than 64 bits.")


class _Ready:
    """The compiled query for one shape of values."""

    def __init__(self, build: Callable[..., QuerySet], values: dict[str, Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        first, second = _StandIns(values, 0), _StandIns(values, 1)
        self.queryset = build(**first.values)
        self.compiler = self.queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        columns = [column for column, *_ in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns)
        self.instances = _Instances.of(self.queryset, self.compiler)
        sql, others = build(**second.values).query.get_compiler(connection=connection).as_sql()
        self.slots = [(first.slot_of(param), param) for param in params]
        if sql != self.sql:
            raise TypeError(f"{build.__name__} asks different things for different values.")
        for (slot, param), other in zip(self.slots, others, strict=True):
            if slot != second.slot_of(other) or (slot is None and param != other):
                raise TypeError(f"{build.__name__} changes a value on its way into the query.")
        if missing := first.of.keys() - {slot for slot, _ in self.slots}:
            raise TypeError(f"{build.__name__} does not hand on {sorted(map(str, missing))} as they are.")
        if connection.vendor == "postgresql":
            self._write_out_constants(connection)

    def _write_out_constants(self, connection: Any) -> None:
        """Make the constants part of the SQL, so that PostgreSQL knows them when it plans the query for all values.

        It would otherwise not dare to use an index with a condition (`state = 'open'`), or plan at each call anew.
        """
        written = [
            "%s" if slot else connection.ops.compose_sql("%s", [param]).replace("%", "%%") for slot, param in self.slots
        ]
        self.sql = self.sql.replace("%%", "%%%%") % tuple(written)
        self.slots = [(slot, param) for slot, param in self.slots if slot]

    def send(self, values: dict[str, Any], places: tuple[int, int] | None) -> Any:
        """The cursor on which the query was executed with these values, for the rows at these places or for all."""
        connection, sql = connections[DEFAULT_DB_ALIAS], self.sql
        if places is not None:
            query = self.queryset.query
            if query.is_sliced or query.select_for_update:
                raise TypeError("A query that is sliced already or locks its rows can't be sliced.")
            sql = f"{sql} {connection.ops.limit_offset_sql(*places)}"
        cursor = connection.cursor()
        cursor.execute(sql, [param if slot is None else _adapted(_value(values, slot)) for slot, param in self.slots])
        return cursor

    def read(self, cursor: Any) -> list[Any]:
        """The rows of an executed query, as the queryset would have given them."""
        with cursor:
            results = cursor.fetchall()
        # Compiler and query are copies for this call: threads share only objects that are never changed.
        compiler = copy(self.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        rows = compiler.apply_converters(results, self.converters) if self.converters else results
        if self.queryset._iterable_class is ValuesListIterable:
            return [tuple(row) for row in rows]
        if self.instances:
            return [self.instances.made_of(row) for row in rows]
        compiler.get_converters = lambda columns: self.converters
        compiler.execute_sql = lambda *args, **options: [results]
        queryset = self.queryset.all()
        queryset.query.get_compiler = lambda *args, **options: compiler  # type: ignore[method-assign]
        return list(queryset)


class _Instances:
    """What makes model instances of rows, as Django's ModelIterable does, which finds out anew for each query what
    stands in which column."""

    def __init__(self, compiler: Any) -> None:
        info, select = compiler.klass_info, compiler.select
        self.model = info["model"]
        self.own = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self.names = [column.target.attname for column, *_ in select[self.own]]
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg] # Django 6 takes more
        self.annotations = list(compiler.annotation_col_map.items())

    @classmethod
    def of(cls, queryset: QuerySet, compiler: Any) -> "_Instances | None":
        """None where the queryset gives no instances, or more than a row has."""
        has_more = queryset._prefetch_related_lookups or queryset._known_related_objects  # type: ignore[attr-defined]
        return cls(compiler) if queryset._iterable_class is ModelIterable and not has_more else None

    def made_of(self, row: Any) -> Model:
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
        for related in self.related:
            related.populate(row, made)
        for name, place in self.annotations:
            setattr(made, name, row[place])
        return made


class _StandIns:
    """The stand-ins of the values: for each, another value of its type that no real call would pass."""

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
        elif isinstance(value, UUID):
            stand_in = UUID(int=2**100 + number)
        else:
            raise TypeError(f"A prepared query takes no {type(value).__name__}.")
        self.of[slot] = stand_in
        return stand_in

    def slot_of(self, param: Any) -> Slot | None:
        """The slot whose stand-in is this parameter of the SQL; None for a constant."""
        for slot, stand_in in self.of.items():
            adapted = _adapted(stand_in)
            if type(param) is type(adapted) and param == adapted:
                return slot
        return None


def _value(values: dict[str, Any], slot: Slot) -> Any:
    name, at = slot
    return values[name] if at is None else values[name][at]


def _adapted(value: Any) -> Any:
    """The value as a model field passes it to the driver; SQLite has no type for dates and UUIDs."""
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datefield_value(value)
    if isinstance(value, UUID) and not connections[DEFAULT_DB_ALIAS].features.has_native_uuid_field:
        return value.hex
    return value


def _shape(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return ("many", len(value)) if isinstance(value, list | tuple) else "one"
