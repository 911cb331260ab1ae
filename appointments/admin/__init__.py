"""Admin of appointments, series, calendar links, digests, fees, the search's index and fair use: a module a feature."""

from . import (
    calendar_feed,
    conflicts,
    digest,
    fair_use,
    fee_rates,
    openings,
    own_events,
    people,
    provider_pages,
    series,
    waitlist,
)
from .appointments import AppointmentAdmin, AppointmentEventAdmin, HoldAdmin

__all__ = [
    "AppointmentAdmin",
    "AppointmentEventAdmin",
    "HoldAdmin",
    "calendar_feed",
    "conflicts",
    "digest",
    "fair_use",
    "fee_rates",
    "openings",
    "own_events",
    "people",
    "provider_pages",
    "series",
    "waitlist",
]
