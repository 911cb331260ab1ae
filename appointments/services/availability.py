"""Open times: the service that answers both 'which starts are open' and 'may this one be booked'.

The facts of any number of providers load in a fixed number of queries, whatever the range; `appointments.rules.slots`
then works on them in memory.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When

from appointments.models import Appointment, Hold, Offer, OwnEvent, Proposal, WaitlistPlace, conditions
from appointments.rules.obstacles import Asked, Obstacle, first_obstacle, obstacles
from appointments.rules.slots import Facts, Rules, Shape, is_open, open_slots, with_appointment
from appointments.states import HoldKind
from calendar_sync.queries import busy_between
from core.compiled_queries import Question, Several, prepared, together
from core.exceptions import DomainError
from core.intervals import Interval, merge
from providers.models import DateOverride, Provider, Service, WorkingHours
from providers.queries import time_off_between


@dataclass(frozen=True, slots=True)
class Mine:
    """The holder whose time does not stand in their own way: a browser (a hash) and the account signed in keep a time
    while they book, times are offered to the account, and the appointment `moving` (a key) has one or two that it gives
    up for another, as those `also_moving` in the same act have, or for that of the `offer` (a key)."""

    browser: str | None = None
    account_id: int | None = None
    moving: int | None = None
    also_moving: frozenset[int] = frozenset()
    offer: int | None = None

    def kept(self) -> Q:
        """The condition that finds their kept time among `Hold`; an empty one, which is falsy, for nobody."""
        return (Q(browser=self.browser) if self.browser else Q()) | (
            Q(kept_by=self.account_id) if self.account_id else Q()
        )

    def holds(self, now: datetime) -> Q:
        """The condition that finds all of their time among `Hold`; an empty one, which is falsy, for nobody."""
        # An appointment moves to an offered time only where that very time is offered for it, and nobody takes one
        # whose deadline is over before it has gone to who waits next.
        moving = self.also_moving | ({self.moving} if self.moving else set())
        offered = Q()
        if self.account_id and not moving:
            offered = Q(offer__customer=self.account_id, expires_at__gt=now)
        if self.offer:
            offered |= Q(offer=self.offer)
        return self.kept() | offered | (Q(appointment__in=moving) if moving else Q())


NOBODY = Mine()
LONGEST_RANGE = timedelta(days=62)
# Where somebody waits with the provider, a time that runs out stays closed until the job has offered it to them, which
# runs each minute; should it not run, then no longer than this.
OFFERED_WITHIN = timedelta(minutes=2)
# Longer than the difference between two zones' dates, and than the longest blocked range, so that both fit into it.
MARGIN = timedelta(days=2)
# A count above the number of starts that three weeks can have.
EVERY = 10_000

HoursRow = tuple[int, int, int, int]  # provider, weekday, and the minutes of the day from which and to which
DaysRow = tuple[int, date, date, list]  # provider, first and last date, and their ranges of minutes
CountedRow = tuple[int, datetime, datetime | None, bool]  # provider, start, old start, and whether it is open


class RangeTooLong(DomainError):
    status = 400
    problem = "range-too-long"
    message = "Ask for at most 62 days at a time."


def shape_of(service: Service) -> Shape:
    """The lengths of a service that decide where it fits into a calendar."""
    return Shape(
        duration=timedelta(minutes=service.duration_minutes),
        before=timedelta(minutes=service.buffer_before_minutes),
        after=timedelta(minutes=service.buffer_after_minutes),
        step=timedelta(minutes=service.grid_minutes),
    )


def as_agreed(appointment: Appointment) -> Service:
    """A copy of the appointment's service, never to be saved, with the agreed length in place of the one offered now.

    Where its time is to change, buffers and grid are those that the service has now. Needs the service and provider.
    """
    service = copy.copy(appointment.service)
    service.slot_interval_minutes = service.grid_minutes
    service.duration_minutes = appointment.minutes
    service.provider = appointment.provider
    return service


def load_facts(
    providers: Iterable[Provider],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    mine: Mine = NOBODY,
    also: Mapping[int, Interval] | None = None,
    kept: bool = True,
    around: timedelta = MARGIN,
    longest: timedelta = LONGEST_RANGE,
) -> dict[int, Facts]:
    """The facts of each provider for starts in [start, end), by provider id.

    `providers` must come with their policy. The time of `mine` does not count as taken; with `kept=False` no kept time
    does, since it is free again in minutes. `also` gives some providers a further range for their facts to cover.
    Taken time is loaded up to `around` beyond [start, end), which must be as long as the blocked range of a new
    appointment. Three queries, four where a provider has a cap. Raises RangeTooLong for a range above `longest`; only a
    caller that bounds its range itself sets that above 62 days.
    """
    if any(last - first > longest for first, last in [(start, end), *(also or {}).values()]):
        raise RangeTooLong
    return _load(list(providers), start, end, now=now, mine=mine, also=also, kept=kept, around=around)


def _load(
    providers: list[Provider],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    mine: Mine,
    also: Mapping[int, Interval] | None,
    kept: bool,
    around: timedelta,
) -> dict[int, Facts]:
    if not also and not mine.also_moving:
        [facts] = together(_asking(providers, start, end, now=now, mine=mine, kept=kept, around=around))
        return facts
    first = min([start, *(since for since, _ in (also or {}).values())])
    last = max([end, *(until for _, until in (also or {}).values())])
    ids = [provider.pk for provider in providers]
    hours, overrides = together(*_asking_hours(ids, first, last))
    live = live_holds(now, mine=mine, kept=kept)
    taken = list(_all_taken(live, ids, first - around, last + around, _ranges(start, end, also) if also else Q()))
    return _facts(providers, first, last, hours, overrides, taken, now=now, mine=mine)


def _asking(
    providers: list[Provider],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    mine: Mine,
    kept: bool = True,
    around: timedelta,
) -> Several[dict[int, Facts]]:
    """The question about the facts of each provider, by id, where compiled queries can ask it."""
    ids = [provider.pk for provider in providers]
    taken = _taken(ids, start - around, end + around, now=now, mine=mine, kept=kept)
    read = partial(_facts, providers, start, end, now=now, mine=mine)
    return Several(*_asking_hours(ids, start, end), taken, read=read)


def _asking_hours(ids: Sequence[int], start: datetime, end: datetime) -> tuple[Question[HoursRow], Question[DaysRow]]:
    """The questions about the weekly hours, and about the dates in [start, end) that have hours of their own."""
    return _hours_rows.asking(ids=ids), _override_rows.asking(ids=ids, first=_first_day(start), last=_last_day(end))


def _first_day(start: datetime) -> date:
    return (start - MARGIN).date()


def _last_day(end: datetime) -> date:
    return (end + MARGIN).date()


def _facts(
    providers: list[Provider],
    start: datetime,
    end: datetime,
    hours_rows: Iterable[HoursRow],
    override_rows: Iterable[DaysRow],
    taken_rows: Iterable[tuple[int, datetime, datetime]],
    *,
    now: datetime,
    mine: Mine,
) -> dict[int, Facts]:
    hours, taken = _hours(hours_rows), _by_provider(taken_rows)
    overrides = _overrides(override_rows, _first_day(start), _last_day(end))
    booked, open_counts = _counts(providers, start - MARGIN, end + MARGIN, now=now, mine=mine)
    return {
        provider.pk: Facts(
            zone=provider.zone,
            rules=rules_of(provider),
            hours=hours[provider.pk],
            overrides=overrides[provider.pk],
            taken=merge(taken[provider.pk]),
            booked=booked[provider.pk],
            open_count=open_counts[provider.pk],
        )
        for provider in providers
    }


def rules_of(provider: Provider) -> Rules:
    policy = provider.policy
    return Rules(
        notice=timedelta(minutes=policy.notice_minutes),
        window_days=policy.window_days,
        max_per_day=policy.max_per_day,
        max_open=policy.max_open,
    )


def slots_between(
    service: Service, start: datetime, end: datetime, *, now: datetime, mine: Mine = NOBODY
) -> list[datetime]:
    """The open starts of `service` in [start, end), in UTC. The caller checks whether it takes bookings at all."""
    facts = load_facts([service.provider], start, end, now=now, mine=mine)[service.provider.pk]
    return open_slots(facts, shape_of(service), start, end, now=now)


def may_book(service: Service, start: datetime, *, now: datetime, mine: Mine = NOBODY) -> bool:
    """Whether this exact start is open, by the rule that also lists the slots."""
    return bool(open_among(service, [start], now=now, mine=mine))


def open_among(service: Service, starts: Sequence[datetime], *, now: datetime, mine: Mine = NOBODY) -> list[datetime]:
    """The subset of `starts` that may be booked together. The facts are loaded once, however far apart they lie."""
    [facts] = together(asking_facts(service, starts, now=now, mine=mine))
    return open_by(facts, service, starts, now=now)


def asking_facts(service: Service, starts: Sequence[datetime], *, now: datetime, mine: Mine) -> Several[Facts]:
    """The question, for `together`, about the facts that decide these starts. `open_by` judges by the answer."""
    provider, shape = service.provider, shape_of(service)
    around = max(shape.before, shape.duration + shape.after)
    asked = _asking([provider], min(starts), max(starts), now=now, mine=mine, around=around)
    return Several(asked, read=itemgetter(provider.pk))


def open_by(
    facts: Facts,
    service: Service,
    starts: Sequence[datetime],
    *,
    now: datetime,
    beyond: Collection[datetime] = (),
) -> list[datetime]:
    """The subset of `starts` that may be booked together: each is judged as if the ones before it were booked already.

    Of those `beyond` the booking window, nothing else may be in the way.
    """
    shape, found = shape_of(service), []
    for start in starts:
        if is_open(facts, shape, start, now=now) or (start in beyond and _only_beyond(facts, shape, start, now)):
            facts = with_appointment(facts, shape, start)
            found.append(start)
    return found


def _only_beyond(facts: Facts, shape: Shape, start: datetime, now: datetime) -> bool:
    return obstacles(Asked(facts, shape, start, now)) == [Obstacle.WINDOW]


def nearest_slots(
    service: Service, wanted: datetime, *, now: datetime, mine: Mine = NOBODY, count: int = 3
) -> list[datetime]:
    """Up to `count` open starts closest to `wanted`, sorted by time, from the two weeks around it."""
    start = max(now, wanted - timedelta(days=7))
    slots = slots_between(service, start, wanted + timedelta(days=14), now=now, mine=mine)
    return sorted(sorted(slots, key=lambda at: abs(at - wanted))[:count])


def all_in_the_way(service: Service, start: datetime, *, now: datetime, mine: Mine = NOBODY) -> list[Obstacle]:
    """All obstacles to this exact start; none where it is open."""
    return obstacles(asked_about(service, start, now=now, mine=mine))


def what_stands_in_the_way(service: Service, start: datetime, *, now: datetime, mine: Mine = NOBODY) -> Obstacle | None:
    """The obstacle to a start that was refused, None where it is open by now."""
    return first_obstacle(asked_about(service, start, now=now, mine=mine))


def asked_about(service: Service, start: datetime, *, now: datetime, mine: Mine = NOBODY) -> Asked:
    """The start with the facts that decide it. Three queries, four where the provider has a cap."""
    shape = shape_of(service)
    around = max(shape.before, shape.duration + shape.after)
    facts = load_facts([service.provider], start, start, now=now, mine=mine, around=around)
    return Asked(facts[service.provider.pk], shape, start, now)


def other_times(appointment: Appointment, *, now: datetime, count: int = 3) -> list[datetime]:
    """Up to `count` open starts near an appointment that did not take place, sorted; none of them overlaps it.

    Empty where its service can't be booked. Needs an appointment loaded by `with_people()`.
    """
    service, provider = appointment.service, appointment.provider
    if not (service.is_active and provider.takes_bookings):
        return []
    service.provider = provider
    wanted, length = max(now, appointment.start), timedelta(minutes=service.duration_minutes)
    near = nearest_slots(service, wanted, now=now, count=EVERY)
    others = [at for at in near if at >= appointment.end or at + length <= appointment.start]
    return sorted(sorted(others, key=lambda at: abs(at - wanted))[:count])


def times_to_move_to(appointment: Appointment, *, now: datetime, count: int = 3) -> list[datetime]:
    """Up to `count` open starts near an appointment to which it could be moved, sorted.

    Needs an appointment loaded by `with_people()`.
    """
    service, mine = as_agreed(appointment), Mine(moving=appointment.pk)
    near = nearest_slots(service, appointment.start, now=now, mine=mine, count=count + 1)
    others = [at for at in near if at != appointment.start]
    return sorted(sorted(others, key=lambda at: abs(at - appointment.start))[:count])


def _hours(rows: Iterable[HoursRow]) -> dict[int, dict[int, list[tuple[int, int]]]]:
    found: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for provider_id, weekday, start, end in rows:
        found[provider_id][weekday].append((start, end))
    return found


@prepared
def _hours_rows(ids: Sequence[int]) -> QuerySet[WorkingHours, HoursRow]:
    rows = WorkingHours.objects.filter(provider_id__in=ids).order_by("start_minute")
    return rows.values_list("provider_id", "weekday", "start_minute", "end_minute")


def _overrides(rows: Iterable[DaysRow], first: date, last: date) -> dict[int, dict[date, list[tuple[int, int]]]]:
    found: dict[int, dict[date, list[tuple[int, int]]]] = defaultdict(dict)
    for provider_id, start_on, end_on, ranges in rows:
        day = max(start_on, first)
        while day <= min(end_on, last):
            found[provider_id][day] = [(start, end) for start, end in ranges]
            day += timedelta(days=1)
    return found


@prepared
def _override_rows(ids: Sequence[int], first: date, last: date) -> QuerySet[DateOverride, DaysRow]:
    rows = DateOverride.objects.filter(provider_id__in=ids, end_on__gte=first, start_on__lte=last).order_by("id")
    return rows.values_list("provider_id", "start_on", "end_on", "ranges")


def live_holds(
    now: datetime, *, mine: Mine = NOBODY, kept: bool = True, closed_since: datetime | None = None
) -> QuerySet[Hold]:
    """The holds that take time now: lasting ones, and kept, proposed and offered times that have not run out, or that
    are to be offered to who waits (`OFFERED_WITHIN`), but none of `mine`. With `kept=False` no kept time counts.

    `closed_since` is `now` less that, for prepared queries, which can't reckon.
    """
    to_offer = Q(expires_at__gt=closed_since or now - OFFERED_WITHIN) & _somebody_waits()
    live, own = Hold.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now) | to_offer), mine.holds(now)
    if not kept:
        live = live.exclude(kind=HoldKind.KEPT)
    return live.exclude(own) if own else live


def stale_holds(now: datetime) -> Q:
    """The condition that finds the holds that ran out and take no time any more."""
    return Q(expires_at__lte=now - OFFERED_WITHIN) | Q(expires_at__lte=now) & ~Q(_somebody_waits())


def _somebody_waits() -> Exists:
    return Exists(WaitlistPlace.objects.waiting().filter(provider=OuterRef("provider")))


def _ranges(start: datetime, end: datetime, also: Mapping[int, Interval]) -> Q:
    """The condition that a row meets [start, end), or its provider's range in `also`, each widened by MARGIN."""
    ranges = Q(end__gt=start - MARGIN, start__lt=end + MARGIN)
    for provider_id, (first, last) in also.items():
        ranges |= Q(provider_id=provider_id, end__gt=first - MARGIN, start__lt=last + MARGIN)
    return ranges


def _taken(
    ids: Sequence[int], start: datetime, end: datetime, *, now: datetime, mine: Mine, kept: bool
) -> Question[tuple[int, datetime, datetime]]:
    return _taken_rows.asking(
        ids=ids,
        start=start,
        end=end,
        now=now,
        closed_since=now - OFFERED_WITHIN,
        browser=mine.browser,
        account_id=mine.account_id,
        moving=mine.moving,
        offer=mine.offer,
        kept=kept,
    )


def _by_provider(rows: Iterable[tuple[int, datetime, datetime]]) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = defaultdict(list)
    for provider_id, start, end in rows:
        found[provider_id].append((start, end))
    return found


@prepared
def _taken_rows(
    ids: Sequence[int],
    start: datetime,
    end: datetime,
    now: datetime,
    closed_since: datetime,
    browser: str | None,
    account_id: int | None,
    moving: int | None,
    offer: int | None,
    kept: bool,
) -> QuerySet[Hold, tuple[int, datetime, datetime]]:
    mine = Mine(browser, account_id, moving, offer=offer)
    return _all_taken(live_holds(now, mine=mine, kept=kept, closed_since=closed_since), ids, start, end, Q())


def _all_taken(
    holds: QuerySet[Hold], ids: Sequence[int], start: datetime, end: datetime, within: Q
) -> QuerySet[Hold, tuple[int, datetime, datetime]]:
    """The (provider, start, end) rows of these holds, of busy time outside, of time off and of own events that meet
    [start, end)."""
    held = holds.filter(within, provider_id__in=ids, end__gt=start, start__lt=end)
    busy = busy_between(ids, start, end).filter(within)
    away = time_off_between(ids, start, end).filter(within)
    own = OwnEvent.objects.taking_time(ids, start, end).filter(within)
    columns = ("provider_id", "start", "end")
    return held.values_list(*columns).union(*(rows.values_list(*columns) for rows in (busy, away, own)), all=True)


def _counts(
    providers: Sequence[Provider], start: datetime, end: datetime, *, now: datetime, mine: Mine
) -> tuple[dict[int, Counter[date]], Counter[int]]:
    """Counts for providers with a cap: appointments by date of start (in the provider's zone), and open ones in all.

    A proposed time counts on its date like an appointment, unless its appointment is on that date already. So does an
    offered one, and those that are offered together are one in all, since one of them can be taken.
    """
    zones: dict[int, ZoneInfo] = {
        p.pk: p.zone for p in providers if p.policy.max_per_day is not None or p.policy.max_open is not None
    }
    by_day: dict[int, Counter[date]] = defaultdict(Counter)
    in_all: Counter[int] = Counter()
    if not zones:
        return by_day, in_all
    moving = [mine.moving or 0, *sorted(mine.also_moving)]  # no row has the key 0
    rows = _counted_rows(ids=list(zones), start=start, end=end, now=now, moving=moving, account_id=mine.account_id or 0)
    for provider_id, at, old, counts in rows:
        zone = zones[provider_id]
        if old is None or old.astimezone(zone).date() != at.astimezone(zone).date():
            by_day[provider_id][at.astimezone(zone).date()] += 1
        in_all[provider_id] += counts
    return by_day, in_all


@prepared
def _counted_rows(
    ids: Sequence[int], start: datetime, end: datetime, now: datetime, moving: Sequence[int], account_id: int
) -> QuerySet[Appointment, CountedRow]:
    """The rows of appointments and of live proposals, except those `moving`, and of live offers to other accounts."""
    counted = conditions.counted(now)
    wanted = Q(start__gte=start, start__lt=end) & conditions.taking_time(now) | counted
    rows = Appointment.objects.filter(wanted, provider_id__in=ids).exclude(pk__in=moving)
    rows = rows.annotate(
        old=Value(None, output_field=DateTimeField()), counts=Case(When(counted, then=True), default=False)
    )
    proposals = Proposal.objects.live(now).filter(appointment__provider_id__in=ids, start__gte=start, start__lt=end)
    proposals = (
        proposals.exclude(appointment__in=moving)
        .order_by()
        .annotate(provider_id=F("appointment__provider_id"), old=F("old_start"), counts=Value(False))
    )
    live = Offer.objects.live(now)
    counted_before = live.filter(instead_of=OuterRef("instead_of"), pk__lt=OuterRef("pk"))
    offers = live.filter(provider_id__in=ids).exclude(customer=account_id).order_by()
    offers = offers.annotate(old=Value(None, output_field=DateTimeField()), counts=~Exists(counted_before))
    columns = ("provider_id", "start", "old", "counts")
    return rows.values_list(*columns).union(proposals.values_list(*columns), offers.values_list(*columns), all=True)
