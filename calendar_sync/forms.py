"""The form of a connection's calendars."""

from collections.abc import Sequence

from django import forms

from .models import Connection, GoogleCalendar
from .states import Profile, WhenChanged, WhenStale

NEEDS_A_CALENDAR = "Nothing is written to Google now: choose a calendar to write to, else no link is made."


class CalendarsForm(forms.Form):
    """Which calendars count as busy, into which one is written, and what a dead or stale connection means."""

    busy = forms.MultipleChoiceField(
        label="Calendars that make you busy", widget=forms.CheckboxSelectMultiple, required=False
    )
    write_to = forms.ChoiceField(
        label="Calendar to write to",
        widget=forms.RadioSelect,
        required=False,
        help_text="Your appointments, time off and own events stand there, and follow each change.",
    )
    writes_requests = forms.BooleanField(
        label="Write requests, too, as tentative", required=False, help_text="Otherwise only once they are confirmed."
    )
    makes_meet = forms.BooleanField(
        label="Add a Google Meet link to online appointments",
        required=False,
        help_text="Customers join by it. It is mailed to them as soon as Google has made it, also for what is booked "
        "already.",
    )
    when_changed = forms.ChoiceField(
        label="When you move or delete one of these in Google",
        widget=forms.RadioSelect,
        choices=WhenChanged.choices,
        help_text="No appointment is ever cancelled by that. Your own events follow by themselves, unless you have "
        "everything put back.",
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
        self.calendars = {
            each.google_id: each
            for each in calendars
            if not each.gone_since or each.counts_as_busy or each.is_written_to
        }
        names = [(key, each.name) for key, each in self.calendars.items()]
        self.fields["busy"].choices = names  # type: ignore[attr-defined]
        own = [
            (key, each.name)
            for key, each in self.calendars.items()
            if each.is_in_reach and (each.is_written_to or (each.is_owned and not each.gone_since))
        ]
        self.fields["write_to"].choices = [*own, ("", "None")]  # type: ignore[attr-defined]
        if not any(each.is_written_to for each in self.calendars.values()):
            self.fields["makes_meet"].help_text += " " + NEEDS_A_CALENDAR
        if connection.profile == Profile.PRIVATE:
            self.fields["write_to"].help_text += " With this access, it can be no other."
        self.initial = {
            "busy": [key for key, each in self.calendars.items() if each.counts_as_busy],
            "write_to": next((key for key, each in self.calendars.items() if each.is_written_to), ""),
            "writes_requests": connection.writes_requests,
            "makes_meet": connection.makes_meet,
            "when_changed": connection.when_changed,
            "when_stale": connection.when_stale,
        }

    def say_who_is_told(self, readers: int) -> None:
        """Say with the box of the links how many customers are told once there are none any more."""
        if readers == 1:
            said = "1 customer with an appointment ahead has such a link or waits for one: without it, or with nothing "
            said += "written to Google, that link ends, and the customer is told."
        elif readers:
            said = f"{readers} customers with appointments ahead have such a link or wait for one: without it, or with "
            said += "nothing written to Google, these links end, and each customer is told."
        else:
            return
        self.fields["makes_meet"].help_text += f" {said}"

    def leave_out_bookings(self) -> None:
        """Ask nothing about being booked, for somebody who is no provider."""
        del self.fields["when_stale"], self.fields["makes_meet"]
        self.fields["write_to"].help_text = "Your appointments stand there, and follow each change."

    @property
    def chosen(self) -> list[GoogleCalendar]:
        return [self.calendars[key] for key in self.cleaned_data["busy"]]

    @property
    def written_to(self) -> GoogleCalendar | None:
        return self.calendars.get(self.cleaned_data["write_to"])
