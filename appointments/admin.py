"""Admin of appointments. No row is edited: each change is an action that calls the service the pages call."""

from http import HTTPStatus

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.models import User
from appointments.forms.reasons import REASON_LENGTH
from core.admin import ReadOnly
from core.forms import TextField
from core.money import format_money

from .models import Appointment, AppointmentEvent, Hold, OpenDay, OpeningIndex, SearchFigures
from .services import transitions
from .states import MOVES, Role, Verb

# The result of an action: a page that asks for confirmation, or None, which leads back to the list.
Answer = TemplateResponse | None
# The most appointments in one action: their list still fits on a page that staff read before they confirm.
MOST_AT_ONCE = 100


class StaffReason(forms.Form):
    """The reason that staff must give for a change to somebody else's appointment."""

    reason = TextField(
        label="Reason", max_length=REASON_LENGTH, help_text="It is kept in the history, and both sides can read it."
    )


class HistoryInline(ReadOnly, admin.TabularInline):
    model = AppointmentEvent
    fields = ("at", "verb", "role", "actor", "from_status", "to_status", "start", "reason")
    extra = 0


class HoldInline(ReadOnly, admin.TabularInline):
    model = Hold
    fields = ("start", "end")
    extra = 0


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["reference", "status", "start", "provider", "customer", "service", "cost"]
    list_select_related = ["provider", "customer", "service"]
    list_filter = ["status", "currency"]
    search_fields = ["reference", "provider__name", "customer__name", "customer__email"]
    date_hierarchy = "start"
    show_full_result_count = False
    # Customers are told that only the provider sees the note; the key makes a repeated booking form harmless.
    exclude = ["note", "booking_key", "price", "currency", "platform_fee"]
    readonly_fields = ["cost", "fee"]
    inlines = [HistoryInline, HoldInline]
    actions = ["accept", "decline", "cancel", "mark_completed", "mark_no_show"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        return super().get_queryset(request).select_related("provider__user", "customer", "service")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_appointment")

    @admin.display(description="price", ordering="price")
    def cost(self, appointment: Appointment) -> str:
        return format_money(appointment.price, appointment.currency)

    @admin.display(description="platform fee")
    def fee(self, appointment: Appointment) -> str:
        return format_money(appointment.platform_fee, appointment.currency)

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
        chosen = list(queryset[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            self.message_user(request, f"Choose at most {MOST_AT_ONCE} at a time.", messages.ERROR)
            return None
        form = StaffReason(request.POST) if "confirmed" in request.POST else StaffReason()
        if not form.is_valid():
            return self._ask(request, chosen, form)
        assert isinstance(request.user, User)
        reason = form.cleaned_data["reason"]
        changes = [_change(appointment, verb, reason) for appointment in chosen]
        outcomes = transitions.apply(changes, actor=request.user, role=Role.STAFF, skip_refused=True)
        for outcome in outcomes:
            if outcome.refusal:
                text = f"{outcome.appointment.reference}: {outcome.refusal}"
                self.message_user(request, text, messages.WARNING)
        changed = [outcome.appointment for outcome in outcomes if outcome.changed]
        LogEntry.objects.log_actions(
            request.user.pk, changed, CHANGE, change_message=f"{request.POST['action']}: {reason}"
        )
        self.message_user(request, f"{len(changed)} changed.", messages.SUCCESS if changed else messages.INFO)
        return None

    def _ask(self, request: HttpRequest, chosen: list[Appointment], form: StaffReason) -> Answer:
        """The confirmation page with the action, the chosen appointments and the form for the reason."""
        name = request.POST["action"]
        context = {
            **self.admin_site.each_context(request),
            "title": dict(self.get_action_choices(request))[name],
            "opts": self.opts,
            "action": name,
            "checkbox": ACTION_CHECKBOX_NAME,
            "chosen": chosen,
            "form": form,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return TemplateResponse(request, "appointments/admin/confirm.html", context, status=status)


def _change(appointment: Appointment, verb: Verb, reason: str) -> transitions.Change:
    """The change by `verb`; where the appointment is marked otherwise already, its correction."""
    marked, to = MOVES[Verb.CORRECT][0], MOVES[verb][1]
    corrects = appointment.status != to and appointment.status in marked and to in marked
    return transitions.Change(appointment, Verb.CORRECT if corrects else verb, reason, to)


@admin.register(AppointmentEvent)
class AppointmentEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["appointment", "at", "verb", "role", "actor", "from_status", "to_status"]
    list_select_related = ["appointment", "actor"]
    list_filter = ["verb", "role"]
    search_fields = ["appointment__reference"]
    show_full_result_count = False
    # In the order in which they were written. There may be millions, and sorting them by time would read them all.
    ordering = ["-pk"]


@admin.register(Hold)
class HoldAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["provider", "start", "end", "appointment", "expires_at"]
    list_select_related = ["provider", "appointment"]
    exclude = ["browser", "kept_from"]
    search_fields = ["provider__name", "appointment__reference"]
    show_full_result_count = False


@admin.register(OpeningIndex)
class OpeningIndexAdmin(ReadOnly, admin.ModelAdmin):
    """The search index's row of a provider, and when it becomes stale."""

    list_display = ["provider", "next_at", "stale_at"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    show_full_result_count = False


@admin.register(OpenDay)
class OpenDayAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["provider", "day", "early", "late"]
    list_select_related = ["provider"]
    search_fields = ["provider__name"]
    show_full_result_count = False


@admin.register(SearchFigures)
class SearchFiguresAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "measured_at"]
