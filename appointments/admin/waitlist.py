"""Admin of places on waitlists, to read."""

from django.contrib import admin

from appointments.models import Offer, WaitlistPlace
from core.admin import ModelAdmin, ReadOnly, TabularInline


class PlaceOfferInline(ReadOnly, TabularInline):
    """The times that were offered to the place."""

    model = Offer
    fields = ("created_at", "start", "expires_at", "state", "closed_at", "by_hand")
    readonly_fields = ("created_at",)
    extra = 0


@admin.register(WaitlistPlace)
class WaitlistPlaceAdmin(ReadOnly, ModelAdmin):
    list_display = ["provider", "customer", "service", "first_on", "last_on", "state", "created_at"]
    list_select_related = ["provider", "customer", "service"]
    list_filter = ["state"]
    search_fields = ["provider__name", "customer__name", "customer__email"]
    show_full_result_count = False
    ordering = ["-pk"]
    inlines = [PlaceOfferInline]
