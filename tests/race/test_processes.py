"""The race helper itself: real processes, on the test's database, at the same time, and none left behind."""

import os
import time

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection

from tests.processes import Outcome, meet


def create_group(name):
    Group.objects.create(name=name)
    return [os.getpid(), connection.vendor]


def sleep_for_long():
    time.sleep(60)


def die():
    os._exit(9)


def test_one_of_many_wins_a_unique_name_and_the_test_sees_the_row(run_processes):
    outcomes = run_processes(4, create_group, "only one")

    winners = [outcome for outcome in outcomes if outcome.ok]
    assert [outcome.error for outcome in outcomes if not outcome.ok] == [IntegrityError.__name__] * 3
    assert [outcome.value[1] for outcome in winners] == [connection.vendor]
    assert winners[0].value[0] != os.getpid()
    assert Group.objects.filter(name="only one").count() == 1


def test_processes_run_at_the_same_time(run_processes, tmp_path):
    outcomes = run_processes(3, meet, str(tmp_path), 3)

    assert [outcome.error for outcome in outcomes] == [""] * 3


def test_each_call_has_its_own_arguments_and_its_outcome_stands_in_order(run_calls):
    outcomes = run_calls([(create_group, "a"), (die,), (create_group, "b")])

    assert [outcome.ok for outcome in outcomes] == [True, False, True]
    assert outcomes[1] == Outcome(error="Died", message="no answer")


def test_a_race_that_hangs_ends_in_time(run_processes):
    with pytest.raises(TimeoutError):
        run_processes(2, sleep_for_long, timeout=4)
