"""Base classes of the admin: its site, its pages, its filters, and a guard against lookups that no page offers."""

from .acts import Act, Acting, Acts, Answer, ReasonForAudit, ReasonForPerson
from .filters import DaysFilter, StateFilter, TextFilter
from .guard import refuse_what_was_not_offered
from .pages import ModelAdmin, ReadOnly, StackedInline, TabularInline, moment_html
from .site import FOUND_AT_MOST, Found, StaffSite, search_of

__all__ = [
    "Act",
    "Acting",
    "Acts",
    "Answer",
    "ReasonForAudit",
    "ReasonForPerson",
    "FOUND_AT_MOST",
    "DaysFilter",
    "Found",
    "ModelAdmin",
    "ReadOnly",
    "StackedInline",
    "StaffSite",
    "StateFilter",
    "TabularInline",
    "TextFilter",
    "moment_html",
    "refuse_what_was_not_offered",
    "search_of",
]
