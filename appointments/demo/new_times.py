"""New times in the demo: one proposed to each of the two people with a login, and one that an appointment moved to."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, Proposal
from appointments.services import availability, proposals
from appointments.services.availability import Mine
from appointments.states import Role
from core import clock
from providers.models import Provider

DAY, HOURS_AGO = timedelta(days=1), timedelta(hours=3)


def seed(*, provider: Provider, customer: User) -> None:
    """Let a provider ask `customer` for another time, a customer ask `provider`, and another one accept what that asks.

    Each where there is an appointment for it: a small demo may have none.
    """
    moment = clock.now() - HOURS_AGO
    ahead = _can_change(moment)
    asked = ahead.filter(customer=customer).first()
    if asked:
        _propose(asked, Role.PROVIDER, "The room is taken by a course that morning, sorry.", moment)
    moves = _can_change(moment).filter(provider=provider).last()
    if moves:
        made = _propose(moves, Role.PROVIDER, "I can start a little later that week.", moment)
        with clock.pretended(moment + HOURS_AGO / 2):
            proposals.accept_time(proposal=made, actor=moves.customer, role=Role.CUSTOMER)
    for asks in _can_change(moment).filter(provider=provider).exclude(customer=customer):
        if proposals.would_move_at_once(asks, Role.CUSTOMER):
            continue
        try:
            _propose(asks, Role.CUSTOMER, "My train only gets in at noon that day.", moment)
        except PolicyRefused:
            continue  # this customer has as much of the provider as they may around that day
        break


def _can_change(moment: datetime) -> QuerySet[Appointment]:
    """The confirmed appointments more than two days ahead, agreed before `moment`, for which nothing was proposed."""
    rows = Appointment.objects.with_people().ahead(moment + 2 * DAY).filter(agreed_at__lt=moment, proposals=None)
    return rows.order_by("start", "pk")


def _propose(appointment: Appointment, role: Role, message: str, moment: datetime) -> Proposal:
    """Propose the open time nearest to that of the next day."""
    service, mine = availability.as_agreed(appointment), Mine(moving=appointment.pk)
    wanted = appointment.start + DAY
    [start] = availability.nearest_slots(service, wanted, now=clock.now(), mine=mine, count=1)
    actor = appointment.customer if role is Role.CUSTOMER else appointment.provider.user
    with clock.pretended(moment):
        proposals.propose_time(appointment=appointment, start=start, actor=actor, role=role, message=message)
    return Proposal.objects.with_appointment().get(appointment=appointment)
