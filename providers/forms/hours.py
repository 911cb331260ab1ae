"""The hours editors: a week of days, or the hours of some dates. They work by submit buttons alone.

A POST either saves or says `do`: `add-<day>`, `remove-<day>-<range>`, `copy-<day>` bring the form back with everything
kept and that one thing done. Times travel as wall-clock text; 00:00 as an end is the end of the day.
"""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from core.forms import DateInput, LineField, ZoneField
from core.unsaved_forms import returned
from providers import edit_stamps, hours
from providers.exceptions import RangeProblem
from providers.hours import ORDINALS, WEEKDAYS, Range
from providers.models import MOST_RANGES_A_DAY, DateOverride

from .base import SeenForm

USUAL: Range = (9 * 60, 17 * 60)
LONGEST_TIME = 40
DO = re.compile(r"(add|copy)-([0-9])|(remove)-([0-9])-([0-9]{1,2})", re.ASCII)


@dataclass(slots=True)
class RangeRow:
    """A range as two time fields. `start` and `end` are the typed texts."""

    start: str = ""
    end: str = ""
    error: str = ""
    is_new: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.start and not self.end

    @property
    def words(self) -> str:
        return f"{self.start} to {self.end}" if self.start and self.end else "the empty range"


@dataclass(slots=True)
class Day:
    """One row of the editor. `name` is empty for the hours of dates of their own."""

    index: int
    name: str
    is_open: bool = False
    rows: list[RangeRow] = field(default_factory=list)
    error: str = ""
    add_has_focus: bool = False

    @classmethod
    def of(cls, index: int, name: str, ranges: Sequence[Range]) -> "Day":
        rows = [RangeRow(hours.input_value(start), hours.input_value(end)) for start, end in ranges]
        return cls(index, name, is_open=bool(rows), rows=rows)

    @classmethod
    def typed(cls, index: int, name: str, data: QueryDict) -> "Day":
        rows: list[RangeRow] = []

        def typed(name: str) -> str:
            return str(data.get(name, "")).strip()[:LONGEST_TIME]

        # One more than allowed, so that a day with too many ranges gets an error and is not cut.
        while len(rows) <= MOST_RANGES_A_DAY and f"start-{index}-{len(rows)}" in data:
            at = f"{index}-{len(rows)}"
            rows.append(RangeRow(typed(f"start-{at}"), typed(f"end-{at}")))
        return cls(index, name, is_open=f"open-{index}" in data, rows=rows)

    @property
    def can_add(self) -> bool:
        return len(self.rows) < MOST_RANGES_A_DAY

    @property
    def label(self) -> str:
        """The name of the day, to stand in front of "range 1 from"."""
        return f"{self.name}, " if self.name else "Hours, "

    def add(self) -> None:
        """Add a range: the usual hours where there was none, else an empty one to fill in."""
        if not self.is_open:
            self.rows = [row for row in self.rows if not row.is_empty]
        if self.can_add and (self.is_open or not self.rows):
            start, end = map(hours.input_value, USUAL) if not self.rows else ("", "")
            self.rows.append(RangeRow(start, end, is_new=True))
        self.is_open = True

    def remove(self, at: int) -> None:
        if at < len(self.rows):
            del self.rows[at]
        self.is_open = self.is_open and bool(self.rows)
        self.add_has_focus = True

    def take_from(self, other: "Day") -> None:
        self.is_open = other.is_open
        self.rows = [RangeRow(row.start, row.end) for row in other.rows]

    def read(self, *, twelve: bool = False) -> list[Range]:
        """The ranges as minutes. Errors are written beside the range they are about."""
        if not self.is_open:
            return []
        rows = [row for row in self.rows if not row.is_empty]
        if not rows:
            who = f"{self.name} is open but has no hours" if self.name else "There are no hours"
            self.error = f"{who}. Add a range, or {f'untick {self.name}' if self.name else 'choose Closed'}."
            return []
        self.rows = rows
        ranges: list[Range] = []
        for row in rows:
            start, end = hours.read_minute(row.start), hours.read_minute(row.end, ends=True)
            if start is None or end is None:
                row.error = self._unreadable(row, "starts" if start is None else "ends")
            else:
                ranges.append((start, end))
        if len(ranges) == len(rows):
            self._mark(hours.check_ranges(ranges, day=self.name, weekday=self.index, twelve=twelve))
        return ranges

    def _unreadable(self, row: RangeRow, what: str) -> str:
        which = f"{ORDINALS[self.rows.index(row)]} range" if 1 < len(self.rows) <= len(ORDINALS) else "range"
        whose = f"{self.name}’s {which}" if self.name else f"the {which}"
        return f"Enter when {whose} {what}, like {'09:00' if what == 'starts' else '17:00'}."

    def _mark(self, problems: Sequence[RangeProblem]) -> None:
        for problem in problems:
            if problem.place < MOST_RANGES_A_DAY:
                self.rows[problem.place].error = problem.sentence
            else:
                self.error = problem.sentence

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The errors as (id of the field, message), for the error summary."""
        found = [(f"start-{self.index}-{at}", row.error) for at, row in enumerate(self.rows) if row.error]
        return [(f"add-{self.index}", self.error), *found] if self.error else found


class DaysForm:
    """The base of both editors: pressing buttons, collecting errors."""

    days: list[Day]
    data: QueryDict
    is_bound = False

    def press(self, button: str) -> str:
        """Do the work of a button without saving. Returns the text to announce; empty for an unknown button."""
        self.stop_checking()
        match = DO.fullmatch(button)
        if match is None:
            return ""
        verb, at = match[1] or match[3], int(match[2] or match[4])
        if at >= len(self.days):
            return ""
        day = self.days[at]
        if verb == "add":
            day.add()
            return f"Range added{f' on {day.name}' if day.name else ''}"
        if verb == "remove":
            day.remove(int(match[5]))
            return f"Range removed{f' on {day.name}' if day.name else ''}"
        return self.copy(day)

    def copy(self, day: Day) -> str:
        return ""

    def stop_checking(self) -> None:
        """Drop the errors of the other fields, which keep the typed text."""

    @property
    def errors(self) -> list[tuple[str, str]]:
        return [problem for day in self.days for problem in day.problems]


class ZoneForm(SeenForm):
    time_zone = ZoneField(label="Your hours are in the time of")


class WeekForm(DaysForm):
    """The form of seven days and of the zone their times are in."""

    def __init__(self, *, week: Mapping[int, Sequence[Range]], time_zone: str) -> None:
        sent = returned()
        self.days = [
            Day.typed(index, name, sent) if sent else Day.of(index, name, week.get(index, ()))
            for index, name in enumerate(WEEKDAYS)
        ]
        rows = [(weekday, start, end) for weekday, ranges in week.items() for start, end in ranges]
        self.zone = ZoneForm(initial={"time_zone": time_zone, "seen": edit_stamps.of_week(time_zone, rows)})

    @classmethod
    def typed(cls, data: QueryDict) -> "WeekForm":
        form = cls.__new__(cls)
        form.is_bound = True
        form.data = data
        form.days = [Day.typed(index, name, data) for index, name in enumerate(WEEKDAYS)]
        form.zone = ZoneForm(data)
        return form

    def stop_checking(self) -> None:
        self.zone = ZoneForm(initial=self.data.dict())

    def copy(self, day: Day) -> str:
        to = [
            self.days[int(at)] for at in self.data.getlist(f"to-{day.index}") if at in set("0123456") - {str(day.index)}
        ]
        for other in to:
            other.take_from(day)
        day.add_has_focus = True  # the list of days is folded again: the work goes on beside it
        if not to:
            day.error = f"Tick the days that get {day.name}’s hours, then press Copy."
            return day.error
        return f"{day.name}’s hours copied to {' and '.join(other.name for other in to)}"

    def is_valid(self, *, twelve: bool = False) -> bool:
        """Whether the form is valid; reads the days. `twelve` writes times in error messages with am and pm."""
        self.week = {day.index: ranges for day in self.days if (ranges := day.read(twelve=twelve))}
        return self.zone.is_valid() and not self.errors

    def so_far(self) -> tuple[hours.Week, str] | None:
        """The week and the zone as they are typed now; None while something of them can't be read. Marks no errors."""
        probe = WeekForm.typed(self.data)
        probe.days = deepcopy(self.days)
        return (probe.week, probe.zone.cleaned_data["time_zone"]) if probe.is_valid() else None

    @property
    def problems(self) -> list[tuple[str, str]]:
        wrong = self.zone.errors.get("time_zone", ()) if self.is_bound else ()
        zone = [("id_time_zone", str(error)) for error in wrong]
        return zone + self.errors

    def ask_again(
        self, week: Mapping[int, Sequence[Range]], time_zone: str, *, twelve: bool = False
    ) -> list[tuple[str, str]]:
        """As `SeenForm.ask_again`; returns the saved hours of each day that differs from the typed ones."""
        rows = [(weekday, start, end) for weekday, ranges in week.items() for start, end in ranges]
        differs = self.zone.ask_again({"time_zone": time_zone, "seen": edit_stamps.of_week(time_zone, rows)})
        for index, name in enumerate(WEEKDAYS):
            if sorted(week.get(index, ())) != sorted(self.week.get(index, ())):
                differs.append((name, hours.ranges_text(week.get(index, ()), twelve=twelve)))
        return differs


CLOSED, OPEN = "closed", "hours"


class OverrideForm(DaysForm):
    """The form of an override: dates, and either Closed or hours of their own."""

    class Dates(SeenForm):
        start_on = forms.DateField(
            label="First date", widget=DateInput, input_formats=["%Y-%m-%d"], help_text="Or the only one."
        )
        end_on = forms.DateField(
            label="Last date",
            widget=DateInput,
            input_formats=["%Y-%m-%d"],
            required=False,
            help_text="Empty: a single day.",
        )
        kind = forms.ChoiceField(
            label="On these dates",
            choices=[(CLOSED, "Closed"), (OPEN, "Open at other hours")],
            widget=forms.RadioSelect,
        )
        note = LineField(label="Note", max_length=120, required=False, help_text="Only you see this.")

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            start_on, end_on = cleaned.get("start_on"), cleaned.get("end_on")
            if start_on and end_on and end_on < start_on:
                self.add_error("end_on", "The last date is before the first one.")
            return cleaned

    def __init__(self, override: DateOverride | None = None, *, first: date | None = None) -> None:
        ranges = [(start, end) for start, end in override.ranges] if override else []
        sent = returned()
        self.days = [Day.typed(0, "", sent) if sent else Day.of(0, "", ranges)]
        self.dates = self.Dates(initial=self.initial_of(override) if override else {"start_on": first, "kind": CLOSED})

    @staticmethod
    def initial_of(override: DateOverride) -> dict[str, Any]:
        return {
            "start_on": override.start_on,
            "end_on": override.end_on if override.end_on != override.start_on else None,
            "kind": OPEN if override.ranges else CLOSED,
            "note": override.note,
            "seen": edit_stamps.of_override(override),
        }

    @classmethod
    def typed(cls, data: QueryDict) -> "OverrideForm":
        form = cls.__new__(cls)
        form.is_bound = True
        form.data = data
        form.days = [Day.typed(0, "", data)]
        form.days[0].is_open = data.get("kind") == OPEN
        form.dates = cls.Dates(data)
        return form

    @property
    def day(self) -> Day:
        return self.days[0]

    def press(self, button: str) -> str:
        self.day.is_open = True  # the ranges typed stay, whichever kind is chosen
        said = super().press(button)
        if said and self.day.rows:
            self.dates.initial["kind"] = OPEN
        return said

    def stop_checking(self) -> None:
        self.dates = self.Dates(initial=self.data.dict())

    def is_valid(self, *, twelve: bool = False) -> bool:
        self.ranges = self.day.read(twelve=twelve)
        return self.dates.is_valid() and not self.errors

    @property
    def problems(self) -> list[tuple[str, str]]:
        if not self.is_bound:
            return []
        dates = [
            ("" if name == "__all__" else f"id_{name}_0" if name == "kind" else f"id_{name}", str(error))
            for name, errors in self.dates.errors.items()
            for error in errors
        ]
        return dates + self.errors

    def values(self) -> dict[str, Any]:
        cleaned = self.dates.cleaned_data
        return {
            "start_on": cleaned["start_on"],
            "end_on": cleaned["end_on"] or cleaned["start_on"],
            "ranges": self.ranges,
            "note": cleaned["note"],
        }

    def ask_again(self, override: DateOverride, *, twelve: bool = False) -> list[tuple[str, str]]:
        differs = self.dates.ask_again(self.initial_of(override))
        saved = [(start, end) for start, end in override.ranges]
        if saved != sorted(self.ranges):
            differs.append(("Hours", hours.ranges_text(saved, twelve=twelve)))
        return differs
