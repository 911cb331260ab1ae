"""Admin of providers with what staff decide about their pages: review, pause, hide, show again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments.queries.staff import unreviewed
from appointments.services.page_decisions import decide
from core.admin import ModelAdmin, ReadOnly, StateFilter
from providers.admin import ProviderAdmin
from providers.models import PageDecision, Provider
from providers.services import decisions_open

from .acting import Act, Acts, Answer, ReasonForAudit, ReasonForPerson, staff_of

Decided = PageDecision.Decided


class Review(StateFilter):
    title = "review"
    parameter_name = "review"
    states = (("new", "Nobody has looked"), ("done", "Reviewed"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Provider]) -> QuerySet[Provider]:
        if self.value() == "new":
            return queryset.filter(pk__in=unreviewed().values("pk"))
        if self.value() == "done":
            return queryset.filter(decisions__decided=Decided.REVIEWED)
        return queryset


admin.site.unregister(Provider)


@admin.register(Provider)
class ProviderPageAdmin(Acts, ProviderAdmin):
    change_form_template = "admin/acts/change.html"
    line_template = "appointments/admin/_provider.html"
    list_filter: Any = [Review, *ProviderAdmin.list_filter]
    actions = ["review", "pause", "hide", "show"]
    looks = {
        "review": ("check", "Somebody of staff has looked at the page"),
        "pause": ("minus", "No new bookings until the provider goes on; a mail says why"),
        "hide": ("x", "Nobody can open the page; a mail says why"),
        "show": ("eye", "The page is paused again until the provider goes on; a mail says so"),
    }
    decides = {"review": Decided.REVIEWED, "pause": Decided.PAUSED, "hide": Decided.HIDDEN, "show": Decided.SHOWN}

    def form_for(self, action: str) -> type[forms.Form]:
        return ReasonForAudit if action == "review" else ReasonForPerson

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("providers.change_provider")

    def acts_on(self, row: Provider) -> bool:
        return True

    def acts_for(self, request: HttpRequest, row: Provider) -> list[Act]:
        reviewed = row.decisions.filter(decided=Decided.REVIEWED).exists()
        able = decisions_open(row, reviewed=reviewed)
        return [act for act in super().acts_for(request, row) if self.decides[act.name] in able]

    @admin.action(description="Review", permissions=["act"])
    def review(self, request: HttpRequest, queryset: QuerySet[Provider]) -> Answer:
        return self._decide(request, queryset, Decided.REVIEWED)

    @admin.action(description="Pause the page", permissions=["act"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Provider]) -> Answer:
        return self._decide(request, queryset, Decided.PAUSED)

    @admin.action(description="Hide the page", permissions=["act"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Provider]) -> Answer:
        return self._decide(request, queryset, Decided.HIDDEN)

    @admin.action(description="Show the page again", permissions=["act"])
    def show(self, request: HttpRequest, queryset: QuerySet[Provider]) -> Answer:
        return self._decide(request, queryset, Decided.SHOWN)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Provider], decided: PageDecision.Decided) -> Answer:
        actor = staff_of(request)

        def change(provider: Provider, reason: str) -> bool:
            decide(provider=provider, actor=actor, decided=decided, reason=reason)
            return True

        return self.act_on_each(request, queryset, change)


@admin.register(PageDecision)
class PageDecisionAdmin(ReadOnly, ModelAdmin):
    """What staff decided about pages, to read."""

    list_display = ["provider", "decided", "at", "decided_by"]
    list_select_related = ["provider", "decided_by"]
    list_filter = ["decided"]
    search_fields = ["provider__name", "provider__slug"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("provider", "decided_by")
