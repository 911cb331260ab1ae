"""Every problem that a rule or a route can answer with is a kind with a page, and has that kind's status."""

import pytest

from api.problems import KINDS
from api.schema import kinds_of
from api.urls import ROUTES
from core.problems import KNOWN, NAMES
from tests.core.test_problems import TOLD


def test_every_name_of_a_problem_has_a_page():
    assert {*KNOWN, *NAMES.values()} <= KINDS.keys()
    assert {name for route in ROUTES for name in kinds_of(route)} <= KINDS.keys()


@pytest.mark.parametrize("refusal", TOLD, ids=lambda refusal: refusal.__name__)
def test_a_refusal_has_the_status_of_its_kind(refusal):
    _, status, name = TOLD[refusal]

    assert not name or KINDS[name].status == status


def test_a_kind_says_what_happened_and_what_to_do():
    assert [name for name, kind in KINDS.items() if not (kind.title and kind.means.endswith(".") and kind.then)] == []
