import os
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from outbox import liveness
from outbox.worker import Worker


class Command(BaseCommand):
    help = "Keep the schedule and do the work for later. Start as many as you like; stop with SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="jobs at the same time (default: 4)")
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument(
            "--tick-only", action="store_true", help="keep the schedule, leave the work to other workers (Celery)"
        )

    def handle(self, *, threads: int, once: bool, tick_only: bool, **options: Any) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        worker = Worker(threads=max(1, threads), tick_only=tick_only)
        if once:
            worker.run_once()
            return
        afresh = worker.run()
        sys.stdout.flush()
        if afresh:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606
        os._exit(0)  # not sys.exit: a handler that didn't end in time has been given back and must not go on

    def _stop(self, signum: int, frame: object) -> None:
        liveness.stop()
        # A second Ctrl-C ends it at once; leases see to the rest.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
