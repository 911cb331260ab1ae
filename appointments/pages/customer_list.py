"""The rows of a customer's three lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.states import Role

from .labels import Label, state_label
from .zones import Zones, zones_of


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment with its state and zones; `aside` is its time in the second zone, empty where there is none."""

    appointment: Appointment
    label: Label
    zones: Zones
    aside: str


def customer_rows(appointments: Iterable[Appointment], *, reader: ZoneInfo, now: datetime, twelve: bool) -> list[Row]:
    """The rows for the customer whose own zone is `reader`. Needs rows of `with_provider()`."""
    rows = []
    for one in appointments:
        zones = zones_of(one, Role.CUSTOMER, reader=reader)
        aside = zones.aside(one.start, one.end, twelve=twelve)
        rows.append(Row(one, state_label(one, Role.CUSTOMER, now=now), zones, aside))
    return rows
