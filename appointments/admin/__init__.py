"""Admin of appointments, calendar links, the search's index and fair use: one module a feature, each with its pages."""

from . import calendar_feed, fair_use, openings
from .appointments import AppointmentAdmin, AppointmentEventAdmin, HoldAdmin

__all__ = ["AppointmentAdmin", "AppointmentEventAdmin", "HoldAdmin", "calendar_feed", "fair_use", "openings"]
