"""A customer's no-shows as their page of standing shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.queries.no_shows import WithProvider
from appointments.rules.moves import CORRECTED_WITHIN
from appointments.rules.no_shows import NoShows
from appointments.states import Role

from .zones import Zones, zones_of


@dataclass(frozen=True, slots=True)
class Row:
    """A no-show; `corrected_until` is the last moment at which its provider can correct it, None once that is over."""

    appointment: Appointment
    zones: Zones
    corrected_until: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """The no-shows with one provider; `shown` are the newest of them."""

    name: str
    no_shows: NoShows
    sentence: str
    shown: Sequence[Row]

    @property
    def used(self) -> int:
        """How many of the bars that stand for the limit are filled."""
        return min(self.no_shows.count, self.no_shows.limit or 0)


def groups_of(found: Iterable[WithProvider], *, reader: ZoneInfo, now: datetime, most: int) -> list[Group]:
    """The groups for the customer, whose zone is `reader`, each with at most `most` rows."""
    return [
        Group(
            name=one.provider.name,
            no_shows=one.no_shows,
            sentence=_sentence(one),
            shown=[_row(appointment, reader, now) for appointment in one.appointments[:most]],
        )
        for one in found
    ]


def _row(appointment: Appointment, reader: ZoneInfo, now: datetime) -> Row:
    assert appointment.closed_at is not None  # a no-show has ended
    until = appointment.closed_at + CORRECTED_WITHIN
    return Row(appointment, zones_of(appointment, Role.CUSTOMER, reader=reader), until if now <= until else None)


def _sentence(one: WithProvider) -> str:
    name, no_shows = one.provider.first_name, one.no_shows
    if one.are_lifted:
        return f"{name} lets you book all the same."
    if no_shows.limit is None:
        return f"{name} lets everybody book, whatever the number."
    if no_shows.stop:
        return f"You can’t book with {name} online. What is booked stays. If you would like to come again, ask {name}."
    if no_shows.next_stops:
        return f"You can book as usual. One more, and you could no longer book with {name} online."
    return "You can book as usual."
