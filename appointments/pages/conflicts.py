"""What a provider reads of conflicts: busy time of a connected calendar over a confirmed appointment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import Appointment
from appointments.rules.conflicts import Conflict, Over
from calendar_sync.hooks import Conflicts, LiesOver
from core import clock
from core.wording import clock_text, date_text, local, range_text

from .consequences import Phrase, Weighed
from .standing import Standing

NOT_COUNTED = "Does not count"
MOVE, KEEP, FREE, CANCEL = "move", "keep", "free", "cancel"
# How much of the day is drawn before and after the appointment, at least.
AROUND = timedelta(minutes=90)
HOUR = timedelta(hours=1)
MAY_BE_SEVERAL = (
    "All of this busy time, {}, counts as free then, also if it is several events: Google tells none of them here. "
    "Others may book over it. To let this appointment alone stand, keep both."
)


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a conflict: the value that its form sends, its name, what it counts as, and what it does."""

    value: str
    name: str
    counts_as: str
    does: tuple[Phrase, ...]

    @property
    def counts(self) -> bool:
        return self.counts_as != NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Busy:
    """A busy time as the page of a conflict shows it. `title` is for the provider alone, empty where Google keeps it.

    `besides` are the other appointments that it lies over.
    """

    calendar: str
    title: str
    times: str
    besides: tuple[Appointment, ...] = ()


def busy_of(conflict: Conflict, others: Sequence[Conflict], *, twelve: bool) -> list[Busy]:
    """The busy times that lie over the appointment; `others` are the provider's other conflicts."""
    return [_busy(over, conflict.appointment, others, twelve) for over in conflict.over]


def _busy(over: Over, one: Appointment, others: Sequence[Conflict], twelve: bool) -> Busy:
    busy, zone = over.busy, one.provider.zone
    besides = tuple(
        each.appointment
        for each in others
        if each.appointment.pk != one.pk and any(other.busy.pk == busy.pk for other in each.over)
    )
    times = times_beside(busy.start, busy.end, one.start, zone, twelve=twelve)
    name = busy.calendar.name if busy.calendar else ""
    return Busy(name, busy.title, times, besides)


def ways_out(
    conflict: Conflict, standing: Standing, weighed: Weighed | None, *, nearest: datetime | None, twelve: bool
) -> list[Way]:
    """The ways out of a conflict, each with what it counts as; `nearest` is the open time to suggest, if there is one.

    Needs a standing of the same appointment; without `weighed` it can't be cancelled.
    """
    name = conflict.appointment.customer.first_name
    ways = [_move(name, nearest)] if standing.may_reschedule else []
    if not conflict.is_kept:
        ways.append(Way(KEEP, "Keep both", NOT_COUNTED, (_keeping(name),)))
    ways += [_free(over, conflict, twelve) for over in conflict.over]
    if weighed is not None:
        counts_as = weighed.figure if weighed.counts.is_late else NOT_COUNTED
        does = (Phrase(weighed.headline), *weighed.details)
        ways.append(Way(CANCEL, f"Cancel {name}’s appointment", counts_as, does))
    return ways


def _move(name: str, nearest: datetime | None) -> Way:
    held = "Both times are held until {} answers."
    if nearest is None:
        does = Phrase(f"You choose it on the next page. {held}", (name,))
    else:
        does = Phrase(f"You choose it on the next page; the nearest opening is {{}}. {held}", (nearest, name))
    return Way(MOVE, f"Suggest another time to {name}", NOT_COUNTED, (does,))


def _keeping(name: str) -> Phrase:
    return Phrase("I manage. The mark goes away on all pages; {} notices nothing.", (name,))


def _free(over: Over, conflict: Conflict, twelve: bool) -> Way:
    one, busy = conflict.appointment, over.busy
    which = "The event"
    if len(conflict.over) > 1:
        which = f"“{busy.title}”" if busy.title else "The event"
        which += f", {times_beside(busy.start, busy.end, one.start, one.provider.zone, twelve=twelve)},"
    if busy.calendar is None or busy.calendar.tells_events:
        does = Phrase("Treat this one Google event as free time. Others may book over it.")
    else:
        does = Phrase(
            MAY_BE_SEVERAL, (times_beside(busy.start, busy.end, one.start, one.provider.zone, twelve=twelve),)
        )
    return Way(f"{FREE}:{over.pair.key}", f"{which} does not make me busy", NOT_COUNTED, (does,))


def over_with_key(conflict: Conflict, chosen: str) -> Over | None:
    """The busy time whose way out was chosen by this value; None for another value, or where its times are others."""
    return next((each for each in conflict.over if f"{FREE}:{each.pair.key}" == chosen), None)


def told(conflicts: Sequence[Conflict], *, twelve: bool) -> Conflicts | None:
    """What pages say of undecided conflicts outside their own page; None without one."""
    if not conflicts:
        return None
    return Conflicts(heading_of(conflicts), [_told(each, twelve) for each in conflicts])


def _told(each: Conflict, twelve: bool) -> LiesOver:
    one = each.appointment
    address = reverse("studio_conflict", args=[one.reference])
    return LiesOver(one.start, one.end, one.customer.name, lies_over_words(each, twelve=twelve), address)


def lies_over_words(conflict: Conflict, *, twelve: bool) -> list[str]:
    """A sentence for each busy time over the appointment that is undecided: its calendar and times, never its title."""
    zone, start = conflict.appointment.provider.zone, conflict.appointment.start
    return [
        calendar_is_busy(
            each.busy.calendar.name if each.busy.calendar else "",
            times_beside(each.busy.start, each.busy.end, start, zone, twelve=twelve),
        )
        for each in conflict.over
        if not each.is_kept
    ]


def calendar_is_busy(calendar: str, times: str) -> str:
    return f"“{calendar}” is busy {times}."


def heading_of(conflicts: Sequence[Conflict]) -> str:
    """The heading above the conflicts of a provider."""
    events = len({over.busy.pk for each in conflicts for over in each.over if not over.is_kept})
    what = "One Google event lies" if events == 1 else f"{events} Google events lie"
    return f"{what} over {'an appointment' if len(conflicts) == 1 else f'{len(conflicts)} appointments'}"


def times_beside(start: datetime, end: datetime, at: datetime, zone: ZoneInfo, *, twelve: bool) -> str:
    """The times of an event beside an appointment that begins `at`: the hours alone where all lies on its date."""
    since, until, day = local(start, zone), local(end, zone), local(at, zone).date()
    if since.time() == until.time() == time():
        first, last = since.date(), until.date() - clock.ONE_DAY
        if first != last:
            return f"from {date_text(first)} to {date_text(last)}, all day"
        return "all day" if first == day else f"{date_text(first)}, all day"
    if since.date() == until.date() == day:
        return f"{clock_text(start, zone, twelve=twelve)} to {clock_text(end, zone, twelve=twelve)}"
    return range_text(start, end, zone, twelve=twelve)


def drawn_span(one: Appointment) -> tuple[datetime, datetime]:
    """The full hours around an appointment that a drawing of its conflict shows."""
    before = one.start - AROUND
    opens = before - timedelta(minutes=local(before, one.provider.zone).minute)
    return opens, opens - (opens - one.end - AROUND) // HOUR * HOUR
