"""Places on waitlists for tests."""

from datetime import date, timedelta

from appointments.models import Appointment
from appointments.services import waitlist
from appointments.services.waitlist import Wish
from appointments.states import ALL_PARTS, ALL_WEEKDAYS
from core import clock


def wish(provider, **changes) -> Wish:
    """A wish for any time of the next three weeks, in the provider's zone."""
    today = clock.local(clock.now(), provider.zone).date()
    wanted = {
        "first_on": today,
        "last_on": today + timedelta(days=21),
        "weekdays": ALL_WEEKDAYS,
        "parts": ALL_PARTS,
        "time_zone": provider.time_zone,
    }
    return Wish(**(wanted | changes))


def on(day: date) -> dict[str, date]:
    return {"first_on": day, "last_on": day}


def join(service, customer, *, appointment: Appointment | None = None, **changes):
    """The customer's place on the list for the service, by the service that makes it."""
    service = type(service).objects.select_related("provider__user", "provider__policy").get(pk=service.pk)
    wanted = wish(service.provider, **changes)
    return waitlist.join(service=service, actor=customer, wish=wanted, appointment=appointment).place
