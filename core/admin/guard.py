"""A guard against lookups and actions that no page of the admin offers."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest

from .filters import TypedFilter

# Room for a name, an address or a reference. Each word of a search becomes a condition of the query.
LONGEST_SEARCH = 200


class Guarded(admin.ModelAdmin):
    """A ModelAdmin whose list takes only the lookups that its page offers: filters, dates, and the search field.

    Django's admin looks up any field of the model that a query string names, so that the number of rows would reveal,
    letter by letter, fields that no page shows: the hash of a password, a note.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return request is not None and lookup in set(_offered_lookups(self, request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if len(search_term) > LONGEST_SEARCH:
            raise BadRequest("A search this long finds nothing")
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        try:
            return super().get_object(request, object_id, from_field)
        except OverflowError:
            return None  # SQLite's columns hold no number that large


def _offered_lookups(model_admin: admin.ModelAdmin, request: HttpRequest) -> Iterator[str]:
    """The lookups in the links of the list's own page."""
    for item in model_admin.get_list_filter(request):
        if isinstance(item, type) and issubclass(item, admin.SimpleListFilter):
            yield str(item.parameter_name)
            continue
        if isinstance(item, type) and issubclass(item, TypedFilter):
            yield from (name for name, _, _ in item.inputs)
            continue
        name = str(item[0] if isinstance(item, list | tuple) else item)
        yield from (name, f"{name}__exact", f"{name}__isnull")
        field = get_fields_from_path(model_admin.model, name)[-1]
        if isinstance(field, ForeignKey):
            yield f"{name}__{field.target_field.name}__exact"
    if day := model_admin.date_hierarchy:
        yield from (f"{day}__{part}" for part in ("year", "month", "day"))


def refuse_what_was_not_offered(request: HttpRequest, model_admin: Any) -> None:
    """Raise PermissionDenied for a POST to a list by staff who may only look, or with an action not offered to them.

    Django's admin answers such a POST with the list, without a word of refusal.
    """
    if not model_admin.admin_site.has_permission(request):
        return
    offered = model_admin.get_actions(request)
    named = {name for name in request.POST.getlist("action") if name}
    if not named <= offered.keys() or not (offered or model_admin.has_change_permission(request)):
        raise PermissionDenied
