"""The form with which a person chooses what they are told about by mail."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from core.wording import words_for_minutes

from .models import LEAST_LEAD, MOST_LEAD, MOST_LEADS, Topic
from .preferences import Choice

USUAL_LEADS = (7 * 24 * 60, 2 * 24 * 60, 24 * 60, 3 * 60, 60)
OUT_OF_BOUNDS = "Choose between 15 minutes and 7 days."
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}


class Much(TextChoices):
    """How much a person wants to hear: a few choices of topics under one name, or their own."""

    ALL = "all", "Everything"
    NEEDED = "needed", "Only what needs me"
    ESSENTIAL = "essential", "Nothing but essentials"
    OWN = "own", "My own choice"


# The topics that each leaves on.
LEAVES_ON: dict[Much, frozenset[Topic]] = {
    Much.ALL: frozenset(Topic),
    Much.NEEDED: frozenset(Topic) - {Topic.RECEIPTS},
    Much.ESSENTIAL: frozenset(),
}


def much_of(topics: frozenset[Topic]) -> Much:
    """The name of this choice of topics."""
    return next((much for much, on in LEAVES_ON.items() if on == topics), Much.OWN)


class MailPreferencesForm(forms.Form):
    """How much, topic by topic, and how long before an appointment.

    Where `much` differs from what the page showed (`was`), it decides about all topics; else each box does. So the page
    works without scripts, and with them a box that was changed after `much` counts.
    """

    much = forms.ChoiceField(choices=Much)
    was = forms.ChoiceField(choices=Much)
    topics = forms.MultipleChoiceField(choices=Topic, required=False)
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

    def __init__(self, *args: Any, choice: Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choice = choice
        known = sorted({*USUAL_LEADS, *choice.leads}, reverse=True)
        self.fields["leads"].choices = [(minutes, lead_words(minutes)) for minutes in known]  # type: ignore[attr-defined]

    @property
    def topics_on(self) -> frozenset[Topic]:
        """The topics whose boxes are ticked: as sent, else as chosen before."""
        if self.is_bound:
            return frozenset(Topic(name) for name in self.data.getlist("topics") if name in Topic)  # type: ignore[attr-defined]
        return frozenset(Topic) - self.choice.off

    @property
    def leads_on(self) -> frozenset[int]:
        if self.is_bound:
            return frozenset(int(value) for value in self.data.getlist("leads") if value.isdecimal())  # type: ignore[attr-defined]
        return frozenset(self.choice.leads)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        topics = frozenset(Topic(name) for name in cleaned["topics"])
        much = Much(cleaned["much"])
        if much != cleaned["was"]:
            topics = LEAVES_ON.get(much, topics)
        cleaned["off"] = frozenset(Topic) - topics
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


def lead_words(minutes: int) -> str:
    """A time before an appointment: `1 week`, `2 days`, `24 hours`, `1 hour 30 minutes`."""
    return {7 * 24 * 60: "1 week", 24 * 60: "24 hours"}.get(minutes) or words_for_minutes(minutes)
