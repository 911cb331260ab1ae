"""Filters of the lists of the admin: by states, and by what somebody types."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from core import clock


class StateFilter(admin.SimpleListFilter):
    """A filter of a list by the states of its rows, each with its name in the address and its label."""

    title = "state"
    parameter_name = "state"
    states: Sequence[tuple[str, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.states)


class TypedFilter(admin.ListFilter):
    """A filter by what somebody types. `inputs` has the name in the address, the label and the type of each field."""

    template = "admin/filter_typed.html"
    inputs: Sequence[tuple[str, str, str]] = ()

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request = request
        for name, _, _ in self.inputs:
            values = params.pop(name, [])
            self.used_parameters[name] = values[-1].strip() if values else ""

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [name for name, _, _ in self.inputs]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """The fields, each with what was typed into it and the address of the list without that."""
        for name, label, kind in self.inputs:
            without = changelist.get_query_string(remove=[name])
            value = self.used_parameters[name]
            yield {"name": name, "label": label, "type": kind, "value": value, "query_string": without}


class DaysFilter(TypedFilter):
    """A filter by the days, in the reader's zone, on which a moment lies; both ends are included."""

    title = "days"
    inputs = (("from", "From", "date"), ("until", "Until", "date"))
    moment = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        zone = ZoneInfo(timezone.get_current_timezone_name())
        try:
            first, last = (date.fromisoformat(str(text)) if text else None for text in self.used_parameters.values())
            since = Q(**{f"{self.moment}__gte": clock.day_bounds(first, zone)[0]}) if first else Q()
            until = Q(**{f"{self.moment}__lt": clock.day_bounds(last, zone)[1]}) if last else Q()
        except (ValueError, OverflowError):
            messages.warning(request, "Write a day like 2026-11-28; all days are shown.")
            return queryset
        return queryset.filter(since & until)


class TextFilter(TypedFilter):
    """A filter by the beginning of a name, an address or a page. `fields` are the lookups of which one must fit."""

    fields: Sequence[str] = ()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        [text] = self.used_parameters.values()
        fits = Q()
        for field in self.fields:
            fits |= Q(**{field: text})
        return queryset.filter(fits) if text else queryset
