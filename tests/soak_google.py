"""`python -m tests.soak_google`: many providers, real workers and a Google that fails, and whether all agree.

    python -m tests.soak_google                        50 providers, 5,000 calls, 30 in 100 of them spoilt, on SQLite
    python -m tests.soak_google --postgres             the same on a PostgreSQL from pip, or on DATABASE_URL's server
    python -m tests.soak_google --providers 5 --calls 300 --workers 1 --kills 0

While workers read and write, appointments and time off change here and entries change there, and a worker is killed now
and then. Then the faults end. Prints what should stand at Google and what does, and exits 1 where they differ.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from cryptography.fernet import Fernet

from calendar_sync.pretend_google.faults import Fault, Faults
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.web.server import PretendGoogle

ROOT = Path(__file__).resolve().parent.parent
NAME = "dayline_soak"
# The longest time after the last fault: leases of killed workers end, and everything that waits is done.
PATIENCE = 600


class Weather(Faults):
    """Faults of a share of all calls of the calendar; counts the calls."""

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share, self.random, self.calls, self.spoilt = share, Random(seed), 0, 0

    def take(self, method: str, address: str = "") -> Fault | None:
        from tests.calendar_sync.two_sides import FAULTS

        self.calls += 1
        if not method.startswith("events.") or self.random.random() >= self.share:
            return None
        self.spoilt += 1
        kinds: list[dict[str, Any]] = [*FAULTS, {"delay": 0.2}, {"delay": 0.2, "close": True, "after": True}]
        return Fault(method, **self.random.choice(kinds))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak_google", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--providers", type=int, default=50)
    parser.add_argument("--calls", type=int, default=5000, help="calls to Google before the faults end")
    parser.add_argument("--faults", type=int, default=30, metavar="PERCENT")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=3, help="how often a worker is killed")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    wanted = options()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dayline-soak-"))
        url = stack.enter_context(database()) if wanted.postgres else f"sqlite:///{folder}/soak.sqlite3"
        server = stack.enter_context(PretendGoogle(Google()))
        prepare(url, server)
        return Soak(wanted, server, Path(folder)).run()


@contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL database that is there until the end."""
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        from tests.postgres import TemporaryPostgres

        with TemporaryPostgres() as url:
            yield url
        return
    server = given.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {NAME}")
        try:
            yield f"{server}/{NAME}"
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def prepare(url: str, server: PretendGoogle) -> None:
    os.environ.update(
        {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": "",
            "DEBUG": "false",
            "SITE_URL": "http://testserver",
            "ALLOWED_HOSTS": "testserver",
            "SECRET_KEY": "soak-only-" + "k" * 50,
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "EMAIL_URL": "dummymail://",
            "LOG_LEVEL": "error",
            "OAUTHLIB_INSECURE_TRANSPORT": "1",
            **server.settings(),
        }
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Soak:
    """One run: its workers, and the two sides of each provider."""

    def __init__(self, wanted: argparse.Namespace, server: PretendGoogle, folder: Path) -> None:
        self.wanted, self.server, self.google, self.folder = wanted, server, server.google, folder
        self.random = Random(wanted.seed)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.sides = [self._provider(n) for n in range(wanted.providers)]

    def run(self) -> int:
        weather = Weather(self.wanted.faults / 100, self.wanted.seed)
        self.google.faults = weather
        started = time.monotonic()
        try:
            for _ in range(self.wanted.workers):
                self._start_worker()
            self._change_both_sides(weather)
            self.google.faults = Faults()
            failed_for = time.monotonic() - started
            settled = self._settle()
        finally:
            self._stop_workers()
        print(f"{weather.calls} calls, {weather.spoilt} of them spoilt, in {failed_for:.0f} s; settled: {settled}")
        return self._report(settled)

    def _provider(self, number: int) -> Any:
        from calendar_sync.models import Connection
        from calendar_sync.states import WhenChanged
        from core import clock
        from tests.calendar_sync.two_sides import TwoSides
        from tests.calendar_sync.world import DAY, connect
        from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

        who = f"provider{number}@example.com"
        self.google.add_account(who, f"Provider {number}")
        provider = ProviderFactory(time_zone="Asia/Kathmandu", policy__notice_minutes=0, policy__window_days=30)
        give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
        row = connect(provider, self.server, who=who)
        Connection.objects.filter(pk=row.pk).update(when_changed=list(WhenChanged)[number % 3])
        connection = Connection.objects.select_related("user").get(pk=row.pk)
        service = ServiceFactory(provider=provider, duration_minutes=60)
        service.provider.user = connection.user
        morning = clock.wall_minute_to_instant(
            clock.local(clock.now(), provider.zone).date() + 3 * DAY, 600, provider.zone
        )
        return TwoSides(self.google, who, connection, service, morning, self.random.randrange(10**9))

    def _change_both_sides(self, weather: Weather) -> None:
        kills = [self.wanted.calls * n // (2 * self.wanted.kills + 1) for n in range(1, self.wanted.kills + 1)]
        woken = 0.0
        while weather.calls < self.wanted.calls:
            side = self.random.choice(self.sides)
            self.random.choice([side.ours, side.ours, side.theirs, side.answer])()
            if kills and weather.calls >= kills[0]:
                kills.pop(0)
                self.workers.pop(0).kill()
                self._start_worker()
            if time.monotonic() > woken + 3:
                woken = time.monotonic()
                self._end_pauses()

    def _end_pauses(self) -> None:
        """Let all pauses be over, as if hours had passed; the leases of those who work stay."""
        from calendar_sync.models import Connection, GoogleCalendar, WrittenEvent
        from calendar_sync.services import reading, written
        from core import clock

        now = clock.now()
        Connection.objects.filter(wait_until__gt=now).update(wait_until=None)
        WrittenEvent.objects.filter(write_at__gt=now).update(write_at=now)
        GoogleCalendar.objects.filter(next_read_at__gt=now).update(next_read_at=now)
        written.publish_due(now=now)
        reading.publish_due(now=now)

    def _settle(self) -> bool:
        """Put back what is asked about, and wait until nothing is due and all was read; whether that came to pass."""
        from calendar_sync.models import GoogleCalendar, WrittenEvent
        from calendar_sync.services import edits
        from core import clock
        from outbox.models import Message
        from tests.calendar_sync.two_sides import JOBS

        ends_at, calm = time.monotonic() + PATIENCE, 0
        while time.monotonic() < ends_at:
            looked = clock.now()
            self._end_pauses()
            for side in self.sides:
                for row in edits.open_for(side.user):
                    edits.put_back(event=row, actor=side.user)
            time.sleep(5)
            is_busy = (
                Message.objects.filter(topic__in=JOBS, done_at=None).exists()
                or WrittenEvent.objects.exclude(write_at=None).exists()
                or WrittenEvent.objects.exclude(edit="").exists()
                or GoogleCalendar.objects.filter(last_read_at__lt=looked).exists()
            )
            calm = 0 if is_busy else calm + 1
            if calm == 2:
                return True
        return False

    def _report(self, settled: bool) -> int:
        from django.db import connection

        expected = sum(len(each.expected_events()) for each in self.sides)
        found = sum(len(each.found_events()) for each in self.sides)
        lost = sum(len(each.expected_events().keys() - each.found_events().keys()) for each in self.sides)
        doubled = sum(count - 1 for each in self.sides for count in each.marks().values())
        busy = sum(len(each.found_busy()) for each in self.sides)
        differences = [each for side in self.sides for each in side.disagreements()]
        print(f"{connection.vendor}: events expected {expected}, found {found}, doubled {doubled}, lost {lost};")
        print(f"busy times {busy}; differences {len(differences)}")
        for each in differences[:20]:
            print(f"  {each}")
        return int(bool(differences) or not settled)

    def _start_worker(self) -> None:
        command = [sys.executable, "manage.py", "worker"]
        with (self.folder / "workers.log").open("ab") as log:
            self.workers.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))

    def _stop_workers(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(60)


if __name__ == "__main__":
    sys.exit(main())
