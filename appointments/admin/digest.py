"""Admin of evening digests: staff see who gets one and when, and end one by deleting it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from appointments.models import Digest
from core.admin import ModelAdmin


@admin.register(Digest)
class DigestAdmin(ModelAdmin):
    list_display = ("provider", "minute", "also_empty", "told")
    list_select_related = ("provider",)
    list_filter = ("also_empty",)
    search_fields = ("provider__name", "provider__user__email")
    fields = ("provider", "minute", "also_empty", "told")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
