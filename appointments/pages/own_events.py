"""What the pages of own events show, from rows in hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.models import User
from appointments.models import Offer, OwnEvent
from appointments.rules.own_events import MOST_DATES, Details, last_day, rule_of
from appointments.rules.recurrence import Rule, expand
from appointments.rules.time_off import Claim
from appointments.states import Role
from core import clock
from core.wording import date_text, range_text

from .labels import PROPOSED, Label, state_label
from .recurrence import how_often, without_words
from .studio.time_off import span_words

LONGEST_PART = 80


@dataclass(frozen=True, slots=True)
class Row:
    """An event in the list: when it is, in words, and whether it is on now."""

    event: OwnEvent
    words: str
    is_on: bool
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """Something that an event would lie over: whose it is, for what, when, and its own page."""

    claim: Claim
    name: str
    service: str
    words: str
    label: Label
    address: str

    @property
    def start(self) -> datetime:
        return self.claim.start


def rows_of(events: Iterable[OwnEvent], zone: ZoneInfo, *, now: datetime, twelve: bool) -> list[Row]:
    """The events as a list shows them."""
    return [
        Row(each, when_words(each, zone, twelve=twelve), each.start <= now < each.end, repeats_words(rule_of(each)))
        for each in events
    ]


def repeats_words(rule: Rule | None) -> str:
    """How an event repeats: "Every Thursday until Thu 24 December"; empty for one that does not."""
    if rule is None:
        return ""
    return f"{how_often(rule.frequency, rule.wall.date())} until {date_text(last_day(rule), year=True)}"


def dates_words(rule: Rule | None, dates: int) -> str:
    """On how many dates an event stands: "Every Thursday, 12 dates."; empty for one that does not repeat."""
    if rule is None or dates < 2:
        return ""
    without = without_words(rule, expand(rule, most=MOST_DATES).without, none="nothing stands there")
    return f"{how_often(rule.frequency, rule.wall.date())}, {dates} dates. {without}".strip()


def when_words(event: OwnEvent | Details, zone: ZoneInfo, *, twelve: bool) -> str:
    """When an event is: its dates where it was given as whole ones and still covers them, else its two moments."""
    if event.is_all_day:
        return span_words(event.start, event.end, zone, twelve=twelve)
    return range_text(event.start, event.end, zone, twelve=twelve)


def inside_of(claims: Iterable[Claim], reader: User, zone: ZoneInfo, *, now: datetime, twelve: bool) -> list[Inside]:
    """What an event would lie over, as its owner reads it, who may be on either side."""
    return [_inside(claim, reader, zone, now, twelve) for claim in claims]


def _inside(claim: Claim, reader: User, zone: ZoneInfo, now: datetime, twelve: bool) -> Inside:
    one = claim.appointment
    side = Role.CUSTOMER if one.customer_id == reader.pk else Role.PROVIDER
    page = "my_appointment" if side is Role.CUSTOMER else "studio_appointment"
    return Inside(
        claim=claim,
        name=one.provider.name if side is Role.CUSTOMER else one.customer.name,
        service=one.service.name,
        words=range_text(claim.start, claim.end, zone, twelve=twelve),
        label=PROPOSED if claim.proposed else state_label(one, side, now=now),
        address=reverse(page, args=[one.reference]),
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """A time that an event would close and that is offered to somebody: to whom, for what, and when."""

    offer: Offer
    words: str


def offered_of(offers: Iterable[Offer], zone: ZoneInfo, *, twelve: bool) -> list[Offered]:
    """The offered times that an event would take back."""
    return [Offered(each, range_text(each.start, each.booked_until, zone, twelve=twelve)) for each in offers]


def shown_field(claims: Iterable[Claim], offers: Iterable[Offer]) -> str:
    """What a page shows that an event lies over, for its form to send back."""
    agreed = [f"{claim.appointment.reference}:{claim.appointment.as_shown}" for claim in claims]
    return " ".join(agreed + [f"{each.uuid}:" for each in offers])


def saved_now(event: OwnEvent, zone: ZoneInfo, *, twelve: bool) -> list[tuple[str, str]]:
    """What stands now, as labels and values, for whoever typed something else."""
    return [
        ("Title", event.name),
        ("When", when_words(event, zone, twelve=twelve)),
        ("Place", event.place),
        ("Description", _short(event.description)),
        ("Takes time", "No" if event.is_free else "Yes"),
    ]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PART else f"{text[:LONGEST_PART]}…"


def covered_dates(event: OwnEvent, zone: ZoneInfo) -> tuple[date, date] | None:
    """The first and last date that a whole-day event covers in this zone; None for any other."""
    first, last = clock.local(event.start, zone).date(), clock.local(event.end - clock.ONE_SECOND, zone).date()
    is_whole = event.start == clock.day_bounds(first, zone)[0] and event.end == clock.day_bounds(last, zone)[1]
    return (first, last) if event.is_all_day and is_whole else None


def lies_over_words(rows: Sequence[Inside]) -> str:
    """The end of the message after saving: what an event lies over and nothing became of."""
    if not rows:
        return ""
    if len(rows) == 1:
        return f"{rows[0].service} with {rows[0].name} stays as it is."
    return f"The {len(rows)} appointments that it lies over stay as they are."
