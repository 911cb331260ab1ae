"""Races run in real processes: `run_processes` and `run_calls` (see `tests/processes.py`) as fixtures."""

import pytest

from tests import processes
from tests.calendar_sync.pretend import at_pretend_google, pretend_google  # noqa: F401 - fixtures
from tests.calendar_sync.world import connected, morning  # noqa: F401 - fixtures


@pytest.fixture
def run_processes(transactional_db):
    return processes.run_processes


@pytest.fixture
def run_calls(transactional_db):
    return processes.run_calls
