"""The link by which an appointment is joined online: taken from the provider's calendar, and told to the customer.

Which link there is follows from the event in the provider's calendar, where it comes some time after the appointment
was agreed. What the customer was told last stands beside it, so that each link is told once, and one that is gone, too.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from appointments.models import Appointment
from appointments.states import IN_CALENDARS, Status
from calendar_sync.queries import MeetLink, meet_links
from core import clock
from core.db import lock_rows, retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox

TELL = "appointments.tell_join_links"
NOTICE = "appointments.join_links"
# The links of a series come within seconds of each other, and are told in one mail.
SOON = timedelta(seconds=30)


@retrying
@transaction.atomic
def take_link(*, key: UUID, owner: User) -> bool:
    """Let an appointment be joined by the link of its event in its provider's calendar, and have the customer told;
    whether it is another link than before. Nothing for any other person's calendar, nor for what is over: that keeps
    the link by which it was joined."""
    now = clock.now()
    rows = Appointment.objects.filter(uuid=key, provider__user=owner)
    row = _locked(rows.filter(end__gt=now)).first()
    if row is None:
        return False
    link = links_of([row], owner=owner.pk)[key].link
    is_other = row.join_link != link
    drafts = []
    if is_other:
        # Neither time nor state is another, so the sequence stays: of two files a program takes the later (RFC 5546).
        Appointment.objects.filter(pk=row.pk).update(join_link=link, join_link_at=now)
        if row.customer.keeps_calendar:
            payload = {"appointments": [row.pk]}
            drafts.append(outbox.Draft(topic="appointments.write_to_calendars", key=uuid4().hex, payload=payload))
    if row.told_join_link != link:
        drafts.append(_tell_soon(row, now=now))
    outbox.publish_all(drafts)
    return is_other


@retrying
@transaction.atomic
def tell_links(*, provider: int, customer: int) -> int:
    """Tell a customer of the links with a provider of which they were not told; of one that is gone unless another is
    on its way. Returns the number of appointments told of."""
    now = clock.now()
    rows = Appointment.objects.filter(provider=provider, customer=customer, status=Status.CONFIRMED, end__gt=now)
    untold = list(_locked(rows.exclude(told_join_link=F("join_link")).order_by("pk")))
    links = links_of(untold, owner=untold[0].provider.user_id) if untold else {}
    told = sorted((row for row in untold if row.join_link or not links[row.uuid].is_coming), key=lambda row: row.start)
    for row in told:
        told_now = {"told_join_link": row.join_link, "told_join_link_at": row.join_link_at}
        Appointment.objects.filter(pk=row.pk).update(**told_now)
    if told:
        first = told[0]
        facts = {
            "appointments": [row.pk for row in told],
            "since": [_said(row.join_link_at) for row in told],
            "had": [_said(row.told_join_link_at if row.told_join_link else None) for row in told],
        }
        channels.tell(
            [
                Notice(
                    name=NOTICE,
                    key=f"{first.pk}:{now.timestamp()}",
                    reader=customer,
                    kind=Kind.JOIN,
                    about=first.reference if len(told) == 1 else "",
                    facts={**facts, "at": now.isoformat()},
                )
            ]
        )
    return len(told)


def links_of(appointments: list[Appointment], *, owner: int) -> dict[UUID, MeetLink]:
    """How the links of these appointments of one provider stand. Two queries, one where the provider makes none."""
    return meet_links(owner, source=IN_CALENDARS, keys=[row.uuid for row in appointments])


def _locked(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return lock_rows(rows.select_related("provider", "customer"))


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _tell_soon(row: Appointment, *, now: datetime) -> outbox.Draft:
    payload = {"provider": row.provider_id, "customer": row.customer_id}
    return outbox.Draft(topic=TELL, key=uuid4().hex, payload=payload, due_at=now + SOON)
