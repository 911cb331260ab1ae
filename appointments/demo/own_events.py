"""Own events in the demo: of the provider with a login, and of the customer with one."""

from collections.abc import Callable
from datetime import date, timedelta

from accounts.models import User
from appointments.rules.own_events import Details, dates_of
from appointments.rules.recurrence import Rule
from appointments.services.own_events import create_own_event, what_is_offered_inside, what_lies_inside
from appointments.states import Frequency
from core import clock
from providers.models import Provider

DAYS = 14
TIMES = 8


def seed(*, provider: Provider, customer: User) -> None:
    """A morning before work, a whole day that takes no time and an evening every second week, and the customer's
    dentist and choir."""
    today = clock.local(clock.now(), provider.zone).date()

    def school(day: date) -> Details:
        start = clock.wall_minute_to_instant(day, 7 * 60 + 15, provider.zone)
        return Details(
            title="School run",
            start=start,
            end=start + timedelta(minutes=30),
            place="Primrose Hill School",
            description="Science fair: the volcano goes along.",
        )

    def dentist(day: date) -> Details:
        start = clock.wall_minute_to_instant(day, 7 * 60, customer.zone)
        return Details(title="Dentist", start=start, end=start + timedelta(hours=1))

    def supervision(day: date) -> Details:
        start = clock.wall_minute_to_instant(day, 19 * 60 + 30, provider.zone)
        return Details(title="Supervision", start=start, end=start + timedelta(hours=1), place="Hartley Practice")

    def choir(day: date) -> Details:
        start = clock.wall_minute_to_instant(day, 20 * 60, customer.zone)
        return Details(title="Choir", start=start, end=start + timedelta(minutes=90), place="St Paul’s")

    _create_beside_all(provider.user, school, today + timedelta(days=1))
    first, last = clock.day_bounds(today + timedelta(days=3), provider.zone)
    create_own_event(
        details=Details(title="Rent due", start=first, end=last, is_all_day=True, is_free=True), actor=provider.user
    )
    _create_beside_all(customer, dentist, today + timedelta(days=2))
    _create_beside_all(provider.user, supervision, today + timedelta(days=4), Frequency.FORTNIGHTLY)
    _create_beside_all(customer, choir, today + timedelta(days=1), Frequency.WEEKLY)


def _create_beside_all(
    user: User, details_on: Callable[[date], Details], first: date, frequency: Frequency | None = None
) -> None:
    """Create the event on the first day from there on when nothing that is agreed or offered lies in it, by a frequency
    on none of its dates."""
    now = clock.now()
    for details in (details_on(first + timedelta(days=days)) for days in range(DAYS)):
        rule = Rule(frequency, details.start, user.zone, count=TIMES) if frequency else None
        dates = dates_of(details, rule).values() if rule else [details]
        if not what_lies_inside(user, *dates, now=now) and not what_is_offered_inside(user, *dates, now=now):
            create_own_event(details=details, actor=user, rule=rule)
            return
