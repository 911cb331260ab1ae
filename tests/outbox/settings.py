"""What the worker processes of these tests run with."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.outbox.probe.apps.ProbeConfig"]
