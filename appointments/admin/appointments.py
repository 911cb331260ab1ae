"""Admin of appointments. No row is edited: each change is an action that calls the service the pages call."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from appointments.models import Appointment, AppointmentEvent, Hold, Offer, Proposal, conditions
from appointments.models.appointment import AppointmentQuerySet
from appointments.pages.labels import live_proposal
from appointments.pages.staff_appointment import (
    badges_for_staff,
    export_rows,
    history_lines,
    mail_label,
    place_words,
    price_words,
    time_for_customer,
    times_below,
    times_in_full,
)
from appointments.queries.history import history_of
from appointments.queries.staff import standing_between
from appointments.rules.moves import possible_moves
from appointments.services import transitions
from appointments.states import MOVES, ProposalState, Role, Status, Verb
from core import clock, wording
from core.admin import DaysFilter, Found, ModelAdmin, ReadOnly, StateFilter, TabularInline, TextFilter, search_of
from core.csv_files import csv_file
from core.money import format_money, percent_text
from core.templatetags.marks import state_badge
from notifications.queries import mails_of_appointment

from .acting import Act, Acting, Answer, staff_of
from .menu import may_see
from .why_not import AnswersWhyNot


class OfPeople(ReadOnly, TabularInline):
    """Rows that each name the person who acted, read with them in one query."""

    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("actor")


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


# More in one file are read by nobody, and would keep a web process busy.
EXPORTED_AT_MOST = 10_000
# What each action does.
VERBS = {
    "accept": Verb.ACCEPT,
    "decline": Verb.DECLINE,
    "cancel_for_customer": Verb.CANCEL,
    "cancel_for_provider": Verb.CANCEL,
    "cancel": Verb.CANCEL,
    "mark_completed": Verb.COMPLETE,
    "mark_no_show": Verb.NO_SHOW,
}


class StateOfAppointment(StateFilter):
    """The states, and two that are none: requests whose time is over, and a new time that waits for an answer."""

    states = (*Status.choices, ("overdue", "Past its time"), ("proposed", "New time proposed"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> QuerySet[Appointment]:
        match self.value():
            case "overdue":
                return queryset.filter(conditions.unanswered(clock.now()))
            case "proposed":
                waiting = Proposal.objects.filter(appointment=OuterRef("pk"), state=ProposalState.OPEN)
                return queryset.filter(Exists(waiting))
            case str(state) if state in Status:
                return queryset.filter(status=state)
        return queryset


class StartDays(DaysFilter):
    moment = "start"


class ByProvider(TextFilter):
    title = "provider"
    inputs = (("provider", "Provider", "text"),)
    fields = ("provider__slug__iexact", "provider__name__istartswith", "provider__user__email__iexact")


@admin.register(Appointment)
class AppointmentAdmin(AnswersWhyNot, Acting):
    change_form_template = "appointments/admin/appointment.html"
    line_template = "appointments/admin/_appointment.html"
    list_display = ["code", "when", "who", "whom", "badges", "cost", "of_series"]
    list_filter = [StartDays, ByProvider, StateOfAppointment, "currency"]
    search_fields = [
        *("reference__iexact", "customer__name", "customer__email__istartswith"),
        *("provider__name", "provider__slug__iexact", "provider__user__email__istartswith"),
    ]
    search_help_text = "Reference, name, email or page"
    show_full_result_count = False
    # Customers are told that only the provider sees the note; the key makes a repeated booking form harmless.
    exclude = ["note", "booking_key", "price", "currency", "fee_percent", "platform_fee", "refund", "fee_due"]
    readonly_fields = ["cost", "fee", "due"]
    inlines = [ProposalInline, OfferInline, HoldInline]
    actions = [
        *("accept", "decline", "cancel_for_customer", "cancel_for_provider", "cancel"),
        *("mark_completed", "mark_no_show"),
    ]
    looks = {
        "accept": ("check", "Both are told, and the time is agreed"),
        "decline": ("x", "The time is free again, both are told"),
        "cancel_for_customer": ("x", "Late for nobody, both are told"),
        "cancel_for_provider": ("x", "Late for nobody, both are told"),
        "cancel": ("x", "Late for nobody, both are told"),
        "mark_completed": ("check", "It took place"),
        "mark_no_show": ("warn", "It counts for the customer"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        found: AppointmentQuerySet = super().get_queryset(request)
        return found.with_people()

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(require_POST(self.export)), name="appointments_export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponse:
        """The file of all that the list with these filters has, noted in the audit. One query for its rows."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        rows = list(self.get_changelist_instance(request).queryset[:EXPORTED_AT_MOST])
        LogEntry.objects.create(
            user=staff_of(request),
            content_type=ContentType.objects.get_for_model(Appointment),
            object_repr=f"{len(rows)} appointments",
            action_flag=CHANGE,
            change_message=f"Exported: {request.META['QUERY_STRING'][:400] or 'all'}",
        )
        file = HttpResponse(csv_file(export_rows(rows)), content_type="text/csv; charset=utf-8")
        file["Content-Disposition"] = 'attachment; filename="appointments.csv"'
        return file

    def acts_on(self, row: Appointment) -> bool:
        return True

    def acts_for(self, request: HttpRequest, row: Appointment) -> list[Act]:
        """The actions that the rules allow staff now."""
        allowed = possible_moves(row, role=Role.STAFF, policy=row.provider.policy, now=clock.now())
        return [act for act in super().acts_for(request, row) if VERBS[act.name] in allowed]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = context["original"]
        zone = timezone.get_current_timezone_name()
        people = {row.customer.time_zone: f"for {row.customer}", row.provider.time_zone: f"for {row.provider}"}
        if row.customer.time_zone == row.provider.time_zone:
            people = {row.provider.time_zone: "for both"}
        zones = {**people, **{name: "" for name in (zone, "UTC") if name not in people}}
        context |= {
            "has_facts": True,
            "badges": badges_for_staff(row, now=clock.now()),
            "times": times_in_full(row.start, row.end, zones),
            "place": place_words(row),
            "cost": format_money(row.price, row.currency),
            "fee": price_words(row),
            "past": history_lines(history_of(row), zone),
            "standing": standing_between(row),
        }
        proposal = live_proposal(row, clock.now())
        if proposal:
            context |= {"proposal": proposal, "proposed": times_in_full(proposal.start, proposal.end, zones)}
        if may_see(request, "notifications.SentMail"):
            context["mails"] = [(mail, mail_label(mail)) for mail in mails_of_appointment(row.reference)]
        return super().render_change_form(request, context, *args, **kwargs)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_appointment")

    @admin.display(description="reference", ordering="reference")
    def code(self, appointment: Appointment) -> str:
        return format_html('<span class="code">{}</span>', appointment.reference)

    @admin.display(description="when", ordering="start")
    def when(self, appointment: Appointment) -> str:
        zone = timezone.get_current_timezone_name()
        start = format_html(
            '<time class="strong" datetime="{}">{}</time>',
            wording.iso(appointment.start, zone),
            wording.moment_text(appointment.start, zone),
        )
        return two_lines(start, times_below(appointment, zone))

    @admin.display(description="customer", ordering="customer__name")
    def who(self, appointment: Appointment) -> str:
        return two_lines(appointment.customer.name, time_for_customer(appointment))

    @admin.display(description="provider", ordering="provider__name")
    def whom(self, appointment: Appointment) -> str:
        return two_lines(appointment.provider.name, appointment.service.name)

    @admin.display(description="state", ordering="status")
    def badges(self, appointment: Appointment) -> str:
        labels = badges_for_staff(appointment, now=clock.now())
        return format_html_join(" ", "{}", ((state_badge(label),) for label in labels))

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

    @admin.action(description="Cancel for the customer", permissions=["act"])
    def cancel_for_customer(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.CANCEL, before="On behalf of the customer: ")

    @admin.action(description="Cancel for the provider", permissions=["act"])
    def cancel_for_provider(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.CANCEL, before="On behalf of the provider: ")

    @admin.action(description="Cancel on behalf of both", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.CANCEL)

    @admin.action(description="Mark as completed", permissions=["act"])
    def mark_completed(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.COMPLETE)

    @admin.action(description="Mark as no-show", permissions=["act"])
    def mark_no_show(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> Answer:
        return self._together(request, queryset, Verb.NO_SHOW)

    def _together(
        self, request: HttpRequest, queryset: QuerySet[Appointment], verb: Verb, *, before: str = ""
    ) -> Answer:
        """Ask for a reason, then change all chosen appointments as one act, which each person is told in one mail.

        In the history the words `before` say on whose behalf it was.

        Each refusal is shown with its appointment; the others are changed.
        """

        def change(chosen: list[Appointment], reason: str) -> list[Appointment]:
            changes = [_change(appointment, verb, before + reason) for appointment in chosen]
            outcomes = transitions.apply(changes, actor=staff_of(request), role=Role.STAFF, skip_refused=True)
            for outcome in outcomes:
                if outcome.refusal:
                    text = f"{outcome.appointment.reference}: {outcome.refusal}"
                    self.message_user(request, text, messages.WARNING)
            return [outcome.appointment for outcome in outcomes if outcome.changed]

        return self.act(request, queryset, change)


def two_lines(first: str, second: str) -> str:
    """A cell of a list: a line, and a quieter one below it."""
    return format_html('{}<span class="staff__utc">{}</span>', first, second)


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
