"""The large card of a customer's next appointment, with the dayline of its day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.states import Role
from core import clock, wording

from .standing import Standing, standing_of

# The dayline in minutes after midnight, 08:00 to 20:00; it is wider where the appointment lies outside.
DAY_FROM, DAY_TO = 8 * 60, 20 * 60


@dataclass(frozen=True, slots=True)
class NextAppointment:
    """An appointment's standing, and its day as a line from `opens` to `closes` with the same in words (`sentence`).

    `aside` is its time in a second zone, empty where one zone is enough.
    """

    standing: Standing
    aside: str
    ends_another_day: bool
    sentence: str
    segments: list[tuple[str, datetime, datetime]]
    opens: datetime
    closes: datetime


def next_appointment(appointment: Appointment, *, reader: ZoneInfo, now: datetime, twelve: bool) -> NextAppointment:
    """The card for the customer whose own zone is `reader`."""
    standing = standing_of(appointment, Role.CUSTOMER, reader=reader, now=now)
    zone = standing.zones.first
    day = clock.local(appointment.start, zone).date()
    opens, closes = clock.wall_interval(day, DAY_FROM, DAY_TO, zone)
    times = wording.range_text(appointment.start, appointment.end, zone, long=True, twelve=twelve)
    return NextAppointment(
        standing=standing,
        aside=standing.zones.aside(appointment.start, appointment.end, twelve=twelve),
        ends_another_day=clock.local(appointment.end, zone).date() != day,
        sentence=f"Your appointment on that day: {times}.",
        segments=[("mine", appointment.start, appointment.end)],
        opens=min(opens, _hour(appointment.start, zone)),
        closes=max(closes, _hour(appointment.end + timedelta(minutes=59), zone)),
    )


def _hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last full hour of the wall clock, so that a dayline's marks are full hours in half-hour zones, too."""
    return moment - timedelta(minutes=clock.local(moment, zone).minute)
