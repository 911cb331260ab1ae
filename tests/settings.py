"""The product's settings changed for tests: faster, and nothing is left behind or sent away."""

import os
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, STORAGES

_FOLDER = Path(os.environ["DAYLINE_TEST_FOLDER"])
_DB = DATABASES["default"]
if Path(_DB["NAME"]).name == "no-database":
    DATABASES["default"] = {"ENGINE": "tests.nodatabase"}
elif _DB["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because threads of a live server and processes of a race can't each connect to a database in memory.
    _DB["TEST"] = {"NAME": _FOLDER / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"}
    _DB["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
    _DB["OPTIONS"]["timeout"] = 120
else:
    # Longer than the product's timeout: fifty people wait for one lock, on a machine that may be busy.
    _DB["OPTIONS"]["connect_timeout"] = 60
    _DB["OPTIONS"]["answer_timeout"] = None
    _DB["OPTIONS"]["options"] += (
        " -c statement_timeout=120000 -c lock_timeout=120000 -c idle_in_transaction_session_timeout=0"
    )

# No test reaches Google: those that need an answer start the stand-in.
GOOGLE_REVOKE_URI = os.environ.get("GOOGLE_REVOKE_URI", "http://127.0.0.1:9/")
GOOGLE_CALENDAR_ENDPOINT = os.environ.get("GOOGLE_CALENDAR_ENDPOINT", "http://127.0.0.1:9/calendar/v3/")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A client, so that every page is tested with what it shows then. No test sends anybody or anything to Google.
GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET = "pretend-client.apps.googleusercontent.com", "pretend-secret"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = _FOLDER / f"media-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
PRIVATE_ROOT = _FOLDER / f"private-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
STORAGES["private"]["OPTIONS"]["location"] = PRIVATE_ROOT
STATIC_ROOT = _FOLDER / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# The site of browser tests has styles and scripts only where pytest-django finds the app by this name.
INSTALLED_APPS = [
    {"core.apps.CollectedFilesConfig": "django.contrib.staticfiles"}.get(app, app) for app in INSTALLED_APPS
]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# The innermost middleware fails the test of a page that makes a query by reading an attribute.
MIDDLEWARE = [*MIDDLEWARE, "tests.lazy_loads.NoLazyLoads"]
