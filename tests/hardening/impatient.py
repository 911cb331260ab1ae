"""The tests' settings for a web server that waits at most two seconds for its database."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["OPTIONS"] |= {"answer_timeout": 2, "connect_timeout": 2}
