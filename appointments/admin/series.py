"""Admin of series, to look at: the rule, the dates that were booked, and those that were left out."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from appointments.models import Appointment, LeftOutDate, Series
from core.admin import ModelAdmin, ReadOnly, TabularInline


class DateInline(ReadOnly, TabularInline):
    """The dates of the series that were booked, each with a link to its appointment."""

    model = Appointment
    fields = readonly_fields = ("occurrence", "reference", "status", "start", "end")
    ordering = ("occurrence",)
    extra = 0
    show_change_link = True
    verbose_name_plural = "dates"


class LeftOutInline(ReadOnly, TabularInline):
    model = LeftOutDate
    fields = ("occurrence", "start", "reason")
    extra = 0


@admin.register(Series)
class SeriesAdmin(ReadOnly, ModelAdmin):
    list_display = ["customer", "provider", "service", "frequency", "first", "dates", "created_at"]
    list_select_related = ["customer", "provider", "service"]
    list_filter = ["frequency"]
    search_fields = ["appointments__reference", "provider__name", "customer__name", "customer__email"]
    show_full_result_count = False
    ordering = ["-pk"]
    inlines = [DateInline, LeftOutInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        rows: QuerySet[Series] = super().get_queryset(request)
        return rows.annotate(booked=Count("appointments", distinct=True))

    @admin.display(description="dates")
    def dates(self, series: Any) -> int:
        booked: int = series.booked
        return booked
