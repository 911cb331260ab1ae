"""Bookings at providers with a connected calendar while Google never answers, beside the same while it answers at once.

Each has a web server and a worker of its own, which writes what is booked and reads the calendars. A round measures one
after the other on the same rows.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from django.db.models import Q
from django.test import override_settings

from accounts.models import User
from calendar_sync.models import Connection, GoogleCalendar, WrittenEvent
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.web.server import PretendGoogle
from calendar_sync.rules import scopes
from calendar_sync.services import connecting, reading
from calendar_sync.states import Profile
from core import clock
from outbox.models import Message

from .run import Bench, vacuum
from .server import ROOT, Server, serving

CLIENTS = 4


def run(bench: Bench, dsn: str) -> int:
    """Measure the booking's 95th percentile while Google hangs, over the same while it answers."""
    bench.dsn = dsn
    bench.prepare_booking()
    with ExitStack() as stack:
        google = stack.enter_context(PretendGoogle(Google()))
        answering = google.settings()
        with override_settings(**answering):
            for service in bench.booked:
                _connect(service.provider.user, google)
        vacuum()
        hanging = answering | {"GOOGLE_CALENDAR_ENDPOINT": stack.enter_context(_silence())}
        servers = {
            "answers": (stack.enter_context(_with(answering, dsn)), answering),
            "hangs": (stack.enter_context(_with(hanging, dsn)), hanging),
        }
        for number in range(bench.options.rounds + 1):
            print(f"Round {number} of {bench.options.rounds}{' (warming up)' if not number else ''}", flush=True)
            if number == 1:
                bench.forget_rounds()
            late = {how: _round(bench, server, how, env) for how, (server, env) in servers.items()}
            ratio = late["hangs"] / late["answers"]
            bench.note("booking while Google hangs: p95 over that while it answers", "<= 1.1", ratio)
        if not any(call.method.startswith("events.") for call in google.google.calls):
            raise SystemExit("No worker asked Google for anything, so nothing was compared.")
    return bench.report()


def _round(bench: Bench, server: Server, how: str, env: dict[str, str]) -> float:
    """The 95th percentile of a booking's seconds, with a worker that asks this Google."""
    now = clock.now()
    # What the other round left waiting is not this one's, and both begin with a calendar that is due.
    Message.objects.all().delete()
    WrittenEvent.objects.all().delete()
    Connection.objects.update(wait_until=None, writing_until=None)
    GoogleCalendar.objects.update(next_read_at=now, reading_until=None, last_read_at=now, failures=0, problem="")
    reading.publish_due(now=now)
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=os.environ | env, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for_work(now)
        sample = bench.sample(
            f"booking while Google {how}", bench.booking_request(), clients=CLIENTS, good=302, server=server
        )
    finally:
        worker.kill()  # one that waits for Google would end after that
        worker.wait(20)
    bench.next_number += CLIENTS * (len(sample.latencies) + CLIENTS)
    return sample.percentile(0.95)


def _wait_for_work(began: datetime) -> None:
    """Return once the worker asks Google for a calendar, or has read one."""
    for _ in range(600):
        if GoogleCalendar.objects.filter(Q(reading_until__isnull=False) | Q(last_read_at__gt=began)).exists():
            return
        time.sleep(0.1)
    raise SystemExit("The worker does not read.")


def _connect(user: User, google: PretendGoogle) -> None:
    """Connect somebody to an account of their own, whose calendar makes busy and is written to."""
    granted = scopes.scopes_of(Profile.FULL)
    account = google.google.add_account(user.known_as, user.name)
    grant = google.google.connect(user.known_as, granted)
    row = Connection.objects.create(
        user=user,
        account=account.sub,
        email=user.known_as,
        profile=Profile.FULL,
        granted=list(granted),
        refresh_token=grant["refresh_token"],
        access_token=grant["access_token"],
        access_until=clock.now() + timedelta(days=1),
    )
    connecting.read_list(row.pk)


@contextmanager
def _with(env: dict[str, str], dsn: str) -> Iterator[Server]:
    """A web server that knows this Google."""
    kept = dict(os.environ)
    os.environ.update(env)
    try:
        with serving(dsn) as server:
            yield server
    finally:
        os.environ.clear()
        os.environ.update(kept)


@contextmanager
def _silence() -> Iterator[str]:
    """The address of a Calendar API that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/calendar/v3/"
