"""The rows of a customer's three lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment, Proposal
from appointments.states import Role

from .labels import Label, badges, live_proposal
from .zones import Zones, zones_of


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment with its labels and zones; `aside` is its time in the second zone, empty where there is none.

    `proposal` is a new time that waits for an answer, by the customer themselves if `must_answer`.
    """

    appointment: Appointment
    badges: list[Label]
    zones: Zones
    aside: str
    proposal: Proposal | None = None
    must_answer: bool = False


def customer_rows(appointments: Iterable[Appointment], *, reader: ZoneInfo, now: datetime, twelve: bool) -> list[Row]:
    """The rows for the customer whose own zone is `reader`. Needs rows of `with_provider()`."""
    rows = []
    for one in appointments:
        zones = zones_of(one, Role.CUSTOMER, reader=reader)
        aside = zones.aside(one.start, one.end, twelve=twelve)
        proposal = live_proposal(one, now)
        must_answer = proposal is not None and proposal.waits_for(Role.CUSTOMER, now)
        rows.append(Row(one, badges(one, Role.CUSTOMER, now=now), zones, aside, proposal, must_answer))
    return rows
