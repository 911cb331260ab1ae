"""Admin of appointments. No row is edited: each change is an action that calls the service the pages call."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from appointments.models import Appointment, AppointmentEvent, Hold, Offer, Proposal
from appointments.services import transitions
from appointments.states import MOVES, Role, Verb
from core.admin import Found, ModelAdmin, ReadOnly, TabularInline, search_of
from core.money import format_money, percent_text

from .acting import Acting, Answer, staff_of
from .why_not import AnswersWhyNot


class OfPeople(ReadOnly, TabularInline):
    """Rows that each name the person who acted, read with them in one query."""

    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("actor")


class HistoryInline(OfPeople):
    model = AppointmentEvent
    fields = ("at", "verb", "role", "actor", "from_status", "to_status", "start", "to_start", "dropped_start", "reason")


class ProposalInline(OfPeople):
    model = Proposal
    fields = ("created_at", "by", "actor", "old_start", "start", "answer_by", "state", "closed_at", "message")
    readonly_fields = ("created_at",)


class OfferInline(ReadOnly, TabularInline):
    """The times that are offered instead of the appointment."""

    model = Offer
    fk_name = "instead_of"
    fields = ("created_at", "start", "expires_at", "state", "closed_at", "taken_as")
    readonly_fields = ("created_at",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("taken_as")


class HoldInline(ReadOnly, TabularInline):
    model = Hold
    fields = ("kind", "start", "end", "expires_at")
    extra = 0


@admin.register(Appointment)
class AppointmentAdmin(AnswersWhyNot, Acting):
    line_template = "appointments/admin/_appointment.html"
    list_display = ["reference", "status", "start", "provider", "customer", "service", "cost", "of_series"]
    list_select_related = ["provider", "customer", "service"]
    list_filter = ["status", "currency"]
    search_fields = ["reference", "provider__name", "customer__name", "customer__email"]
    date_hierarchy = "start"
    show_full_result_count = False
    # Customers are told that only the provider sees the note; the key makes a repeated booking form harmless.
    exclude = ["note", "booking_key", "price", "currency", "fee_percent", "platform_fee", "refund", "fee_due"]
    readonly_fields = ["cost", "fee", "due"]
    inlines = [HistoryInline, ProposalInline, OfferInline, HoldInline]
    actions = ["accept", "decline", "cancel", "mark_completed", "mark_no_show"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        return super().get_queryset(request).select_related("provider__user", "customer", "service")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_appointment")

    @admin.display(description="price", ordering="price")
    def cost(self, appointment: Appointment) -> str:
        return format_money(appointment.price, appointment.currency)

    @admin.display(description="series")
    def of_series(self, appointment: Appointment) -> str:
        """A link to the series, by the number of the date in it; nothing for a single appointment."""
        if appointment.series_id is None:
            return ""
        page = reverse("admin:appointments_series_change", args=[appointment.series_id])
        return format_html('<a href="{}">Date {}</a>', page, appointment.occurrence)

    @admin.display(description="platform fee")
    def fee(self, appointment: Appointment) -> str:
        return (
            f"{percent_text(appointment.fee_percent)}, {format_money(appointment.platform_fee, appointment.currency)}"
        )

    @admin.display(description="due")
    def due(self, appointment: Appointment) -> str:
        """What is due to the customer, to the platform and to the provider, once it ended."""
        if appointment.refund is None or appointment.fee_due is None:
            return "Nothing yet"
        net = appointment.price - appointment.refund - appointment.fee_due
        refund, fee, rest = (
            format_money(each, appointment.currency) for each in (appointment.refund, appointment.fee_due, net)
        )
        return f"Refund {refund}, fee {fee}, to the provider {rest}"

    @admin.action(description="Accept for the provider", permissions=["act"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.ACCEPT)

    @admin.action(description="Decline for the provider", permissions=["act"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.DECLINE)

    @admin.action(description="Cancel on behalf of both", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.CANCEL)

    @admin.action(description="Mark as completed", permissions=["act"])
    def mark_completed(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.COMPLETE)

    @admin.action(description="Mark as no-show", permissions=["act"])
    def mark_no_show(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.NO_SHOW)

    def _together(self, request: HttpRequest, queryset: QuerySet[Appointment], verb: Verb) -> Answer:
        """Ask for a reason, then change all chosen appointments as one act, which each person is told in one mail.

        Each refusal is shown with its appointment; the others are changed.
        """

        def change(chosen: list[Appointment], reason: str) -> list[Appointment]:
            changes = [_change(appointment, verb, reason) for appointment in chosen]
            outcomes = transitions.apply(changes, actor=staff_of(request), role=Role.STAFF, skip_refused=True)
            for outcome in outcomes:
                if outcome.refusal:
                    text = f"{outcome.appointment.reference}: {outcome.refusal}"
                    self.message_user(request, text, messages.WARNING)
            return [outcome.appointment for outcome in outcomes if outcome.changed]

        return self.act(request, queryset, change)


def _change(appointment: Appointment, verb: Verb, reason: str) -> transitions.Change:
    """The change by `verb`; where the appointment is marked otherwise already, its correction."""
    marked, to = MOVES[Verb.CORRECT][0], MOVES[verb][1]
    corrects = appointment.status != to and appointment.status in marked and to in marked
    return transitions.Change(appointment, Verb.CORRECT if corrects else verb, reason, to)


def find_appointments(request: HttpRequest, text: str) -> list[Found]:
    """The appointment with this reference, for staff's search."""
    if not request.user.has_perm("appointments.view_appointment"):
        return []
    return [
        Found(
            f"Appointment {row.reference}",
            f"{row.customer} with {row.provider}, {row.get_status_display().lower()}",
            reverse("admin:appointments_appointment_change", args=[row.pk]),
        )
        for row in Appointment.objects.select_related("customer", "provider").filter(reference=text.upper())
    ]


search_of.answer(find_appointments)


@admin.register(AppointmentEvent)
class AppointmentEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["appointment", "at", "verb", "role", "actor", "from_status", "to_status"]
    list_select_related = ["appointment", "actor"]
    list_filter = ["verb", "role"]
    search_fields = ["appointment__reference"]
    show_full_result_count = False
    # In the order in which they were written. There may be millions, and sorting them by time would read them all.
    ordering = ["-pk"]


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, ModelAdmin):
    list_display = ["appointment", "by", "old_start", "start", "answer_by", "state"]
    list_select_related = ["appointment"]
    list_filter = ["state", "by"]
    search_fields = ["appointment__reference"]
    show_full_result_count = False
    ordering = ["-pk"]


@admin.register(Offer)
class OfferAdmin(ReadOnly, ModelAdmin):
    list_display = ["provider", "customer", "start", "expires_at", "state", "instead_of", "place"]
    list_select_related = ["provider", "customer", "instead_of", "place"]
    exclude = ["token_hash"]
    list_filter = ["state"]
    search_fields = ["instead_of__reference", "provider__name", "customer__name", "customer__email"]
    show_full_result_count = False
    ordering = ["-pk"]


@admin.register(Hold)
class HoldAdmin(ReadOnly, ModelAdmin):
    list_display = ["provider", "start", "end", "appointment", "expires_at"]
    list_select_related = ["provider", "appointment"]
    exclude = ["browser", "kept_from"]
    search_fields = ["provider__name", "appointment__reference"]
    show_full_result_count = False
