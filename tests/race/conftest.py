"""Races run in real processes: `run_processes` and `run_calls` (see `tests/processes.py`) as fixtures."""

import pytest

from tests import processes


@pytest.fixture
def run_processes(transactional_db):
    return processes.run_processes


@pytest.fixture
def run_calls(transactional_db):
    return processes.run_calls
