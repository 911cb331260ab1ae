"""The forms by which a series is stopped, and its requests are answered."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment
from appointments.rules.stopping import Scope

from .reasons import ReasonForm

ANSWER_FIELD = re.compile(f"answer-([{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}})")
ANSWERS = frozenset({"accept", "decline"})
# A form names at most 52 appointments, each with a reference, its time and a new time.
MOST_SHOWN = 52 * 80


class StopForm(ReasonForm):
    """Which dates are cancelled, the reason, and what the page showed for each choice: the appointments that it ends,
    and the number of the late cancellation that it would be."""

    which = forms.ChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope],
        error_messages={"required": "Choose which dates to cancel."},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.CharField(required=False, max_length=REFERENCE_LENGTH, widget=forms.HiddenInput)

    @property
    def shown(self) -> Mapping[str, str]:
        """What the page showed of each appointment that the choice ends, by reference."""
        return shown_of(str(self.data.get(f"shown-{self.cleaned_data['which']}", "")))

    @property
    def seen(self) -> int:
        """The number of the late cancellation that the page showed for the choice."""
        sent = str(self.data.get(f"seen-{self.cleaned_data['which']}", ""))
        return int(sent) if re.fullmatch("[0-9]{1,3}", sent) else 0


def shown_field(appointments: Iterable[Appointment]) -> str:
    """What a page shows of these appointments, for its form to send back."""
    return " ".join(f"{one.reference}:{one.as_shown}" for one in appointments)


def shown_of(sent: str) -> dict[str, str]:
    """What a page showed of several appointments, by reference, as its form sends it back (`shown_field`)."""
    return dict(one.partition(":")[::2] for one in sent[:MOST_SHOWN].split())


def typed_answers(data: Mapping[str, Any]) -> dict[str, str]:
    """The answer for each reference, as the radios say; what is no reference or no answer is left out."""
    answers = {}
    for name, value in data.items():
        found = ANSWER_FIELD.fullmatch(name)
        if found and value in ANSWERS:
            answers[found[1]] = str(value)
    return answers
