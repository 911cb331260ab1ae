"""People's own events: made, changed and deleted by their owner alone, who is asked about what lies inside before.

An own event of a provider closes time as time off does, under the same lock, so that a booking at the same moment is
either asked about or refused. It never ends or moves what is agreed or asked for; offered times it takes back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from appointments.exceptions import EventGone, EventRefused, FormSpent, InsideChanged, PolicyRefused
from appointments.models import Appointment, DeletedOwnEvent, Offer, OwnEvent, OwnRecurrence
from appointments.rules.own_events import (
    FURTHEST,
    MOST_AHEAD,
    TOO_FAR,
    Details,
    check_details,
    check_repeats,
    dates_of,
    details_of,
    rule_of,
)
from appointments.rules.recurrence import Rule
from appointments.rules.time_off import Claim
from core import clock
from core.db import retrying
from core.intervals import Interval, meets, merge
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
    """The event as it stands, whether the act changed anything, how many offered times it took back, and on how many
    dates it stands that the act wrote."""

    event: OwnEvent
    changed: bool = True
    taken_back: int = 0
    dates: int = 1


def what_lies_inside(
    user: User, *events: Details, now: datetime, besides: Details | Collection[Details] | None = None
) -> list[Claim]:
    """The person's appointments, requests and proposed times, on either side, that events lie over, by start.

    None for what takes no time. What they lay over before, as `besides` says, is not told again. One query.
    """
    taken, known = taken_by(events), taken_by([besides] if isinstance(besides, Details) else besides or ())
    if not taken:
        return []
    start, end = taken[0][0], taken[-1][1]
    own_page = Provider.objects.filter(user=user).values("pk")[:1]
    rows = Appointment.objects.filter(Q(customer=user) | Q(provider=own_page)).counted(now).with_proposal()
    own = Q(start__lt=end, end__gt=start)
    proposed = Q(open_proposal__start__lt=end, open_proposal__end__gt=start, open_proposal__answer_by__gt=now)
    claims = []
    for one in rows.filter(own | proposed).select_related("customer", "provider", "service"):
        new_time = one.open_proposal
        if meets(taken, one.start, one.end):
            claims.append(Claim(one, None))
        elif new_time and new_time.answer_by > now and meets(taken, new_time.start, new_time.end):
            claims.append(Claim(one, new_time))
    new = [claim for claim in claims if not meets(known, claim.start, claim.end)]
    return sorted(new, key=lambda claim: (claim.start, claim.appointment.pk))


def what_is_offered_inside(user: User, *events: Details, now: datetime) -> list[Offer]:
    """The times that the person offers to somebody and that events would close, by start, with their customers.

    None for what takes no time. One query.
    """
    taken = taken_by(events)
    if not taken:
        return []
    rows = Offer.objects.live(now).filter(provider__user=user, start__lt=taken[-1][1], end__gt=taken[0][0])
    rows = rows.select_related("customer", "service").order_by("start", "pk")
    return [each for each in rows if meets(taken, each.start, each.end)]


def taken_by(events: Iterable[Details]) -> list[Interval]:
    """The time that events close for booking, merged."""
    return merge(event.taken for event in events if event.taken)


def create_own_event(
    *,
    details: Details,
    actor: User,
    key: UUID | None = None,
    shown: Shown | None = None,
    rule: Rule | None = None,
) -> Saved:
    """Write down an event of the actor's, by a `rule` on each of its dates. `key` is that of its form, so that one sent
    twice makes one event.

    Raises FormSpent where the form's event says something else by now or was deleted, EventRefused, PolicyRefused, and
    InsideChanged where it lies over something that was not `shown`.
    """
    return _create(details=details, actor=actor, key=key or uuid4(), shown=shown or {}, rule=rule)


@retrying
@transaction.atomic
def _create(*, details: Details, actor: User, key: UUID, shown: Shown, rule: Rule | None) -> Saved:
    person, provider = lock_owner(actor)
    made = _made_with(key)
    if made is not None and made.user_id != person.pk:
        key = uuid5(key, str(person.pk))  # the same each time that the form is sent
        made = _made_with(key)
    if isinstance(made, OwnEvent):
        if (details_of(made), rule_of(made)) != (details, rule):
            raise FormSpent(
                "This form was saved already, as an event that says something else now. Save again to add another one."
            )
        return Saved(made, changed=False)
    if made is not None:
        raise FormSpent
    now = clock.now()
    dates = checked_dates(details, rule, now=now)
    check_room(person, dates.values(), now=now)
    check_inside(person, dates.values(), shown, now=now)
    events = new_events(person, dates, keep_rule(person, rule), now=now)
    events[0].uuid = key
    OwnEvent.objects.bulk_create(events)
    taken_back = take_back_offered(person, provider, dates.values(), now=now)
    follow(person, provider, [each.uuid for each in events], before=[], after=dates.values())
    return Saved(events[0], taken_back=taken_back, dates=len(events))


def _made_with(key: UUID) -> OwnEvent | DeletedOwnEvent | None:
    """The event that a form with this key has made, whosever it is, or that there was one."""
    rows = OwnEvent.objects.select_related("recurrence").filter(uuid=key)
    return rows.first() or DeletedOwnEvent.objects.filter(uuid=key).first()


def change_own_event(
    *, event: OwnEvent, details: Details, actor: User, version: int, shown: Shown | None = None
) -> Saved:
    """Give the actor's event other times or texts; of one that repeats, on this date alone.

    Saved as it is, it stays untouched, whatever the form knew.

    `version` is that which the form showed. Raises ChangedMeanwhile where it is another by now, EventGone,
    EventRefused, PolicyRefused, and InsideChanged where the event comes to lie over something that was not `shown`.
    """
    return _change(event=event, details=details, actor=actor, version=version, shown=shown or {})


@retrying
@transaction.atomic
def _change(*, event: OwnEvent, details: Details, actor: User, version: int, shown: Shown) -> Saved:
    person, provider = lock_owner(actor)
    row = read_event(event, person)
    if row is None:
        raise EventGone
    before = details_of(row)
    if before == details:
        return Saved(row, changed=False)
    if row.version != version:
        raise ChangedMeanwhile
    now = clock.now()
    check_details(details, now=now)
    check_inside(person, [details], shown, now=now, before=[before])
    set_details(row, details, now=now)
    row.save()
    taken_back = take_back_offered(person, provider, [details], now=now)
    follow(person, provider, [row.uuid], before=[before], after=[details])
    return Saved(row, taken_back=taken_back)


@retrying
@transaction.atomic
def delete_own_event(*, event: OwnEvent, actor: User, version: int) -> bool:
    """Delete the actor's event, of one that repeats this date alone; the time that it closed is open again.

    False where it was deleted already.

    Raises ChangedMeanwhile where it is not the version that the page showed.
    """
    person, provider = lock_owner(actor)
    row = read_event(event, person)
    if row is None:
        return False
    if row.version != version:
        raise ChangedMeanwhile
    before = details_of(row)
    delete_rows([row], person, now=clock.now())
    follow(person, provider, [row.uuid], before=[before], after=[])
    return True


def forget_deleted(*, now: datetime) -> int:
    """Forget which events were deleted long ago; returns their number."""
    return DeletedOwnEvent.objects.filter(deleted_at__lt=now - FORMS_SPENT_FOR).delete()[0]


# --- Parts of these acts, inside their transaction -------------------------------------------------------------------


def lock_owner(actor: User) -> tuple[User, Provider | None]:
    """The actor and their provider, if they are one, locked. Raises PolicyRefused for who takes no part."""
    key = Provider.objects.filter(user=actor).values_list("pk", flat=True).first()
    provider = lock_providers([key])[key] if key else None
    person = lock_people([actor.pk])[actor.pk]
    if not person.takes_part:
        raise PolicyRefused("This account is suspended or closed.")
    return person, provider


def read_event(event: OwnEvent, person: User) -> OwnEvent | None:
    """The row as it is now, with its recurrence. Whoever changes it has locked its owner."""
    if event.user_id != person.pk:
        raise PermissionDenied
    return OwnEvent.objects.select_related("recurrence").filter(pk=event.pk, user=person).first()


def checked_dates(details: Details, rule: Rule | None, *, now: datetime) -> dict[int, Details]:
    """The event on each of its dates, by number from 1 on. Raises EventRefused where it can't be kept on one."""
    check_details(details, now=now)
    if rule is None:
        return {1: details}
    check_repeats(rule)
    dates = dates_of(details, rule)
    check_details(dates[1], now=now)
    last = max(dates)
    if dates[last].end - now > FURTHEST:
        raise EventRefused(TOO_FAR, field="count" if rule.until is None else "until")
    check_details(dates[last], now=now)
    return dates


def check_room(person: User, events: Collection[Details], *, now: datetime, besides: Collection[int] = ()) -> None:
    """Raise EventRefused where so many more events lie ahead than are kept; `besides` are rows that these replace."""
    others = OwnEvent.objects.filter(user=person, end__gt=now).exclude(pk__in=besides).count()
    if others + sum(event.end > now for event in events) > MOST_AHEAD:
        raise EventRefused(f"More than {MOST_AHEAD} events ahead are not kept. Delete some that are no longer needed.")


def check_inside(
    person: User, events: Collection[Details], shown: Shown, *, now: datetime, before: Collection[Details] = ()
) -> None:
    """Raise InsideChanged where something lies inside that the person has not seen as it is."""
    for one in (claim.appointment for claim in what_lies_inside(person, *events, now=now, besides=before)):
        if shown.get(one.reference) != one.as_shown:
            raise InsideChanged
    if any(str(offer.uuid) not in shown for offer in what_is_offered_inside(person, *events, now=now)):
        raise InsideChanged


def keep_rule(person: User, rule: Rule | None) -> OwnRecurrence | None:
    """The row of the rule; None without one."""
    if rule is None:
        return None
    return OwnRecurrence.objects.create(
        user=person,
        frequency=rule.frequency,
        first=rule.first,
        time_zone=rule.zone.key,
        count=rule.count,
        until=rule.until,
    )


def new_events(
    person: User, dates: Mapping[int, Details], recurrence: OwnRecurrence | None, *, now: datetime
) -> list[OwnEvent]:
    """The events of these dates, not saved yet."""
    made = {"user": person, "created_at": now, "changed_at": now, "recurrence": recurrence}
    return [
        OwnEvent(**made, occurrence=number if recurrence else None, **asdict(details))
        for number, details in dates.items()
    ]


def set_details(row: OwnEvent, details: Details, *, now: datetime) -> None:
    """Have the row say this, as its next version."""
    for field, value in asdict(details).items():
        setattr(row, field, value)
    row.version, row.changed_at = row.version + 1, now


def delete_rows(rows: Collection[OwnEvent], person: User, *, now: datetime) -> None:
    """Delete these events, and the rules of which no date is left."""
    OwnEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    DeletedOwnEvent.objects.bulk_create(DeletedOwnEvent(uuid=row.uuid, user=person, deleted_at=now) for row in rows)
    rules = {row.recurrence_id for row in rows if row.recurrence_id}
    OwnRecurrence.objects.filter(pk__in=rules, events=None).delete()


def take_back_offered(person: User, provider: Provider | None, events: Collection[Details], *, now: datetime) -> int:
    """Take back the times that the person offers inside as a provider, who is locked, since nobody could take them any
    more; their number."""
    if provider is None:
        return 0
    inside = what_is_offered_inside(person, *events, now=now)
    taken_back = sum(offers.withdraw_inside(provider, (each.start, each.end), now=now) for each in inside)
    if taken_back:
        waitlist_offers.offer_freed(provider.pk, now=now)
    return taken_back


def follow(
    person: User,
    provider: Provider | None,
    events: Collection[UUID],
    *,
    before: Iterable[Details],
    after: Iterable[Details],
) -> None:
    """Publish what follows from a change of events: other open time, and other entries in the person's calendar."""
    closed, closes = taken_by(before), taken_by(after)
    if provider is not None and closed != closes:
        (providers.open_time_changed if closed else providers.refresh_openings)(provider)
    if person.keeps_calendar:
        payload = {"events": [str(each) for each in events], "owner": person.pk}
        outbox.publish(WRITE, key=uuid4().hex, payload=payload)
