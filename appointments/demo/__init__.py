"""The demo's appointments, made by the services with the clock set to the time of each change.

The same day gives the same appointments at any hour; only the states of those near the present depend on the hour.
They cover about three months before today and two after it, and every state occurs.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F

from accounts import demo as people
from accounts.models import User
from appointments.exceptions import MoveRefused, PolicyRefused, SlotTaken
from appointments.models import Appointment
from appointments.rules.fair_use import LATE_WITHIN
from appointments.rules.persons import no_shows_of
from appointments.rules.slots import open_slots
from appointments.search.index import measure_figures, refresh_openings
from appointments.services import availability, booking, transitions
from appointments.services.persons import dealings_between
from appointments.states import Role, Status
from core import clock
from core.demo import Size
from notifications.models import InboxItem
from notifications.preferences import save_choice
from notifications.rules import QuietHours
from outbox.models import Message
from providers import demo as hosts
from providers.demo import PROVIDER
from providers.models import Provider, Service
from providers.services import block_customer, lift_limits

from . import adding, coming, digest, earnings, leaving, new_times, offers, own_events, series, standing, waitlist

BEHIND, AHEAD = hosts.LIVE_FOR, timedelta(days=58)
# The fewest and most appointments of a provider; the first provider, the one with a login, has a full diary.
USUAL = (14, 26)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTES = [
    "Lower back, from lifting. Can do stairs.",
    "Left knee, since a half marathon in January.",
    "First time, a bit nervous.",
    "Could we look at the exercises from last time?",
    "I may be five minutes late, the train decides.",
    "",
    "",
    "",
    "",
]


def is_seeded() -> bool:
    return Appointment.objects.exists()


def seed(size: Size) -> None:
    """Fill the diary of each of the demo's providers; the first one gets `size.diary` appointments."""
    chance = random.Random(clock.now().date().isoformat())
    customers, providers = people.customers(), hosts.providers()
    earnings.set_fees(provider=providers[0])
    for number, provider in enumerate(providers):
        wanted = size.diary if number == 0 else chance.randint(*USUAL)
        _fill(provider, customers, wanted, chance)
    first = providers[0]
    lift_limits(provider=first, actor=first.user, customer=customers[1])
    block_customer(provider=first, actor=first.user, customer=customers[-1], reason="Left without paying, twice.")
    earnings.seed(provider=first, customers=customers[3:5])
    standing.suspend_somebody(people.suspended(), first)
    standing.book_soon(customers[0], providers[1:])
    standing.review_pages(User.objects.get(email=people.STAFF))
    new_times.seed(provider=first, customer=customers[0])
    coming.seed(provider=first, customer=customers[0])
    digest.seed(provider=first)
    own_events.seed(provider=first, customer=customers[0])
    offers.seed(provider=first, customer=customers[0])
    series.seed(provider=first, customer=customers[0], other=customers[1], others=providers[1:])
    adding.seed(provider=first, customer=customers[1])
    waitlist.seed(provider=first, customer=customers[0], others=providers[1:], people=customers[2:6])
    leaving.let_somebody_leave(people.leaving(), first)
    # What happened before yesterday was read; the rest is new to whoever did not do it themselves.
    InboxItem.objects.filter(told_at__lt=clock.now() - DAY, read_at=None).update(read_at=F("told_at"))
    save_choice(actor=customers[0], leads=[24 * 60, 60], quiet=QuietHours(22 * 60, 7 * 60))
    # Past changes count as mailed; a worker that starts now must not send mail about them.
    Message.objects.exclude(topic="accounts.erase").delete()
    refresh_openings(provider_ids=[provider.pk for provider in providers])
    measure_figures()


def _fill(provider: Provider, customers: list[User], wanted: int, chance: random.Random) -> None:
    """Make up to `wanted` appointments of the provider, booked in the order of their starts."""
    now = clock.now()
    services = list(provider.services.all())
    for start, service in sorted(_starts(provider, services, wanted, now, chance), key=lambda each: each[0]):
        # Each appointment has its own random generator, so that the hour of seeding changes no other appointment.
        luck = random.Random(f"{provider.slug} {service.slug} {start}")
        # The customer with a login books more often than others, so that their pages have something to show.
        regular = luck.random() < (0.08 if provider.user.email == PROVIDER else 0.12)
        customer = customers[0] if regular else luck.choice(customers)
        _live_through(service, start, customer, now, luck)


def _starts(
    provider: Provider, services: list[Service], wanted: int, now: datetime, chance: random.Random
) -> list[tuple[datetime, Service]]:
    """Up to `wanted` open starts with their services, from a still empty calendar; fewer beyond the next nine days."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[tuple[datetime, Service]] = []
    for begin in (today - BEHIND, today - BEHIND / 2, today):
        end = today + AHEAD if begin == today else begin + BEHIND / 2
        early = begin - DAY  # from there the booking window reaches over the whole range
        facts = availability.load_facts([provider], begin, end, now=early)[provider.pk]
        for service in services:
            service.provider = provider
            found += [(at, service) for at in open_slots(facts, availability.shape_of(service), begin, end, now=early)]
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
                note=chance.choice(NOTES),
                venue=chance.choice(service.venues),
            )
        _answer(outcome.appointment, booked_at, now, chance)
    except (SlotTaken, PolicyRefused):
        # Another appointment of the demo has this time.
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
    if _cancelled_late(appointment, agreed_at, now):
        return None
    # Never late, or luck would suspend somebody.
    before = min(before, appointment.start - LATE_WITHIN - HOUR)
    if luck < 0.09 and agreed_at <= before <= now:
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
    if luck > 0.95 and _may_miss_one(appointment):
        return _do(lambda: transitions.mark_no_show(appointment=appointment, actor=owner), appointment.end)
    if luck > 0.6 or appointment.end + DAY > now:
        return _do(lambda: transitions.complete_appointment(appointment=appointment, actor=owner), appointment.end)
    return _do(lambda: transitions.complete_by_itself(appointment=appointment), appointment.end + DAY)


def _may_miss_one(appointment: Appointment) -> bool:
    """Whether one more no-show leaves the customer free to book with the provider."""
    provider = appointment.provider
    no_shows = no_shows_of(provider, dealings_between(appointment.customer, provider))
    return not (no_shows.stop or no_shows.next_stops)


def _cancelled_late(appointment: Appointment, agreed_at: datetime, now: datetime) -> bool:
    """Cancel the appointment late where that shows something: once for each person with a login, some days ago."""
    at, today = appointment.start - 6 * HOUR, now.replace(hour=0, minute=0, second=0, microsecond=0)
    if not (agreed_at < at and today - 20 * DAY < at < today - 5 * DAY):
        return False
    role, person = Role.PROVIDER, appointment.provider.user
    if appointment.customer.email == people.CUSTOMER:
        role, person = Role.CUSTOMER, appointment.customer
    if person.email not in {people.CUSTOMER, PROVIDER} or person.late_cancellations.exists():
        return False
    _do(
        lambda: transitions.cancel_appointment(
            appointment=appointment, actor=person, role=role, reason="Something came up."
        ),
        at,
    )
    return person.late_cancellations.exists()


def _do(act: Callable[[], object], moment: datetime) -> None:
    with clock.pretended(moment):
        try:
            act()
        except (MoveRefused, PolicyRefused):
            # The rules refuse it as too late, in the demo, too.
            return
