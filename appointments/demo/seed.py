"""Fills a new database with the demo: through the services, the clock set to when each thing would have happened.

The same day gives the same appointments, whatever the hour; what has come of those around it depends on the hour. About
three months lie behind, two ahead, and every state occurs.
"""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from appointments.exceptions import MoveRefused, PolicyRefused, SlotTaken
from appointments.models import Appointment
from appointments.rules.slots import open_slots
from appointments.search.index import measure_figures, refresh_openings
from appointments.services import availability, booking, transitions
from appointments.states import Role, Status
from core import clock
from outbox.models import Message
from providers.models import (
    BookingPolicy,
    Category,
    Confirmation,
    DateOverride,
    Listing,
    Pricing,
    Provider,
    Service,
    WorkingHours,
)

from . import people

BEHIND, AHEAD = timedelta(days=90), timedelta(days=58)
CUSTOMERS = 60
# How many appointments a provider has in the whole span; the first one, who can sign in, has a full diary.
USUAL, FULL = (14, 26), 420
DAY = timedelta(days=1)


def is_seeded() -> bool:
    return User.objects.filter(email=people.PROVIDER).exists()


def seed(*, providers: int | None = None, full: int = FULL) -> None:
    """Make the whole demo, or leave what is there as it is. For tests: the first so many providers, a shorter diary."""
    if is_seeded():
        return
    chance = random.Random(clock.now().date().isoformat())
    with transaction.atomic():
        password = make_password(people.PASSWORD)
        _staff(password)
        customers = _customers(password)
        made = [_provider(person, password) for person in people.PROVIDERS[:providers]]
    for number, provider in enumerate(made):
        wanted = full if number == 0 else chance.randint(*USUAL)
        _fill(provider, customers, wanted, chance)
    # What happened before today was told then; a worker that starts now must not tell it again.
    Message.objects.all().delete()
    refresh_openings(provider_ids=[provider.pk for provider in made])
    measure_figures()


def _user(email: str, name: str, zone: str, password: str, **fields) -> User:
    joined = clock.now() - BEHIND - 30 * DAY
    user = User.objects.create(
        email=email,
        name=name,
        time_zone=zone,
        password=password,
        joined_at=joined,
        email_confirmed_at=joined,
        **fields,
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _staff(password: str) -> None:
    _user(people.STAFF, "Staff", people.LONDON, password, is_staff=True, is_superuser=True)


def _customers(password: str) -> list[User]:
    names = zip(people.FIRST_NAMES[:CUSTOMERS], people.LAST_NAMES[:CUSTOMERS], strict=True)
    zones = [people.LONDON] * 4 + [people.BERLIN, people.NEW_YORK, people.KOLKATA, people.SYDNEY]
    return [
        _user(
            f"{first.lower()}@example.com",
            f"{first} {last}",
            people.LONDON if number == 0 else zones[number % len(zones)],
            password,
        )
        for number, (first, last) in enumerate(names)
    ]


def _provider(person: people.Person, password: str) -> Provider:
    user = _user(person.email, person.name, person.zone, password)
    category, _ = Category.objects.get_or_create(
        name=people.CATEGORIES[person.category],
        defaults={"slug": slugify(people.CATEGORIES[person.category]), "position": person.category},
    )
    provider = Provider.objects.create(
        user=user,
        slug=slugify(person.name),
        name=person.name,
        trade=person.trade,
        category=category,
        about=person.about,
        is_online=person.online,
        is_in_person=bool(person.address),
        place=person.place,
        address=person.address,
        time_zone=person.zone,
        listing=Listing.LIVE,
        live_since=clock.now() - BEHIND,
        created_at=clock.now() - BEHIND - 10 * DAY,
    )
    BookingPolicy.objects.create(provider=provider, accepts_at_once=person.at_once)
    WorkingHours.objects.bulk_create(working_hours(provider, person.week))
    for position, offered in enumerate(person.services):
        Service.objects.create(
            provider=provider,
            name=offered.name,
            slug=slugify(offered.name),
            duration_minutes=offered.minutes,
            buffer_after_minutes=offered.after,
            slot_interval_minutes=offered.step,
            pricing=Pricing.HOURLY if offered.rate else Pricing.FIXED,
            price=Decimal(offered.price),
            currency=person.currency,
            confirmation=Confirmation(offered.answer),
            venue=offered.venue,
            position=position,
        )
    holiday = (clock.now() + 25 * DAY).date()
    DateOverride.objects.create(
        provider=provider, start_on=holiday, end_on=holiday + 2 * DAY, ranges=[], note="A few days away"
    )
    return provider


def working_hours(provider: Provider, week: str) -> Iterator[WorkingHours]:
    for weekday, day in enumerate(people.WEEKS[week].split("|")):
        for one in day.split() if day != "-" else []:
            start, end = ((int(text[:2]) * 60 + int(text[3:])) for text in one.split("-"))
            yield WorkingHours(provider=provider, weekday=weekday, start_minute=start, end_minute=end)


def _fill(provider: Provider, customers: list[User], wanted: int, chance: random.Random) -> None:
    """Appointments of every state, booked in the order of their starts."""
    now = clock.now()
    provider = Provider.objects.select_related("policy", "user").get(pk=provider.pk)
    services = list(provider.services.all())
    for start, service in sorted(_starts(provider, services, wanted, now, chance), key=lambda each: each[0]):
        # Luck of its own for each, so that the hour at which the demo is made changes nothing about the others.
        luck = random.Random(f"{provider.slug} {service.slug} {start}")
        # The demo's own customer is somebody's regular, so that their pages have something to show.
        regular = luck.random() < (0.08 if provider.user.email == people.PROVIDER else 0.12)
        customer = customers[0] if regular else luck.choice(customers)
        _live_through(service, start, customer, now, luck)


def _starts(
    provider: Provider, services: list[Service], wanted: int, now: datetime, chance: random.Random
) -> list[tuple[datetime, Service]]:
    """Starts on the grid of each service, from a calendar that is still empty: fewer and fewer further ahead."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[tuple[datetime, Service]] = []
    for begin in (today - BEHIND, today - BEHIND / 2, today):
        end = today + AHEAD if begin == today else begin + BEHIND / 2
        early = begin - DAY  # from there the booking window reaches over the whole range
        facts = availability.load_facts([provider], begin, end, now=early)[provider.pk]
        for service in services:
            service.provider = provider
            found += [(at, service) for at in open_slots(facts, availability.offer_of(service), begin, end, now=early)]
    chance.shuffle(found)
    return [each for each in found if chance.random() < (1 if each[0] < today + 9 * DAY else 0.3)][:wanted]


def _live_through(service: Service, start: datetime, customer: User, now: datetime, chance: random.Random) -> None:
    lead = timedelta(hours=chance.choice([5, 20, 30, 50, 90, 200, 400]))
    earlier = timedelta(minutes=chance.choice([40, 190, 900, 3_000, 9_000, 20_000]))
    # Not before the booking window opened for this start.
    booked_at = max(min(start - lead, now - earlier), start - 59 * DAY)
    try:
        with clock.pretended(booked_at):
            outcome = booking.book_appointment(
                service=service,
                start=start,
                customer=customer,
                terms=booking.terms_of(service),
                booking_key=f"demo-{service.pk}-{start:%Y%m%d%H%M}",
                note=chance.choice(people.NOTES),
                venue=chance.choice(service.venues),
            )
        _answer(outcome.appointment, booked_at, now, chance)
    except (SlotTaken, PolicyRefused):
        # Somebody of the demo was there first, as in life.
        return


def _answer(appointment: Appointment, booked_at: datetime, now: datetime, chance: random.Random) -> None:
    owner = appointment.provider.user
    if appointment.status == Status.REQUESTED:
        deadline = appointment.answer_by or appointment.start
        answered_at = min(booked_at + timedelta(minutes=chance.randint(20, 600)), deadline - timedelta(minutes=1))
        luck = chance.random()
        if luck < 0.05 and deadline <= now:
            return _do(lambda: transitions.expire_request(appointment=appointment), deadline)
        if answered_at > now or (deadline > now and luck < 0.3):
            return None
        if luck < 0.14:
            return _do(
                lambda: transitions.decline_request(appointment=appointment, actor=owner, reason="I am away that day."),
                answered_at,
            )
        if luck < 0.18:
            return _do(
                lambda: transitions.withdraw_request(appointment=appointment, actor=appointment.customer), answered_at
            )
        _do(lambda: transitions.accept_request(appointment=appointment, actor=owner), answered_at)
        booked_at = answered_at
    return _end(appointment, booked_at, now, chance)


def _end(appointment: Appointment, agreed_at: datetime, now: datetime, chance: random.Random) -> None:
    owner, luck = appointment.provider.user, chance.random()
    before = agreed_at + (appointment.start - agreed_at) * chance.uniform(0.1, 0.7)
    if luck < 0.09 and before <= now:
        by_customer = luck < 0.065
        return _do(
            lambda: transitions.cancel_appointment(
                appointment=appointment,
                actor=appointment.customer if by_customer else owner,
                role=Role.CUSTOMER if by_customer else Role.PROVIDER,
                reason="Something came up." if by_customer else "I am ill, sorry.",
            ),
            before,
        )
    if appointment.end > now:
        return None
    if luck > 0.95:
        return _do(lambda: transitions.mark_no_show(appointment=appointment, actor=owner), appointment.end)
    if luck > 0.6 or appointment.end + DAY > now:
        return _do(lambda: transitions.complete_appointment(appointment=appointment, actor=owner), appointment.end)
    return _do(lambda: transitions.complete_by_itself(appointment=appointment), appointment.end + DAY)


def _do(act: Callable[[], object], moment: datetime) -> None:
    with clock.pretended(moment):
        try:
            act()
        except (MoveRefused, PolicyRefused):
            # Too late by the rules, which are the same in the demo.
            return
