"""Providers with appointments by the hundred thousand, for measuring; written in bulk, under all constraints."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.demo import FIRST_NAMES, LAST_NAMES, LONDON
from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.rules.earnings import settle
from appointments.rules.slots import open_slots
from appointments.search.index import refresh_openings
from appointments.services import availability, holds
from appointments.states import HOLDING, Role, Status, Verb
from core import clock
from core.demo import PASSWORD
from providers.demo import working_hours
from providers.demo.people import CATEGORIES, PROVIDERS
from providers.models import BookingPolicy, Category, Listing, Provider, Service, WorkingHours

from . import copies

PER_PROVIDER = 10
CUSTOMERS_PER_PROVIDER = 0.2
BATCH = 2_000
AT_ONCE = 250
# The most providers made one by one; more are copies of these.
SAMPLE = 500
DAY = timedelta(days=1)


def add(count: int) -> None:
    """Add `count` providers with a service, a week and about ten appointments each, and a fifth as many customers.

    The search index has their openings. Beyond `SAMPLE` they are copies, with the calendars of the first ones.
    """
    more_samples, rest = divmod(max(count - SAMPLE, 0), SAMPLE)
    if rest:
        _make(rest)
    sample = _make(min(count, SAMPLE))
    if more_samples:
        copies.copy(sample, more_samples)


def _make(count: int) -> list[User]:
    """Make `count` providers with their customers; returns the users, customers first."""
    first, before = Provider.objects.count(), User.objects.count()
    chance = random.Random(count)
    password = make_password(PASSWORD)
    categories = [
        Category.objects.get_or_create(name=name, defaults={"slug": f"category-{n}", "position": n})[0]
        for n, name in enumerate(CATEGORIES)
    ]
    customers = _users("customer", before, max(1, int(count * CUSTOMERS_PER_PROVIDER)), password)
    users = list(customers)
    for numbers in _in_batches(range(first, first + count), AT_ONCE):
        with transaction.atomic():
            providers = _providers(numbers, categories, password)
            _appointments(providers, customers, chance)
            users += [provider.user for provider in providers]
    refresh_openings(provider_ids=Provider.objects.filter(user__in=users).values_list("pk", flat=True))
    return users


def _in_batches(numbers: range, size: int) -> Iterator[range]:
    for begin in range(numbers.start, numbers.stop, size):
        yield range(begin, min(begin + size, numbers.stop))


def _users(kind: str, first: int, count: int, password: str) -> list[User]:
    now = clock.now()
    rows = [
        User(
            email=f"{kind}{number}@example.com",
            name=f"{FIRST_NAMES[number % 60]} {LAST_NAMES[number * 7 % 60]}",
            time_zone=LONDON,
            password=password,
            email_confirmed_at=now,
        )
        for number in range(first, first + count)
    ]
    return User.objects.bulk_create(rows, batch_size=BATCH)


def _providers(numbers: range, categories: list[Category], password: str) -> list[Provider]:
    users = _users("provider", numbers.start, len(numbers), password)
    models = [PROVIDERS[number % len(PROVIDERS)] for number in numbers]
    providers = Provider.objects.bulk_create(
        [
            Provider(
                user=user,
                slug=f"provider-{number}",
                name=user.name,
                trade=model.trade,
                category=categories[model.category],
                about=model.about,
                is_online=model.online,
                is_in_person=bool(model.address),
                place=model.place,
                address=model.address,
                time_zone=model.zone,
                listing=Listing.LIVE,
                live_since=clock.now(),
            )
            for number, user, model in zip(numbers, users, models, strict=True)
        ]
    )
    BookingPolicy.objects.bulk_create([BookingPolicy(provider=provider) for provider in providers])
    WorkingHours.objects.bulk_create(
        [row for provider, model in zip(providers, models, strict=True) for row in working_hours(provider, model.week)]
    )
    Service.objects.bulk_create(
        [
            Service(
                provider=provider,
                name=offered.name,
                slug=f"service-{position}",
                duration_minutes=offered.minutes,
                buffer_after_minutes=offered.after,
                price=Decimal(offered.price),
                currency=model.currency,
                position=position,
            )
            for provider, model in zip(providers, models, strict=True)
            for position, offered in enumerate(model.services)
        ]
    )
    return list(Provider.objects.select_related("policy", "user").filter(pk__in=[each.pk for each in providers]))


def _appointments(providers: list[Provider], customers: list[User], chance: random.Random) -> None:
    """Make past and future appointments within 29 days, on open starts of calendars that are still empty."""
    now = clock.now()
    begin, end = now - 29 * DAY, now + 29 * DAY
    long_before = begin - DAY  # from there the booking window reaches over the whole range
    services = _first_services(providers)
    facts = availability.load_facts(providers, begin, end, now=long_before)
    rows = [
        _appointment(services[provider.pk], start, chance.choice(customers), now, chance)
        for provider in providers
        for start in _some(
            open_slots(facts[provider.pk], availability.shape_of(services[provider.pk]), begin, end, now=long_before),
            chance,
        )
    ]
    rows = Appointment.objects.bulk_create(rows, batch_size=BATCH)
    Hold.objects.bulk_create([_hold(row) for row in rows if row.status in HOLDING], batch_size=BATCH)
    AppointmentEvent.objects.bulk_create([entry for row in rows for entry in _history(row)], batch_size=BATCH)


def _first_services(providers: list[Provider]) -> dict[int, Service]:
    found = {}
    for service in Service.objects.filter(provider__in=providers).order_by("-position"):
        found[service.provider_id] = service
    for provider in providers:
        found[provider.pk].provider = provider
    return found


def _some(slots: list[datetime], chance: random.Random) -> list[datetime]:
    """About ten starts whose blocked ranges keep clear of each other."""
    return sorted(chance.sample(slots[::2], min(PER_PROVIDER, len(slots[::2]))))


def _appointment(
    service: Service, start: datetime, customer: User, now: datetime, chance: random.Random
) -> Appointment:
    end = start + timedelta(minutes=service.duration_minutes)
    over = end + DAY <= now
    status = Status.COMPLETED if over else Status.CONFIRMED
    if chance.random() < 0.1:
        status = Status.CANCELLED
    booked_at = min(start - 5 * DAY, now - timedelta(hours=1))
    # Nobody cancels late here, so nothing counts for anybody.
    closed_at = {Status.COMPLETED: min(end + DAY, now), Status.CANCELLED: min(start - DAY, now)}.get(status)
    row = Appointment(
        customer=customer,
        provider=service.provider,
        service=service,
        status=status,
        sequence=int(status != Status.CONFIRMED),
        start=start,
        end=end,
        price=service.price,
        currency=service.currency,
        booking_key=f"scale-{service.pk}-{start:%Y%m%d%H%M}",
        created_at=booked_at,
        agreed_at=booked_at,
        closed_at=closed_at,
        ended_by=Role.CUSTOMER if status == Status.CANCELLED else "",
    )
    if settled := settle(row, status):
        row.refund, row.fee_due = settled.refund, settled.fee_due
    return row


def _hold(row: Appointment) -> Hold:
    start, end = holds.blocked_range(row.service, row.start)
    return Hold(provider=row.provider, appointment=row, start=start, end=end)


def _history(row: Appointment) -> Iterator[AppointmentEvent]:
    yield _entry(row, Verb.BOOK, Role.CUSTOMER, row.created_at, "", Status.CONFIRMED)
    if row.closed_at is not None:
        ended = {
            Status.COMPLETED: (Verb.COMPLETE, Role.SYSTEM),
            Status.CANCELLED: (Verb.CANCEL, Role.CUSTOMER),
        }[Status(row.status)]
        yield _entry(row, *ended, row.closed_at, Status.CONFIRMED, Status(row.status))


def _entry(
    row: Appointment, verb: Verb, role: Role, at: datetime, from_status: str, to_status: Status
) -> AppointmentEvent:
    return AppointmentEvent(
        appointment=row,
        at=at,
        verb=verb,
        role=role,
        actor=row.customer if role is Role.CUSTOMER else None,
        from_status=from_status,
        to_status=to_status,
        start=row.start,
    )
