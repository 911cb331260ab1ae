"""Appointments, the holds that keep their time, their history, and the search's index of openings."""

from .appointment import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, AppointmentQuerySet, make_reference
from .history import AppointmentEvent
from .hold import Hold
from .late_cancellation import LateCancellation
from .opening_index import OpenBlock, OpenDay, OpeningIndex, SearchFigures

__all__ = [
    "REFERENCE_ALPHABET",
    "REFERENCE_LENGTH",
    "Appointment",
    "AppointmentEvent",
    "AppointmentQuerySet",
    "Hold",
    "LateCancellation",
    "OpenBlock",
    "OpenDay",
    "OpeningIndex",
    "SearchFigures",
    "make_reference",
]
