"""Having things look, by jobs, which Google Meet link their event has now.

A thing is handed no link but told to look (`queries.meet_links`), so that a job that runs twice or late brings nothing
out of date.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet

from accounts.models import User
from calendar_sync import hooks
from calendar_sync.models import WrittenEvent
from calendar_sync.states import Meet
from outbox import services as outbox

HAND, HAND_ALL = "calendar_sync.hand_link", "calendar_sync.hand_links"


def hand(rows: QuerySet[WrittenEvent]) -> None:
    """Have the things that these events are about look for their link, by a job each. Inside the transaction that
    changes the events, before it deletes them."""
    facts = rows.values_list("source", "key", "calendar__connection__user")
    drafts = [
        outbox.Draft(topic=HAND, key=uuid4().hex, payload={"source": source, "key": key.hex, "owner": owner})
        for source, key, owner in facts
    ]
    outbox.publish_all(drafts)


def hand_all(owner: int) -> None:
    """Have whatever of a person's is joined by a link, or was to be, look for it, by one job. Inside the transaction in
    which it changes for all of it, also for what is not written yet."""
    outbox.publish(HAND_ALL, key=uuid4().hex, payload={"owner": owner})


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


def take_all(owner: int) -> None:
    """Let whatever of a person's is joined by a link, or was to be, be joined by the one that it has now."""
    person = User.objects.filter(pk=owner).first()
    if person is not None:
        for part in hooks.joined:
            part.take_links(owner=person)
