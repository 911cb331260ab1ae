"""The tables of a run's databases: made once by the migrations, and copied for each process of pytest-xdist.

The first process has them made in another one (`python -m tests.tables`), while its workers collect the tests. That one
stays until its standard input ends, and then removes what it made. Workers wait for it by its lock; where it failed,
they make their tables themselves, as a run without workers does.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path


def _file(name: str) -> Path:
    return Path(os.environ["DAYLINE_TEST_FOLDER"], name)


def start_making() -> subprocess.Popen[bytes]:
    """The running process that makes the tables; close its input and wait for it when the run is over."""
    with _file("tables.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held until the process closes it, which has it from here
        return subprocess.Popen(
            [sys.executable, "-m", "tests.tables", str(lock.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[lock.fileno()],
            start_new_session=True,  # Ctrl-C in the terminal ends the tests first
        )


def copy_for_this_process() -> bool:
    """Use the tables that were made, if any; whether this process's database is there by now.

    PostgreSQL copies them when Django makes the database.
    """
    from django.db import connection

    if not _file("tables.lock").exists():
        return False
    with _file("tables.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    if not _file("tables").exists():
        return False
    made, own = _file("tables").read_text(), connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        shutil.copy(made, own["NAME"])
        return True
    own["TEMPLATE"] = made
    return False


def _make(lock: int) -> None:
    import django
    from django.db import connection

    django.setup()
    name = str(connection.settings_dict["NAME"])
    made = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    _file("tables").write_text(str(made))
    os.close(lock)
    sys.stdin.read()
    _file("tables").unlink()
    connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    _make(int(sys.argv[1]))
