import signal
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from calendar_sync.pretend_google import keeping
from calendar_sync.pretend_google.accounts import demo_accounts
from calendar_sync.pretend_google.consent import PRETEND_CLIENT
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.web.server import HOST, PretendGoogle

ENDS = (signal.SIGTERM, signal.SIGINT)


class Command(BaseCommand):
    help = "Pretend to be Google on this machine: accounts to sign in with, and their calendars. Stop it with Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8010, help=f"where it answers on {HOST} (default: 8010)")
        parser.add_argument("--keep", type=Path, metavar="FILE", help="where it keeps its state between two starts")
        parser.add_argument("--without-debug", action="store_true", help="start although DEBUG is off, as in the demo")

    def handle(self, *, port: int, keep: Path | None, without_debug: bool, **options: Any) -> None:
        refuse_where_it_is_not_wanted(without_debug=without_debug)
        google = (keep and keeping.load(keep)) or newcomers_google()
        try:
            server = PretendGoogle(google, port=port)
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} of {HOST} cannot be used: {error}.") from None
        # Waited for and not handled, and before any thread is there. Ctrl-C ends the demo by two signals in a row, and
        # a handler that the second one interrupts may wait for a lock that it holds itself.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        with server:
            # An environment file, as ENV_FILE may name it.
            self.stdout.write(
                f"# Pretend Google (demo) is at {server.address}. These variables point the site there:\n"
            )
            self.stdout.write("".join(f"{name}={value}\n" for name, value in server.settings().items()))
            self.stdout.write("OAUTHLIB_INSECURE_TRANSPORT=1\n")  # OAuth's libraries refuse to work without TLS
            self.stdout.flush()
            signal.sigwait(ENDS)
        if keep:
            keeping.save(google, keep)


def newcomers_google() -> Google:
    google = Google(clients=[replace(PRETEND_CLIENT, name=settings.SITE_NAME)])
    for account in demo_accounts():
        google.add_account(**vars(account))
    return google


def refuse_where_it_is_not_wanted(*, without_debug: bool) -> None:
    """Raise CommandError where the site may be a real one, so that nobody signs in there with an account of ours."""
    known = {"", PRETEND_CLIENT.id}, {"", PRETEND_CLIENT.secret}
    if settings.GOOGLE_CLIENT_ID not in known[0] or settings.GOOGLE_CLIENT_SECRET not in known[1]:
        raise CommandError("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are real ones, which a stand-in has no use for.")
    if not settings.DEBUG and not without_debug:
        raise CommandError("DEBUG is off, as on a real site. --without-debug starts it all the same, for a demo.")
