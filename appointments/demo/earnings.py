"""The platform's fee of the demo's first provider, and two days of theirs in Lisbon, paid in euros."""

from datetime import timedelta
from decimal import Decimal

from accounts.demo import STAFF
from accounts.models import User
from appointments.services import availability, booking, transitions
from core import clock
from providers.demo import LIVE_FOR
from providers.models import Provider, Service
from providers.services import pause_service, set_fee_rate

DAY = timedelta(days=1)


def set_fees(*, provider: Provider) -> None:
    """Set the fee that counts from before the first booking, and another one for the month after next."""
    staff, now = User.objects.get(email=STAFF), clock.now()
    with clock.pretended(now - LIVE_FOR - 30 * DAY):
        since = clock.local(clock.now(), provider.zone).date()
        set_fee_rate(
            provider=provider, actor=staff, percent=Decimal(8), starts_on=since, reason="As agreed at the start"
        )
    then = (clock.local(now, provider.zone).date().replace(day=1) + 62 * DAY).replace(day=1)
    set_fee_rate(
        provider=provider, actor=staff, percent=Decimal(7), starts_on=then, reason="More than 100 appointments"
    )


def seed(*, provider: Provider, customers: list[User]) -> None:
    """Let each of the customers come to a service abroad, which is paused since."""
    service = Service.objects.create(
        provider=provider, name="Assessment in Lisbon", slug="assessment-in-lisbon", duration_minutes=45,
        price=Decimal(95), currency="EUR", confirmation="at_once", position=90,
    )  # fmt: skip
    now = clock.now()
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0) - 9 * DAY
    with clock.pretended(begin - 2 * DAY):
        starts = availability.slots_between(service, begin, begin + 5 * DAY, now=clock.now())
        made = [
            booking.book_appointment(
                service=service, start=start, customer=customer, terms=None, booking_key=f"demo-lisbon-{start:%d%H%M}"
            )
            for start, customer in zip(starts[::3], customers, strict=False)
        ]
    for outcome in made:
        with clock.pretended(outcome.appointment.end):
            transitions.complete_appointment(appointment=outcome.appointment, actor=provider.user)
    pause_service(service=service, actor=provider.user)
