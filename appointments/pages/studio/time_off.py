"""The page that asks what becomes of the appointments inside a time off, or on a day that is cleared.

Made from facts in hand. Every figure follows from the chosen ways, so that the page says before what the act does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.pages.consequences import LATE_NOTICE, Weighed, weighed_together
from appointments.pages.zones import zones_of
from appointments.rules.fair_use import Consequence, Ending, is_late
from appointments.rules.time_off import Way, usual_way, way_to_end
from appointments.services.time_off import Inside
from appointments.states import Role
from core import clock
from core.wording import duration_text, local, range_text
from providers.services import dates_text

MINUTE = timedelta(minutes=1)
WORDS = {Way.CANCEL: "Cancel", Way.DECLINE: "Decline", Way.KEEP: "Keep"}
# The most names that a line spells out.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment inside, with the chosen way and how its line reads. `aside` is the time in the other zone."""

    appointment: Appointment
    way: Way
    left: str
    is_late: bool
    aside: str

    @property
    def name(self) -> str:
        name: str = self.appointment.customer.name
        return f"{name}, request" if self.appointment.is_request else name

    @property
    def field(self) -> str:
        return field_of(self.appointment.reference)

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """The ways as value, word and whether it is the chosen one."""
        return [
            (way.value, WORDS[way], way is self.way) for way in Way if way in {Way.KEEP, way_to_end(self.appointment)}
        ]

    @property
    def says(self) -> str:
        return "" if self.way is not Way.KEEP else "Stays as it is."


@dataclass(frozen=True, slots=True)
class Check:
    """The page: a row for each appointment, what the act would do, and what that counts as."""

    rows: list[Row]
    kept: int
    weighed: Weighed | None
    is_time_off: bool

    @property
    def cancelled(self) -> list[Appointment]:
        return [row.appointment for row in self.rows if row.way is Way.CANCEL]

    @property
    def declined(self) -> list[Appointment]:
        return [row.appointment for row in self.rows if row.way is Way.DECLINE]

    @property
    def stays(self) -> list[Appointment]:
        return [row.appointment for row in self.rows if row.way is Way.KEEP]

    @property
    def number(self) -> int:
        return self.weighed.number if self.weighed else 0

    @property
    def ends_any(self) -> bool:
        return bool(self.cancelled or self.declined)

    @property
    def headline(self) -> str:
        count = len(self.rows)
        lie = "1 appointment or request lies" if count == 1 else f"{count} appointments and requests lie"
        return f"{lie} inside. Nothing is cancelled before you {'save' if self.is_time_off else 'press the button'}."

    @property
    def free_words(self) -> str:
        """That cancelling does not count, where something is cancelled and none of it is late; else empty."""
        if self.weighed or not self.cancelled:
            return ""
        return f"None of them starts within {LATE_NOTICE}, so your standing is not affected."

    @property
    def late_ones(self) -> list[Row]:
        """The rows that make the act a late cancellation: kept, they would make it free."""
        return [row for row in self.rows if row.is_late and row.way is Way.CANCEL]

    @property
    def effects(self) -> list[tuple[str, str]]:
        """What the act does, each with its icon."""
        told = {one.customer_id for one in [*self.cancelled, *self.declined]}
        people = "1 person" if len(told) == 1 else f"{len(told)} people"
        found = [
            ("x", _counted("Cancels", self.cancelled, "appointment")),
            ("x", _counted("Declines", self.declined, "request")),
            ("check", f"Keeps {len(self.stays)}: {_names(self.stays)}" if self.stays else ""),
            ("wait", self._released() if self.is_time_off else ""),
            ("mail", f"Emails {people}" if told else "Emails nobody"),
        ]
        return [(icon, words) for icon, words in found if words]

    @property
    def button(self) -> str:
        """The words of the button, which count what is ended and repeat the price."""
        parts = [part for part in (self._ends(), self._price()) if part]
        if self.is_time_off:
            parts = ["save", *parts]
        if not parts:
            return "Keep them all"
        *before, last = parts
        text = f"{', '.join(before)} and {last}" if before else last
        return f"{text[:1].upper()}{text[1:]}"

    def _ends(self) -> str:
        if self.cancelled:
            return f"cancel {len(self.cancelled)}"
        return f"decline {len(self.declined)}" if self.declined else ""

    def _price(self) -> str:
        if self.weighed is None or not self.weighed.counts.is_late:
            return ""
        return "be suspended" if self.weighed.counts.bans else f"use my {self.weighed.figure}"

    def _released(self) -> str:
        if not self.kept:
            return ""
        return (
            "Releases a time that somebody is booking now"
            if self.kept == 1
            else (f"Releases {self.kept} times that people are booking now")
        )


def field_of(reference: str) -> str:
    """The name of the form's field that has the way for this appointment."""
    return f"way-{reference}"


def chosen_ways(inside: Inside, chosen: Mapping[str, Way], *, now: datetime) -> dict[str, Way]:
    """The way for each appointment by reference: the chosen one where it fits, else the usual one."""
    return {
        one.reference: way
        if (way := chosen.get(one.reference)) in {Way.KEEP, way_to_end(one)} and way
        else usual_way(one, now)
        for one in inside.appointments
    }


def build_check(
    inside: Inside,
    ways: Mapping[str, Way],
    counts: Consequence,
    ending: Ending,
    *,
    is_time_off: bool,
    reader: ZoneInfo,
    now: datetime,
    twelve: bool,
) -> Check:
    """The page for what lies inside. `counts` and `ending` are those of what `ways` cancel."""
    rows = [
        Row(
            appointment=one,
            way=ways[one.reference],
            left=_left(one, now),
            is_late=one.is_confirmed and is_late(one.start, now),
            aside=zones_of(one, Role.PROVIDER, reader=reader).aside(one.start, twelve=twelve),
        )
        for one in inside.appointments
    ]
    late = [row.appointment for row in rows if row.is_late and row.way is Way.CANCEL]
    weighed = weighed_together(late, counts, ending) if counts.is_late else None
    return Check(rows, inside.kept, weighed, is_time_off)


def _left(one: Appointment, now: datetime) -> str:
    if one.is_request:
        return "Declining never counts"
    left = one.start - now
    length = duration_text(left) if left >= MINUTE else "less than a minute"
    return f"Starts in {length}: cancelling it is late" if is_late(one.start, now) else f"{length} left"


def _counted(verb: str, ones: Sequence[Appointment], thing: str) -> str:
    if not ones:
        return ""
    return f"{verb} {len(ones)} {thing}{_s(len(ones))}: {_names(ones)}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _names(ones: Sequence[Appointment]) -> str:
    """The first names, each once, and how many more there are."""
    names = list(dict.fromkeys(one.customer.first_name for one in ones))
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def cleared_words(ended: Sequence[Appointment]) -> str:
    """What an act has ended, for the message after it: "2 appointments cancelled. We tell Mina and Rosa."."""
    if not ended:
        return ""
    # Each as it was before: what was agreed was cancelled, a request declined.
    agreed = sum(one.is_confirmed for one in ended)
    asked = len(ended) - agreed
    parts = [
        f"{agreed} appointment{_s(agreed)} cancelled" if agreed else "",
        f"{asked} request{_s(asked)} declined" if asked else "",
    ]
    return f"{', '.join(part for part in parts if part)}. We tell {_names(ended)}."


def span_words(start: datetime, end: datetime, zone: ZoneInfo, *, twelve: bool) -> str:
    """A time off in words: its dates where it covers whole ones in this zone, else its first and last moment."""
    first, last = local(start, zone).date(), local(end - MINUTE, zone).date()
    if start == clock.day_bounds(first, zone)[0] and end == clock.day_bounds(last, zone)[1]:
        return dates_text(first, last)
    return range_text(start, end, zone, twelve=twelve)
