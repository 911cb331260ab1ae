from django.contrib import admin

from core.admin import ReadOnly

from .models import BusyInterval


@admin.register(BusyInterval)
class BusyIntervalAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["provider", "start", "end", "source"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    date_hierarchy = "start"
    show_full_result_count = False
