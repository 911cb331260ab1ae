"""Offered times in the demo: two appointments that were called off, with other times offered instead."""

from datetime import datetime, timedelta

from accounts.models import User
from appointments.models import Appointment
from appointments.rules.time_off import Way
from appointments.services.offers import times_to_offer
from appointments.services.time_off import cancel_inside, what_is_inside
from core import clock
from providers.models import Provider

DAY, AGO = timedelta(days=1), timedelta(hours=2)


def seed(*, provider: Provider, customer: User) -> None:
    """Let another provider offer `customer` three times, and `provider` somebody else, each instead of an appointment.

    Each where there is an appointment for it: a small demo may have none.
    """
    moment = clock.now() - AGO
    ahead = Appointment.objects.with_people().ahead(moment + 3 * DAY).filter(agreed_at__lt=moment, proposals=None)
    ahead = ahead.order_by("start", "pk")
    for one in (
        ahead.filter(customer=customer).exclude(provider=provider).last(),
        ahead.filter(provider=provider).exclude(customer=customer).first(),
    ):
        if one:
            _offer_instead_of(one, moment)


def _offer_instead_of(appointment: Appointment, moment: datetime) -> None:
    provider, span = appointment.provider, (appointment.start, appointment.end)
    with clock.pretended(moment):
        claims = what_is_inside(provider, span, now=moment, customer=appointment.customer).claims
        times = times_to_offer(provider, [claim.appointment for claim in claims], away=span, now=moment)
        cancel_inside(
            provider=provider,
            span=span,
            actor=provider.user,
            ways={
                claim.appointment.reference: Way.OFFER if claim.appointment.reference in times else claim.way_to_end
                for claim in claims
            },
            offered={reference: each.starts for reference, each in times.items()},
            word="I have to teach that day, sorry. I hope that one of these suits you.",
            customer=appointment.customer,
        )
