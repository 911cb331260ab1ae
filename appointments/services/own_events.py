"""People's own events: made, changed and deleted by their owner alone, who is asked about what lies inside before.

An own event of a provider closes time as time off does, under the same lock, so that a booking at the same moment is
either asked about or refused. It never ends or moves what is agreed or asked for; offered times it takes back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused, FormSpent, InsideChanged, PolicyRefused
from appointments.models import Appointment, DeletedOwnEvent, Offer, OwnEvent
from appointments.rules.own_events import MOST_AHEAD, Details, check_details, details_of
from appointments.rules.time_off import Claim
from core import clock
from core.db import retrying
from core.intervals import overlaps
from outbox import services as outbox
from providers import services as providers
from providers.exceptions import ChangedMeanwhile
from providers.models import Provider

from . import offers, waitlist_offers
from .locks import lock_people, lock_providers

WRITE = "appointments.write_own_event"
# For how long the form of a deleted event makes no other: a page may stay open, or come back with the browser.
FORMS_SPENT_FOR = timedelta(days=90)
# What a page showed inside: `Appointment.as_shown` by reference, and the ids of offered times.
Shown = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Saved:
    """The event as it stands, whether the act changed anything, and how many offered times it took back."""

    event: OwnEvent
    changed: bool = True
    taken_back: int = 0


def what_lies_inside(user: User, details: Details, *, now: datetime, besides: Details | None = None) -> list[Claim]:
    """The person's appointments, requests and proposed times, on either side, that an event lies over, by start.

    None for one that takes no time. What the event lay over before, as `besides` says, is not told again. One query.
    """
    if details.taken is None:
        return []
    start, end = details.taken
    own_page = Provider.objects.filter(user=user).values("pk")[:1]
    rows = Appointment.objects.filter(Q(customer=user) | Q(provider=own_page)).counted(now).with_proposal()
    own = Q(start__lt=end, end__gt=start)
    proposed = Q(open_proposal__start__lt=end, open_proposal__end__gt=start, open_proposal__answer_by__gt=now)
    claims = []
    for one in rows.filter(own | proposed).select_related("customer", "provider", "service"):
        is_inside = overlaps((one.start, one.end), details.taken)
        claims.append(Claim(one, None if is_inside else one.open_proposal))
    known = besides.taken if besides else None
    new = [claim for claim in claims if known is None or not overlaps((claim.start, claim.end), known)]
    return sorted(new, key=lambda claim: (claim.start, claim.appointment.pk))


def what_is_offered_inside(user: User, details: Details, *, now: datetime) -> list[Offer]:
    """The times that the person offers to somebody and that an event would close, by start, with their customers.

    None for one that takes no time. One query.
    """
    if details.taken is None:
        return []
    start, end = details.taken
    rows = Offer.objects.live(now).filter(provider__user=user, start__lt=end, end__gt=start)
    return list(rows.select_related("customer", "service").order_by("start", "pk"))


def create_own_event(*, details: Details, actor: User, key: UUID | None = None, shown: Shown | None = None) -> Saved:
    """Write down an event of the actor's. `key` is that of its form, so that one sent twice makes one event.

    Raises FormSpent where the form's event says something else by now or was deleted, EventRefused, PolicyRefused, and
    InsideChanged where it lies over something that was not `shown`.
    """
    return _create(details=details, actor=actor, key=key or uuid4(), shown=shown or {})


@retrying
@transaction.atomic
def _create(*, details: Details, actor: User, key: UUID, shown: Shown) -> Saved:
    person, provider = _lock(actor)
    made = _made_with(key)
    if made is not None and made.user_id != person.pk:
        key = uuid5(key, str(person.pk))  # the same each time that the form is sent
        made = _made_with(key)
    if isinstance(made, OwnEvent):
        if details_of(made) != details:
            raise FormSpent(
                "This form was saved already, as an event that says something else now. Save again to add another one."
            )
        return Saved(made, changed=False)
    if made is not None:
        raise FormSpent
    now = clock.now()
    check_details(details, now=now)
    if OwnEvent.objects.filter(user=person, end__gt=now).count() >= MOST_AHEAD:
        raise EventRefused(f"There are {MOST_AHEAD} events ahead already. Delete one that is no longer needed.")
    _check_inside(person, details, shown, now=now)
    event = OwnEvent(user=person, uuid=key, created_at=now, changed_at=now, **asdict(details))
    event.save(force_insert=True)
    taken_back = _take_back_offered(provider, details, now=now)
    _follow(person, provider, event, before=None, after=details)
    return Saved(event, taken_back=taken_back)


def _made_with(key: UUID) -> OwnEvent | DeletedOwnEvent | None:
    """The event that a form with this key has made, whosever it is, or that there was one."""
    rows = OwnEvent.objects.filter(uuid=key)
    return rows.first() or DeletedOwnEvent.objects.filter(uuid=key).first()


def change_own_event(
    *, event: OwnEvent, details: Details, actor: User, version: int, shown: Shown | None = None
) -> Saved:
    """Give the actor's event other times or texts. Saved as it is, it stays untouched, whatever the form knew.

    `version` is that which the form showed. Raises ChangedMeanwhile where it is another by now, EventGone,
    EventRefused, PolicyRefused, and InsideChanged where the event comes to lie over something that was not `shown`.
    """
    return _change(event=event, details=details, actor=actor, version=version, shown=shown or {})


@retrying
@transaction.atomic
def _change(*, event: OwnEvent, details: Details, actor: User, version: int, shown: Shown) -> Saved:
    person, provider = _lock(actor)
    row = _read(event, person)
    if row is None:
        raise EventGone
    before = details_of(row)
    if before == details:
        return Saved(row, changed=False)
    if row.version != version:
        raise ChangedMeanwhile
    now = clock.now()
    check_details(details, now=now)
    _check_inside(person, details, shown, now=now, before=before)
    for field, value in asdict(details).items():
        setattr(row, field, value)
    row.version, row.changed_at = row.version + 1, now
    row.save()
    taken_back = _take_back_offered(provider, details, now=now)
    _follow(person, provider, row, before=before, after=details)
    return Saved(row, taken_back=taken_back)


@retrying
@transaction.atomic
def delete_own_event(*, event: OwnEvent, actor: User, version: int) -> bool:
    """Delete the actor's event; the time that it closed is open again. False where it was deleted already.

    Raises ChangedMeanwhile where it is not the version that the page showed.
    """
    person, provider = _lock(actor)
    row = _read(event, person)
    if row is None:
        return False
    if row.version != version:
        raise ChangedMeanwhile
    before = details_of(row)
    row.delete()
    DeletedOwnEvent.objects.create(uuid=row.uuid, user=person, deleted_at=clock.now())
    _follow(person, provider, event, before=before, after=None)
    return True


def forget_deleted(*, now: datetime) -> int:
    """Forget which events were deleted long ago; returns their number."""
    return DeletedOwnEvent.objects.filter(deleted_at__lt=now - FORMS_SPENT_FOR).delete()[0]


def _lock(actor: User) -> tuple[User, Provider | None]:
    """The actor and their provider, if they are one, locked. Raises PolicyRefused for who takes no part."""
    key = Provider.objects.filter(user=actor).values_list("pk", flat=True).first()
    provider = lock_providers([key])[key] if key else None
    person = lock_people([actor.pk])[actor.pk]
    if not person.takes_part:
        raise PolicyRefused("This account is suspended or closed.")
    return person, provider


def _read(event: OwnEvent, person: User) -> OwnEvent | None:
    """The row as it is now. Whoever changes it has locked its owner."""
    if event.user_id != person.pk:
        raise PermissionDenied
    return OwnEvent.objects.filter(pk=event.pk, user=person).first()


def _check_inside(
    person: User, details: Details, shown: Shown, *, now: datetime, before: Details | None = None
) -> None:
    """Raise InsideChanged where something lies inside that the person has not seen as it is."""
    for one in (claim.appointment for claim in what_lies_inside(person, details, now=now, besides=before)):
        if shown.get(one.reference) != one.as_shown:
            raise InsideChanged
    if any(str(offer.uuid) not in shown for offer in what_is_offered_inside(person, details, now=now)):
        raise InsideChanged


def _take_back_offered(provider: Provider | None, details: Details, *, now: datetime) -> int:
    """Take back the times that the provider, who is locked, offers inside, as nobody could take them any more; their
    number."""
    if provider is None or details.taken is None:
        return 0
    taken_back = offers.withdraw_inside(provider, details.taken, now=now)
    if taken_back:
        waitlist_offers.offer_freed(provider.pk, now=now)
    return taken_back


def _follow(
    person: User, provider: Provider | None, event: OwnEvent, *, before: Details | None, after: Details | None
) -> None:
    """Publish what follows from a change of an event: other open time, and another entry in the person's calendar."""
    closed, closes = before.taken if before else None, after.taken if after else None
    if provider is not None and closed != closes:
        (providers.open_time_changed if closed else providers.refresh_openings)(provider)
    if person.keeps_calendar:
        outbox.publish(WRITE, key=f"{event.uuid}:{uuid4().hex}", payload={"event": str(event.uuid), "owner": person.pk})
