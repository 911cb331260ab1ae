"""A provider's day, made from an agenda: one sentence, the next appointment, and the day as a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appointments.models import Appointment, Proposal
from appointments.pages.calendar.layout import USUAL, wall_minute
from appointments.pages.labels import live_proposal
from appointments.queries.agenda import Agenda
from appointments.states import Status
from core import clock, wording
from core.intervals import Interval, clip

WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
# A kind, and from when to when it is drawn.
Segment = tuple[str, datetime, datetime]
# The kind of segment by state; other states are drawn as busy.
DRAWN = {Status.REQUESTED: "requested", Status.CONFIRMED: "confirmed"}


@dataclass(frozen=True, slots=True)
class Day:
    """A provider's day. `done`, `on_now`, `to_go` and `waiting` are appointments of the date; `next` may be later, and
    `new_time` is the one proposed for it."""

    day: date
    done: list[Appointment]
    on_now: Appointment | None
    to_go: list[Appointment]
    waiting: list[Appointment]
    next: Appointment | None
    new_time: Proposal | None
    sentence: str
    segments: list[Segment]
    opens: datetime
    closes: datetime
    line_words: str

    @property
    def is_expected(self) -> bool:
        """Whether the customer of the next appointment said that they will come."""
        return self.next is not None and self.next.will_come

    @property
    def is_empty(self) -> bool:
        return not (self.done or self.on_now or self.to_go or self.waiting)


def build_today(agenda: Agenda, *, now: datetime, twelve: bool = False) -> Day:
    day = clock.local(now, agenda.zone).date()
    mine = agenda.on(day)
    confirmed = [one for one in mine if one.is_confirmed]
    done = [one for one in mine if not one.is_open or (one.is_confirmed and one.end <= now)]
    on_now = next((one for one in confirmed if one.start <= now < one.end), None)
    to_go = [one for one in confirmed if one.start > now]
    waiting = [one for one in mine if one.is_request]
    coming = next((one for one in agenda.appointments if one.is_confirmed and one.start > now), None)
    line = line_of(agenda, day, now=now, twelve=twelve)
    counts = _counts(len(done), len(to_go), is_on=on_now is not None)
    parts = [
        counts or _nothing(coming, waiting, agenda, twelve),
        _asked(len(waiting)),
        _now_words(agenda, now, on_now, to_go, twelve=twelve),
    ]
    return Day(
        day=day,
        done=done,
        on_now=on_now,
        to_go=to_go,
        waiting=waiting,
        next=coming,
        new_time=live_proposal(coming, now) if coming else None,
        sentence=" ".join(part for part in parts if part),
        segments=line.segments(),
        opens=line.opens,
        closes=line.closes,
        line_words=line.words(),
    )


def number_words(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else str(number)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _counts(done: int, to_go: int, *, is_on: bool) -> str:
    if done and not to_go and not is_on:
        return _sentence(f"{number_words(done)} done, and that was all for today")
    parts = [
        f"{number_words(done)} done" if done else "",
        "one on now" if is_on else "",
        f"{number_words(to_go)} to go" if to_go else "",
    ]
    return _sentence(", ".join(part for part in parts if part))


def _nothing(coming: Appointment | None, waiting: list[Appointment], agenda: Agenda, twelve: bool) -> str:
    nothing = "Nothing is confirmed for today." if waiting else "Nothing today."
    if coming is None:
        return f"{nothing} Nothing is booked ahead either."
    return f"{nothing} Your next is {wording.moment_text(coming.start, agenda.zone, twelve=twelve)}."


def _asked(waiting: int) -> str:
    if not waiting:
        return ""
    verb = "awaits" if waiting == 1 else "await"
    return _sentence(f"{number_words(waiting)} request{'s' if waiting != 1 else ''} for today {verb} your answer")


def _now_words(
    agenda: Agenda, now: datetime, on_now: Appointment | None, to_go: list[Appointment], *, twelve: bool
) -> str:
    """The sentence about this minute: with whom the provider is, or until when they are busy or free."""
    if on_now is not None:
        until = wording.clock_text(on_now.end, agenda.zone, twelve=twelve)
        return f"You are with {on_now.customer.first_name} until {until}."
    if not to_go:
        return ""
    for spans, words in ((agenda.time_off, "You are off"), (agenda.busy, "Your calendar says busy")):
        end = next((end for start, end in spans if start <= now < end), None)
        if end is not None:
            is_today = clock.local(end, agenda.zone).date() == clock.local(now, agenda.zone).date()
            text = wording.clock_text if is_today else wording.moment_text
            return f"{words} until {text(end, agenda.zone, twelve=twelve)}."
    ends = [to_go[0].start, *(start for start, _ in [*agenda.busy, *agenda.time_off] if start > now)]
    return f"You are free until {wording.clock_text(min(ends), agenda.zone, twelve=twelve)}."


# --- The line -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A date drawn as a line from `opens` to `closes`, made once for all requests that ask for a time on it.

    `ground` is open time first, busy time and time off over it; `taken` has each appointment with its segment and its
    times, `proposed` those for which a new time on this date waits for an answer, and `offered` the times that are
    offered to somebody.
    """

    title: str
    opens: datetime
    closes: datetime
    ground: list[Segment]
    taken: list[tuple[Appointment, Segment, str]]
    proposed: list[tuple[Appointment, Segment, str]]
    offered: list[tuple[Segment, str]]
    open_words: str
    busy_words: str
    off_words: str

    def segments(self, *, without: Appointment | None = None) -> list[Segment]:
        """The segments in the order in which they are drawn. `without` is left for the caller to draw."""
        held = [*self._besides(without, self.taken), *self._besides(without, self.proposed)]
        return [*self.ground, *(segment for segment, _ in self.offered), *(segment for _, segment, _ in held)]

    def words(self, *, without: Appointment | None = None) -> str:
        """The line in words, for readers who can't see it."""
        others = self._besides(without, self.taken)
        proposed = self._besides(without, self.proposed)
        parts = [
            self.open_words or "closed",
            _listed("booked", [times for one, _, times in others if not one.is_request]),
            _listed("asked for", [times for one, _, times in others if one.is_request]),
            _listed("proposed", [times for _, _, times in proposed]),
            _listed("offered", [times for _, times in self.offered]),
            self.busy_words,
            self.off_words,
        ]
        return f"{self.title}: {'; '.join(part for part in parts if part)}."

    def _besides(
        self, without: Appointment | None, held: list[tuple[Appointment, Segment, str]]
    ) -> list[tuple[Appointment, Segment, str]]:
        return held if without is None else [each for each in held if each[0].pk != without.pk]


def line_of(agenda: Agenda, day: date, *, now: datetime, twelve: bool = False, around: Iterable[Interval] = ()) -> Line:
    """The line of a date, long enough for all that is open or taken, and for the times `around`."""

    def at(moment: datetime) -> str:
        return wording.clock_text(moment, agenda.zone, twelve=twelve)

    def times(start: datetime, end: datetime) -> str:
        return f"{at(start)} to {at(end)}"

    mine, busy, open_times = agenda.on(day), agenda.busy_on(day), agenda.open_between(day)
    new = agenda.proposed_on(day)
    offered = agenda.offered_on(day)
    held = [(one.start, one.end) for one in mine]
    held += [(each.start, each.end) for each in new] + [(each.start, each.end) for each in offered]
    opens, closes = _visible_day(agenda, day, [*held, *busy, *around])
    # Whole days off would stretch the line over the night.
    off = clip(agenda.off_on(day), opens, closes)
    return Line(
        title=f"{wording.date_text(day, long=True)} from {times(opens, closes)}",
        opens=opens,
        closes=closes,
        ground=[("open", *span) for span in open_times] + [("busy", *span) for span in [*busy, *off]],
        taken=[(one, (_kind(one, now), one.start, one.end), times(one.start, one.end)) for one in mine],
        proposed=[(one.appointment, ("proposed", one.start, one.end), times(one.start, one.end)) for one in new],
        offered=[(("requested", one.start, one.end), times(one.start, one.end)) for one in offered],
        open_words=_listed("open", [times(*span) for span in open_times]),
        busy_words=_listed("busy", [times(*span) for span in busy]),
        off_words=_listed("time off", [times(*span) for span in off]),
    )


def _visible_day(agenda: Agenda, day: date, taken: list[Interval]) -> Interval:
    """The interval drawn for the date: full hours of the wall clock around all open and taken time."""
    spans = list(agenda.opening(day))
    spans += [(wall_minute(start, day, agenda.zone), wall_minute(end, day, agenda.zone)) for start, end in taken]
    spans = [(start, end) for start, end in spans if start < end] or [USUAL]
    first = min(start for start, _ in spans) // 60 * 60
    last = min(-(-max(end for _, end in spans) // 60) * 60, clock.END_OF_DAY)
    opens, closes = clock.wall_interval(day, first, last, agenda.zone)
    return (opens, closes) if opens < closes else (opens, opens + timedelta(hours=1))


def _kind(one: Appointment, now: datetime) -> str:
    is_over = one.is_confirmed and one.end <= now
    return "busy" if is_over else DRAWN.get(Status(one.status), "busy")


def _listed(what: str, times: list[str]) -> str:
    return f"{what} {', '.join(times)}" if times else ""
