"""Admin of calendar links: staff see who has one, and turn it off by deleting it. Nobody sees the link itself."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from appointments.models import CalendarFeed
from core.admin import ModelAdmin


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ModelAdmin):
    list_display = ("owner", "shows", "created_at")
    list_select_related = ("owner",)
    list_filter = ("shows",)
    search_fields = ("owner__name", "owner__email")
    fields = ("owner", "shows", "created_at")
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
