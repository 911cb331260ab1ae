"""The large card of the appointment that comes first, with the dayline of its day."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.states import Role
from core import clock, wording

from .labels import state_label
from .places import place_of
from .standing import ways_out

# An ordinary day on the dayline, wider only where the appointment needs it.
DAY_FROM, DAY_TO = 8 * 60, 20 * 60


def next_appointment(appointment: Appointment, *, zone: ZoneInfo, now: datetime, twelve: bool) -> dict[str, Any]:
    """The facts of the card: its state, its day as a line, and what the customer may still do."""
    day = clock.local(appointment.start, zone).date()
    opens, closes = clock.wall_interval(day, DAY_FROM, DAY_TO, zone)
    return {
        "appointment": appointment,
        "label": state_label(appointment, Role.CUSTOMER),
        "is_on": appointment.start <= now,
        "place": place_of(appointment),
        "ends_another_day": clock.local(appointment.end, zone).date() != day,
        "sentence": _day_sentence(appointment, zone, twelve=twelve),
        "segments": [("mine", appointment.start, appointment.end)],
        "opens": min(opens, _hour(appointment.start, zone)),
        "closes": max(closes, _hour(appointment.end + timedelta(minutes=59), zone)),
        **ways_out(appointment, now),
    }


def _day_sentence(appointment: Appointment, zone: ZoneInfo, *, twelve: bool) -> str:
    """The sentence that assistive technology reads instead of the dayline."""
    times = wording.range_text(appointment.start, appointment.end, zone, long=True, twelve=twelve)
    return f"Your appointment on that day: {times}."


def _hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last full hour on the wall, so that the marks under a dayline are hours in a half-hour zone too."""
    return moment - timedelta(minutes=clock.local(moment, zone).minute)
