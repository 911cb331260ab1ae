"""Constraints that Django has no class for."""

from django.contrib.postgres.operations import BtreeGistExtension as PostgresBtreeGistExtension
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, NotSupportedError
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models import BaseConstraint


class NoOverlap(BaseConstraint):
    """No two rows with the same `key` have half-open [start, end) intervals that share a moment.

    Rows with the same value in `unless_same` may overlap each other; null is the same as nothing, not even as null.
    `key` is a field or foreign key; `start` and `end` are DateTimeFields that are not null; `unless_same` and the
    primary key are integers. That end lies after start is a CheckConstraint of the model's own.

    The database itself keeps the promise, whatever writes: on PostgreSQL by an exclusion constraint (its migration
    needs `BtreeGistExtension` before), on SQLite by triggers after insert and update. On both a refusal is an
    IntegrityError that names the constraint, and rows that already overlap refuse the constraint. SQLite compares
    moments as text, so its triggers also refuse text that Django wouldn't have written (a T, an offset, a fraction that
    isn't six digits).
    """

    default_violation_error_message = "This time overlaps another one."

    POSTGRES = (
        "CONSTRAINT %(name)s EXCLUDE USING gist "
        "(%(key)s WITH =%(unless_same)s, tstzrange(%(start)s, %(end)s, '[)') WITH &&)"
    )
    # Even numbers for rows that share something, an odd one of its own for each that doesn't: null is then never equal.
    POSTGRES_UNLESS_SAME = ", (COALESCE(%(same)s * 2, %(pk)s * 2 + 1)) WITH <>"

    # AFTER sees the row as stored: with its primary key and its columns' types, without the rows that REPLACE removed.
    # Written without a percent sign: the schema editor runs deferred SQL both with and without parameters.
    SQLITE_TRIGGER = """CREATE TRIGGER %(trigger)s AFTER %(event)s ON %(table)s FOR EACH ROW BEGIN
SELECT RAISE(ABORT, %(not_utc_text)s) WHERE NOT (%(well_formed)s);
SELECT RAISE(ABORT, %(overlap)s) WHERE EXISTS (
SELECT 1 FROM %(table)s AS other WHERE other.%(key)s = NEW.%(key)s
AND other.%(end)s > NEW.%(start)s AND other.%(start)s < NEW.%(end)s
AND other.%(pk)s <> NEW.%(pk)s%(unless_same)s);
END"""
    SQLITE_UNLESS_SAME = " AND (other.%(same)s = NEW.%(same)s) IS NOT 1"
    # '+0 days' makes SQLite compute the date, so that 30 February comes back as another text.
    SQLITE_WELL_FORMED = (
        "%(column)s IS datetime(substr(%(column)s, 1, 19), '+0 days') || substr(%(column)s, 20)"
        " AND (substr(%(column)s, 20) = '' OR (substr(%(column)s, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
        " AND substr(%(column)s, 20) <> '.000000'))"
    )
    # Runs the triggers on rows that are older than them: those that start before an earlier one has ended, found
    # in one sorted pass (the table's indexes don't exist yet when this runs), and those whose text is wrong.
    SQLITE_CHECK_ROWS = """UPDATE %(table)s SET %(start)s = %(start)s WHERE %(pk)s IN (
SELECT %(pk)s FROM (SELECT %(pk)s, %(start)s, max(%(end)s) OVER (PARTITION BY %(key)s ORDER BY %(start)s, %(pk)s
ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_end FROM %(table)s) WHERE latest_end > %(start)s)
OR NOT (%(well_formed)s)"""

    def __init__(
        self,
        *,
        key: str,
        start: str,
        end: str,
        name: str,
        unless_same: str | None = None,
        violation_error_code: str | None = None,
        violation_error_message: str | None = None,
    ) -> None:
        super().__init__(
            name=name, violation_error_code=violation_error_code, violation_error_message=violation_error_message
        )
        self.key, self.start, self.end, self.unless_same = key, start, end, unless_same

    @property
    def field_names(self) -> list[str]:
        return [name for name in (self.key, self.start, self.end, self.unless_same) if name]

    # --- In migrations ------------------------------------------------------------------------------------------------

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        kwargs |= {"key": self.key, "start": self.start, "end": self.end}
        if self.unless_same:
            kwargs["unless_same"] = self.unless_same
        return path, args, kwargs

    def __eq__(self, other):
        if isinstance(other, NoOverlap):
            return self.deconstruct() == other.deconstruct()
        return NotImplemented

    def __repr__(self):
        unless_same = f" unless_same={self.unless_same!r}" if self.unless_same else ""
        return f"<NoOverlap: key={self.key!r} start={self.start!r} end={self.end!r}{unless_same} name={self.name!r}>"

    # --- SQL ----------------------------------------------------------------------------------------------------------

    def constraint_sql(self, model, schema_editor):
        if self._is_sqlite(schema_editor):
            schema_editor.deferred_sql.extend(self._sqlite_statements(model, schema_editor))
            return None
        return self._postgres_constraint(model, schema_editor)

    def create_sql(self, model, schema_editor):
        if self._is_sqlite(schema_editor):
            first, *others = self._sqlite_statements(model, schema_editor)
            schema_editor.deferred_sql.extend(others)
            return first
        return Statement(
            "ALTER TABLE %(table)s ADD %(constraint)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            constraint=self._postgres_constraint(model, schema_editor),
        )

    def remove_sql(self, model, schema_editor):
        if self._is_sqlite(schema_editor):
            for event in ("insert", "update"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {schema_editor.quote_name(f'{self.name}_{event}')}")
            return None
        return schema_editor._delete_constraint_sql(
            schema_editor.sql_delete_check, model, schema_editor.quote_name(self.name)
        )

    def _is_sqlite(self, schema_editor) -> bool:
        vendor = schema_editor.connection.vendor
        if vendor not in {"sqlite", "postgresql"}:
            raise NotSupportedError(f"NoOverlap knows PostgreSQL and SQLite, not {vendor}.")
        return vendor == "sqlite"

    def _references(self, model, schema_editor) -> dict:
        """Table and columns as references, which a later rename in the same migration rewrites."""
        meta, quote = model._meta, schema_editor.quote_name

        def column(field):
            return Columns(meta.db_table, [field.column], quote)

        parts = {name: column(meta.get_field(getattr(self, name))) for name in ("key", "start", "end")}
        if self.unless_same:
            parts["same"] = column(meta.get_field(self.unless_same))
        return parts | {"table": Table(meta.db_table, quote), "pk": column(meta.pk)}

    def _postgres_constraint(self, model, schema_editor) -> Statement:
        template = self.POSTGRES.replace("%(unless_same)s", self.POSTGRES_UNLESS_SAME if self.unless_same else "")
        return Statement(template, name=schema_editor.quote_name(self.name), **self._references(model, schema_editor))

    def _sqlite_statements(self, model, schema_editor) -> list[Statement]:
        unless_same = self.SQLITE_UNLESS_SAME if self.unless_same else ""
        trigger = self.SQLITE_TRIGGER.replace("%(unless_same)s", unless_same)
        trigger = trigger.replace("%(well_formed)s", self._well_formed("NEW."))
        check_rows = self.SQLITE_CHECK_ROWS.replace("%(well_formed)s", self._well_formed(""))
        statements = [
            Statement(
                trigger,
                trigger=schema_editor.quote_name(f"{self.name}_{event.lower()}"),
                event=event,
                not_utc_text=schema_editor.quote_value(f"{self.name}: a time is not UTC in Django's own format"),
                overlap=schema_editor.quote_value(f"{self.name}: overlaps another row"),
                **self._references(model, schema_editor),
            )
            for event in ("INSERT", "UPDATE")
        ]
        return [*statements, Statement(check_rows, **self._references(model, schema_editor))]

    def _well_formed(self, row: str) -> str:
        return " AND ".join(
            self.SQLITE_WELL_FORMED.replace("%(column)s", f"{row}%({name})s") for name in ("start", "end")
        )

    # --- Validation and system checks ---------------------------------------------------------------------------------

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        """Raises ValidationError where `instance` would overlap a stored row; the database has the last word."""
        if exclude and not set(self.field_names).isdisjoint(exclude):
            return
        values = {name: getattr(instance, model._meta.get_field(name).attname) for name in self.field_names}
        if values[self.key] is None or values[self.start] is None or values[self.end] is None:
            return
        others = model._base_manager.using(using).filter(
            **{
                self.key: values[self.key],
                f"{self.start}__lt": values[self.end],
                f"{self.end}__gt": values[self.start],
            }
        )
        if self.unless_same and values[self.unless_same] is not None:
            others = others.exclude(**{self.unless_same: values[self.unless_same]})
        if not instance._state.adding and instance._is_pk_set(model._meta):
            others = others.exclude(pk=instance.pk)
        if others.exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def _check(self, model, connection):
        return model._check_local_fields(set(self.field_names), "constraints")


class BtreeGistExtension(PostgresBtreeGistExtension):
    """The extension that `NoOverlap` needs on PostgreSQL. Reversing keeps it, as others may use it. SQLite: no-op."""

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass
