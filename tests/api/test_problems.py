"""Every problem that a rule or a route can answer with is a kind with a page, and has that kind's status."""

import pytest
from django.urls import resolve

from api.errors import Problem
from api.problems import KINDS
from api.schema import kinds_of
from api.serializers.appointments import ListParams
from api.serializers.base import read
from api.serializers.keys import KeyIn
from api.serializers.series import SeriesIn
from api.serializers.time_off import TimeOffIn
from api.urls import ROUTES, nothing_here
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


BOOKING = {"provider": "maya-okafor", "service": "cello-lesson", "start": "2026-03-03T10:00:00Z"}


@pytest.mark.parametrize(
    ("kind", "said", "detail"),
    [
        (ListParams, {"as": "staff"}, "as: Send one of: customer, provider."),
        (SeriesIn, {**BOOKING, "repeat": "weekly"}, "repeat: Send an object of JSON."),
        (
            TimeOffIn,
            {"from_date": "2026-03-05", "decisions": {"K7QFMR2W": "move"}},
            "decisions.K7QFMR2W: Send one of: keep, cancel, offer.",
        ),
    ],
)
def test_a_value_that_is_none_is_answered_with_what_to_send(kind, said, detail):
    with pytest.raises(Problem) as refusal:
        read(kind, said)

    assert str(refusal.value) == detail


def test_a_scope_that_is_none_is_answered_with_those_that_there_are():
    with pytest.raises(Problem) as refusal:
        read(KeyIn, {"name": "Till", "scopes": ["everything"]})

    assert str(refusal.value).startswith("scopes.0: Send one of: profile:read, profile:write, appointments:read")


@pytest.mark.parametrize("rest", ["", "/", "/v9/", "/me/\n", "/me\n/"])
def test_whatever_lies_below_the_address_of_the_api_is_answered_for_programs(rest):
    assert resolve(f"/api{rest}").func is nothing_here
