"""A person's late cancellations, bans and appeals, and the appointments these are about."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import Appeal, Ban, User
from appointments.models import Appointment, AppointmentEvent, LateCancellation
from appointments.rules.fair_use import COUNTED_FOR, is_late
from appointments.states import Role, Verb
from providers.models import Provider

# The most late cancellations that a page lists: more than can count at once.
MOST = 20


@dataclass(frozen=True, slots=True)
class Act:
    """A late cancellation, with the history entries of the appointments that it cancelled late, the soonest first."""

    late: LateCancellation
    events: Sequence[AppointmentEvent]

    @property
    def before_start(self) -> timedelta | None:
        """How long before the soonest start it was cancelled; None where nothing of it is on record."""
        return self.events[0].start - self.late.at if self.events else None


@dataclass(frozen=True, slots=True)
class Ended:
    """The numbers of appointments and of requests that the system ended by a ban."""

    appointments: int
    requests: int


# --- For the person themselves: what was late ------------------------------------------------------------------------


def late_acts_of(person: User) -> list[Act]:
    """The newest late cancellations of the person, whether they count or not; at most MOST. Two queries."""
    rows = LateCancellation.objects.filter(person=person).select_related("ban")
    return _acts(person.pk, rows[:MOST])


def act_of(late: LateCancellation) -> Act:
    """This late cancellation with what it cancelled. One query."""
    return Act(late, _cancelled_late(late.person_id, [late.occasion]).get(late.occasion, []))


def acts_behind(ban: Ban) -> list[Act]:
    """The late cancellations for which the person was banned, the newest first. Two queries."""
    return _acts(ban.user_id, LateCancellation.objects.filter(ban=ban).select_related("ban"))


def late_cancellation_of(event: AppointmentEvent) -> LateCancellation | None:
    """The late cancellation of the act to which this entry belongs; None where it was none, or is forgiven."""
    return LateCancellation.objects.filter(person=event.actor_id, occasion=event.occasion, forgiven_at=None).first()


def number_of(late: LateCancellation) -> int:
    """Which one it was when it was made: those that counted at that moment, itself included. One query."""
    before = Q(at__lt=late.at) | Q(at=late.at, pk__lt=late.pk)
    unforgiven = Q(forgiven_at=None) | Q(forgiven_at__gt=late.at)
    # The evidence of an earlier suspension counted no more.
    unused = Q(ban=None) | Q(ban__since__gte=late.at)
    rows = LateCancellation.objects.filter(before, unforgiven, unused, person=late.person_id)
    return rows.filter(at__gte=late.at - COUNTED_FOR).count() + 1


def open_ban_of(person: User) -> Ban | None:
    return Ban.objects.filter(user=person, lifted_at=None).first()


def appeals_of(ban: Ban) -> list[Appeal]:
    """The appeals against the ban, the newest first."""
    return list(Appeal.objects.filter(ban=ban).order_by("-sent_at", "-id"))


def ended_by(ban: Ban) -> Ended:
    """What the system ended at the moment of the ban. One query."""
    # Without a join, so that both sides are found by their indexes.
    own_page = Provider.objects.filter(user=ban.user_id).values("pk")[:1]
    theirs = Appointment.objects.filter(Q(customer=ban.user_id) | Q(provider=own_page), closed_at=ban.since)
    found = AppointmentEvent.objects.filter(appointment__in=theirs, role=Role.SYSTEM, at=ban.since).order_by()
    counts = found.aggregate(
        appointments=Count("pk", filter=Q(verb=Verb.CANCEL)),
        requests=Count("pk", filter=Q(verb__in=[Verb.WITHDRAW, Verb.DECLINE, Verb.EXPIRE])),
    )
    return Ended(**counts)


# --- For staff: everything that each act cancelled, late or not -----------------------------------------------------


def late_cancellations_of(person: User) -> list[LateCancellation]:
    """All late cancellations of the person, the newest first, with their bans and who forgave them. One query."""
    rows = LateCancellation.objects.filter(person=person)
    return list(rows.select_related("ban", "forgiven_by"))


def evidence_of(ban: Ban) -> list[LateCancellation]:
    """The late cancellations from which the ban follows, the oldest first, with who forgave them. One query."""
    return list(LateCancellation.objects.filter(ban=ban).select_related("ban", "forgiven_by").order_by("at", "pk"))


def bans_of(person: User) -> list[Ban]:
    """The bans of the person, the newest first, with who lifted them. One query."""
    return list(person.bans.select_related("lifted_by").order_by("-since", "-pk"))


def cancelled_by(late: Sequence[LateCancellation]) -> dict[int, list[AppointmentEvent]]:
    """The history entries of each late cancellation, by its id, with their appointments, by start. One query.

    They are looked for among the entries of these people, because acts have no index of their own.
    """
    events = AppointmentEvent.objects.filter(
        actor__in={one.person_id for one in late}, occasion__in={one.occasion for one in late}, verb=Verb.CANCEL
    )
    by_act: dict[tuple[int | None, UUID], list[AppointmentEvent]] = defaultdict(list)
    for event in events.select_related("appointment").order_by("start", "pk"):
        by_act[event.actor_id, event.occasion].append(event)
    return {one.pk: by_act[one.person_id, one.occasion] for one in late}


def _acts(person_id: int, rows: QuerySet[LateCancellation]) -> list[Act]:
    found = list(rows)
    events = _cancelled_late(person_id, [late.occasion for late in found]) if found else {}
    return [Act(late, events.get(late.occasion, [])) for late in found]


def _cancelled_late(person_id: int, occasions: Iterable[UUID]) -> dict[UUID, list[AppointmentEvent]]:
    """The entries of what the person cancelled late, by act. The person's own entries are found by an index."""
    rows = AppointmentEvent.objects.filter(actor=person_id, verb=Verb.CANCEL, occasion__in=occasions)
    joined = ("service", "provider", "customer")
    found: dict[UUID, list[AppointmentEvent]] = defaultdict(list)
    for event in rows.select_related(*(f"appointment__{name}" for name in joined)).order_by("start", "pk"):
        if is_late(event.start, event.at):
            found[event.occasion].append(event)
    return found
