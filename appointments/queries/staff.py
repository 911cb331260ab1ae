"""What staff see of the whole platform: the figures of a day, of thirty days, and what failed or waits."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate

from accounts.models import Appeal, Ban, User
from appointments.models import Appointment, LateCancellation, conditions
from appointments.rules.fair_use import COUNTED_FOR
from appointments.states import Status
from calendar_sync.models import Connection
from calendar_sync.states import State as Connected
from core import clock
from notifications.models import SentMail
from notifications.models import State as Mailed
from outbox.models import Message
from providers.models import PUBLIC_LISTINGS, PageDecision, Provider

# How long a failure is news, and how long a suspension is.
FAILED_WITHIN, SUSPENDED_WITHIN = timedelta(hours=24), timedelta(days=7)
TOOK_PLACE = (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The appointments of a day by what became of them; requests and those never agreed are in none of the counts."""

    day: date
    held: int = 0
    cancelled: int = 0
    no_shows: int = 0

    @property
    def total(self) -> int:
        return self.held + self.cancelled + self.no_shows


@dataclass(frozen=True, slots=True)
class Today:
    """The agreed appointments of a day: those over, those to come, and on how many providers' days they lie."""

    done: int
    to_come: int
    providers: int
    zones: int

    @property
    def total(self) -> int:
        return self.done + self.to_come


def today(zone: ZoneInfo, *, now: datetime) -> Today:
    """The agreed appointments of today in this zone. One query."""
    start, end = clock.day_bounds(clock.local(now, zone).date(), zone)
    rows = Appointment.objects.filter(status__in=TOOK_PLACE, start__gte=start, start__lt=end)
    found = rows.values_list("end", "provider", "provider__time_zone")
    done = sum(until <= now for until, _, _ in found)
    return Today(
        done=done,
        to_come=len(found) - done,
        providers=len({provider for _, provider, _ in found}),
        zones=len({name for _, _, name in found}),
    )


def days(zone: ZoneInfo, *, now: datetime, number: int = 30) -> list[DayFigures]:
    """The figures of the last days in this zone, the present one last. One query."""
    last = clock.local(now, zone).date()
    first = last - timedelta(days=number - 1)
    (start, _), (_, end) = clock.day_bounds(first, zone), clock.day_bounds(last, zone)
    rows = Appointment.objects.filter(conditions.AGREED, start__gte=start, start__lt=end)
    rows = rows.annotate(day=TruncDate("start", tzinfo=zone))
    counted: Counter[tuple[date, str]] = Counter()
    for day, status, count in rows.order_by().values_list("day", "status").annotate(count=Count("pk")):
        counted[day, status] += count
    return [
        DayFigures(
            day=day,
            held=counted[day, Status.CONFIRMED] + counted[day, Status.COMPLETED],
            cancelled=counted[day, Status.CANCELLED],
            no_shows=counted[day, Status.NO_SHOW],
        )
        for day in (first + timedelta(days=past) for past in range(number))
    ]


@dataclass(frozen=True, slots=True)
class StandingBetween:
    """The two sides of an appointment: visits that took place between them, and late cancellations that count."""

    visits: int
    late_of_customer: int
    late_of_provider: int


def standing_between(appointment: Appointment) -> StandingBetween:
    """What staff read beside the two sides of the appointment. One query."""
    since = clock.now() - COUNTED_FOR
    visits = Appointment.objects.filter(
        customer=appointment.customer_id, provider=appointment.provider_id, status=Status.COMPLETED
    )

    def late_of(person_id: int) -> Subquery:
        return number_of(LateCancellation.objects.counting().filter(person=person_id, at__gte=since))

    counts = Appointment.objects.filter(pk=appointment.pk).values_list(
        number_of(visits), late_of(appointment.customer_id), late_of(appointment.provider.user_id)
    )
    return StandingBetween(*counts.get())


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What staff see of a person: the latest appointments on either side, what counts, suspensions, mails, devices."""

    number: int
    appointments: list[Appointment]
    late: list[LateCancellation]
    bans: list[Ban]
    mails: list[SentMail]
    devices: int
    keys: int
    provider: Provider | None
    connection: Connection | None


# The rows of each kind that a person's page names; their list has the others.
NAMED = 6


def facts_of_person(person: User, *, now: datetime) -> PersonFacts:
    """What the page of a person shows. Nine queries, whatever the number of rows."""
    provider = Provider.objects.filter(user=person).first()
    theirs = Q(customer=person) | Q(provider=provider) if provider else Q(customer=person)
    rows = Appointment.objects.filter(theirs)
    return PersonFacts(
        number=rows.count(),
        appointments=list(rows.with_people().order_by("-start")[:NAMED]),
        late=list(LateCancellation.objects.counting().filter(person=person, at__gte=now - COUNTED_FOR).order_by("-at")),
        bans=list(Ban.objects.filter(user=person).order_by("-since")),
        mails=list(SentMail.objects.filter(user=person).select_related("user")[:NAMED]),
        devices=UserSession.objects.filter(user=person).count(),
        keys=Authenticator.objects.filter(user=person).count(),
        provider=provider,
        connection=Connection.objects.filter(user=person).first(),
    )


def number_of(rows: QuerySet[Any]) -> Subquery:
    """The number of rows, as a part of another query."""
    counted = rows.order_by().annotate(number=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("number"))


def overdue_requests(*, now: datetime) -> QuerySet[Appointment]:
    """Requests that nobody answered in time and that the job has not ended yet, the oldest first."""
    return Appointment.objects.unanswered(now).order_by("answer_by")


def failed_mails(*, now: datetime) -> QuerySet[SentMail]:
    return SentMail.objects.filter(state=Mailed.REFUSED, created_at__gte=now - FAILED_WITHIN)


def failed_jobs(*, now: datetime) -> QuerySet[Message]:
    return Message.objects.dead().filter(dead_at__gte=now - FAILED_WITHIN).order_by("-dead_at")


def lost_connections() -> QuerySet[Connection]:
    return Connection.objects.filter(state=Connected.SIGN_IN_AGAIN).order_by("-state_since")


def waiting_appeals() -> QuerySet[Appeal]:
    return Appeal.objects.filter(answered_at=None).order_by("sent_at")


def new_suspensions(*, now: datetime) -> QuerySet[Ban]:
    return Ban.objects.filter(since__gte=now - SUSPENDED_WITHIN).order_by("-since")


def unreviewed() -> QuerySet[Provider]:
    """The providers whose page others can open and nobody of staff has looked at, the oldest first."""
    looked_at = PageDecision.objects.filter(decided=PageDecision.Decided.REVIEWED).values("provider")
    return Provider.objects.filter(listing__in=PUBLIC_LISTINGS).exclude(pk__in=looked_at).order_by("live_since")


def latest_acts(number: int) -> QuerySet[LogEntry, Any]:
    """What staff did last in the admin."""
    return LogEntry.objects.select_related("user", "content_type").order_by("-pk")[:number]
