"""`check --deploy` finds nothing with production's settings, and says so when the cache is not shared."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "ENV_FILE": "",
    "SITE_URL": "https://dayline.example.com",
    "SECRET_KEY": "n0t-4-s3cr3t-" + "aZ3-" * 12,
    "ENCRYPTION_KEYS": "c29tZXRoaW5nIHRoYXQgaXMgMzIgYnl0ZXMgbG9uZyE=",
    "DATABASE_URL": "postgres://dayline@127.0.0.1:1/dayline",
    "EMAIL_URL": "dummymail://",
    "CACHE_URL": "redis://127.0.0.1:6379/1",
}


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({}, 0, "no issues"),
        ({"CACHE_URL": ""}, 1, "dayline.W001"),
        ({"SITE_URL": "http://dayline.example.com"}, 1, "security.W008"),
    ],
)
def test_the_deployment_check(changed, status, said):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**PRODUCTION, **changed},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done.stderr
