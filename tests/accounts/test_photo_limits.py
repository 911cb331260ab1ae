"""What the worst pictures cost, measured in a process of its own. Without a database, so it runs once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.accounts import pictures


def test_the_worst_that_is_taken_or_refused_takes_at_most_120_mb_and_2_s(tmp_path):
    """Beyond the 80 MB that a process has at rest, which grow with the libraries and not with a picture."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("measures the way Linux can")
    for name, data in pictures.worst_files().items():
        (tmp_path / f"{name}.bin").write_bytes(data)

    command = [sys.executable, "-m", "tests.accounts.measure_photos", *map(str, tmp_path.iterdir())]
    settings = {**os.environ, "DATABASE_URL": "sqlite://:memory:"}  # never opened
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout.splitlines()[-1])
    assert {name for name, file in files.items() if file["verdict"] == "refused"} == {"zTXt", "iCCP", "gif"}
    assert {name: file for name, file in files.items() if file["megabytes"] > 120 or file["seconds"] > 2} == {}
