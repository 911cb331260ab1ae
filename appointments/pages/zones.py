"""The zones in which an appointment's time is shown, and the words for the time in the second one."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.states import Role
from core import clock, wording
from providers.models import Service, Venue


@dataclass(frozen=True, slots=True)
class Zones:
    """The zone in which a time is shown, and a `second` one where its clocks differ from those of the first.

    `whose` names the person of the second zone: "you", or the first name of the other side. `reader` is the zone of who
    reads, for what nobody does at the place, such as a deadline.
    """

    reader: ZoneInfo
    first: ZoneInfo
    second: ZoneInfo | None = None
    whose: str = ""

    def aside(self, start: datetime, end: datetime | None = None, *, twelve: bool = False) -> str:
        """The time in the second zone, "09:20 for Maya in New York", with its date if that differs; or empty."""
        if self.second is None:
            return ""
        return f"{self._there(self.second, start, end, twelve)} for {self.whose} in {wording.zone_city(self.second)}"

    def there(self, start: datetime, *, twelve: bool = False) -> str:
        """The start in the second zone, "09:20 in New York", with its date if that differs; or empty."""
        if self.second is None:
            return ""
        return f"{self._there(self.second, start, None, twelve)} in {wording.zone_city(self.second)}"

    def _there(self, zone: ZoneInfo, start: datetime, end: datetime | None, twelve: bool) -> str:
        time = wording.clock_text(start, zone, twelve=twelve)
        if end is not None:
            time += f" to {wording.clock_text(end, zone, twelve=twelve)}"
        day = clock.local(start, zone).date()
        return time if day == clock.local(start, self.first).date() else f"{time}, {wording.date_text(day)}"

    def aside_in_full(self, start: datetime, end: datetime, *, twelve: bool = False) -> str:
        """The time in the second zone for a mail, with its offset, and the long date first if it differs; or empty."""
        if self.second is None:
            return ""
        times = wording.range_text(start, end, self.second, long=True, year=True, twelve=twelve, spoken=True)
        if clock.local(start, self.first).date() == clock.local(start, self.second).date():
            times = times.partition(", ")[2]
        where = f"{wording.zone_city(self.second)} ({wording.offset_text(self.second, at=start)})"
        return f"{times} for {self.whose} in {where}"


def zones_told(
    start: datetime, end: datetime, *, reader: ZoneInfo, other: ZoneInfo, whose: str, place: ZoneInfo | None = None
) -> Zones:
    """The zones for one reader: first the zone of `place`, or the reader's own for an online appointment.

    The second is the reader's own where the place's differs, else the zone of the other side, who is called `whose`.
    """
    first = place or reader
    second, whose = (other, whose) if first.key == reader.key else (reader, "you")
    if not clock.zones_differ(first, second, start, end):
        return Zones(reader, first)
    return Zones(reader, first, second, whose)


def zones_of(appointment: Appointment, viewer: Role, *, reader: ZoneInfo) -> Zones:
    """The zones in which `viewer`, whose own zone is `reader`, sees the appointment."""
    provider = appointment.provider
    other = provider if viewer is Role.CUSTOMER else appointment.customer
    return zones_told(
        appointment.start,
        appointment.end,
        reader=reader,
        other=other.zone,
        whose=other.first_name,
        place=provider.zone if appointment.is_in_person else None,
    )


def zones_of_time(service: Service, start: datetime, end: datetime, *, reader: ZoneInfo) -> Zones:
    """The zones in which a customer sees a time of `service` that is not booked yet."""
    provider = service.provider
    place = provider.zone if Venue.IN_PERSON in service.venues else None
    return zones_told(start, end, reader=reader, other=provider.zone, whose=provider.first_name, place=place)
