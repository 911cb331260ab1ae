"""The form of an own event. Dates and times are of the owner's wall clock."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time

from appointments.exceptions import EventRefused
from appointments.models import OwnEvent
from appointments.pages.own_events import covered_dates
from appointments.rules.own_events import (
    FURTHEST,
    LONGEST_DESCRIPTION,
    LONGEST_PLACE,
    LONGEST_TITLE,
    MOST_DATES,
    Details,
    check_details,
    last_day,
    rule_of,
)
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.states import Frequency
from core import clock
from core.forms import DateInput, LineField, TextField, TimeInput
from core.wording import zone_text
from providers.forms.base import WholeField

from .time_off import READ_AGAIN, DatesForm

FEWEST_DATES = 2
WHICH = [
    (Scope.ONE.value, "This date alone"),
    (Scope.FOLLOWING.value, "This and all that follow"),
    (Scope.ALL.value, "All of them"),
]
HOUR = timedelta(hours=1)
NINE = time(9)
# Parameters of the address that fill in the form, by field, and how each is read.
GIVEN = {"start_on": ("date", parse_date), "start_at": ("start", parse_time)} | {
    "end_on": ("until", parse_date),
    "end_at": ("end", parse_time),
}


class OwnEventForm(DatesForm):
    """Title, dates with times or whole ones, place, description, whether the event takes no time, and how it repeats;
    of one that does, on `which` dates it is changed. `rule` and `scope` say so once the form is valid.

    Hidden: the key of a new event, so that a form sent twice makes one; the version that was shown of one that is
    changed; and what the page showed that it lies over. What nobody touched of the times stays as it is to the second.
    """

    title = LineField(label="Title", max_length=LONGEST_TITLE)
    is_all_day = forms.BooleanField(label="All day", required=False)
    start_on = forms.DateField(label="First day", widget=DateInput())
    start_at = forms.TimeField(label="From", required=False, widget=TimeInput())
    end_on = forms.DateField(label="Last day", widget=DateInput())
    end_at = forms.TimeField(label="Until", required=False, widget=TimeInput())
    is_free = forms.BooleanField(label="It takes no time", required=False)
    place = LineField(label="Place", max_length=LONGEST_PLACE, required=False)
    description = TextField(
        label="Description",
        max_length=LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    repeat = forms.ChoiceField(label="Repeat", choices=[("", "Does not repeat"), *Frequency.choices], required=False)
    count = WholeField(
        label="How many dates", min_value=FEWEST_DATES, max_value=MOST_DATES, required=False, has_alternative=True
    )
    until = forms.DateField(label="Or until", required=False, widget=DateInput())
    which = forms.ChoiceField(label="What you change", choices=WHICH, required=False, widget=forms.RadioSelect)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        zone: ZoneInfo,
        event: OwnEvent | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"zone_shown": zone.key} | dict(initial or {}))
        self.zone, self.event = zone, event
        self.rule: Rule | None = None
        self.scope = Scope.ONE
        if event is not None and event.recurrence is not None:
            # What repeats stops to by deleting its other dates, and ends on a date, wherever it is changed from.
            self.fields["repeat"].choices = Frequency.choices  # type: ignore[attr-defined]
            self.fields["until"].label = "Until"
            del self.fields["count"]
        else:
            del self.fields["which"]
        self.fields["repeat"].has_alternative = True  # type: ignore[attr-defined] # it always says something
        for name in ("start_at", "end_at"):  # they are needed unless the event lasts all day
            self.fields[name].has_alternative = True  # type: ignore[attr-defined]

    @classmethod
    def of(cls, event: OwnEvent, *, zone: ZoneInfo, asked: QueryDict) -> "OwnEventForm":
        """The form as an event stands, with other times where the address asks for them."""
        covered = covered_dates(event, zone)
        start, end = clock.local(event.start, zone), clock.local(event.end, zone)
        initial = {
            "title": event.title,
            "is_all_day": covered is not None,
            "start_on": covered[0] if covered else start.date(),
            "start_at": None if covered else start.time(),
            "end_on": covered[1] if covered else end.date(),
            "end_at": None if covered else end.time(),
            "is_free": event.is_free,
            "place": event.place,
            "description": event.description,
            "version": event.version,
        }
        if rule := rule_of(event):
            initial |= {"repeat": rule.frequency.value, "until": last_day(rule), "which": Scope.ONE.value}
        given = _given(asked)
        if "start_at" in given:
            given["is_all_day"] = False
        return cls(zone=zone, event=event, initial=initial | given)

    @classmethod
    def new(cls, *, zone: ZoneInfo, asked: QueryDict, now: datetime, opens: time = NINE) -> "OwnEventForm":
        """The form of a new event: an hour from what the address asks for, or from the next full hour on, which may be
        tomorrow's first. Where it asks for another day alone, from when that day `opens`."""
        given = _given(asked)
        today = clock.local(now, zone).date()
        next_hour = clock.local(now, zone).replace(minute=0, second=0, microsecond=0) + HOUR
        if "start_at" not in given and given.get("start_on", today) == today:
            given |= {"start_on": next_hour.date(), "start_at": next_hour.time()}
        start = datetime.combine(given.get("start_on", today), given.get("start_at", opens))
        end = start + HOUR
        initial = {
            "key": uuid4(),
            "start_on": start.date(),
            "start_at": start.time(),
            "end_on": end.date(),
            "end_at": end.time(),
        }
        return cls(zone=zone, initial=initial | given)

    @classmethod
    def again(cls, data: QueryDict, *, zone: ZoneInfo, event: OwnEvent | None = None, **changed: Any) -> "OwnEventForm":
        """The form with all that was typed, and other values in its hidden fields."""
        data = data.copy()
        for name, value in changed.items():
            data[name] = str(value)
        return cls(data, zone=zone, event=event)

    def clean_shown(self) -> dict[str, str]:
        """What the page showed that the event lies over, by reference."""
        return dict(one.partition(":")[::2] for one in self.cleaned_data["shown"].split())

    def clean(self) -> dict[str, Any]:
        """Check that such an event can be kept; `details` are what it says."""
        cleaned = super().clean() or {}
        if not self.errors and self.is_of_another_zone(self.zone):
            raise forms.ValidationError(f"Your time zone has changed: it is {zone_text(self.zone)} now. {READ_AGAIN}")
        if not cleaned.get("is_all_day"):
            for name in ("start_at", "end_at"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, "Enter a time, or tick “All day”.")
        is_meant = self._is_rule_meant(cleaned)
        if not self.errors:
            self.details = self._details(cleaned)
            if is_meant:
                count, until = cleaned.get("count"), cleaned.get("until")
                frequency = Frequency(cleaned["repeat"])
                self.rule = Rule(frequency, self.details.start, self.zone, count=None if until else count, until=until)
            try:
                check_details(self.details, now=clock.now())
            except EventRefused as refusal:
                self.refuse(refusal)
        return cleaned

    def _is_rule_meant(self, cleaned: Mapping[str, Any]) -> bool:
        """Whether the rule counts, which then needs an end; a change of one date alone says nothing of it."""
        self.scope = Scope(cleaned.get("which") or Scope.ONE)
        if not cleaned.get("repeat") or ("which" in self.fields and self.scope is Scope.ONE):
            for name in ("count", "until"):
                self.errors.pop(name, None)
            return False
        if not (cleaned.get("until") or cleaned.get("count") or {"count", "until"} & self.errors.keys()):
            has_count = "count" in self.fields
            said = "Enter how many dates, or the last one." if has_count else "Enter the last date."
            self.add_error("count" if has_count else "until", said)
        return True

    def refuse(self, refusal: EventRefused) -> None:
        """Put a refusal to the field that is to be changed."""
        is_one_day = self.cleaned_data.get("start_on") == self.cleaned_data.get("end_on")
        end = "end_at" if is_one_day and not self.cleaned_data.get("is_all_day") else "end_on"
        field = {"start": "start_on", "end": end, "": None}.get(refusal.field, refusal.field)
        self.add_error("until" if field == "count" and "count" not in self.fields else field, str(refusal))

    def _details(self, cleaned: Mapping[str, Any]) -> Details:
        start, end = self._times(cleaned)
        return Details(
            title=cleaned["title"],
            start=start,
            end=end,
            is_all_day=cleaned["is_all_day"],
            place=cleaned["place"],
            description=cleaned["description"],
            is_free=cleaned["is_free"],
        )

    def _times(self, cleaned: Mapping[str, Any]) -> tuple[datetime, datetime]:
        first, last = cleaned["start_on"], cleaned["end_on"]
        if cleaned["is_all_day"]:
            return clock.day_bounds(first, self.zone)[0], clock.day_bounds(last, self.zone)[1]
        event = self.event
        return (
            self._instant(first, cleaned["start_at"], event.start if event else None),
            self._instant(last, cleaned["end_at"], event.end if event else None),
        )

    def _instant(self, day: date, at: time, known: datetime | None) -> datetime:
        """The instant of a typed time: the known one where it reads so, which may be the second of two."""
        if known is not None:
            there = clock.local(known, self.zone)
            if (there.date(), there.hour, there.minute) == (day, at.hour, at.minute):
                return known
        return clock.wall_minute_to_instant(day, at.hour * 60 + at.minute, self.zone)


def _given(asked: QueryDict) -> dict[str, Any]:
    """The fields that the address fills in; what can't be read, or is too far, is left out."""
    found = {}
    for field, (name, read) in GIVEN.items():
        try:
            value = read(asked.get(name, ""))
        except ValueError:
            value = None
        is_too_far = isinstance(value, date) and abs(value - clock.now().date()) > FURTHEST
        if value is not None and not is_too_far:
            found[field] = value
    if "start_at" in found and "end_on" not in found and "start_on" in found and "end_at" in found:
        found["end_on"] = found["start_on"]
    return found
