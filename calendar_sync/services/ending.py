"""Reminding the owner of a connection whose sign-in to Google is about to end."""

from datetime import datetime

from django.db import transaction

from accounts.models import taking_part
from calendar_sync.models import Connection
from calendar_sync.rules.sign_in import reminder_at
from calendar_sync.states import State
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox

REMIND = "calendar_sync.remind_of_end"
ENDS_NOTICE = "calendar_sync.sign_in_ends"


def plan_reminder(row: Connection, *, now: datetime) -> None:
    """Have the owner reminded three days before Google ends the sign-in, if it said when. Inside the caller's
    transaction."""
    at = reminder_at(row.sign_in_until, now=now)
    if at and row.sign_in_until:
        payload = {"connection": row.pk, "until": row.sign_in_until.isoformat()}
        outbox.publish(REMIND, key=_key(row, row.sign_in_until), payload=payload, due_at=at)


@transaction.atomic
def remind(number: int, *, until: datetime) -> bool:
    """Tell the owner, once, that the sign-in ends; False where it does not end then any more, or nobody reads it."""
    rows = Connection.objects.filter(taking_part("user__"), state=State.WORKING, sign_in_until=until)
    row = rows.filter(pk=number).first()
    if row is None:
        return False
    facts = {"connection": row.pk, "until": until.isoformat()}
    told = Notice(name=ENDS_NOTICE, key=_key(row, until), reader=row.user_id, kind=Kind.CALENDAR, facts=facts)
    channels.tell([told])
    return True


def _key(row: Connection, until: datetime) -> str:
    return f"{row.uuid.hex}:{until.timestamp():.0f}"
