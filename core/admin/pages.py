"""The pages of the admin in its theme: moments in two zones, rows that staff may only look at."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin as ThemedAdmin
from unfold.admin import StackedInline as ThemedStackedInline
from unfold.admin import TabularInline as ThemedTabularInline

from core import wording


@lru_cache(maxsize=256)
def moment_of(field: "DateTimeField[Any, Any]") -> Callable[[Model], str]:
    """The column of a moment: in the zone that the reader chose, and below it in UTC."""

    @admin.display(description=field.verbose_name, ordering=field.name, empty_value="–")
    def moment(row: Model) -> str:
        at = getattr(row, field.name)
        return moment_html(at) if at else ""

    moment.__name__ = field.name
    return moment


def moment_html(at: datetime) -> str:
    """A moment in the zone that the reader chose, and below it in UTC."""
    zone = timezone.get_current_timezone_name()
    is_same_day = wording.local(at, zone).date() == wording.local(at, "UTC").date()
    return format_html(
        '<time datetime="{}">{}</time> <span class="staff__utc">UTC {}</span>',
        wording.iso(at, zone),
        wording.moment_text(at, zone),
        wording.clock_text(at, "UTC") if is_same_day else wording.moment_text(at, "UTC"),
    )


class InTheReadersZone:
    """Mixin of pages whose moments that nobody edits there are shown as `moment_html` writes them.

    Each moment of the model has an attribute of the page beside it, such as `start_in_zones`.
    """

    model: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._moments = {}
        for field in self.model._meta.fields:
            if isinstance(field, DateTimeField):
                self._moments[field.name] = f"{field.name}_in_zones"
                setattr(self, self._moments[field.name], moment_of(field))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown_otherwise = set(self._moments.values())
        return [name for name in super().get_fields(request, obj) if name not in shown_otherwise]  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = set(self.get_readonly_fields(request, obj))
        columns = {name: column for name, column in self._moments.items() if column in fixed}
        return [
            (title, {**options, "fields": [columns.get(name, name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)  # type: ignore[misc]
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        is_edited = self.has_change_permission(request, obj)  # type: ignore[attr-defined]
        return [*fixed, *(column for name, column in self._moments.items() if name in fixed or not is_edited)]


class ModelAdmin(InTheReadersZone, ThemedAdmin):
    """A ModelAdmin in the theme, with 20 rows on a page."""

    list_per_page = 20
    list_fullwidth = True
    list_filter_sheet = False

    def get_list_display(self, request: HttpRequest) -> Any:
        return [self._moments.get(name, name) for name in super().get_list_display(request)]


class TabularInline(InTheReadersZone, ThemedTabularInline):
    """Rows of another model on the page of a row, as a table."""

    extra = 0
    hide_title = True


class StackedInline(InTheReadersZone, ThemedStackedInline):
    """Rows of another model on the page of a row, each as a form."""

    extra = 0


class ReadOnly:
    """Mixin for a ModelAdmin whose rows staff may look at, and change only through actions."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
