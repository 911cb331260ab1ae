"""Appointments, the holds that keep their time, proposals and offers of others, their history, the search's index."""

from .appointment import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, AppointmentQuerySet, make_reference
from .calendar_feed import CalendarFeed
from .digest import Digest
from .history import AppointmentEvent
from .hold import Hold
from .known_conflict import KnownConflict
from .late_cancellation import LateCancellation
from .offer import Offer
from .opening_index import OpenBlock, OpenDay, OpeningIndex, SearchFigures
from .own_event import DeletedOwnEvent, OwnEvent, OwnRecurrence
from .proposal import Proposal
from .reminder_sweep import ReminderSweep
from .series import LeftOutDate, Series
from .waitlist import WaitlistPlace

__all__ = [
    "REFERENCE_ALPHABET",
    "REFERENCE_LENGTH",
    "Appointment",
    "AppointmentEvent",
    "AppointmentQuerySet",
    "CalendarFeed",
    "DeletedOwnEvent",
    "Digest",
    "Hold",
    "KnownConflict",
    "LateCancellation",
    "LeftOutDate",
    "Offer",
    "OpenBlock",
    "OpenDay",
    "OpeningIndex",
    "OwnEvent",
    "OwnRecurrence",
    "Proposal",
    "ReminderSweep",
    "SearchFigures",
    "Series",
    "WaitlistPlace",
    "make_reference",
]
