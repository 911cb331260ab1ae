"""Admin of the search's index and figures, to look at."""

from django.contrib import admin

from appointments.models import OpenDay, OpeningIndex, SearchFigures
from core.admin import ModelAdmin, ReadOnly


@admin.register(OpeningIndex)
class OpeningIndexAdmin(ReadOnly, ModelAdmin):
    """The search index's row of a provider, and when it becomes stale."""

    list_display = ["provider", "next_at", "stale_at"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    show_full_result_count = False


@admin.register(OpenDay)
class OpenDayAdmin(ReadOnly, ModelAdmin):
    list_display = ["provider", "day", "early", "late"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    show_full_result_count = False


@admin.register(SearchFigures)
class SearchFiguresAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "measured_at"]
