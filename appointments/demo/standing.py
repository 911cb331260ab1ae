"""What the demo shows of standing: somebody suspended who appealed, and an appointment that starts soon."""

from datetime import datetime, timedelta

from accounts import bans
from accounts.models import User
from appointments.models import Appointment
from appointments.rules.slots import open_slots
from appointments.services import availability, booking, transitions
from appointments.states import Role
from core import clock
from providers.models import PageDecision, Provider, Service
from providers.services import decide_page

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How many days ago the search for the starts of the cancelled appointments begins; each finds one within days.
CANCELLED_FROM = (20, 13, 6)
# Well after a provider's usual notice, and well before the twelve hours in which cancelling is late are over.
SOON, NOT_SO_SOON = 3 * HOUR, 11 * HOUR
APPEAL = "All three were on days when my child was in hospital. I have the papers, if they help."


def suspend_somebody(person: User, provider: Provider) -> None:
    """Let the person cancel three appointments with the provider late, by which another one ends, and appeal."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    service = provider.services.all()[0]
    service.provider = provider
    starts = [_first_open(service, today - days * DAY) for days in CANCELLED_FROM]
    ahead = _first_open(service, today + 3 * DAY)
    last = starts[-1]
    _booked(service, ahead, person, at=last - 2 * DAY)
    for start in starts:
        appointment = _booked(service, start, person, at=start - DAY)
        with clock.pretended(start - 6 * HOUR):
            transitions.cancel_appointment(
                appointment=appointment, actor=person, role=Role.CUSTOMER, reason="Something came up."
            )
    person.refresh_from_db()
    with clock.pretended(last - 2 * HOUR):
        bans.appeal(person=person, text=APPEAL)


def review_pages(staff: User, *, new: int = 2) -> None:
    """Let staff have reviewed all pages but the newest ones."""
    pages = Provider.objects.public().order_by("live_since", "pk")
    for provider in list(pages)[:-new]:
        decided = PageDecision.Decided.REVIEWED
        decide_page(provider=provider, actor=staff, decided=decided, reason="Complete, and reads well.")


def book_soon(customer: User, providers: list[Provider]) -> None:
    """Book what opens within the hours in which cancelling is late, where any of the providers is open then."""
    now = clock.now()
    facts = availability.load_facts(providers, now, now + DAY, now=now)
    for provider in providers:
        for service in provider.services.all():
            service.provider = provider
            shape = availability.shape_of(service)
            starts = open_slots(facts[provider.pk], shape, now + SOON, now + NOT_SO_SOON, now=now)
            if starts and service.confirms_at_once(provider.policy):
                _booked(service, starts[0], customer, at=now)
                return


def book_first_open(provider: Provider, day: datetime, customer: User, *, at: datetime) -> Appointment:
    """Book the provider's first service at its first open start from that day on, as of the moment `at`."""
    service = provider.services.all()[0]
    service.provider = provider
    return _booked(service, _first_open(service, day), customer, at=at)


def _first_open(service: Service, day: datetime) -> datetime:
    """The first open start of the service from that day on, as it was the day before."""
    early = day - DAY
    facts = availability.load_facts([service.provider], day, day + 7 * DAY, now=early)[service.provider_id]
    return open_slots(facts, availability.shape_of(service), day, day + 7 * DAY, now=early)[0]


def _booked(service: Service, start: datetime, customer: User, *, at: datetime) -> Appointment:
    """The confirmed appointment, booked at this moment, and accepted at once where that was asked for."""
    with clock.pretended(at):
        appointment = booking.book_appointment(
            service=service,
            start=start,
            customer=customer,
            terms=booking.terms_of(service),
            booking_key=f"demo-{customer.pk}-{start:%Y%m%d%H%M}",
            venue=service.venues[0],
        ).appointment
        if appointment.is_request:
            owner = service.provider.user
            appointment = transitions.accept_request(appointment=appointment, actor=owner).appointment
    return appointment
