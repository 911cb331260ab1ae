import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from calendar_sync import queries
from calendar_sync.models import Connection
from calendar_sync.pages import line_of
from calendar_sync.rules.attention import Attention, attention_to
from calendar_sync.services import health
from core import clock


class Command(BaseCommand):
    """For monitoring, too: the exit status is 1 where something needs attention. Tokens are not even loaded."""

    help = (
        "List the connections to Google Calendar that need attention, one a line: sign in again, calendar gone, never "
        "read, failing for more than an hour, copy too old. Ends with status 1 where there is one, else with 0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="list those that are in order, too")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [(row, _reasons(row)) for row in queries.every_connection()]
        for row, reasons in found:
            if reasons or options["all"]:
                self.stdout.write(line_of(row, reasons))
        if any(reasons for _, reasons in found):
            sys.exit(1)


def _reasons(row: Connection) -> list[Attention]:
    """Why to look at a connection; nothing where its owner's account is closed or suspended, as it is not read then."""
    if not row.user.takes_part:
        return []
    is_gone = any(each.gone_since for each in row.calendars.all() if each.counts_as_busy)
    good_for = timedelta(minutes=settings.GOOGLE_COPY_GOOD_MINUTES)
    return attention_to(health.copy_of(row), is_gone=is_gone, now=clock.now(), good_for=good_for)
