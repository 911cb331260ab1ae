"""Own events in the demo: of the provider with a login, and of the customer with one."""

from datetime import timedelta

from accounts.models import User
from appointments.rules.own_events import Details
from appointments.services.own_events import create_own_event
from core import clock
from providers.models import Provider


def seed(*, provider: Provider, customer: User) -> None:
    """A morning before work and a whole day that takes no time, and the customer's dentist."""
    today = clock.local(clock.now(), provider.zone).date()
    start = clock.wall_minute_to_instant(today + timedelta(days=1), 7 * 60 + 45, provider.zone)
    school = Details(
        title="School run",
        start=start,
        end=start + timedelta(minutes=30),
        place="Primrose Hill School",
        description="Science fair: the volcano goes along.",
    )
    create_own_event(details=school, actor=provider.user)
    first, last = clock.day_bounds(today + timedelta(days=3), provider.zone)
    create_own_event(
        details=Details(title="Rent due", start=first, end=last, is_all_day=True, is_free=True), actor=provider.user
    )
    start = clock.wall_minute_to_instant(today + timedelta(days=2), 7 * 60, customer.zone)
    create_own_event(details=Details(title="Dentist", start=start, end=start + timedelta(hours=1)), actor=customer)
