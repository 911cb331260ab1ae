"""The tests' settings, but for a web server that waits no longer for its database than two seconds."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["OPTIONS"] |= {"answer_timeout": 2, "connect_timeout": 2}
