"""What the pages of a change of time show: both times in one zone, their days, and what became of a proposal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import Appointment, Proposal
from appointments.queries.agenda import Agenda
from appointments.rules.moves import moves_at_once
from appointments.states import ProposalState, Role
from core import clock, wording
from core.intervals import Interval

from .consequences import Phrase
from .labels import state_label
from .next_appointment import around
from .studio.today import line_of
from .zones import Zones, zones_of, zones_told

# A time that another one partly covers is drawn half as high.
HALF = "mine half"


@dataclass(frozen=True, slots=True)
class Shown:
    """A time of the appointment; `aside` is its start in a second zone: "15:00 in London", or nothing."""

    start: datetime
    end: datetime
    aside: str = ""


def shown(
    time: Interval, *, zone: ZoneInfo, reader: ZoneInfo, other: ZoneInfo, whose: str, twelve: bool = False
) -> Shown:
    """The time as a page in `zone` shows it to a reader whose own zone is `reader`."""
    start, end = time
    zones = zones_told(start, end, reader=reader, other=other, whose=whose, place=zone)
    return Shown(start, end, zones.there(start, twelve=twelve))


# --- A proposal that waits -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """A proposal that waits for the reader's answer: by whom, in which zones, and the pages of its answers.

    `at_once` says that another time which the reader chooses instead counts without an answer. Of several for one
    series, `together` is the page that answers all `of_series` of them.
    """

    proposal: Proposal
    other: str
    zones: Zones
    answer: str
    suggest: str
    at_once: bool = False
    together: str = ""
    of_series: int = 1


def asks_of(proposals: Iterable[Proposal], viewer: Role, *, reader: ZoneInfo) -> list[Ask]:
    """The proposals that wait for `viewer`, whose own zone is `reader`. Needs them with their appointments, and with
    `series_uuid`, as the queries of what waits have them."""
    answer, suggest, together = {
        Role.CUSTOMER: ("answer_time", "reschedule_appointment", "answer_series_times"),
        Role.PROVIDER: ("studio_answer_time", "studio_reschedule", "studio_answer_series_times"),
    }[viewer]
    waiting, asks = list(proposals), []
    counts = Counter(_series_of(each) for each in waiting)
    for each in waiting:
        one, at = each.appointment, [each.appointment.reference]
        other = one.provider if viewer is Role.CUSTOMER else one.customer
        zones = zones_of(one, viewer, reader=reader)
        at_once = viewer is Role.CUSTOMER and moves_at_once(one, role=viewer, policy=one.provider.policy)
        series = _series_of(each)
        count = counts[series] if series else 1
        asks.append(
            Ask(
                each,
                other.first_name,
                zones,
                reverse(answer, args=at),
                reverse(suggest, args=at),
                at_once,
                together=reverse(together, args=[series]) if count > 1 else "",
                of_series=count,
            )
        )
    return asks


def _series_of(proposal: Proposal) -> UUID | None:
    series: UUID | None = proposal.series_uuid  # type: ignore[attr-defined]
    return series


def asks_of_provider(agenda: Agenda, *, now: datetime) -> list[Ask]:
    """The new times of a provider's agenda that wait for the provider."""
    waiting = [each for each in agenda.proposals if each.waits_for(Role.PROVIDER, now)]
    return asks_of(waiting, Role.PROVIDER, reader=agenda.zone)


# --- The days of both times -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayOf:
    """A date of one of both times as a line from `opens` to `closes`, with the line and what else is on it in words."""

    segments: list[tuple[str, datetime, datetime]]
    opens: datetime
    closes: datetime
    words: str
    rest: str


def day_of_customer(
    time: Interval, kind: str, others: Sequence[Appointment], *, what: str, zone: ZoneInfo, twelve: bool = False
) -> DayOf:
    """The day of `time` for a customer; `others` are their own other appointments, `what` names this one.

    `kind` is that of the segment: "mine" for the present time, "proposed" for a new one.
    """
    start, end = time
    day = clock.local(start, zone).date()
    mine = [one for one in others if _is_on(one, day, zone)]
    opens, closes = around([time, *((one.start, one.end) for one in mine)], day, zone)

    named = [(what, start, end), *((one.service.name, one.start, one.end) for one in mine)]
    parts = [f"{name} {_times(first, last, zone, twelve)}" for name, first, last in named]
    return DayOf(
        segments=[(kind, start, end), *(_segment(one, time) for one in mine)],
        opens=opens,
        closes=closes,
        words=f"Your {wording.date_text(day, long=True)}: {', '.join(parts)}{'' if mine else ', nothing else'}.",
        rest="" if mine else "Nothing else that day.",
    )


def day_of_provider(
    agenda: Agenda, time: Interval, kind: str, appointment: Appointment, *, now: datetime, twelve: bool = False
) -> DayOf:
    """The day of `time` in the provider's agenda, which covers it, with this appointment drawn at `time` alone."""
    day = clock.local(time[0], agenda.zone).date()
    line = line_of(agenda, day, now=now, twelve=twelve, around=[time])
    others = sum(one.pk != appointment.pk for one in agenda.on(day))
    return DayOf(
        segments=[*line.segments(without=appointment), (kind, *time)],
        opens=line.opens,
        closes=line.closes,
        words=f"{line.words(without=appointment)} This time: {_times(*time, agenda.zone, twelve)}.",
        rest=f"{others} other{'s' if others != 1 else ''} that day." if others else "Nothing else that day.",
    )


def _times(start: datetime, end: datetime, zone: ZoneInfo, twelve: bool) -> str:
    first, last = (wording.clock_text(moment, zone, twelve=twelve) for moment in (start, end))
    return f"{first} to {last}"


def _is_on(one: Appointment, day: date, zone: ZoneInfo) -> bool:
    first, last = clock.day_bounds(day, zone)
    return one.start < last and one.end > first


def _segment(one: Appointment, time: Interval) -> tuple[str, datetime, datetime]:
    overlaps = one.start < time[1] and one.end > time[0]
    return HALF if overlaps else "mine", one.start, one.end


# --- What became of a proposal --------------------------------------------------------------------------------------


def settled_words(proposal: Proposal, appointment: Appointment, viewer: Role, *, other: str, now: datetime) -> Phrase:
    """What became of a proposal that can't be answered any more, and how the appointment stands now."""
    is_own = proposal.side is viewer
    proposer, answerer = ("You", other) if is_own else (other, "You")
    state = ProposalState.LAPSED if proposal.is_open else ProposalState(proposal.state)
    happened = {
        ProposalState.ACCEPTED: f"{answerer} accepted the new time.",
        ProposalState.DECLINED: f"{answerer} kept the original time.",
        ProposalState.WITHDRAWN: f"{proposer} took the new time back.",
        ProposalState.LAPSED: "Nobody answered by {}.",
        ProposalState.REPLACED: "Another time was proposed instead.",
        ProposalState.ENDED: "The appointment has changed since.",
    }[state]
    values: list[datetime | str] = [proposal.answer_by] if state is ProposalState.LAPSED else []
    if not appointment.is_open or appointment.is_unanswered(now):
        return Phrase(f"{happened} {{}}.", (*values, state_label(appointment, viewer, now=now).label))
    stays = "The original time stays" if appointment.start == proposal.old_start else "It is now"
    return Phrase(f"{happened} {stays}: {{}}.", (*values, appointment.start))
