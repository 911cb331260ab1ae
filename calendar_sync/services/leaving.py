"""Ending a connection in our tables; a job ends it at Google."""

import structlog
from django.db import transaction

from calendar_sync.models import Connection
from calendar_sync.states import State
from core import clock
from core.db import retrying
from outbox import services as outbox

from .locks import lock_connection

log = structlog.get_logger("calendar_sync")

REVOKE = "calendar_sync.revoke"


@retrying
@transaction.atomic
def leave(connection: Connection) -> bool:
    """Delete what was read of a connection, and have a job end it at Google; the row goes with that, or now.

    Whether Google is asked, which it is not where the grant is dead.
    """
    row = lock_connection(Connection.objects.filter(pk=connection.pk))
    if row is None:
        return False
    row.calendars.all().delete()
    row.notes.all().delete()
    if not row.refresh_token:
        row.delete()
    elif row.state != State.LEAVING:
        row.state, row.state_since, row.email = State.LEAVING, clock.now(), ""
        row.save(update_fields=["state", "state_since", "email"])
        key = f"{row.uuid.hex}:{row.state_since.timestamp()}"
        outbox.publish(REVOKE, key=key, payload={"connection": row.pk})
    log.info("google_disconnected", connection=connection.pk)
    return bool(row.refresh_token)
