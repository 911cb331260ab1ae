"""The part of the booking form that says whether, how often and how far an appointment repeats."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms

from appointments.pages.recurrence import choice_label
from appointments.rules.recurrence import Rule, choices_for, expand, is_longer_than
from appointments.states import Frequency
from core import clock
from core.forms import DateInput
from core.wording import date_text
from providers.forms.base import WholeField
from providers.models import FEWEST_OCCURRENCES, Service

ONCE = "once"
NAMES = ("repeat", "count", "until")


def repeat_choices(service: Service, start: datetime | None) -> list[tuple[str, str]]:
    """Once, and the frequencies that differ for a series beginning at `start`."""
    first = clock.local(start or clock.now(), service.provider.zone).date()
    return [(ONCE, "Once"), *((each.value, choice_label(each, first)) for each in choices_for(first))]


def repeat_fields(service: Service, start: datetime) -> dict[str, forms.Field]:
    """The fields for a service that may be booked as a series beginning at `start`."""
    most = service.max_occurrences
    return {
        "repeat": forms.ChoiceField(
            label="Repeat",
            choices=repeat_choices(service, start),
            initial=ONCE,
            required=False,
            widget=forms.RadioSelect,
        ),
        "count": WholeField(
            label="How many appointments",
            min_value=FEWEST_OCCURRENCES,
            max_value=most,
            required=False,
            has_alternative=True,
            initial=most,
            help_text=f"At most {most}.",
        ),
        "until": forms.DateField(label="Or until", required=False, widget=DateInput(attrs={"data-width": "m"})),
    }


def repeat_values(typed: Mapping[str, str], service: Service) -> dict[str, Any]:
    """The initial values of the fields, as typed before where that is known."""
    if not service.repeats:
        return {}
    return {"repeat": typed.get("repeat") or ONCE, "count": typed.get("count", service.max_occurrences)} | (
        {"until": typed["until"]} if typed.get("until") else {}
    )


def rule_of(form: forms.Form, service: Service, start: datetime | None) -> Rule | None:
    """The rule that a form with these fields asks for, with its errors added to the form; None for a single one."""
    cleaned = form.cleaned_data
    repeat = cleaned.get("repeat") or ONCE
    if repeat == ONCE or start is None:
        for name in ("count", "until"):  # nobody means them
            form.errors.pop(name, None)
        return None
    count, until = cleaned.get("count"), cleaned.get("until")
    if "until" not in form.errors and until is not None:
        rule = Rule(Frequency(repeat), start, service.provider.zone, until=until)
        _check_until(form, rule, until, most=service.max_occurrences)
        return rule
    if count is None and not form.has_error("count"):
        form.add_error("count", "Enter how many appointments, or a last date.")
        return None
    return Rule(Frequency(repeat), start, service.provider.zone, count=count)


def _check_until(form: forms.Form, rule: Rule, until: date, *, most: int) -> None:
    last = expand(rule, most=most).occurrences
    if len(last) < FEWEST_OCCURRENCES:
        form.add_error("until", "Choose a later date: a series has at least two appointments.")
    elif is_longer_than(rule, most):
        form.add_error("until", f"Choose {date_text(last[-1].day, year=True)} or earlier: {most} are the most.")
