"""Admin of the conflicts that providers know of, to read. What an event is about is not in it."""

from django.contrib import admin

from appointments.models import KnownConflict
from core.admin import ModelAdmin, ReadOnly


@admin.register(KnownConflict)
class KnownConflictAdmin(ReadOnly, ModelAdmin):
    list_display = ["appointment", "calendar", "start", "busy_from", "busy_until", "known_at", "kept_at"]
    list_select_related = ["appointment", "calendar"]
    fields = ["appointment", "calendar", "start", "end", "busy_from", "busy_until", "known_at", "kept_at"]
    search_fields = ["appointment__reference"]
    show_full_result_count = False
    ordering = ["-pk"]
