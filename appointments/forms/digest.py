"""The form with which a provider chooses the evening digest."""

from typing import Any

from django import forms

from appointments.models import Digest
from appointments.models.digest import EARLIEST, LATEST, USUAL

STEP = 30


def time_words(minute: int, *, twelve: bool) -> str:
    """A time of day for the list: `18:00` or `6:00 pm`."""
    hour, rest = divmod(minute, 60)
    return f"{hour - 12 if hour > 12 else hour}:{rest:02} pm" if twelve else f"{hour}:{rest:02}"


class DigestForm(forms.Form):
    """Whether the next day is mailed in the evening before, at which time, and also where nothing is booked."""

    wanted = forms.BooleanField(label="Mail me the next day in the evening before", required=False)
    minute = forms.TypedChoiceField(label="At", coerce=int, error_messages={"invalid_choice": "Choose a time."})
    also_empty = forms.BooleanField(label="Also when nothing is booked", required=False)

    def __init__(self, *args: Any, twelve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        times = range(EARLIEST, LATEST + 1, STEP)
        self.fields["minute"].choices = [(each, time_words(each, twelve=twelve)) for each in times]  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(digest: Digest | None) -> dict[str, Any]:
        """What the form shows before anything is typed."""
        if digest is None:
            return {"wanted": False, "minute": USUAL, "also_empty": False}
        return {"wanted": True, "minute": digest.minute, "also_empty": digest.also_empty}
