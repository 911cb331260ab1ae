"""Copies of providers with their calendars, made by SQL statements: a hundred thousand in about a minute."""

from collections.abc import Iterable, Sequence

from django.core.management.color import no_style
from django.db import connection, models, transaction

from accounts.models import User
from appointments.models import (
    REFERENCE_ALPHABET,
    REFERENCE_LENGTH,
    Appointment,
    AppointmentEvent,
    Hold,
    Offer,
    OpenBlock,
    OpenDay,
    OpeningIndex,
)
from appointments.models.opening_index import BLOCK_PROVIDERS
from appointments.search.quarters import HALF
from providers.models import BookingPolicy, Provider, Service, WorkingHours

# Tables in an order in which each row's references exist before it, with the column that finds a provider's rows.
TABLES: list[tuple[type[models.Model], str]] = [
    (Provider, "id"),
    (BookingPolicy, "provider_id"),
    (WorkingHours, "provider_id"),
    (Service, "provider_id"),
    (Appointment, "provider_id"),
    (Offer, "provider_id"),
    (Hold, "provider_id"),
    (AppointmentEvent, "appointment_id"),
    (OpeningIndex, "provider_id"),
    (OpenDay, "provider_id"),
]
# An odd factor, so that no two numbers below 32**8 get the same reference.
SPREAD = 700_000_000_001
Range = tuple[int, int]


COMBINED = {
    "postgresql": "bit_or(early), bit_or(late)",
    # SQLite combines no bits over rows: every quarter counts as open somewhere, which only makes a search look.
    "sqlite": f"{(1 << HALF) - 1}, {(1 << HALF) - 1}",
}


def copy(users: Sequence[User], times: int) -> None:
    """Add `times` copies of these users, of the providers among them, and of all that their calendars hold.

    The rows must be the latest of their tables, without gaps, and refer only to each other: a copy's keys are the
    original's plus an offset. The customers of the appointments have to be among `users`.
    """
    ranges: dict[type[models.Model], Range] = {User: _range(User.objects.filter(pk__in=[user.pk for user in users]))}
    ranges[Provider] = _range(Provider.objects.filter(user__in=[user.pk for user in users]))
    ranges[Appointment] = _range(_rows(Appointment, "provider_id", ranges[Provider]))
    _renumber_references(ranges[Appointment])
    for model, column in TABLES:
        if model not in ranges and model._meta.pk.remote_field is None:
            ranges[model] = _range(_rows(model, column, _found_by(column, ranges)))
    for number in range(1, times + 1):
        # Foreign keys are checked at commit: one transaction for all copies would check millions of rows at its end.
        with transaction.atomic():
            _copy_rows(User, "id", ranges[User], ranges, number)
            for model, column in TABLES:
                _copy_rows(model, column, _found_by(column, ranges), ranges, number)
            _combine_blocks(ranges[Provider], number)
            _go_on_counting([User, *(model for model, _ in TABLES)])


def _found_by(column: str, ranges: dict[type[models.Model], Range]) -> Range:
    return ranges[Appointment] if column == "appointment_id" else ranges[Provider]


def _rows(model: type[models.Model], column: str, of: Range) -> models.QuerySet:
    return model._base_manager.filter(**{f"{column}__gte": of[0], f"{column}__lte": of[1]})


def _range(rows: models.QuerySet) -> Range:
    found = rows.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    return found["first"] or 0, found["last"] or 0


def _copy_rows(
    model: type[models.Model], column: str, of: Range, ranges: dict[type[models.Model], Range], number: int
) -> None:
    table, key = _quoted(model._meta.db_table), _quoted(column)
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(_quoted(field.column) for field in fields)
    values = ", ".join(_value_in_copy(field, ranges) for field in fields)
    _run(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, (SELECT %s AS n) AS copy"
        f" WHERE {key} BETWEEN %s AND %s ORDER BY {key}",
        [number, *of],
    )


def _value_in_copy(field: models.Field, ranges: dict[type[models.Model], Range]) -> str:
    """The SQL of a column in the n-th copy: keys are offset, unique values changed, others kept."""
    column = _quoted(field.column)
    model = field.model if field.primary_key and field.remote_field is None else field.related_model
    if model in ranges:
        return _moved(column, ranges[model])
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    if field.name == "reference":
        return _reference(_moved("id", ranges[Appointment]))
    return f"'copy' || n || '-' || {column}" if field.unique else column


def _moved(column: str, rows: Range) -> str:
    first, last = rows
    return f"{column} + n * {last - first + 1}"


def _combine_blocks(originals: Range, number: int) -> None:
    """Make the blocks of the providers of the n-th copy; the first may have members of the copy before."""
    days, blocks = _quoted(OpenDay._meta.db_table), _quoted(OpenBlock._meta.db_table)
    first, last = (pk + number * (originals[1] - originals[0] + 1) for pk in originals)
    _run(
        f"INSERT INTO {blocks} (number, day, early, late) SELECT block, day, {COMBINED[connection.vendor]} FROM {days}"
        " WHERE provider_id BETWEEN %s AND %s GROUP BY block, day"
        " ON CONFLICT (number) DO UPDATE SET early = excluded.early, late = excluded.late",
        [first // BLOCK_PROVIDERS * BLOCK_PROVIDERS, last],
    )


def _reference(number: str) -> str:
    """The SQL of the reference that is made from a number; `number` is SQL, too."""
    base = len(REFERENCE_ALPHABET)
    spread = f"(({number}) * {SPREAD} %% {base**REFERENCE_LENGTH})"
    places = [f"CAST({spread} / {base**place} %% {base} AS integer) + 1" for place in range(REFERENCE_LENGTH)]
    return " || ".join(f"substr('{REFERENCE_ALPHABET}', {place}, 1)" for place in places)


def _renumber_references(rows: Range) -> None:
    """Make the originals' references from their numbers, too, so that no copy gets the same reference."""
    table = _quoted(Appointment._meta.db_table)
    _run(f"UPDATE {table} SET reference = {_reference('id')} WHERE id BETWEEN %s AND %s", rows)


def _go_on_counting(changed: Iterable[type[models.Model]]) -> None:
    """Set the key sequences of the tables to after the copies' keys."""
    for statement in connection.ops.sequence_reset_sql(no_style(), list(changed)):
        _run(statement)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")


def _run(sql: str, values: Sequence[int] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
