"""Staff's pages of providers. Saving locks the provider and tells of open time, as the services do."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Weekday
from accounts.services import compare_calendar
from core.admin import FOUND_AT_MOST, Found, ModelAdmin, ReadOnly, StackedInline, StateFilter, TabularInline, search_of
from core.db import lock_rows
from providers.edit_stamps import SAID_FIELDS
from providers.models import (
    BookingPolicy,
    Category,
    CustomerAllowance,
    CustomerBlock,
    DateOverride,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)
from providers.services.locking import appointments_read_otherwise, open_time_changed
from providers.wording import price_text


class RefreshesOpenings(ModelAdmin):
    """A ModelAdmin that saves the form and its inlines under the provider's lock, as the services do, and at the end of
    the same transaction says that open time has changed."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        lock_providers_of([obj, form.initial.get("provider") if change else None])
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        open_time_changed(provider_of(form.instance))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, self.get_queryset(request).filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            rows = list(queryset)
            lock_providers_of(rows)
            super().delete_queryset(request, queryset)
            for provider in {provider_of(row) for row in rows if not isinstance(row, Provider)}:
                open_time_changed(provider)


def provider_of(row: Any) -> Provider:
    return row if isinstance(row, Provider) else row.provider


def lock_providers_of(rows: Iterable[Any]) -> None:
    """Lock the providers of these rows, each given by itself or by the provider's key."""
    keys = {row if isinstance(row, int) else provider_of(row).pk for row in rows if row is not None}
    list(lock_rows(Provider.objects.filter(pk__in=keys - {None}).order_by("pk")))


class PolicyInline(ReadOnly, StackedInline):
    """The rules of booking, which only the provider's own pages change."""

    model = BookingPolicy


class HoursInline(ReadOnly, TabularInline):
    """The weekly hours as people write them, which only the provider's own pages change."""

    model = WorkingHours
    fields = readonly_fields = ("day", "hours")

    @admin.display(description="day")
    def day(self, row: WorkingHours) -> str:
        return Weekday(row.weekday).label

    @admin.display(description="hours")
    def hours(self, row: WorkingHours) -> str:
        return f"{minute_text(row.start_minute)} to {minute_text(row.end_minute)}"


def minute_text(minute: int) -> str:
    """A minute of the day as a time: 540 is `09:00`, 1440 `24:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "slug", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Provider)
class ProviderAdmin(RefreshesOpenings):
    list_display = ["name", "trade", "category", "place", "listing", "live_since"]
    list_filter = ["listing", "category", "is_online", "is_in_person"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "user__email"]
    raw_id_fields = ["user"]
    readonly_fields = ["listing", "live_since", "created_at", "steps_done"]
    inlines = [PolicyInline, HoursInline]

    def save_model(self, request: HttpRequest, obj: Provider, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if {"time_zone", "listing"} & set(form.changed_data):
            compare_calendar(obj.user)
        if {*SAID_FIELDS, "time_zone"} & set(form.changed_data):
            appointments_read_otherwise(obj)


def find_providers(request: HttpRequest, text: str) -> list[Found]:
    """The providers whose page or name begins with the text, for staff's search."""
    if not request.user.has_perm("providers.view_provider"):
        return []
    fits = Q(slug__istartswith=text) | Q(name__istartswith=text)
    return [
        Found(row.name, f"Provider, /{row.slug}/", reverse("admin:providers_provider_change", args=[row.pk]))
        for row in Provider.objects.filter(fits).order_by("name")[:FOUND_AT_MOST]
    ]


search_of.answer(find_providers)


@admin.register(Service)
class ServiceAdmin(RefreshesOpenings):
    list_display = ["name", "provider", "duration_minutes", "cost", "is_active"]
    list_filter = ["is_active", "pricing", "currency"]
    list_select_related = ["provider"]
    search_fields = ["name", "slug", "provider__name"]
    raw_id_fields = ["provider"]

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> list[Any]:
        """Prices are changed on the provider's own pages alone, where what it means is said first."""
        money = ["pricing", "price", "currency"] if obj else []
        return [*super().get_readonly_fields(request, obj), *money]

    def save_model(self, request: HttpRequest, obj: Service, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            appointments_read_otherwise(obj.provider)

    @admin.display(description="price", ordering="price")
    def cost(self, service: Service) -> str:
        return price_text(service)


@admin.register(DateOverride)
class DateOverrideAdmin(ReadOnly, ModelAdmin):
    """The dates with hours of their own, which only the provider's own pages change."""

    list_display = ["provider", "start_on", "end_on", "hours"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    fields = readonly_fields = ["provider", "start_on", "end_on", "hours"]
    date_hierarchy = "start_on"

    @admin.display(description="hours")
    def hours(self, row: DateOverride) -> str:
        ranges = [f"{minute_text(start)} to {minute_text(end)}" for start, end in row.ranges]
        return ", ".join(ranges) or "Closed"


@admin.register(CustomerAllowance)
class CustomerAllowanceAdmin(ReadOnly, ModelAdmin):
    """The customers for whom a provider lifted the limits, which only the provider's own pages change."""

    list_display = ["provider", "customer", "created_at"]
    list_select_related = ["provider", "customer"]
    search_fields = ["provider__name", "customer__name", "customer__email"]


@admin.register(TimeOff)
class TimeOffAdmin(ReadOnly, ModelAdmin):
    """The time off of providers, which only their own pages change, since it may cancel appointments."""

    list_display = ["provider", "start", "end", "all_day", "public_word"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    exclude = ["reason"]  # the page where it is written says that only the provider sees it
    date_hierarchy = "start"
    ordering = ["-start"]


class BlockState(StateFilter):
    states = (("open", "Open"), ("lifted", "Lifted"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[CustomerBlock]) -> QuerySet[CustomerBlock]:
        wanted = {"open": True, "lifted": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(lifted_at__isnull=wanted)


@admin.register(CustomerBlock)
class CustomerBlockAdmin(ReadOnly, ModelAdmin):
    """The customers of whom a provider takes no bookings, or took none, which only the provider's own pages change."""

    list_display = ["provider", "customer", "since", "blocked_by", "lifted_at", "lifted_by"]
    list_select_related = ["provider", "customer", "blocked_by", "lifted_by"]
    list_filter = [BlockState]
    search_fields = ["provider__name", "customer__name", "customer__email"]
