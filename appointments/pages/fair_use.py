"""A person's late cancellations as their page shows them: what counts, until when, and what one more would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.queries.fair_use import Act, Ended
from appointments.rules.fair_use import COUNTED_FOR, LATE_WITHIN, LIMIT, Consequence, consequence, counting
from appointments.rules.moves import CORRECTED_WITHIN
from appointments.states import Role
from core.wording import date_text, local, words_for_minutes
from providers.models import BookingPolicy

from .consequences import ORDINALS, ordinal

# The drawing reaches this far beyond the days that count, before and after now.
MARGIN = timedelta(days=10)
WIDTH, LANE = 720, 16
OWN_PAGES = {Role.CUSTOMER: "my_appointment", Role.PROVIDER: "studio_appointment"}


@dataclass(frozen=True, slots=True)
class Row:
    """A late cancellation: what was cancelled and with whom, how long before its start, and whether it counts.

    `others` is how many more the same act cancelled late. `counts_until` is given while it counts; otherwise one of
    `forgiven_at`, `banned_at` (evidence of a suspension of that moment) and `counted_until`.
    """

    title: str
    address: str
    others: int
    at: datetime
    before_start: timedelta | None
    counts_until: datetime | None = None
    forgiven_at: datetime | None = None
    banned_at: datetime | None = None
    counted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """The days for which a late cancellation counts, in the units of the drawing."""

    x: int
    y: int
    width: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The days that count on a line, with now in its middle; `words` say the same."""

    first: datetime
    last: datetime
    bars: Sequence[Bar]
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Record:
    """How a person stands by their late cancellations. `next` is what one more would count as now."""

    rows: Sequence[Row]
    used: int
    next: Consequence
    oldest: datetime | None
    drawing: Drawing | None
    limit: int = LIMIT

    @property
    def next_in_words(self) -> str:
        return ordinal(self.next.number)


def record_of(acts: Sequence[Act], *, zone: ZoneInfo, now: datetime) -> Record:
    moments = [act.late.at for act in acts if _may_count(act)]
    counted = counting(moments, now)
    return Record(
        rows=[row_of(act, now=now) for act in acts],
        used=len(counted),
        next=consequence([now], moments, now),
        oldest=counted[0] if counted else None,
        drawing=_drawing(acts, zone=zone, now=now),
    )


def row_of(act: Act, *, now: datetime) -> Row:
    late = act.late
    until = late.at + COUNTED_FOR
    first = act.events[0] if act.events else None
    title, address = "An appointment", ""
    if first is not None:
        appointment, is_customers = first.appointment, first.role == Role.CUSTOMER
        whom = appointment.provider.name if is_customers else appointment.customer.name
        title = f"{appointment.service.name}, {whom}"
        address = reverse(OWN_PAGES[Role(first.role)], args=[appointment.reference])
    return Row(
        title=title,
        address=address,
        others=max(len(act.events) - 1, 0),
        at=late.at,
        before_start=act.before_start,
        counts_until=until if _may_count(act) and now <= until else None,
        forgiven_at=late.forgiven_at,
        banned_at=late.ban.since if late.ban and not late.forgiven_at else None,
        counted_until=until if _may_count(act) and now > until else None,
    )


def figures() -> dict[str, str]:
    """The figures of the rules in words. That of no-shows is a new provider's, who may change it."""
    no_shows = BookingPolicy().no_show_limit
    return {
        "late_within": words_for_minutes(LATE_WITHIN // timedelta(minutes=1)),
        "counted_for": words_for_minutes(COUNTED_FOR // timedelta(minutes=1)),
        "limit": str(LIMIT),
        "limit_in_order": _in_order(LIMIT),
        "no_shows_in_order": _in_order(no_shows) if no_shows else "",
        "corrected_within": words_for_minutes(CORRECTED_WITHIN // timedelta(minutes=1)),
    }


def _in_order(number: int) -> str:
    return ORDINALS.get(number, ordinal(number))


def ended_words(ended: Ended) -> str:
    """What a ban ended, as its person reads it; no side of it counts as a late cancellation."""
    parts = []
    if ended.appointments:
        parts.append(_counted(ended.appointments, "upcoming appointment", "was cancelled", "were cancelled"))
    if ended.requests:
        parts.append(_counted(ended.requests, "open request", "has ended", "have ended"))
    if not parts:
        return "You had no upcoming appointments."
    text = " and ".join(parts)
    whom = "the other side" if ended.appointments + ended.requests == 1 else "the other side of each"
    return f"{text[0].upper()}{text[1:]}. It counts for nobody, and {whom} was told once."


def _counted(number: int, thing: str, one: str, many: str) -> str:
    return f"your {thing} {one}" if number == 1 else f"your {number} {thing}s {many}"


def _may_count(act: Act) -> bool:
    return act.late.forgiven_at is None and act.late.ban_id is None


def _drawing(acts: Sequence[Act], *, zone: ZoneInfo, now: datetime) -> Drawing | None:
    """The drawing of those that count or counted lately; None where there is none of them."""
    first, last = now - COUNTED_FOR - MARGIN, now + COUNTED_FOR + MARGIN
    shown = [act.late.at for act in reversed(acts) if _may_count(act) and act.late.at + COUNTED_FOR > first]
    if not shown:
        return None
    lanes: list[datetime] = []  # when each lane is free again
    placed = []
    for at in shown:
        lane = next((n for n, free in enumerate(lanes) if free < at), len(lanes))
        lanes[lane : lane + 1] = [at + COUNTED_FOR]
        placed.append((at, lane))

    def x(moment: datetime) -> int:
        return round(min(max((moment - first) / (last - first), 0), 1) * WIDTH)

    top = (LANE + 2) // 2 + 3 if len(lanes) == 1 else 3  # a single one lies on the line
    bars = [
        Bar(x(at), top + lane * LANE, x(at + COUNTED_FOR) - x(at), counts=now - at <= COUNTED_FOR)
        for at, lane in placed
    ]

    def day(moment: datetime) -> str:
        return date_text(local(moment, zone).date())

    said = [
        f"The one of {day(at)} {'counts' if now - at <= COUNTED_FOR else 'counted'} until {day(at + COUNTED_FOR)}."
        for at in shown
    ]
    words = f"From {day(first)} to {day(last)}. {' '.join(said)}"
    return Drawing(first, last, bars, max(len(lanes), 2) * LANE + 2, words)
