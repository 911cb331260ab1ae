"""Admin of appointments, of the search's index, and of fair use: one module a feature, each registers its own pages."""

from . import fair_use, openings
from .appointments import AppointmentAdmin, AppointmentEventAdmin, HoldAdmin

__all__ = ["AppointmentAdmin", "AppointmentEventAdmin", "HoldAdmin", "fair_use", "openings"]
