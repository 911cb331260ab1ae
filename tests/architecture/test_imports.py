"""Apps import downwards only, and inside an app from the page to the row: pyproject.toml has the contracts."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.imports import APPS, forbidden_imports

ROOT = Path(__file__).resolve().parents[2]

# file -> a line that must not stand there, and what the refusal says of it
PLANTED = {
    "core/clock.py": ("from accounts import models", "core is not allowed to import accounts"),
    "api/operations/slots.py": ("from api import view", "api.operations is not allowed to import api.view"),
    "appointments/queries/sides.py": ("from api import models", "appointments is not allowed to import api"),
    "providers/queries.py": ("from appointments import states", "providers is not allowed to import appointments"),
    "appointments/rules/slots.py": (
        "from appointments.services import holds",
        "appointments.rules is not allowed to import appointments.services",
    ),
    "appointments/services/holds.py": (
        "from appointments.search import index",
        "appointments.services is not allowed to import appointments.search",
    ),
    "appointments/models/hold.py": (
        "from appointments.rules import moves",
        "appointments.models is not allowed to import appointments.rules",
    ),
    "appointments/pages/labels.py": (
        "from appointments.views import files",
        "appointments.pages is not allowed to import appointments.views",
    ),
    "appointments/admin/appointments.py": (
        "from appointments.views import help",
        "appointments.admin is not allowed to import appointments.views",
    ),
    "providers/models.py": (
        "from providers import queries",
        "providers.models is not allowed to import providers.queries",
    ),
    "accounts/models.py": (
        "from accounts import services",
        "accounts.models is not allowed to import accounts.services",
    ),
    "appointments/views/booking.py": (
        "from core.compiled_queries import prepared",
        "appointments.views.booking -> core.compiled_queries",
    ),
    "calendar_sync/queries.py": (
        "from calendar_sync.pretend_google import google",
        "calendar_sync.queries -> calendar_sync.pretend_google.google",
    ),
    "outbox/models.py": ("from outbox import worker", "outbox.models is not allowed to import outbox.worker"),
    "core/exceptions.py": ("from core import forms", "core.exceptions is not allowed to import core.forms"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # In a process of its own: it sets up logging for itself alone, and silences every other logger of its process.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def copy_to(folder: Path) -> Path:
    for app in (*APPS, "core", "config"):
        shutil.copytree(ROOT / app, folder / app, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_import_contracts_are_kept():
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert forbidden_imports(ROOT) == []


def test_each_kind_of_import_that_points_upwards_is_refused(tmp_path):
    copy = copy_to(tmp_path)
    for name, (line, _) in PLANTED.items():
        with (copy / name).open("a") as file:
            file.write(f"\n{line}  # noqa\n")

    done = lint(copy)

    said = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert [refusal for _, refusal in PLANTED.values() if refusal not in said] == []


def test_a_module_that_stands_on_no_floor_is_refused(tmp_path):
    copy = copy_to(tmp_path)
    for app in (*APPS, "core"):
        (copy / app / "somewhere.py").write_text("")

    done = lint(copy)

    said = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert [app for app in (*APPS, "core") if f"{app}.somewhere" not in said] == []


def test_http_and_sql_are_refused_where_rules_and_services_decide(tmp_path):
    copy = copy_to(tmp_path)
    planted = {
        "appointments/rules/slots.py": "from django.db import models",
        "appointments/rules/moves.py": "    from django.db.models import Q",
        "appointments/pages/labels.py": "import django.db",
        "api/operations/slots.py": "from django.db.models import F",
        "api/serializers/slots.py": "from django.http import QueryDict",
        "appointments/services/holds.py": "from django.http import HttpRequest",
        "providers/services/page.py": "from django import http",
        "accounts/services/addresses.py": "from django.shortcuts import redirect",
        "calendar_sync/pretend_google/clock.py": "from core import clock",
        "calendar_sync/pretend_google/web/pages.py": "from django.utils import html",
    }
    for name, line in planted.items():
        with (copy / name).open("a") as file:
            file.write(f"\nif True:\n    {line.strip()}\n")

    found = forbidden_imports(copy)

    assert sorted(one.split(" imports ")[0] for one in found) == sorted(planted)
