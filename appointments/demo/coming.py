"""Customers in the demo who said that they will come: every other one whom the provider with a login expects soon."""

from datetime import timedelta

from accounts.models import User
from appointments.models import Appointment
from appointments.services import transitions
from core import clock
from providers.models import Provider

SOON, HOURS_AGO = timedelta(days=3), timedelta(hours=2)


def seed(*, provider: Provider, customer: User) -> None:
    """Let them say so a few hours ago; `customer` is left to say it."""
    moment = clock.now() - HOURS_AGO
    soon = Appointment.objects.with_people().ahead(clock.now()).filter(provider=provider, start__lte=moment + SOON)
    agreed = soon.filter(agreed_at__lt=moment, proposals=None).exclude(customer=customer)
    for one in list(agreed.order_by("start"))[::2]:
        with clock.pretended(moment):
            transitions.say_coming(appointment=one, actor=one.customer)
