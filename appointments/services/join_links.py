"""The link by which an appointment is joined online: taken from the provider's calendar, and told to the customer.

Which link there is follows from the event in the provider's calendar, where it comes some time after the appointment
was agreed. What the customer was told last stands beside it, so that each link is told once, and one that is gone, too;
and so does that they were told to expect one, so that whoever was reads once that none comes.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User
from appointments.models import Appointment
from appointments.rules import join_links as rules
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
# What a customer was told to expect and has not got. What they were told of and is gone has words of its own.
STILL_PROMISED = Q(join_link="", told_join_link="", link_promised_at__isnull=False)


@retrying
@transaction.atomic
def take_link(*, key: UUID, owner: User) -> bool:
    """Let an appointment be joined by the link of its event in its provider's calendar, and have the customer told;
    whether it is another link than before. By none where it does not take place online alone. Nothing for any other
    person's calendar, nor for what is over: that keeps the link by which it was joined."""
    now = clock.now()
    rows = Appointment.objects.filter(uuid=key, provider__user=owner)
    row = _locked(rows.filter(end__gt=now)).first()
    if row is None:
        return False
    found = links_of([row], owner=owner.pk)[key]
    is_other = row.join_link != found.link
    is_missed = not (found.link or row.told_join_link or found.is_coming) and row.link_promised_at is not None
    drafts = []
    if is_other or is_missed and row.join_link_at is None:
        # Neither time nor state is another, so the sequence stays: of two files a program takes the later (RFC 5546).
        Appointment.objects.filter(pk=row.pk).update(join_link=found.link, join_link_at=now)
    if is_other and row.customer.keeps_calendar:
        payload = {"appointments": [row.pk]}
        drafts.append(outbox.Draft(topic="appointments.write_to_calendars", key=uuid4().hex, payload=payload))
    if row.told_join_link != found.link or is_missed:
        at = max(now, _given_up_at(row, found) or now) + rules.SOON
        drafts.append(_tell_at(at, uuid4().hex, provider=row.provider_id, customer=row.customer_id))
    outbox.publish_all(drafts)
    return is_other


def take_links(*, owner: User) -> None:
    """Take the link of each appointment ahead at this provider of which one is known or promised, or whose place
    follows the provider's page. Outside any transaction: one after another."""
    follows = ~Q(join_link="", told_join_link="") | Q(link_promised_at__isnull=False) | Q(venue="")
    rows = Appointment.objects.filter(follows, provider__user=owner, status=Status.CONFIRMED, end__gt=clock.now())
    for key in list(rows.order_by("pk").values_list("uuid", flat=True)):
        outbox.renew_lease()
        take_link(key=key, owner=owner)


@retrying
@transaction.atomic
def promise_links(appointments: Collection[Appointment]) -> set[int]:
    """Note that a customer reads now that the links of these appointments of one provider follow; returns the keys of
    those of which that is true. One that does not come after that is told them."""
    now = clock.now()
    rows = Appointment.objects.filter(status=Status.CONFIRMED, end__gt=now, join_link="")
    found = list(_locked(rows.filter(pk__in=[row.pk for row in appointments]).order_by("pk")))
    links = links_of(found, owner=found[0].provider.user_id) if found else {}
    coming = [row for row in found if links[row.uuid].is_coming]
    new = [row.pk for row in coming if row.link_promised_at is None]
    Appointment.objects.filter(pk__in=new).update(link_promised_at=now)
    return {row.pk for row in coming}


@retrying
@transaction.atomic
def tell_links(*, provider: int, customer: int) -> int:
    """Tell a customer of the links with a provider of which they were not told; of one that is gone, or that they were
    told to expect, unless another is on its way. While more are on their way, it is done some minutes later, by a job.
    Returns the number of appointments told of."""
    now = clock.now()
    rows = Appointment.objects.filter(provider=provider, customer=customer, status=Status.CONFIRMED, end__gt=now)
    is_untold = ~Q(told_join_link=F("join_link")) | STILL_PROMISED
    untold = list(_locked(rows.filter(is_untold).order_by("pk")))
    if not untold:
        return 0
    links = links_of(untold, owner=untold[0].provider.user_id)
    told = sorted((row for row in untold if row.join_link or _is_given_up(row, links, now)), key=lambda row: row.start)
    if told and (at := _gathered_at(told, rows, now=now)):
        key = f"{provider}:{customer}:{at.timestamp():.0f}"
        outbox.publish_all([_tell_at(at, key, provider=provider, customer=customer)])
        return 0
    drafts = [
        _tell_at(at, f"{provider}:{customer}:{at.timestamp()}", provider=provider, customer=customer)
        for row in untold
        if (at := _given_up_at(row, links[row.uuid])) and at > now
    ]
    outbox.publish_all(drafts)
    for row in told:
        settled = {} if row.join_link else {"link_promised_at": None}
        Appointment.objects.filter(pk=row.pk).update(
            told_join_link=row.join_link, told_join_link_at=row.join_link_at, **settled
        )
    if told:
        channels.tell([_notice(told, customer=customer, now=now)])
    return len(told)


def links_of(appointments: Sequence[Appointment], *, owner: int) -> dict[UUID, MeetLink]:
    """How the links of these appointments of one provider stand; of what does not take place online alone there is
    none. Two queries, one where the provider makes none. Needs their provider."""
    keys = [row.uuid for row in appointments if row.is_only_online]
    found = meet_links(owner, source=IN_CALENDARS, keys=keys) if keys else {}
    return {row.uuid: found.get(row.uuid, MeetLink()) for row in appointments}


def _locked(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return lock_rows(rows.select_related("provider", "customer"))


def _given_up_at(row: Appointment, link: MeetLink) -> datetime | None:
    """When the customer is told that none comes where it waits for the provider; None where it does not."""
    return rules.given_up_at(link.paused_since, start=row.start) if link.paused_since else None


def _is_given_up(row: Appointment, links: dict[UUID, MeetLink], now: datetime) -> bool:
    """Whether no link comes any more, or none that has waited for the provider for long."""
    link = links[row.uuid]
    at = _given_up_at(row, link)
    return not link.is_coming and (at is None or at <= now)


def _gathered_at(told: list[Appointment], rows: QuerySet[Appointment], *, now: datetime) -> datetime | None:
    """When to look again, as other links of this customer with this provider are on their way; None to tell now."""
    at = rules.next_gathering([row.join_link_at for row in told], [row.start for row in told], now=now)
    if at is None:
        return None
    others = list(rows.filter(join_link="").exclude(pk__in=[row.pk for row in told]).select_related("provider"))
    links = links_of(others, owner=told[0].provider.user_id)
    return at if any(link.is_coming for link in links.values()) else None


def _notice(told: Sequence[Appointment], *, customer: int, now: datetime) -> Notice:
    """What a customer is told of these appointments, in the order of their time."""
    first = told[0]
    return Notice(
        name=NOTICE,
        key=f"{first.pk}:{now.timestamp()}",
        reader=customer,
        kind=Kind.JOIN,
        about=first.reference if len(told) == 1 else "",
        facts={
            "appointments": [row.pk for row in told],
            "since": [_said(row.join_link_at) for row in told],
            "had": [_said(row.told_join_link_at if row.told_join_link else None) for row in told],
            "promised": [row.pk for row in told if row.link_promised_at and not row.join_link],
            "at": now.isoformat(),
        },
    )


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _tell_at(at: datetime, key: str, *, provider: int, customer: int) -> outbox.Draft:
    return outbox.Draft(topic=TELL, key=key, payload={"provider": provider, "customer": customer}, due_at=at)
