"""The settings of the worker processes in these tests."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.outbox.probe.apps.ProbeConfig"]
