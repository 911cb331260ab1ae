"""The large card of a customer's next appointment, with the dayline of its day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.states import Role
from core import clock, wording
from core.intervals import Interval

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
    opens, closes = around([(appointment.start, appointment.end)], day, zone)
    times = wording.range_text(appointment.start, appointment.end, zone, long=True, twelve=twelve)
    return NextAppointment(
        standing=standing,
        aside=standing.zones.aside(appointment.start, appointment.end, twelve=twelve),
        ends_another_day=clock.local(appointment.end, zone).date() != day,
        sentence=f"Your appointment on that day: {times}.",
        segments=[("mine", appointment.start, appointment.end)],
        opens=opens,
        closes=closes,
    )


def around(times: Iterable[Interval], day: date, zone: ZoneInfo) -> Interval:
    """The interval of a dayline: 08:00 to 20:00 of the date, and full hours around all `times`."""
    opens, closes = clock.wall_interval(day, DAY_FROM, DAY_TO, zone)
    for start, end in times:
        opens = min(opens, _hour(start, zone))
        closes = max(closes, _hour(end + timedelta(minutes=59), zone))
    return opens, closes


def _hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last full hour of the wall clock, so that a dayline's marks are full hours in half-hour zones, too."""
    return moment - timedelta(minutes=clock.local(moment, zone).minute)
