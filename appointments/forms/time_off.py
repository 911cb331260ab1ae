"""The forms of time off: when and why, and what becomes of the appointments inside."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH
from appointments.pages.studio.time_off import field_of
from appointments.rules.offers import MOST
from appointments.rules.time_off import Way
from appointments.services.time_off import Absence
from core import clock
from core.forms import DateInput, LineField, TextField, TimeInput
from core.wording import zone_text
from providers.exceptions import TimeOffRefused
from providers.models import TimeOff
from providers.services import check_time_off

from .reasons import REASON_LENGTH, SeenField

# What a form says that is sent from the calendar and leads back to it.
FROM_CALENDAR = "calendar"
READ_AGAIN = "Look through the days and times once more, then go on."
# A reference and the times offered instead, as `moments_field` writes them: at most three, until the year 2286.
OFFERED = re.compile(
    f"([{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}):([0-9]{{1,10}}(?:,[0-9]{{1,10}}){{0,{MOST - 1}}})"
)
WAY_FIELD = re.compile(f"{field_of('')}([{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}})")


class ZoneShownForm(forms.Form):
    """The time zone of the page that sent the form; dates and times on it mean other instants in another one."""

    zone_shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def is_of_another_zone(self, zone: ZoneInfo) -> bool:
        """Whether the provider's zone is no longer the one in which the page was read. Needs a valid form."""
        return self.cleaned_data["zone_shown"] not in {"", zone.key}


class DatesForm(ZoneShownForm):
    """Dates and times that the calendar's short form sends, too: with `origin`, which leads back there from whatever
    page comes between, and without a last day, which follows from the times."""

    origin = forms.CharField(required=False, widget=forms.HiddenInput)
    # Whether 00:00 as an end belongs to the day that it ends.
    ends_at_midnight = False

    def __init__(self, data: QueryDict | None = None, *, initial: Mapping[str, Any] | None = None):
        super().__init__(data, initial=dict(initial or {}))
        if data is not None and data.get("origin") == FROM_CALENDAR and "end_on" not in data:
            self.data = data.copy()
            self.data["end_on"] = self._last_day()

    def _last_day(self) -> str:
        """The first day as it was typed; the day after it where the end is earlier in the day than the start."""
        typed = str(self.data.get("start_on", ""))
        try:
            first = forms.DateField().to_python(typed)
            start, end = (forms.TimeField().to_python(self.data.get(name, "")) for name in ("start_at", "end_at"))
        except forms.ValidationError:
            return typed
        if first is None or start is None or end is None or (self.ends_at_midnight and end == time()):
            return typed
        return (first + timedelta(days=1)).isoformat() if end < start and first < date.max else typed


class TimeOffForm(DatesForm):
    """Two dates and, for a part of them, two times of the provider's wall clock; the reason and the public word."""

    start_on = forms.DateField(label="First day", widget=DateInput())
    start_at = forms.TimeField(label="From", required=False, widget=TimeInput())
    end_on = forms.DateField(label="Last day", widget=DateInput())
    end_at = forms.TimeField(label="Until", required=False, widget=TimeInput())
    reason = LineField(
        label="Reason",
        max_length=TimeOff._meta.get_field("reason").max_length or 0,
        required=False,
        help_text="Only you see this.",
    )
    public_word = LineField(
        label="A word for your page",
        max_length=TimeOff._meta.get_field("public_word").max_length or 0,
        required=False,
        help_text="Like “Back on 12 January”. Customers read it where you have no openings.",
    )
    ends_at_midnight = True

    def __init__(self, data: QueryDict | None = None, *, zone: ZoneInfo, initial: Mapping[str, Any] | None = None):
        super().__init__(data, initial=initial)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        """Check that the time can be taken off; an error about its length or its end stands at the last day."""
        cleaned = super().clean() or {}
        if not self.errors and self.is_of_another_zone(self.zone):
            raise forms.ValidationError(f"Your time zone has changed: it is {zone_text(self.zone)} now. {READ_AGAIN}")
        if not self.errors:
            self.absence = self._absence(cleaned)
            try:
                check_time_off(*self.absence.span, now=clock.now())
            except TimeOffRefused as refusal:
                self.add_error("end_at" if cleaned["start_on"] == cleaned["end_on"] else "end_on", str(refusal))
        return cleaned

    def _absence(self, cleaned: Mapping[str, Any]) -> Absence:
        start_at, end_at = cleaned["start_at"], cleaned["end_at"]
        return Absence(
            start=self._instant(cleaned["start_on"], _minute(start_at) if start_at else 0),
            # Midnight as an end is that of the day, as in the working hours.
            end=self._instant(cleaned["end_on"], (_minute(end_at) if end_at else 0) or clock.END_OF_DAY),
            all_day=start_at is None and end_at is None,
            reason=cleaned["reason"],
            public_word=cleaned["public_word"],
        )

    def _instant(self, day: date, minute: int) -> Any:
        return clock.wall_minute_to_instant(day, minute, self.zone)


class ClearForm(ZoneShownForm):
    """The word to the customers, and what the page showed: each claim, and the number of the late cancellation."""

    word = TextField(
        label="A word to those whose appointment you cancel",
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seen = SeenField()
    # One field for all: a form has a limit on how many it may send.
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_shown(self) -> dict[str, str]:
        """What was shown, by reference."""
        return dict(one.partition(":")[::2] for one in self.cleaned_data["shown"].split())


def typed_ways(data: QueryDict) -> dict[str, Way]:
    """The way for each reference, as the form's radios say; what is no reference or no way is left out."""
    ways = {}
    for name, value in data.items():
        found = WAY_FIELD.fullmatch(name)
        if found and value in set(Way):
            ways[found[1]] = Way(str(value))
    return ways


def typed_besides(data: QueryDict) -> list[tuple[str, str]]:
    """The fields of the check page, as name and value, which a page that shows only the time off sends along."""
    also = {"word", "offered"}
    return [(name, str(value)) for name, value in data.items() if name in also or WAY_FIELD.fullmatch(name)]


def typed_offers(data: QueryDict) -> dict[str, tuple[datetime, ...]]:
    """The times that the page showed as offered instead of each reference; what it can't have sent is left out."""
    offers = {}
    for part in data.get("offered", "").split():
        if found := OFFERED.fullmatch(part):
            offers[found[1]] = tuple(datetime.fromtimestamp(int(each), UTC) for each in found[2].split(","))
    return offers


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
