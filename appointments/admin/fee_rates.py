"""Admin of the platform's fees for single providers: staff set one for a day to come or for now, and withdraw one that
does not count yet. What counted once stays as it was.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSingleDateWidget

from core import clock
from core.admin import ModelAdmin, StateFilter
from core.exceptions import DomainError
from core.forms import TextField
from core.money import percent_text
from providers.models import FeeRate
from providers.services import check_fee_rate, set_fee_rate, withdraw_fee_rate

from .acting import Acting, Answer, staff_of

REASON_LENGTH = 500


class FeeRateForm(forms.ModelForm):
    """A new rate: for whom, how much, from which day of theirs, and why."""

    starts_on = forms.DateField(
        label="From",
        widget=UnfoldAdminSingleDateWidget,
        help_text="A day in the provider's zone. Today: from now. What is booked before keeps its fee.",
    )
    reason = TextField(label="Reason", max_length=REASON_LENGTH, help_text="It is kept, with your name, for staff.")

    class Meta:
        model = FeeRate
        fields = ("provider", "percent", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"provider", "starts_on"} <= cleaned.keys():
            try:
                check_fee_rate(cleaned["provider"], cleaned["starts_on"], now=clock.now())
            except DomainError as refusal:
                self.add_error("starts_on", str(refusal))
        return cleaned


class WithdrawalReason(forms.Form):
    """The reason for withdrawing a rate."""

    reason = TextField(label="Reason", max_length=REASON_LENGTH, help_text="It is kept, with your name, for staff.")


class FeeRateState(StateFilter):
    states = (("planned", "Planned"), ("begun", "Begun"), ("withdrawn", "Withdrawn"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[FeeRate]) -> QuerySet[FeeRate]:
        match self.value():
            case "planned":
                return queryset.filter(withdrawn_at=None, starts_at__gt=clock.now())
            case "begun":
                return queryset.filter(withdrawn_at=None, starts_at__lte=clock.now())
            case "withdrawn":
                return queryset.exclude(withdrawn_at=None)
        return queryset


@admin.register(FeeRate)
class FeeRateAdmin(Acting):
    form = FeeRateForm
    asking_form = WithdrawalReason
    line_template = "appointments/admin/_fee_rate.html"
    list_display = ["provider", "rate", "starts_at", "set_by", "created_at", "withdrawn_at"]
    list_select_related = ["provider", "set_by"]
    list_filter = [FeeRateState]
    search_fields = ["provider__name", "provider__slug", "provider__user__email"]
    show_full_result_count = False
    raw_id_fields = ["provider"]
    actions = ["withdraw"]
    looks = {"withdraw": ("x", "The rate before it stays")}

    def get_fields(self, request: HttpRequest, obj: FeeRate | None = None) -> list[Any]:
        if obj is None:
            return ["provider", "percent", "starts_on", "reason"]
        withdrawn = ["withdrawn_at", "withdrawn_by", "withdrawn_reason"] if obj.withdrawn_at else []
        return ["provider", "rate", "starts_at", "reason", "set_by", "created_at", *withdrawn]

    def get_readonly_fields(self, request: HttpRequest, obj: FeeRate | None = None) -> list[str]:
        return [] if obj is None else ["rate", "created_at", *super().get_readonly_fields(request, obj)]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_add_permission(self, request)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("providers.change_feerate")

    def acts_on(self, row: FeeRate) -> bool:
        return row.withdrawn_at is None and row.starts_at > clock.now()

    def save_model(self, request: HttpRequest, obj: FeeRate, form: forms.ModelForm, change: bool) -> None:
        wanted = form.cleaned_data
        obj.pk = set_fee_rate(
            provider=wanted["provider"],
            actor=staff_of(request),
            percent=wanted["percent"],
            starts_on=wanted["starts_on"],
            reason=wanted["reason"],
        ).pk

    @admin.display(description="fee", ordering="percent")
    def rate(self, rate: FeeRate) -> str:
        return "The usual one" if rate.percent is None else percent_text(rate.percent)

    @admin.action(description="Withdraw before it counts", permissions=["act"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[FeeRate]) -> Answer:
        def change(rate: FeeRate, reason: str) -> bool:
            return withdraw_fee_rate(rate=rate, actor=staff_of(request), reason=reason)

        return self.act_on_each(request, queryset.select_related("provider"), change)
