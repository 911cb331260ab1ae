"""The Google Meet links of events: noted with each answer of Google; `handing` tells what is joined by them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from calendar_sync.models import WrittenEvent
from calendar_sync.rules import pauses
from calendar_sync.rules.meet import after_answer, conference_of
from calendar_sync.states import Meet

from . import health
from .handing import hand
from .locks import lock_if_kept


@dataclass(frozen=True, slots=True)
class Noted:
    """How the link of an event stands, and when to look again for one that is pending."""

    meet: str
    link: str
    since: datetime | None
    attempt: int
    pause: timedelta | None

    def put_on(self, row: WrittenEvent) -> None:
        """Let a row in hand say what its row in the database says now."""
        row.meet, row.meet_link, row.meet_since, row.meet_attempt = self.meet, self.link, self.since, self.attempt


def note(
    row: WrittenEvent,
    event: Mapping[str, Any],
    *,
    wanted: bool | None,
    start: datetime | None,
    has_asked: bool,
    now: datetime,
) -> Noted:
    """Note how the link of an event stands by an answer of Google. Inside a transaction that has changed neither the
    row nor its connection so far; the row in hand stays as it is.

    One that failed, or did not come in time, also for the thing's `start`, is noted in the connection's history, and
    not asked for again. What is over is not waited for.
    """
    found = conference_of(event)
    meet = after_answer(row.meet, found, wanted=wanted, has_asked=has_asked)
    since = row.meet_since if row.meet == Meet.ASKED and not has_asked else now
    pause = None
    if meet == Meet.ASKED and wanted is not None:
        pause = pauses.until_next_look(now - (since or now), left=start - now if start else None)
    if wanted and meet == Meet.ASKED and pause is None:
        meet = Meet.FAILED
    if meet == Meet.FAILED != row.meet and lock_if_kept(row.calendar):
        health.note_no_meet(row.calendar, now=now)
    link = found.link if meet == Meet.READY else ""
    if row.meet == Meet.READY == meet and not link:  # of what is over, or about to lose it
        link = row.meet_link
    noted = Noted(meet, link, since if meet == Meet.ASKED else None, row.meet_attempt + has_asked, pause)
    rows = WrittenEvent.objects.filter(pk=row.pk)
    fields = {"meet": meet, "meet_link": link, "meet_since": noted.since, "meet_attempt": noted.attempt}
    if not rows.filter(meet=row.meet).update(**fields):  # its owner chose anew meanwhile, which holds
        kept = rows.values_list("meet", "meet_link", "meet_since", "meet_attempt").first()
        return Noted(*kept, pause=None) if kept else noted
    if (meet, link) != (row.meet, row.meet_link):
        hand(rows)
    return noted


def ask_anew(rows: QuerySet[WrittenEvent], *, wanted: bool) -> None:
    """Let links be asked for again that Google did not make. Where they are not wanted any more, the same of those that
    were taken away there, should they be wanted once more. Inside a transaction."""
    rows.filter(meet__in=[Meet.FAILED] if wanted else [Meet.FAILED, Meet.REMOVED]).update(meet="")
