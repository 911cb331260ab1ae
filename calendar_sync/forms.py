"""The form of a connection's calendars."""

from collections.abc import Sequence

from django import forms

from .models import Connection, GoogleCalendar
from .states import WhenStale


class CalendarsForm(forms.Form):
    """Which calendars count as busy, and what a dead or stale connection means for bookings."""

    busy = forms.MultipleChoiceField(
        label="Calendars that make you busy", widget=forms.CheckboxSelectMultiple, required=False
    )
    when_stale = forms.ChoiceField(
        label="When your calendar can’t be read",
        widget=forms.RadioSelect,
        choices=[
            (WhenStale.PAUSE, "Pause bookings until it can be read again"),
            (WhenStale.GO_ON, "Go on by my working hours and what was read last"),
        ],
    )

    def __init__(self, *args, connection: Connection, calendars: Sequence[GoogleCalendar], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.calendars = {each.google_id: each for each in calendars if not each.gone_since or each.counts_as_busy}
        names = [(key, each.name) for key, each in self.calendars.items()]
        self.fields["busy"].choices = names  # type: ignore[attr-defined]
        self.initial = {
            "busy": [key for key, each in self.calendars.items() if each.counts_as_busy],
            "when_stale": connection.when_stale,
        }

    @property
    def chosen(self) -> list[GoogleCalendar]:
        return [self.calendars[key] for key in self.cleaned_data["busy"]]
