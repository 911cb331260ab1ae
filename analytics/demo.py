"""The demo's history before its first three months: what the figures of its provider are compared with.

Written in bulk, as it would be found, since nothing but figures reads it.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from accounts import demo as people
from accounts.models import User
from appointments.demo import BEHIND
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.rules.earnings import settle
from appointments.rules.pricing import quote
from appointments.services import holds
from appointments.states import HOLDING, Role, Status, Verb
from core import clock
from core.demo import Size
from providers import demo as hosts
from providers.models import Provider, Service

WEEKS, A_WEEK = 106, 20
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# So far apart that every service fits between two of them, buffers included.
MINUTES = (8 * 60, 10 * 60, 12 * 60, 14 * 60, 16 * 60)
# Fewer in August and around the turn of the year.
QUIET = {1: 0.7, 8: 0.6, 12: 0.7}
# Hours between booking and start; nobody cancels late, which would suspend them.
LEADS = (30, 50, 90, 200, 400)
MARK = "history-"


def is_seeded() -> bool:
    return Appointment.objects.filter(booking_key__startswith=MARK).exists()


def seed(size: Size) -> None:
    """Give the first provider a history that grows from week to week; a small demo has some weeks of it."""
    provider = hosts.providers()[0]
    services, customers = list(provider.services.order_by("position")), people.customers()
    services = [service for service in services if service.currency == services[0].currency]
    for service in services:
        service.provider = provider
    chance = random.Random(clock.now().date().isoformat())
    # By dates alone, so that any hour of the day makes the same rows.
    last = clock.local(clock.now() - BEHIND, provider.zone).date()
    end = clock.day_bounds(last, provider.zone)[0]
    monday, weeks = last - timedelta(days=last.weekday()), min(WEEKS, size.diary // 4)
    rows: list[Appointment] = []
    for number in range(weeks):
        share = 1 - number / (2 * WEEKS)
        known = customers[: max(5, int(len(customers) * (share - 0.25)))]
        rows += _week(services, known, monday - number * WEEK, A_WEEK * share * chance.uniform(0.75, 1.15), chance)
    rows = [row for row in rows if row.end <= end]
    Appointment.objects.bulk_create(rows)
    Hold.objects.bulk_create(_hold(row) for row in rows if row.status in HOLDING)
    AppointmentEvent.objects.bulk_create(entry for row in rows for entry in _history(row))
    since = clock.day_bounds(monday - (weeks - 1) * WEEK, provider.zone)[0]
    Provider.objects.filter(pk=provider.pk).update(created_at=since, live_since=since)


def _week(
    services: list[Service], customers: list[User], monday: date, busy: float, chance: random.Random
) -> list[Appointment]:
    """The appointments of one week, at most one at each of its starts."""
    zone, count = services[0].provider.zone, round(busy * QUIET.get(monday.month, 1))
    places = [clock.wall_minute_to_instant(monday + day * DAY, minute, zone) for day in range(5) for minute in MINUTES]
    return [
        _appointment(chance.choice(services), start, chance.choice(customers), chance)
        for start in sorted(chance.sample(places, min(count, len(places))))
    ]


def _appointment(service: Service, start: datetime, customer: User, chance: random.Random) -> Appointment:
    status = Status.COMPLETED if chance.random() < 0.9 else Status.CANCELLED
    booked_at, end = start - chance.choice(LEADS) * HOUR, start + timedelta(minutes=service.duration_minutes)
    agreed = quote(service, fee_percent=service.provider.fee_percent_at(booked_at))
    one = Appointment(
        customer=customer,
        provider=service.provider,
        service=service,
        status=status,
        sequence=1,
        start=start,
        end=end,
        price=agreed.price,
        currency=agreed.currency,
        fee_percent=agreed.fee_percent,
        platform_fee=agreed.platform_fee,
        booking_key=f"{MARK}{start:%Y%m%d%H%M}",
        created_at=booked_at,
        agreed_at=booked_at,
        closed_at=end if status == Status.COMPLETED else booked_at + HOUR,
        ended_by=Role.CUSTOMER if status == Status.CANCELLED else "",
    )
    if settled := settle(one, status):
        one.refund, one.fee_due = settled.refund, settled.fee_due
    return one


def _hold(row: Appointment) -> Hold:
    start, end = holds.blocked_range(row.service, row.start)
    return Hold(provider=row.provider, appointment=row, start=start, end=end)


def _history(row: Appointment) -> Iterator[AppointmentEvent]:
    ended = (Verb.COMPLETE, Role.PROVIDER) if row.status == Status.COMPLETED else (Verb.CANCEL, Role.CUSTOMER)
    steps = ((row.created_at, Verb.BOOK, Role.CUSTOMER, "", Status.CONFIRMED),)
    for at, verb, role, before, after in (
        *steps,
        (row.closed_at or row.end, *ended, Status.CONFIRMED, Status(row.status)),
    ):
        actor = row.customer if role is Role.CUSTOMER else row.provider.user
        yield AppointmentEvent(
            appointment=row, at=at, verb=verb, role=role, actor=actor, from_status=before, to_status=after,
            start=row.start,
        )  # fmt: skip
