"""Appointments in the connected calendars of both sides at Google: a source of `calendar_sync.hooks`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.calendar_words import address_of, text_of, title_of
from appointments.pages.places import location_of, place_of
from appointments.queries.join_links import count_customers_with_links
from appointments.queries.sides import appointment_of_key
from appointments.services import join_links, proposals
from appointments.states import IN_CALENDARS, Role, Status
from calendar_sync.exceptions import NotFollowed
from calendar_sync.hooks import Asked, Edited
from calendar_sync.rules.entries import Entry
from calendar_sync.services import written
from calendar_sync.states import Edit
from core import clock
from notifications.preferences import leads_of
from outbox import services as outbox
from providers.models import Provider

name = IN_CALENDARS
word = "Appointment"
# The states that stand in a calendar. What is over stays there as it took place, or should have.
SHOWN = frozenset({Status.REQUESTED, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})
AHEAD = frozenset({Status.REQUESTED, Status.CONFIRMED})
# So many appointments are looked at before a job says that it goes on.
AT_ONCE = 100
HINT = "Moved or deleted here, it changes nothing until you say what it means. Nothing is cancelled by that."


def write(appointments: Iterable[int]) -> None:
    """Have the calendars of both sides compared with these appointments. Where a customer waits for a link, it is
    looked when they are told that none comes, which follows from the start."""
    ahead: dict[tuple[User, User], list[UUID]] = defaultdict(list)
    over = []
    waiting: list[Appointment] = []
    for row in Appointment.objects.filter(pk__in=list(appointments)).select_related("provider__user", "customer"):
        if row.status in AHEAD:
            ahead[row.provider.user, row.customer].append(row.uuid)
            if row.link_promised_at and not row.join_link:
                waiting.append(row)
        else:  # what was never written and is over is not written any more
            over.append(row.uuid)
    for both_sides, keys in ahead.items():
        written.things_changed(source=name, keys=keys, owners=both_sides)
    written.written_changed(source=name, keys=over)
    for row in waiting:
        join_links.take_link(key=row.uuid, owner=row.provider.user)


def follow_page(provider: Provider) -> None:
    """Have the calendars of both sides compared with all that lies ahead at a provider whose page says otherwise now
    with whom, for what or where it is; and have it joined by a link where it takes place online alone."""
    rows = Appointment.objects.filter(provider=provider, status__in=AHEAD, end__gt=clock.now())
    is_written = Q(provider__user__keeps_calendar=True) | Q(customer__keeps_calendar=True)
    keys = list(rows.filter(is_written).order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(keys), AT_ONCE):
        outbox.renew_lease()
        write(keys[first : first + AT_ONCE])
    join_links.take_links(owner=provider.user)


def forget(person: int) -> None:
    """Have the events of somebody's appointments on either side compared with these, as their name is another now."""
    keys = Appointment.objects.filter(Q(customer=person) | Q(provider__user=person)).values_list("uuid", flat=True)
    written.written_changed(source=name, keys=list(keys))


def entry(key: UUID, *, owner: User) -> Entry | None:
    """The entry of an appointment for the person on either side of it; None once it was cancelled or refused."""
    row, side = _theirs(key, owner)
    if row is None or row.status not in SHOWN:
        return None
    is_customers = side is Role.CUSTOMER  # the provider's own event has the link as what it is
    return Entry(
        start=row.start,
        end=row.end,
        zone=row.provider.time_zone,
        title=title_of(row, side),
        text=text_of(row, side, with_note=False, hint=HINT, with_link=is_customers),
        place=location_of(row) if is_customers else place_of(row),
        address=address_of(row, side),
        reminders=leads_of(owner),
        is_tentative=row.status == Status.REQUESTED,
        is_online=row.is_only_online and not is_customers,
    )


def take_link(key: UUID, *, owner: User) -> None:
    """Let an appointment be joined by the link that its event in the provider's own calendar has now."""
    join_links.take_link(key=key, owner=owner)


def take_links(*, owner: User) -> None:
    """Let each appointment ahead in the provider's own calendar be joined by the link that its event has now."""
    join_links.take_links(owner=owner)


def count_readers(owner: User, *, now: datetime) -> int:
    """How many customers know the link of an appointment ahead with the provider, or wait for one. One query."""
    return count_customers_with_links(owner, now=now)


def ahead(owner: User, *, now: datetime) -> Collection[UUID]:
    """The keys of the person's appointments on either side that are agreed or asked for and not over."""
    theirs = Q(provider__user=owner) | Q(customer=owner)
    rows = Appointment.objects.filter(theirs, status__in=AHEAD, end__gt=now)
    return list(rows.values_list("uuid", flat=True))


def asked(key: UUID, *, owner: User, edit: Edited) -> Asked | None:
    """What a person is asked about their appointment that was moved or deleted at Google; None once it has ended."""
    row, side = _theirs(key, owner)
    if row is None or row.status not in AHEAD:
        return None
    other = row.customer.name if side is Role.PROVIDER else row.provider.name
    if edit.has_other_start:
        follow, meaning = "Propose the new time", f"{other} is asked. Both times are held until they answer."
    else:
        follow = meaning = ""
    return Asked(
        title=title_of(row, side),
        zone=owner.time_zone,
        follow=follow,
        meaning=meaning,
        address=address_of(row, side),
        go="See what cancelling it means" if edit.kind == Edit.DELETED else "See the appointment",
        about=row.reference,
        is_agreed=True,
    )


def follow(key: UUID, *, owner: User, edit: Edited) -> str:
    """Propose to the other side the time to which somebody moved the appointment at Google.

    Raises NotFollowed for anything else, and what proposing a time raises.
    """
    row, side = _theirs(key, owner)
    if row is None or row.status not in AHEAD:
        raise NotFollowed("The appointment has ended meanwhile.")
    if edit.start is None or not edit.has_other_start:
        raise NotFollowed("Only another time can be proposed. Its length is that of the service.")
    if row.start != edit.was_start:
        raise NotFollowed("The appointment is at another time by now.")
    outcome = proposals.propose_time(appointment=row, start=edit.start, actor=owner, role=side, shown=row.as_shown)
    if outcome.appointment.start == edit.start:
        return "The appointment is at its new time."
    return "The new time is proposed. In Google it stands at the agreed one until it is accepted."


def _theirs(key: UUID, owner: User) -> tuple[Appointment | None, Role]:
    """The appointment of the person, and their side of it; None for one that is not theirs."""
    row = appointment_of_key(key)
    if row is None or owner.pk not in {row.provider.user_id, row.customer_id}:
        return None, Role.SYSTEM
    return row, Role.PROVIDER if owner.pk == row.provider.user_id else Role.CUSTOMER
