"""Admin of people with what this app knows of them: their appointments, standing, page, connection, mails, devices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import UserAdmin
from accounts.models import User
from accounts.services import end_access
from appointments.pages.labels import Label
from appointments.pages.staff_appointment import badges_for_staff, mail_label, times_below
from appointments.queries.staff import PersonFacts, facts_of_person
from appointments.rules.fair_use import LIMIT
from appointments.services.suspending import suspend
from calendar_sync.models import Connection
from core import clock, wording
from core.admin import StateFilter
from core.money import format_money

from .acting import Act, Acts, Answer, ReasonForAudit, ReasonForPerson, staff_of
from .menu import may_see


class Standing(StateFilter):
    title = "standing"
    parameter_name = "standing"
    states = (("good", "Good"), ("suspended", "Suspended"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        wanted = {"good": True, "suspended": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(banned_at__isnull=wanted)


class HasConnection(StateFilter):
    title = "Google"
    parameter_name = "connection"
    states = (("working", "Connected"), ("sign_in_again", "Sign in again"), ("none", "Not connected"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        state = self.value()
        if state == "none":
            return queryset.exclude(pk__in=Connection.objects.values("user"))
        if state in dict(self.states):
            return queryset.filter(pk__in=Connection.objects.filter(state=state).values("user"))
        return queryset


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(Acts, UserAdmin):
    change_form_template = "appointments/admin/person.html"
    line_template = "appointments/admin/_person.html"
    list_filter: Any = ["is_active", Standing, HasConnection, "is_staff"]
    search_fields = ["email__istartswith", "username__istartswith", "name", "provider__slug__iexact"]
    search_help_text = "Name, email or page"
    show_full_result_count = False
    actions = ["suspend", "end_sign_ins"]
    looks = {
        "suspend": ("shield", "Ends all sign-ins and what lies ahead, and a mail says why"),
        "end_sign_ins": ("out", "Devices and programs have to sign in again"),
    }

    def form_for(self, action: str) -> type[forms.Form]:
        return ReasonForPerson if action == "suspend" else ReasonForAudit

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_ban")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_user")

    def acts_on(self, row: User) -> bool:
        return row.is_active

    def acts_for(self, request: HttpRequest, row: User) -> list[Act]:
        return [act for act in super().acts_for(request, row) if act.name != "suspend" or row.banned_at is None]

    @admin.action(description="Suspend", permissions=["suspend"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> Answer:
        actor = staff_of(request)
        return self.act_on_each(
            request, queryset, lambda person, reason: suspend(person=person, actor=actor, reason=reason)
        )

    @admin.action(description="End all sign-ins", permissions=["act"])
    def end_sign_ins(self, request: HttpRequest, queryset: QuerySet[User]) -> Answer:
        def end(person: User, reason: str) -> bool:
            if not self.has_change_permission(request, person):
                return False
            end_access(user=person)
            return True

        return self.act_on_each(request, queryset, end)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        person = context.get("original")
        if person is not None:
            facts, zone = facts_of_person(person, now=clock.now()), timezone.get_current_timezone_name()
            context |= {
                "has_facts": True,
                "facts": facts,
                "limit": LIMIT,
                "standing": standing_label(person, facts),
                "now": clock.now(),
                "sees": {
                    name: may_see(request, label)
                    for name, label in (
                        ("appointments", "appointments.Appointment"),
                        ("mails", "notifications.SentMail"),
                        ("late", "appointments.LateCancellation"),
                        ("connection", "calendar_sync.Connection"),
                        ("provider", "providers.Provider"),
                    )
                },
                "appointments": [
                    (
                        one,
                        times_below(one, zone),
                        badges_for_staff(one, now=clock.now()),
                        format_money(one.price, one.currency),
                    )
                    for one in facts.appointments
                ],
                "mails": [(mail, mail_label(mail)) for mail in facts.mails],
                "language": wording.zone_text(person.time_zone),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def standing_label(person: User, facts: PersonFacts) -> Label | None:
    """The badge beside the name; none while the standing is good."""
    if person.banned_at is not None:
        return Label("Suspended", "ruby", "shield")
    if not facts.late:
        return None
    return Label(f"{len(facts.late)} of {LIMIT} late cancellations", "ruby", "warn")
