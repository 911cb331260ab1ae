"""The Google Meet links of events: noted with each answer of Google, and told to what is joined by them.

A thing is handed no link but told to look which one it has now (`queries.meet_links`), so that a job that runs twice
or late brings nothing out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db.models import Q, QuerySet

from accounts.models import User
from calendar_sync import hooks
from calendar_sync.models import WrittenEvent
from calendar_sync.rules import pauses
from calendar_sync.rules.meet import after_answer, conference_of
from calendar_sync.states import Meet
from outbox import services as outbox

from . import health
from .locks import lock_if_kept

log = structlog.get_logger("calendar_sync")

HAND = "calendar_sync.hand_link"


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


def hand(rows: QuerySet[WrittenEvent]) -> None:
    """Have the things that these events are about look for their link, by a job each. Inside the transaction that
    changes the events, before it deletes them."""
    facts = rows.values_list("source", "key", "calendar__connection__user")
    drafts = [
        outbox.Draft(topic=HAND, key=uuid4().hex, payload={"source": source, "key": key.hex, "owner": owner})
        for source, key, owner in facts
    ]
    outbox.publish_all(drafts)


def with_link(rows: QuerySet[WrittenEvent], *, now: datetime) -> QuerySet[WrittenEvent]:
    """Those of the events that are not over whose link is ready or on its way."""
    return rows.filter(Q(end__gt=now) | Q(end=None), meet__in=[Meet.READY, Meet.ASKED])


def hand_waiting(rows: QuerySet[WrittenEvent], *, now: datetime) -> None:
    """Have the things look whose link was on its way, as it may not be any more. Inside the transaction in which that
    changes."""
    ahead = rows.filter(
        Q(end__gt=now) | Q(end=None), calendar__is_written_to=True, calendar__connection__makes_meet=True
    )
    hand(ahead.filter(meet__in=["", Meet.ASKED]))


def take(*, source: str, key: UUID, owner: int) -> None:
    """Let a thing be joined by the link that its event in the calendar of this person has now."""
    part, person = hooks.joined_of(source), User.objects.filter(pk=owner).first()
    if part is not None and person is not None:
        part.take_link(key, owner=person)


def ask_anew(rows: QuerySet[WrittenEvent], *, wanted: bool) -> None:
    """Let links be asked for again that Google did not make. Where they are not wanted any more, the same of those that
    were taken away there, should they be wanted once more. Inside a transaction."""
    rows.filter(meet__in=[Meet.FAILED] if wanted else [Meet.FAILED, Meet.REMOVED]).update(meet="")
