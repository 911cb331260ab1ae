"""Admin of keys: staff see who has one and for what, and end it by deleting it. Nobody sees the key itself."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from api.models import ApiKey
from core.admin import ModelAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ("begins_with", "name", "person", "made_at", "ends_at", "used_on")
    list_select_related = ("person",)
    search_fields = ("prefix", "name", "person__name", "person__email")
    fields = ("person", "name", "begins_with", "scopes", "version", "made_at", "ends_at", "used_on", "used_from")
    ordering = ("-made_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
