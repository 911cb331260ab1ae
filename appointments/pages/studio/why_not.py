"""The day of a time that was asked about, as a line: what is taken or kept free, and the time itself."""

from dataclasses import dataclass
from datetime import date, datetime

from appointments.pages.calendar.layout import USUAL
from appointments.pages.studio.today import Segment, line_of
from appointments.queries.agenda import Agenda
from appointments.rules.obstacles import Asked
from appointments.rules.why_not import Named
from core import clock, wording


@dataclass(frozen=True, slots=True)
class AskedDay:
    """The line of the date, from `opens` to `closes`, with `words` for readers who can't see it."""

    day: date
    opens: datetime
    closes: datetime
    segments: list[Segment]
    words: str

    @property
    def kinds(self) -> set[str]:
        """The kinds of segments, each of which the key under the line explains."""
        return {kind for kind, _, _ in self.segments}


def asked_day(asked: Asked, named: Named, agenda: Agenda, *, twelve: bool) -> AskedDay:
    around = [(asked.start, asked.end)]
    if not agenda.opening(asked.day):
        around.append(clock.wall_interval(asked.day, *USUAL, agenda.zone))
    line = line_of(agenda, asked.day, now=asked.now, twelve=twelve, around=around)
    free = [
        ("soft", since, until)
        for entry in named.entries
        for since, until in ((entry.blocked[0], entry.time[0]), (entry.time[1], entry.blocked[1]))
        if since < until
    ]
    start, end = (wording.clock_text(moment, agenda.zone, twelve=twelve) for moment in (asked.start, asked.end))
    return AskedDay(
        day=asked.day,
        opens=line.opens,
        closes=line.closes,
        segments=[*line.segments(), *free, ("ask", asked.start, asked.end)],
        words=f"{line.words().removesuffix('.')}; the time asked about is {start} to {end}.",
    )
