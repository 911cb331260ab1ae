"""The form with which a person chooses what they are told about, how and when."""

from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.wording import words_for_minutes

from .boxes import LEAVES_ON, all_boxes, boxes_of, boxes_on, much_of
from .models import LEAST_LEAD, MOST_LEAD, MOST_LEADS, Much
from .preferences import ChannelTopic, Choice
from .rules import QuietHours

USUAL_LEADS = (7 * 24 * 60, 2 * 24 * 60, 24 * 60, 3 * 60, 60)
OUT_OF_BOUNDS = "Choose between 15 minutes and 7 days."
BAD_TIME = "Write a time of day, such as 22:00."
# What the form proposes to who has no quiet hours.
USUAL_QUIET = QuietHours(22 * 60, 7 * 60)
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}


class TimeOfDay(forms.TimeField):
    """A time of day to the minute, which is asked for only where quiet hours are kept."""

    has_alternative = True

    def __init__(self, *, label: str) -> None:
        widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        super().__init__(label=label, required=False, error_messages={"invalid": BAD_TIME}, widget=widget)


class MailPreferencesForm(forms.Form):
    """How much, topic by topic and channel by channel, how long before an appointment, and the quiet hours.

    Where `much` differs from what the page showed (`was`), it decides about all boxes; else each does. So the page
    works without scripts, and with them a box that was changed after `much` counts.
    """

    much = forms.ChoiceField(choices=Much)
    was = forms.ChoiceField(choices=Much)
    on = forms.MultipleChoiceField(required=False)
    leads = forms.TypedMultipleChoiceField(coerce=int, required=False)
    another = forms.IntegerField(
        label="Another",
        required=False,
        min_value=1,
        max_value=MOST_LEAD,
        error_messages={
            "min_value": OUT_OF_BOUNDS,
            "max_value": OUT_OF_BOUNDS,
            "invalid": "Write the reminder time as a whole number.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-width": "s"}),
    )
    unit = forms.ChoiceField(label="Unit", choices=[(unit, unit) for unit in UNITS])
    is_quiet = forms.BooleanField(required=False)
    quiet_from = TimeOfDay(label="From")
    quiet_until = TimeOfDay(label="Until")

    def __init__(self, *args: Any, choice: Choice, **kwargs: Any) -> None:
        quiet = choice.quiet or USUAL_QUIET
        times = {"quiet_from": _as_time(quiet.start), "quiet_until": _as_time(quiet.until)}
        kwargs["initial"] = {"is_quiet": choice.quiet is not None, **times}
        super().__init__(*args, **kwargs)
        self.choice = choice
        known = sorted({*USUAL_LEADS, *choice.leads}, reverse=True)
        self.fields["leads"].choices = [(minutes, lead_words(minutes)) for minutes in known]  # type: ignore[attr-defined]
        names = sorted(value_of(box) for box in all_boxes())
        self.fields["on"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    @property
    def boxes_on(self) -> frozenset[ChannelTopic]:
        """The boxes that are ticked: as sent, else as chosen before."""
        if self.is_bound:
            sent = set(self.data.getlist("on"))  # type: ignore[attr-defined]
            return frozenset(box for box in all_boxes() if value_of(box) in sent)
        return boxes_on(self.choice)

    @property
    def leads_on(self) -> frozenset[int]:
        if self.is_bound:
            sent = set(self.data.getlist("leads"))  # type: ignore[attr-defined]
            # Compared as text: a number of five thousand digits is none to Python.
            known = [minutes for minutes, _ in self.fields["leads"].choices]  # type: ignore[attr-defined]
            return frozenset(minutes for minutes in known if str(minutes) in sent)
        return frozenset(self.choice.leads)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        boxes, much = self.boxes_on, Much(cleaned["much"])
        if much != cleaned["was"] and much in LEAVES_ON:
            boxes = boxes_of(much)
        cleaned["off"], cleaned["much"] = all_boxes() - boxes, much_of(boxes)
        cleaned["quiet"] = self._quiet_hours(cleaned)
        leads = set(cleaned["leads"])
        if cleaned["another"]:
            minutes = cleaned["another"] * UNITS[cleaned["unit"]]
            if not LEAST_LEAD <= minutes <= MOST_LEAD:
                self.add_error("another", OUT_OF_BOUNDS)
            leads.add(minutes)
        if len(leads) > MOST_LEADS:
            raise ValidationError(f"Choose at most {MOST_LEADS} reminders for an appointment.")
        cleaned["leads"] = sorted(leads)
        return cleaned

    def _quiet_hours(self, cleaned: dict[str, Any]) -> QuietHours | None:
        if not cleaned["is_quiet"]:
            return None
        for name in ("quiet_from", "quiet_until"):
            if cleaned[name] is None:
                self.add_error(name, BAD_TIME)
        if self.errors:
            return None
        start, until = (cleaned[name].hour * 60 + cleaned[name].minute for name in ("quiet_from", "quiet_until"))
        if start == until:
            self.add_error("quiet_until", "Choose an end that differs from the beginning.")
            return None
        return QuietHours(start, until)


def lead_words(minutes: int) -> str:
    """A time before an appointment: `1 week`, `2 days`, `24 hours`, `1 hour 30 minutes`."""
    return {7 * 24 * 60: "1 week", 24 * 60: "24 hours"}.get(minutes) or words_for_minutes(minutes)


def value_of(box: ChannelTopic) -> str:
    """The value of a box in the form: `email:reminders`."""
    return ":".join(box)


def _as_time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
