"""NoOverlap on whichever database the run uses: nothing gets round it.

The table is made by the migration operations a real app would use, on models that exist only here.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
)
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps

from core.constraints import BtreeGistExtension, NoOverlap
from core.db import violates

SQLITE = connection.vendor == "sqlite"
NAME = "stay_no_overlap"
TEN = datetime(2026, 3, 12, 10, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)


def no_overlap(**changed) -> NoOverlap:
    return NoOverlap(**{"key": "room", "start": "start", "end": "end", "unless_same": "party", "name": NAME} | changed)


def create_models(*constraints) -> list:
    def identifier():
        return ("id", models.BigAutoField(primary_key=True))

    return [
        BtreeGistExtension(),
        CreateModel("Room", [identifier()]),
        CreateModel("Party", [identifier()]),
        CreateModel(
            "Stay",
            [
                identifier(),
                ("room", models.ForeignKey("core.Room", models.CASCADE)),
                ("party", models.ForeignKey("core.Party", models.CASCADE, null=True)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("note", models.CharField(max_length=20, default="")),
            ],
            options={
                "indexes": [models.Index(fields=["room", "end"], name="stay_room_end")],
                "constraints": list(constraints),
            },
        ),
    ]


class World:
    """Tables made and changed by migration operations."""

    def __init__(self) -> None:
        self.state = ProjectState()

    def migrate(self, *operations) -> "World":
        """One migration: a later operation meets what an earlier one left for its end."""
        state = self.state
        with connection.schema_editor(atomic=True) as editor:
            for operation in operations:
                before, state = state, state.clone()
                operation.state_forwards("core", state)
                operation.database_forwards("core", editor, before, state)
        self.state = state
        return self

    def __getattr__(self, name):
        return self.state.apps.get_model("core", name)

    def drop(self) -> None:
        tables = [model._meta.db_table for model in self.state.apps.get_models() if model._meta.app_label == "core"]
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f'DROP TABLE IF EXISTS "{table}"' + ("" if SQLITE else " CASCADE"))


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        world = World().migrate(*create_models(no_overlap()))
        yield world
        world.drop()


@pytest.fixture
def world(made, db):
    """The table with its constraint; whatever a test writes is rolled back."""
    return made


@pytest.fixture
def empty_world(made, django_db_blocker):
    """No table yet, for tests that change tables: outside a transaction, as SQLite must, and cleaned up by hand."""
    with django_db_blocker.unblock():
        made.drop()
        world = World()
        yield world
        world.drop()
        made.state = ProjectState()
        made.migrate(*create_models(no_overlap()))


def room(world):
    return world.Room.objects.create()


def stay(world, where, start=TEN, end=ELEVEN, party=None):
    return world.Stay.objects.create(room=where, start=start, end=end, party=party)


@contextmanager
def refused(name=NAME):
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        yield
    assert violates(raised.value, name)
    assert not violates(raised.value, "another_name")


# --- What overlaps --------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (TEN, ELEVEN),
        (TEN - SECOND, ELEVEN + SECOND),
        (TEN + SECOND, ELEVEN - SECOND),
        (ELEVEN - SECOND, ELEVEN + SECOND),
        (TEN - SECOND, TEN + SECOND),
        (ELEVEN - MICROSECOND, ELEVEN + SECOND),
        (TEN - SECOND, TEN + MICROSECOND),
    ],
)
def test_an_overlap_of_an_hour_a_second_or_a_microsecond_is_refused(world, start, end):
    where = room(world)
    kept = stay(world, where)

    with refused():
        stay(world, where, start, end)

    assert list(world.Stay.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.parametrize("edge", [timedelta(0), MICROSECOND, -MICROSECOND])
def test_neighbours_stand(world, edge):
    where = room(world)

    stay(world, where, TEN + edge, ELEVEN + edge)
    stay(world, where, ELEVEN + edge, ELEVEN + 10 * SECOND)
    stay(world, where, TEN - 10 * SECOND, TEN + edge)

    assert world.Stay.objects.count() == 3


def test_another_key_may_overlap(world):
    stay(world, room(world))
    stay(world, room(world))

    assert world.Stay.objects.count() == 2


def test_the_same_party_may_overlap_itself_and_nobody_else(world):
    where, party, other = room(world), world.Party.objects.create(), world.Party.objects.create()

    stay(world, where, party=party)
    stay(world, where, party=party)

    with refused():
        stay(world, where, party=other)
    with refused():
        stay(world, where, party=None)


def test_no_party_is_the_same_as_nothing_not_even_as_no_party(world):
    where, party = room(world), world.Party.objects.create()
    stay(world, where)

    with refused():
        stay(world, where)
    with refused():
        stay(world, where, party=party)


def test_numbers_of_rows_and_parties_are_never_taken_for_each_other(world):
    """One column holds either on PostgreSQL: a party's number, or something of the row's own."""
    where = room(world)
    for number in (-8, -7, -4, -1, 1, 2, 3, 4, 7, 8, 9):
        world.Party.objects.create(pk=number)
    with transaction.atomic():
        world.Stay.objects.create(pk=4, room=where, start=TEN, end=ELEVEN)

    for number in (-8, -7, -4, -1, 1, 2, 3, 4, 7, 8, 9):
        with refused():
            world.Stay.objects.create(pk=1000 + number, room=where, start=TEN, end=ELEVEN, party_id=number)
    with refused():
        world.Stay.objects.create(pk=-4, room=where, start=TEN, end=ELEVEN)


# --- Ways round it --------------------------------------------------------------


def insert(world, where, start, end, verb="INSERT"):
    with connection.cursor() as cursor:
        cursor.execute(
            f'{verb} INTO {world.Stay._meta.db_table} (room_id, start, "end", note) VALUES (%s, %s, %s, %s)',
            [where.pk, start, end, ""],
        )


def test_plain_sql_is_refused(world):
    where = room(world)
    insert(world, where, "2026-03-12 10:00:00", "2026-03-12 11:00:00")

    with refused():
        insert(world, where, "2026-03-12 10:59:59", "2026-03-12 12:00:00")

    insert(world, where, "2026-03-12 11:00:00", "2026-03-12 12:00:00")
    assert world.Stay.objects.count() == 2


def test_bulk_create_is_refused_whole(world):
    where = room(world)

    with refused():
        world.Stay.objects.bulk_create(
            world.Stay(room=where, start=start, end=start + timedelta(hours=1))
            for start in (TEN, ELEVEN, ELEVEN - SECOND)
        )

    assert not world.Stay.objects.exists()


def test_bulk_update_is_refused(world):
    where = room(world)
    first, second = stay(world, where), stay(world, where, ELEVEN, ELEVEN + SECOND)
    second.start = TEN

    with refused():
        world.Stay.objects.bulk_update([first, second], ["start"])


@pytest.mark.parametrize("column", ["start", "end", "room", "party"])
def test_update_of_each_column_is_refused(world, column):
    where, elsewhere, party = room(world), room(world), world.Party.objects.create()
    stay(world, where, party=party)
    before = {"start": ELEVEN, "end": ELEVEN + SECOND, "room": where, "party": party}
    wrong = {
        "start": {"start": ELEVEN - SECOND},
        "end": {"start": TEN - SECOND, "end": TEN},
        "room": {"room": elsewhere, "start": TEN},
        "party": {"start": TEN},
    }[column]
    change = {
        "start": {"start": ELEVEN - SECOND},
        "end": {"end": TEN + SECOND},
        "room": {"room": where},
        "party": {"party": None},
    }[column]
    moved = world.Stay.objects.create(
        **before | ({} if column == "start" else wrong) | ({} if column == "party" else {"party": None})
    )

    with refused():
        world.Stay.objects.filter(pk=moved.pk).update(**change)
    with refused():
        for name, value in change.items():
            setattr(moved, name, value)
        moved.save()


def test_an_update_that_only_touches_its_own_row_stands(world):
    mine = stay(world, room(world))

    world.Stay.objects.filter(pk=mine.pk).update(start=TEN + SECOND, end=ELEVEN + SECOND, note="later")
    mine.refresh_from_db()
    mine.save()

    assert (mine.start, mine.note) == (TEN + SECOND, "later")


def test_an_upsert_is_refused(world):
    where = room(world)
    stay(world, where)
    mine = stay(world, where, ELEVEN, ELEVEN + SECOND)
    moved = world.Stay(pk=mine.pk, room=where, start=ELEVEN - SECOND, end=ELEVEN + SECOND, note="")

    with refused():
        world.Stay.objects.bulk_create([moved], update_conflicts=True, unique_fields=["id"], update_fields=["start"])

    mine.refresh_from_db()
    assert mine.start == ELEVEN


@pytest.mark.skipif(not SQLITE, reason="these words are SQLite's")
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "INSERT OR IGNORE", "INSERT OR FAIL", "REPLACE"])
def test_no_conflict_clause_of_sqlite_gets_round_it(world, verb):
    where = room(world)
    kept = stay(world, where)

    with refused():
        insert(world, where, "2026-03-12 10:00:00", "2026-03-12 11:00:00", verb)

    assert list(world.Stay.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.skipif(SQLITE, reason="PostgreSQL's own words")
def test_on_conflict_do_nothing_does_nothing(world):
    where = room(world)
    kept = stay(world, where)

    world.Stay.objects.bulk_create([world.Stay(room=where, start=TEN, end=ELEVEN)], ignore_conflicts=True)

    assert list(world.Stay.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL has a type for moments")
@pytest.mark.parametrize(
    "text",
    [
        "2026-03-12T10:30:00", "2026-03-12 10:30:00+00:00", "2026-03-12 10:30:00Z", "2026-03-12 10:30", "2026-03-12",
        "2026-03-12 10:30:00.5", "2026-03-12 10:30:00.000000", "2026-03-12 10:30:00 ", " 2026-03-12 10:30:00",
        "2026-02-30 10:30:00", "2026-03-12 24:00:00", "2026-03-12 10:61:00", "2026-3-12 10:30:00", "now", "",
        "1773311400",
        "٢٠٢٦-03-12 10:30:00", 1773311400, 2461111.5, b"2026-03-12 10:30:00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", ["start", "end"])
def test_text_that_django_would_not_write_is_refused(world, text, column):
    times = {"start": "2026-03-12 10:00:00", "end": "2026-03-12 11:00:00"} | {column: text}

    with refused():
        insert(world, room(world), times["start"], times["end"])

    with refused():
        mine = stay(world, room(world))
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE {world.Stay._meta.db_table} SET "{column}" = %s WHERE id = %s', [text, mine.pk])


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(999, 5, 6, 7, 8, 9, 10, UTC),
        datetime(9999, 12, 31, 23, tzinfo=UTC),
    ],
)
def test_moments_far_away_are_kept_as_well(world, moment):
    where = room(world)
    stay(world, where, moment, moment + SECOND)

    with refused():
        stay(world, where, moment + MICROSECOND, moment + SECOND)


# --- What a form is told --------------------------------------------------------


def check(world, instance, exclude=None):
    no_overlap().validate(world.Stay, instance, exclude=exclude)


def test_validate_says_what_the_database_would_say(world):
    where, party = room(world), world.Party.objects.create()
    mine = stay(world, where, party=party)

    check(world, mine)
    check(world, world.Stay(room=where, start=ELEVEN, end=ELEVEN + SECOND))
    check(world, world.Stay(room=where, start=TEN, end=ELEVEN, party=party))
    check(world, world.Stay(room=room(world), start=TEN, end=ELEVEN))
    for other in (None, world.Party.objects.create()):
        with pytest.raises(ValidationError, match="This time overlaps another one."):
            check(world, world.Stay(room=where, start=ELEVEN - MICROSECOND, end=ELEVEN + SECOND, party=other))


def test_validate_keeps_two_without_a_party_apart(world):
    where = room(world)
    stay(world, where)

    with pytest.raises(ValidationError):
        check(world, world.Stay(room=where, start=TEN, end=ELEVEN))


def test_validate_is_silent_where_a_field_is_excluded_or_missing(world):
    where = room(world)
    stay(world, where)

    for field in ("room", "start", "end", "party"):
        check(world, world.Stay(room=where, start=TEN, end=ELEVEN), exclude={field})
    check(world, world.Stay(room=where, start=TEN))
    check(world, world.Stay(start=TEN, end=ELEVEN))


def test_full_clean_asks_the_constraint(world):
    where = room(world)
    stay(world, where)

    with pytest.raises(ValidationError) as raised:
        world.Stay(room=where, start=TEN, end=ELEVEN, party=world.Party.objects.create(), note="-").full_clean()

    assert raised.value.messages == ["This time overlaps another one."]


# --- Migrations -----------------------------------------------------------------


def assert_guarded(world, model="Stay", where_name="room", name=NAME, start="start"):
    """The table refuses what it should and takes what it should, whatever was done to it."""
    stays, where = getattr(world, model), room(world)

    def add(begin, end):
        return stays.objects.create(**{where_name: where, start: begin, "end": end})

    mine = add(TEN, ELEVEN)
    add(ELEVEN, ELEVEN + SECOND)
    with refused(name):
        add(ELEVEN - MICROSECOND, ELEVEN)
    with refused(name):
        stays.objects.filter(pk=mine.pk).update(end=ELEVEN + MICROSECOND)
    if SQLITE:
        with connection.cursor() as cursor:
            table = stays._meta.db_table
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            assert sorted(row[0] for row in cursor.fetchall()) == [f"{name}_insert", f"{name}_update"]


def test_a_table_made_with_it_is_guarded(empty_world):
    assert_guarded(empty_world.migrate(*create_models(no_overlap())))


def test_a_table_that_gets_it_later_is_guarded(empty_world):
    empty_world.migrate(*create_models())

    assert_guarded(empty_world.migrate(AddConstraint("stay", no_overlap())))


def test_made_and_changed_in_one_migration_it_is_guarded(empty_world):
    empty_world.migrate(
        *create_models(no_overlap()),
        AddField("stay", "paid", models.BooleanField(default=False)),
        RenameModel("Stay", "Visit"),
    )

    assert_guarded(empty_world, "Visit")


REMAKES = [
    AlterField("stay", "note", models.TextField(default="none")),
    AddField("stay", "paid", models.BooleanField(default=False)),
    AddField("stay", "code", models.CharField(max_length=5, null=True, unique=True)),
    RemoveField("stay", "note"),
    AlterField("stay", "room", models.ForeignKey("core.Room", models.PROTECT, db_index=False)),
    AddConstraint("stay", models.CheckConstraint(condition=models.Q(end__gt=models.F("start")), name="stay_forwards")),
]


@pytest.mark.parametrize("operation", REMAKES, ids=lambda operation: operation.describe())
def test_a_change_of_its_table_keeps_it_and_its_rows(empty_world, operation):
    empty_world.migrate(*create_models(no_overlap()))
    kept = stay(empty_world, room(empty_world))

    empty_world.migrate(operation)

    assert list(empty_world.Stay.objects.values_list("pk", "start", "end")) == [(kept.pk, TEN, ELEVEN)]
    assert_guarded(empty_world)


def test_a_change_of_the_table_it_points_to_keeps_it(empty_world):
    empty_world.migrate(*create_models(no_overlap()))

    empty_world.migrate(AddField("room", "name", models.CharField(max_length=9, default="", unique=False)))
    empty_world.migrate(AlterField("party", "id", models.AutoField(primary_key=True)))

    assert_guarded(empty_world)


def test_renaming_the_model_keeps_it(empty_world):
    empty_world.migrate(*create_models(no_overlap()))
    empty_world.migrate(RenameModel("Stay", "Visit"))
    assert_guarded(empty_world, "Visit")

    empty_world.migrate(AlterField("visit", "note", models.TextField(default="none")))
    empty_world.Visit.objects.all().delete()

    assert_guarded(empty_world, "Visit")


def test_a_renamed_field_takes_it_along(empty_world):
    """As with indexes and Django's own constraints, the rename's migration removes it before and adds it after."""
    empty_world.migrate(*create_models(no_overlap()))

    empty_world.migrate(
        RemoveConstraint("stay", NAME),
        RemoveIndex("stay", "stay_room_end"),
        RenameField("stay", "room", "place"),
        RenameField("stay", "start", "begin"),
        AddIndex("stay", models.Index(fields=["place", "end"], name="stay_place_end")),
        AddConstraint("stay", no_overlap(key="place", start="begin")),
    )

    assert_guarded(empty_world, where_name="place", start="begin")


def test_a_renamed_column_alone_keeps_the_table_guarded(empty_world):
    empty_world.migrate(*create_models(no_overlap()))

    empty_world.migrate(RenameField("stay", "start", "begin"))

    assert_guarded(empty_world, start="begin")


def test_taken_away_it_is_gone_and_comes_back(empty_world):
    empty_world.migrate(*create_models(no_overlap()), RemoveConstraint("stay", NAME))
    where = room(empty_world)
    stay(empty_world, where)
    stay(empty_world, where)
    empty_world.Stay.objects.all().delete()

    assert_guarded(empty_world.migrate(AddConstraint("stay", no_overlap())))


def test_without_an_exception_nothing_may_overlap(empty_world):
    empty_world.migrate(*create_models(no_overlap(unless_same=None)))
    where, party = room(empty_world), empty_world.Party.objects.create()
    stay(empty_world, where, party=party)

    with refused():
        stay(empty_world, where, party=party)
    assert_guarded(empty_world)


def test_rows_that_overlap_already_refuse_the_constraint(empty_world):
    empty_world.migrate(*create_models())
    where, party = room(empty_world), empty_world.Party.objects.create()
    for _ in range(2):
        stay(empty_world, where, party=party)
    stay(empty_world, where, ELEVEN, ELEVEN + 2 * SECOND)
    last = stay(empty_world, where, ELEVEN + SECOND, ELEVEN + 3 * SECOND)

    with pytest.raises(IntegrityError) as raised:
        empty_world.migrate(AddConstraint("stay", no_overlap()))
    assert violates(raised.value, NAME)

    last.delete()
    empty_world.migrate(AddConstraint("stay", no_overlap()))
    assert_guarded(empty_world)


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL has a type for moments")
def test_text_that_django_would_not_write_refuses_the_constraint(empty_world):
    empty_world.migrate(*create_models())
    insert(empty_world, room(empty_world), "2026-03-12T10:00:00", "2026-03-12T11:00:00")

    with pytest.raises(IntegrityError):
        empty_world.migrate(AddConstraint("stay", no_overlap()))


def test_the_migrations_sql_can_be_printed(empty_world):
    state = ProjectState()
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for operation in create_models(no_overlap())[1:]:
            before, state = state, state.clone()
            operation.state_forwards("core", state)
            operation.database_forwards("core", editor, before, state)

    printed = "\n".join(editor.collected_sql)
    assert printed.count(f'CREATE TRIGGER "{NAME}_') == (2 if SQLITE else 0)
    assert printed.count("EXCLUDE USING gist") == (0 if SQLITE else 1)


def test_a_migration_writes_it_down_and_reads_it_back():
    written, imports = MigrationWriter.serialize(no_overlap(violation_error_message="Taken."))
    namespace: dict = {}
    exec("\n".join(imports) + f"\nback = {written}", namespace)

    assert written.startswith("core.constraints.NoOverlap(")
    assert namespace["back"] == no_overlap(violation_error_message="Taken.")
    assert no_overlap().clone() == no_overlap()


@pytest.mark.parametrize(
    "changed", [{"key": "party"}, {"start": "end"}, {"end": "start"}, {"unless_same": None}, {"name": "x"}]
)
def test_a_different_one_is_different(changed):
    assert no_overlap(**changed) != no_overlap()


def test_makemigrations_finds_nothing_to_do_and_every_change():
    def state(*constraints):
        result = ProjectState()
        for operation in create_models(*constraints)[1:]:
            operation.state_forwards("core", result)
        return result

    def changes(before, after):
        found = MigrationAutodetector(before, after)._detect_changes()
        return [type(operation).__name__ for migration in found.get("core", []) for operation in migration.operations]

    assert changes(state(no_overlap()), state(no_overlap())) == []
    assert changes(state(), state(no_overlap())) == ["AddConstraint"]
    assert changes(state(no_overlap()), state()) == ["RemoveConstraint"]
    assert changes(state(no_overlap()), state(no_overlap(unless_same=None))) == ["RemoveConstraint", "AddConstraint"]
    assert changes(state(no_overlap()), state(no_overlap(violation_error_message="No."))) == ["AlterConstraint"]


@isolate_apps("core")
def test_the_system_check_names_a_field_that_is_not_there():
    class Stay(models.Model):
        room = models.IntegerField()
        start = models.DateTimeField()
        end = models.DateTimeField()

        class Meta:
            app_label = "core"
            constraints = [no_overlap(key="rooom", unless_same=None)]

    errors = Stay.check(databases={"default"})

    assert [error.id for error in errors] == ["models.E012"]
    assert "rooom" in errors[0].msg
