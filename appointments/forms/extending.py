"""The form that adds dates to a series: how many, where, and what the page showed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.text import capfirst

from appointments.rules.recurrence import ONE_DAY, Rule
from appointments.rules.series import rule_of
from appointments.services.booking import Terms
from appointments.services.series_booking import Extension
from core.forms import DateInput, TextField
from core.wording import date_text
from providers.forms.base import WholeField
from providers.models import USUAL_OCCURRENCES, Service, Venue
from providers.wording import place_text

from .booking import NOTE_LENGTH, TermsForm

TYPED = ("count", "until", "venue", "note")


class ExtendForm(TermsForm):
    """How many dates are added, or until when, with venue and note; `rule` is then that of the series with its new end.

    Hidden fields say what the page showed: person, terms, the number of the last date that was booked (`after`), and a
    one-time key. `service` is the one of the series as it is offered now.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    person = forms.UUIDField(widget=forms.HiddenInput)
    after = forms.IntegerField(min_value=1, max_value=99, widget=forms.HiddenInput)
    until = forms.DateField(label="Or until", required=False, widget=DateInput(attrs={"data-width": "m"}))
    venue = forms.ChoiceField(choices=Venue.choices, required=False, widget=forms.HiddenInput)
    note = TextField(max_length=NOTE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, extension: Extension, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extension, self.service = extension, service
        self.rule: Rule | None = None
        self.most = most_more(extension, service)
        self.fields["count"] = WholeField(
            label="How many more",
            min_value=1,
            max_value=self.most,
            required=False,
            has_alternative=True,
            help_text=f"At most {self.most}." if self.most > 1 else "One more is the most.",
        )
        if len(service.venues) > 1:
            self.fields["venue"] = forms.ChoiceField(
                label="Where",
                choices=[(venue.value, capfirst(place_text(service.provider, [venue]))) for venue in service.venues],
                widget=forms.RadioSelect,
                error_messages={"required": f"Choose where to meet: {place_text(service.provider, service.venues)}."},
            )

    @classmethod
    def fresh(
        cls,
        *,
        extension: Extension,
        service: Service,
        now: datetime,
        terms: Terms,
        person: Any,
        typed: Mapping[str, str],
    ) -> "ExtendForm":
        """An unbound form with a new one-time key. It proposes as many dates as can be added `now`, at most a dozen."""
        values = cls.values(extension=extension, terms=terms, person=person)
        form = cls(extension=extension, service=service, initial={**values, "key": uuid4()})
        within = extension.within_reach(service, now)
        form.initial.update({"count": min(form.most, within or 1, USUAL_OCCURRENCES), **typed})
        if len(service.venues) == 1:
            form.initial["venue"] = service.venues[0]
        return form

    @staticmethod
    def values(*, extension: Extension, terms: Terms, person: Any) -> dict[str, Any]:
        return {"person": person.uuid, "after": extension.after, **TermsForm.terms_values(terms)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        count, until = cleaned.get("count"), cleaned.get("until")
        dates = self.extension.possible.occurrences[: self.most]
        if "until" not in self.errors and until is not None:
            self._check_until(until)
            self.rule = replace(rule_of(self.extension.series), count=None, until=until)
        elif count is not None:
            self.rule = replace(rule_of(self.extension.series), count=dates[count - 1].number, until=None)
        elif not self.has_error("count") and not self.has_error("until"):
            self.add_error("count", "Enter how many more, or a last date.")
        return cleaned

    def _check_until(self, until: date) -> None:
        dates = self.extension.possible.occurrences
        too_late = dates[self.most].day if len(dates) > self.most else dates[-1].day + ONE_DAY
        if until < dates[0].day:
            self.add_error("until", f"Choose {date_text(dates[0].day, year=True)} or later: that is the next date.")
        elif until >= too_late:
            last = date_text(dates[self.most - 1].day, year=True)
            self.add_error("until", f"Choose {last} or earlier: {self.most} are the most.")

    @property
    def typed(self) -> dict[str, str]:
        """What the person typed and chose, for a fresh form to show again."""
        return {name: str(self.cleaned_data.get(name) or "") for name in TYPED}


def most_more(extension: Extension, service: Service) -> int:
    """The most dates that can be added at once: as many as the service takes, and no more than a series may have."""
    return min(service.max_occurrences if service.repeats else 0, len(extension.possible.occurrences))
