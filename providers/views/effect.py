"""What typed working hours would change, shown beside the editor before they are saved. They cancel nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core import clock
from core.wording import zone_text
from providers import hooks, hours
from providers.forms import WeekForm
from providers.hooks import LeftOutside
from providers.hours import WEEKDAYS, Range, Week
from providers.models import Provider

from .daylines import Segments, segments, span_of

# The most appointments that are named; the others are counted.
MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A weekday with other hours: both as a line, with their words."""

    name: str
    change: str
    was: Segments
    was_words: str
    now: Segments
    now_words: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a week changes. `rows` would lie outside from then on, `more` of them are not named, and `already` lie
    outside the present hours, too. `zone` says in which time the hours are then, where that is another one."""

    change: str
    total: str
    days: Sequence[ChangedDay]
    start: datetime
    end: datetime
    zone: str
    rows: Sequence[LeftOutside]
    more: int
    already: int

    @property
    def outside(self) -> str:
        """What happens to what would lie outside, and what already does."""
        left = len(self.rows) + self.more
        stay = "" if not left else "It stays as agreed." if left == 1 else "They stay as agreed."
        if not self.already:
            return stay
        lay = f"{self.already}{' other' if left else ''} {'lies' if self.already == 1 else 'lie'} outside already."
        return f"{stay} {lay}".strip()

    @property
    def words(self) -> str:
        """The effect in one sentence, which screen readers hear after each change."""
        left = len(self.rows) + self.more
        lie = "Nothing booked lies" if not left else f"{left} booked {'lies' if left == 1 else 'lie'}"
        return f"{self.change} {self.total}. {lie} outside the new hours. Nothing is saved yet."


def effect_of(provider: Provider, present: Week, form: WeekForm) -> Effect | None:
    """What the typed week would change; None where it changes nothing, or can't be read yet.

    As many queries as the answer to `hooks.outside_new_hours` makes, and none where nothing is changed.
    """
    typed, twelve = form.so_far(), provider.user.uses_12h_clock
    if typed is None:
        return None
    week, zone = typed
    changed = [index for index in range(7) if sorted(week.get(index, ())) != sorted(present.get(index, ()))]
    if not changed and zone == provider.time_zone:
        return None
    outside = hooks.left_outside(provider, week, zone, clock.now())
    then, until_now = hours.week_minutes(week), hours.week_minutes(present)
    start, end = span_of(present, week)
    return Effect(
        change=_signed(then - until_now),
        total=_compared(then, until_now),
        days=[_day(index, present.get(index, ()), week.get(index, ()), twelve=twelve) for index in changed],
        start=start,
        end=end,
        zone=zone_text(zone) if zone != provider.time_zone else "",
        rows=outside.rows[:MOST_ROWS],
        more=max(len(outside.rows) - MOST_ROWS, 0),
        already=outside.already,
    )


def _day(index: int, was: Sequence[Range], now: Sequence[Range], *, twelve: bool) -> ChangedDay:
    name = WEEKDAYS[index]
    return ChangedDay(
        name=name,
        change=_signed(hours.minutes_of(now) - hours.minutes_of(was)),
        was=segments(was),
        was_words=f"{name} until now: {hours.ranges_text(was, twelve=twelve)}",
        now=segments(now),
        now_words=f"{name} from then on: {hours.ranges_text(now, twelve=twelve)}",
    )


def _signed(minutes: int) -> str:
    """A difference as text, with a minus that is as wide as a plus: "−5 h 30 min"."""
    if not minutes:
        return "Same length"
    return f"{'−' if minutes < 0 else '+'}{hours.hours_text(abs(minutes))}"


def _compared(then: int, until_now: int) -> str:
    """The week's length after its difference: "a week: 33 h instead of 40 h"."""
    if then == until_now:
        return f"as before, {hours.hours_text(then)} a week"
    return f"a week: {hours.hours_text(then)} instead of {hours.hours_text(until_now)}"
