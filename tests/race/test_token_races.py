"""Programs that refresh one token at once, in real processes: all are answered, and the token has one successor."""

import pytest
from django.core.cache import cache

from accounts.models import Session
from api import tokens
from core import clock
from tests.api.program import start_session
from tests.factories.accounts import UserFactory
from tests.processes import meet

AT_ONCE = 20


def refresh(token, folder):
    meet(folder, AT_ONCE)
    pair = tokens.refresh(token, now=clock.now())
    return tokens._read(pair.refresh, tokens.REFRESH)["num"]


@pytest.fixture
def customer(transactional_db):
    return UserFactory()


@pytest.fixture(autouse=True)
def _no_limits():
    cache.clear()


def test_of_many_refreshes_with_one_token_each_is_answered_with_the_same_successor(run_processes, customer, tmp_path):
    pair = start_session(customer)

    outcomes = run_processes(AT_ONCE, refresh, pair.refresh, str(tmp_path))

    assert [each.traceback for each in outcomes if not each.ok] == []
    assert {each.value for each in outcomes} == {1}
    assert Session.objects.count() == 1
