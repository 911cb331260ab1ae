"""Own events as staff see them: when they are, never what they are about."""

from django.contrib import admin

from appointments.models import OwnEvent
from core.admin import ModelAdmin, ReadOnly


@admin.register(OwnEvent)
class OwnEventAdmin(ReadOnly, ModelAdmin):
    """People's own events, which only their owners change, and whose texts only they read."""

    list_display = ["user", "start", "end", "is_all_day", "is_free"]
    list_select_related = ["user"]
    list_filter = ["is_free"]
    search_fields = ["user__email", "user__name"]
    fields = [
        "user",
        "start",
        "end",
        "is_all_day",
        "is_free",
        "recurrence",
        "occurrence",
        "version",
        "created_at",
        "changed_at",
    ]
    date_hierarchy = "start"
    ordering = ["-start"]
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer("title", "place", "description")
