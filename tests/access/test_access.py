"""The access table holds: every pattern has a row, and each role gets the answer its row says.

On PostgreSQL every role asks. Who is refused is decided by the same code on SQLite, where only queries can differ:
there one role asks for each answer of a row, so that each answer's queries are made, and who may look asks with HEAD.
"""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Session
from tests.access.patterns import all_patterns
from tests.access.table import ROLES, Row, all_rows, row_for
from tests.access.walk import a_role_for_each_answer, answer, coming, every_role, undone, wrong_answers
from tests.access.world import World

ROWS = all_rows()
PATTERNS = {pattern.name: pattern for pattern in all_patterns()}
WHOLE = connection.vendor == "postgresql"
CHANGES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """The world's people, signed in once for all rows, in a transaction around those of the tests."""
    with django_db_blocker.unblock(), undone():
        world = World()
        for role in ROLES:
            world.client(role)
        yield world


@pytest.fixture
def world(people, db):
    return people.with_same_people()


def test_every_url_pattern_has_a_row():
    assert [name for name in PATTERNS if row_for(name, ROWS) is None] == []


def test_every_row_has_a_url_pattern_and_stands_once():
    assert [row.name for row in ROWS if row.name not in PATTERNS] == []
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_row_speaks_of_every_role_and_has_one_answer_for_each():
    answers = [(row.name, answers) for row in ROWS for answers in row.answers.values()]

    assert [name for name, each in answers if set(each) != set(ROLES)] == []
    assert {cell for _name, each in answers for cell in each.values()} <= {"login", "go", *map(str, range(200, 500))}


def test_every_model_that_admin_shows_has_its_own_rows():
    shown = {f"admin:{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    kinds = ("changelist", "add", "change", "delete", "history")

    assert {f"{name}_{kind}" for name in shown for kind in kinds} <= {row.name for row in ROWS}


def test_of_every_row_each_answer_is_asked_for_by_somebody():
    left_out = [
        (row.name, verb)
        for row in ROWS
        for verb, answers in row.answers.items()
        if {answers[role] for role in a_role_for_each_answer(answers)} != set(answers.values())
    ]

    assert left_out == []


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_each_role_gets_the_answer_of_the_table(world, row):
    address = address_of(row, world)
    asking = every_role if WHOLE else a_role_for_each_answer

    assert wrong_answers(row, world, address, asking=asking) == {}
    assert_only_looking(world, row, address)


def assert_only_looking(world, row, address):
    """HEAD is answered as the row says of GET, without a body; neither it nor OPTIONS changes more than a session.

    On PostgreSQL a visitor asks, too, and both verbs are asked; else HEAD alone, by somebody who may.
    """
    verbs = ("head", "options") if WHOLE else ("head",)
    noted = {"session", "last_login", row.notes} - {""}
    may = next((role for role in ROLES if row.get[role] == "200"), "C")
    for role in {"V", may} if WHOLE else {may}:
        seen = {}
        for verb in verbs:
            with undone():
                client = coming(row, world, role)
                with CaptureQueriesContext(connection) as asked:
                    seen[verb] = getattr(client, verb)(address)
            changed = [query["sql"] for query in asked if query["sql"].startswith(CHANGES)]
            assert [sql for sql in changed if not any(each in sql for each in noted)] == [], (role, verb)
        assert answer(seen["head"]) == row.get[role], role
        assert role == "V" or row.name in SHARED_BY_ALL or not is_shared(seen["head"]), role
        assert seen["head"].getvalue() == b""
        assert all(seen[verb].status_code < 500 for verb in verbs)


def test_no_visitor_writes_a_session_by_looking_and_what_caches_may_share_is_nobody_s(world):
    addresses = {row.name: address_of(row, world) for row in ROWS}
    Session.objects.all().delete()

    written, shared, with_key, broken = set(), set(), set(), set()
    for name, address in addresses.items():
        with undone():
            seen = world.client("V").get(address)
            if Session.objects.exists():
                written.add(name)
        if seen.status_code >= 500:
            broken.add(name)
        if is_shared(seen):
            shared.add(name)
            if seen.cookies or b"csrfmiddlewaretoken" in seen.getvalue():
                with_key.add(name)

    assert (written, with_key, broken) == (set(), set(), set())
    assert shared == SHARED_BY_ALL | SHARED_BY_VISITORS


# Which answers a shared cache may keep: whoever asked, and only a visitor's. No page among them has a time to book.
SHARED_BY_ALL = {"favicon", "robots", "api_schema"}
SHARED_BY_VISITORS = {
    *("api_categories", "api_providers", "api_providers_provider", "api_providers_provider_services"),
    "api_providers_available_slots",  # for no second: each cache asks again
    *("developers", "developers_problem", "developers_problems"),
    *("help", "help_accessibility", "help_booking", "help_privacy", "help_standing", "help_terms"),
}


def is_shared(seen):
    return "public" in seen.get("Cache-Control", "")


@pytest.mark.parametrize("verb", ["put", "patch", "delete", "trace"])
def test_a_route_refuses_the_verbs_that_its_row_does_not_name(world, verb):
    addresses = [address_of(row, world) for row in ROWS if verb not in row.taken]

    for role in ("V", "C", "P", "S", "SU") if WHOLE else ("SU",):
        client = world.client(role)
        answers = {address: getattr(client, verb)(address).status_code for address in addresses}
        assert {address for address, status in answers.items() if status != 405} == set(), role


# Views that take a POST without a form's key, each with what it asks for instead: the token in its address, with which
# nobody can do more than turn one kind of mail off, since mail programs send no key; the token in a header, with which
# nobody can do more than have a calendar read.
WITHOUT_KEY = {"unsubscribe", "google_push"}
# Addresses for programs take a token instead, and ask a browser for its key themselves (tests/api/test_auth.py).
FOR_PROGRAMS = "api_"


def test_every_page_that_takes_a_form_asks_for_its_key():
    exempt = {pattern.name for pattern in all_patterns() if pattern.is_csrf_exempt}
    assert {name for name in exempt if not name.startswith(FOR_PROGRAMS)} == WITHOUT_KEY


def address_of(row: Row, world: World) -> str:
    address = row.path or PATTERNS[row.name].address(row.args(world))
    assert address, f"{row.name} needs arguments that its row doesn't give"
    return address
