"""How an appointment stands for somebody who reads about it."""

from datetime import datetime
from typing import Any

from appointments.models import Appointment
from appointments.rules.moves import cancel_terms, free_until, possible_moves
from appointments.states import Role, Verb


def ways_out(appointment: Appointment, now: datetime) -> dict[str, Any]:
    """What the customer may do, and until when; asked of the same rules that the services ask."""
    policy = appointment.provider.policy
    moves = possible_moves(appointment, role=Role.CUSTOMER, policy=policy, now=now)
    return {
        "may_cancel": Verb.CANCEL in moves,
        "may_withdraw": Verb.WITHDRAW in moves,
        "free_until": free_until(appointment, policy),
        "terms": cancel_terms(appointment, role=Role.CUSTOMER, policy=policy, now=now),
    }
