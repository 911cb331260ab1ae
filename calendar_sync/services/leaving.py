"""Ending a connection in our tables; a job ends it at Google."""

import json
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.states import State
from core import clock
from core.db import lock_rows, retrying
from outbox import services as outbox

from . import handing
from .locks import lock_connection
from .written import note_keeper

log = structlog.get_logger("calendar_sync")

REVOKE = "calendar_sync.revoke"


@retrying
@transaction.atomic
def leave(connection: Connection, *, removes_after: datetime | None = None) -> bool:
    """Delete what was read of a connection, and have a job end it at Google; the row goes with that, or now.

    With `removes_after`, the job first deletes the events of ours that end after that moment; others stay in Google.
    Whether Google is asked, which it is not where the grant is dead.
    """
    lock_rows(User.objects.filter(pk=connection.user_id)).first()
    row = lock_connection(Connection.objects.filter(pk=connection.pk))
    if row is None:
        return False
    to_remove = _events(row, removes_after) if removes_after else []
    if row.makes_meet and row.calendars.filter(is_written_to=True).exists():
        handing.hand_all(row.user_id)
    row.calendars.all().delete()
    note_keeper(row.user_id)
    row.notes.all().delete()
    if not row.refresh_token:
        row.delete()
    elif row.state != State.LEAVING:
        row.state, row.state_since, row.email, row.to_remove = State.LEAVING, clock.now(), "", json.dumps(to_remove)
        row.save(update_fields=["state", "state_since", "email", "to_remove"])
        key = f"{row.uuid.hex}:{row.state_since.timestamp()}"
        outbox.publish(REVOKE, key=key, payload={"connection": row.pk})
    log.info("google_disconnected", connection=connection.pk)
    return bool(row.refresh_token)


def is_left(connection: Connection) -> bool:
    """Whether a connection is being ended still, and was not connected anew since it was read."""
    rows = Connection.objects.filter(pk=connection.pk, state=State.LEAVING, state_since=connection.state_since)
    return rows.exists()


def _events(row: Connection, after: datetime) -> list[tuple[str, str]]:
    """The events of ours that end after a moment, each as its calendar's id at Google and its own."""
    is_ahead = Q(end__gt=after) | Q(end=None)  # what was sent and never answered has no end
    events = WrittenEvent.objects.filter(is_ahead, calendar__connection=row).exclude(sent_at=None)
    return list(events.order_by("end").values_list("calendar__google_id", "event_id"))
