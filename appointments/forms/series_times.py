"""The form that answers several new times of a series at once."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from appointments.models import Proposal
from providers.models import MOST_OCCURRENCES

from .stopping import typed_answers

ACCEPT_ALL, KEEP_ALL = "accept-all", "keep-all"
UUID_LENGTH = 36


class NamedProposals(forms.CharField):
    """The public ids of the new times that a page showed, as `named_field` writes them."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(max_length=MOST_OCCURRENCES * (UUID_LENGTH + 1))

    def clean(self, value: str) -> list[UUID]:
        try:
            return [UUID(each) for each in super().clean(value).split()]
        except ValueError:
            raise ValidationError("This form is not as the page had it.") from None


def named_field(proposals: Iterable[Proposal]) -> str:
    """The public ids of these new times, for the form of their page to send back."""
    return " ".join(str(one.uuid) for one in proposals)


class AnswerTimesForm(forms.Form):
    """The new times that the page showed, with one answer for all, or one for each by its radios."""

    proposals = NamedProposals()

    @property
    def answers(self) -> dict[str, str]:
        """The answer of each reference's radios, accept or decline."""
        return typed_answers(self.data)

    def part(self, named: Sequence[Proposal]) -> tuple[list[Proposal], list[Proposal]] | None:
        """Those of the new times that are accepted, and those that are not; None where one has no answer."""
        pressed, answers = self.data.get("do", ""), self.answers
        if pressed in {ACCEPT_ALL, KEEP_ALL}:
            return (list(named), []) if pressed == ACCEPT_ALL else ([], list(named))
        if any(one.appointment.reference not in answers for one in named):
            return None
        accepted = [one for one in named if answers[one.appointment.reference] == "accept"]
        return accepted, [one for one in named if one not in accepted]
