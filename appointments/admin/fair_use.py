"""Admin of fair use: suspensions, appeals against them, late cancellations. They change only through services.

The suspensions and the appeals are rows of `accounts`, whose admin can't reach what lifting one means here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts.models import Appeal, Ban, User
from appointments.forms.reasons import REASON_LENGTH
from appointments.models import AppointmentEvent, LateCancellation
from appointments.pages.staff_standing import cancelled_words, count_words, exact, forgiven_words, state_words
from appointments.queries.fair_use import cancelled_by, evidence_of
from appointments.rules.fair_use import COUNTED_FOR
from appointments.services import fair_use
from core import clock
from core.admin import ReadOnly, StateFilter, TabularInline
from core.forms import TextField

from .acting import Acting, Answer, staff_of

ANSWER_LENGTH = 2000


class ReasonForStaff(forms.Form):
    """The reason of a decision about somebody's suspension or late cancellation."""

    reason = TextField(label="Reason", max_length=REASON_LENGTH, help_text="It is kept, with your name, for staff.")


class AppealAnswer(forms.Form):
    """The answer to an appeal."""

    answer = TextField(
        label="Answer", max_length=ANSWER_LENGTH, help_text="The person reads it in a mail and on their page."
    )


class BanState(StateFilter):
    states = (("open", "Open"), ("lifted", "Lifted"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ban]) -> QuerySet[Ban]:
        wanted = {"open": True, "lifted": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(lifted_at__isnull=wanted)


class AppealState(StateFilter):
    states = (("waiting", "Waiting"), ("answered", "Answered"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> QuerySet[Appeal]:
        wanted = {"waiting": True, "answered": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(answered_at__isnull=wanted)


class LateState(StateFilter):
    states = (("counts", "Counts now"), ("evidence", "Evidence of a suspension"), ("forgiven", "Forgiven"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[LateCancellation]) -> QuerySet[LateCancellation]:
        if self.value() == "counts":
            return queryset.filter(forgiven_at=None, ban=None, at__gte=clock.now() - COUNTED_FOR)
        if self.value() == "evidence":
            return queryset.exclude(ban=None)
        if self.value() == "forgiven":
            return queryset.exclude(forgiven_at=None)
        return queryset


class AppealInline(ReadOnly, TabularInline):
    model = Appeal
    fields = ("text", "sent_at", "answer", "answered_at", "answered_by")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        return super().get_queryset(request).select_related("answered_by", "ban__user")


@admin.register(Ban)
class BanAdmin(Acting):
    list_display = ["person", "email", "since", "lifted_at", "lifted_by", "appeal_waits"]
    list_select_related = ["user", "lifted_by"]
    list_filter = [BanState]
    search_fields = ["user__email", "user__name"]
    ordering = [F("lifted_at").desc(nulls_first=True), "-since"]
    show_full_result_count = False
    fields = ["account", "since", "evidence", "lifted_at", "lifted_by", "lift_reason"]
    readonly_fields = ["account", "evidence"]
    inlines = [AppealInline]
    actions = ["lift"]
    looks = {"lift": ("check", "May book again, the count starts anew, a mail says so")}
    line_template = "appointments/admin/_ban.html"
    asking_form = ReasonForStaff

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ban]:
        waiting = Appeal.objects.filter(ban=OuterRef("pk"), answered_at=None)
        return super().get_queryset(request).select_related("user", "lifted_by").annotate(waits=Exists(waiting))

    def acts_on(self, row: Ban) -> bool:
        return row.is_open

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_ban")

    @admin.display(ordering="user__name")
    def person(self, ban: Ban) -> str:
        return str(ban.user)

    @admin.display(ordering="user__email")
    def email(self, ban: Ban) -> str:
        return ban.user.known_as

    @admin.display(description="person")
    def account(self, ban: Ban) -> str:
        return person_link(ban.user)

    @admin.display(description="an appeal waits", boolean=True)
    def appeal_waits(self, ban: Any) -> bool:
        return ban.waits

    @admin.display(description="evidence")
    def evidence(self, ban: Ban) -> str:
        return evidence_list(ban)

    @admin.action(description="Lift", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Ban]) -> Answer:
        actor = staff_of(request)
        return self.act_on_each(
            request, queryset, lambda ban, reason: fair_use.lift_ban(ban=ban, actor=actor, reason=reason)
        )


@admin.register(Appeal)
class AppealAdmin(Acting):
    list_display = ["person", "email", "sent_at", "answered_at", "answered_by", "suspended_since", "lifted_at"]
    list_filter = [AppealState]
    search_fields = ["ban__user__email", "ban__user__name"]
    # Those that wait come first, the longest waiting at the top.
    ordering = [F("answered_at").desc(nulls_first=True), "sent_at"]
    show_full_result_count = False
    fields = ["account", "suspension", "text", "sent_at", "evidence", "answer", "answered_at", "answered_by"]
    readonly_fields = ["account", "suspension", "evidence"]
    actions = ["answer_and_lift", "answer_and_keep"]
    looks = {
        "answer_and_lift": ("check", "May book again, and reads the answer in a mail"),
        "answer_and_keep": ("x", "Stays suspended, and reads the answer in a mail"),
    }
    line_template = "appointments/admin/_appeal.html"
    asking_form = AppealAnswer
    # Each appeal gets an answer of its own.
    most_at_once = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        return super().get_queryset(request).select_related("ban__user", "answered_by")

    def acts_on(self, row: Appeal) -> bool:
        return row.answered_at is None

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_appeal")

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["accounts.change_appeal", "accounts.change_ban"])

    @admin.display(ordering="ban__user__name")
    def person(self, appeal: Appeal) -> str:
        return str(appeal.ban.user)

    @admin.display(ordering="ban__user__email")
    def email(self, appeal: Appeal) -> str:
        return appeal.ban.user.known_as

    @admin.display(description="person")
    def account(self, appeal: Appeal) -> str:
        return person_link(appeal.ban.user)

    @admin.display(ordering="ban__since")
    def suspended_since(self, appeal: Appeal) -> datetime:
        return appeal.ban.since

    @admin.display(description="suspension lifted at", ordering="ban__lifted_at")
    def lifted_at(self, appeal: Appeal) -> datetime | None:
        return appeal.ban.lifted_at

    @admin.display(description="suspension")
    def suspension(self, appeal: Appeal) -> str:
        return ban_link(appeal.ban)

    @admin.display(description="evidence")
    def evidence(self, appeal: Appeal) -> str:
        return evidence_list(appeal.ban)

    @admin.action(description="Answer and lift the suspension", permissions=["lift"])
    def answer_and_lift(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> Answer:
        return self._answer(request, queryset, lift=True)

    @admin.action(description="Answer and keep the suspension", permissions=["answer"])
    def answer_and_keep(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> Answer:
        return self._answer(request, queryset, lift=False)

    def _answer(self, request: HttpRequest, queryset: QuerySet[Appeal], *, lift: bool) -> Answer:
        actor = staff_of(request)

        def answer(appeal: Appeal, words: str) -> bool:
            fair_use.answer_appeal(appeal=appeal, actor=actor, answer=words, lift=lift)
            return True

        return self.act_on_each(request, queryset, answer)


class WithAppointments(ChangeList):
    """The list of late cancellations, whose rows have the history entries of their acts in `cancelled`."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        found = cancelled_by(rows)
        for row in rows:
            row.cancelled = found[row.pk]
        self.result_list = rows


@admin.register(LateCancellation)
class LateCancellationAdmin(Acting):
    list_display = ["person", "email", "at", "references", "state"]
    list_filter = [LateState]
    search_fields = ["person__email", "person__name"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["account", "at", "appointments", "counts", "suspension"]
    readonly_fields = ["account", "appointments", "counts", "suspension"]
    actions = ["forgive"]
    looks = {"forgive": ("check", "It no longer counts, and a mail says so")}
    line_template = "appointments/admin/_late_cancellation.html"
    asking_form = ReasonForStaff

    def get_queryset(self, request: HttpRequest) -> QuerySet[LateCancellation]:
        return super().get_queryset(request).select_related("person", "ban__user", "forgiven_by")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithAppointments

    def acts_on(self, row: LateCancellation) -> bool:
        return row.forgiven_at is None

    def has_forgive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_latecancellation")

    @admin.display(ordering="person__email")
    def email(self, late: LateCancellation) -> str:
        return late.person.known_as

    @admin.display(description="person")
    def account(self, late: LateCancellation) -> str:
        return person_link(late.person)

    @admin.display(description="does it count?")
    def state(self, late: LateCancellation) -> str:
        return state_words(late, now=clock.now())

    @admin.display(description="appointments")
    def references(self, late: Any) -> str:
        return ", ".join(event.appointment.reference for event in late.cancelled)

    @admin.display(description="appointments")
    def appointments(self, late: LateCancellation) -> str:
        return cancelled_list(cancelled_by([late])[late.pk])

    @admin.display(description="evidence of")
    def suspension(self, late: LateCancellation) -> str:
        return ban_link(late.ban) if late.ban else "none"

    @admin.display(description="does it count?")
    def counts(self, late: LateCancellation) -> str:
        return count_words(late, now=clock.now())

    @admin.action(description="Forgive", permissions=["forgive"])
    def forgive(self, request: HttpRequest, queryset: QuerySet[LateCancellation]) -> Answer:
        actor = staff_of(request)

        def forgive(late: LateCancellation, reason: str) -> bool:
            forgiven = fair_use.forgive(late=late, actor=actor, reason=reason)
            if forgiven and late.ban and late.ban.is_open:
                stays = f"{late.person} stays suspended: forgiving evidence lifts nothing. Lift the suspension itself."
                self.message_user(request, stays, messages.WARNING)
            return forgiven

        return self.act_on_each(request, queryset, forgive)


def person_link(person: User) -> str:
    address = reverse("admin:accounts_user_change", args=[person.pk])
    return format_html('<a href="{}">{}</a>, {}', address, person, person.known_as)


def ban_link(ban: Ban) -> str:
    address = reverse("admin:accounts_ban_change", args=[ban.pk])
    lifted = f", lifted {exact(ban.lifted_at)}" if ban.lifted_at else ""
    return format_html('<a href="{}">suspended since {}</a>{}', address, exact(ban.since), lifted)


def evidence_list(ban: Ban) -> str:
    """The late cancellations from which the ban follows, each with its appointments. Two queries."""
    late = evidence_of(ban)
    cancelled = cancelled_by(late)
    return _lines(
        format_html(
            '<a href="{}">{}</a>{}{}',
            reverse("admin:appointments_latecancellation_change", args=[one.pk]),
            exact(one.at),
            f", {forgiven_words(one)}" if one.forgiven_at else "",
            cancelled_list(cancelled[one.pk]),
        )
        for one in late
    )


def cancelled_list(events: Sequence[AppointmentEvent]) -> str:
    """The appointments of one act, each with how long before its start it was cancelled."""
    return _lines(
        format_html(
            '– <a href="{}">{}</a>, {}',
            reverse("admin:appointments_appointment_change", args=[event.appointment_id]),
            event.appointment.reference,
            cancelled_words(event),
        )
        for event in events
    )


def _lines(items: Iterable[str]) -> str:
    """Each item on a line of its own. Admin's styles would indent a list by the width of a label."""
    return format_html_join("", "<div>{}</div>", ((item,) for item in items))
