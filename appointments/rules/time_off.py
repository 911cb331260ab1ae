"""Time off: the ways to treat an appointment that lies inside it. Decided from facts in hand."""

from datetime import datetime, timedelta
from enum import StrEnum

from appointments.models import Appointment
from appointments.states import Verb


class Way(StrEnum):
    """What becomes of an appointment inside a time off: it is ended in the way that its state allows, or it stays."""

    CANCEL = "cancel"
    DECLINE = "decline"
    KEEP = "keep"


VERBS = {Way.CANCEL: Verb.CANCEL, Way.DECLINE: Verb.DECLINE}
# What starts sooner is kept unless the provider chooses otherwise, since its customer may be on the way.
SOON = timedelta(hours=2)


def way_to_end(appointment: Appointment) -> Way:
    """The way in which this appointment can be ended: a request is declined, what was agreed is cancelled."""
    return Way.CANCEL if appointment.is_confirmed else Way.DECLINE


def usual_way(appointment: Appointment, now: datetime) -> Way:
    """The way that a page chooses before the provider has said anything."""
    return way_to_end(appointment) if appointment.start - now > SOON else Way.KEEP
