"""An appointment as staff read it: its times in every zone that matters, its state, what stands behind its price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appointments.models import Appointment, AppointmentEvent
from appointments.states import Role, Verb
from core import wording
from core.csv_files import text_cell
from core.money import format_money, percent_text
from notifications.models import SentMail
from notifications.models import State as Mailed

from .labels import PROPOSED, Label, live_proposal, state_label
from .places import place_of
from .timeline import FAMILIES, title_of

MAIL_LABELS = {
    Mailed.SENT: Label("Sent", "brand", "check"),
    Mailed.SENDING: Label("Queued", "iris", "send"),
    Mailed.HELD: Label("Held back", "brass", "wait"),
    Mailed.SKIPPED: Label("Not sent", "slate", "x"),
    Mailed.REFUSED: Label("Failed", "ruby", "warn"),
    Mailed.UNCLEAR: Label("Unclear", "brass", "warn"),
}


@dataclass(frozen=True, slots=True)
class Past:
    """A line of the history: what happened, when, by whom, what was said and which rules were overridden."""

    title: str
    family: str
    at: datetime
    by: str
    reason: str
    overridden: list[str]


def badges_for_staff(appointment: Appointment, *, now: datetime) -> list[Label]:
    """The state as neither side's, and the new time that lies over it. Needs both sides and the open proposal."""
    state = state_label(appointment, Role.SYSTEM, now=now)
    return [state, PROPOSED] if live_proposal(appointment, now) else [state]


def mail_label(mail: SentMail) -> Label:
    return MAIL_LABELS[Mailed(mail.state)]


def times_below(appointment: Appointment, zone: str) -> str:
    """The start where it takes place, if that is another clock than the reader's, and in UTC."""
    return ", ".join(_elsewhere(appointment.start, zone, [appointment.provider.time_zone, "UTC"]))


def time_for_customer(appointment: Appointment) -> str:
    """The start in the customer's zone: "Madrid 17:00"."""
    return f"{wording.zone_city(appointment.customer.time_zone)} {_clock(appointment, appointment.customer.time_zone)}"


def times_in_full(start: datetime, end: datetime, zones: dict[str, str]) -> list[str]:
    """The range in each zone, which has its words: "12:00 to 12:30 Madrid time, for Ana"."""
    return [
        f"{wording.range_text(start, end, zone, year=True)}, {_zone(zone)}{f' {words}' if words else ''}"
        for zone, words in zones.items()
    ]


def price_words(appointment: Appointment) -> str:
    """What the price is made of, as it was agreed: the fee and its rate."""
    fee = format_money(appointment.platform_fee, appointment.currency)
    return f"Fee {percent_text(appointment.fee_percent)}, {fee}. As made on {appointment.created_at:%d %b %Y}."


def export_rows(appointments: Sequence[Appointment]) -> list[Sequence[str]]:
    """The rows of staff's file: instants in UTC, prices as numbers beside their currency. Needs both sides."""
    head = ["reference", "state", "start (UTC)", "end (UTC)", "customer", "customer's address", "provider", "service"]
    return [
        [*head, "price", "currency", "platform fee"],
        *(
            [
                one.reference,
                one.get_status_display(),
                wording.iso(one.start, "UTC"),
                wording.iso(one.end, "UTC"),
                text_cell(one.customer.name),
                text_cell(one.customer.known_as),
                text_cell(one.provider.name),
                text_cell(one.service.name),
                str(one.price),
                one.currency,
                str(one.platform_fee),
            ]
            for one in appointments
        ),
    ]


def place_words(appointment: Appointment) -> str:
    return place_of(appointment) or "No place given"


def history_lines(events: Sequence[AppointmentEvent], zone: str) -> list[Past]:
    """The history, newest first, with both times where a time changed. Needs the actors."""
    return [
        Past(
            title=_title(event, zone),
            family="iris" if event.verb == Verb.PROPOSE else FAMILIES.get(event.to_status, "slate"),  # type: ignore[call-overload]
            at=event.at,
            by=_who(event),
            reason=event.reason,
            overridden=event.overridden.splitlines(),
        )
        for event in events
    ]


def _title(event: AppointmentEvent, zone: str) -> str:
    title = title_of(event)
    start = wording.moment_text(event.start, zone)
    if event.to_start is None:
        return f"{title} for {start}"
    return f"{title}: {wording.moment_text(event.to_start, zone)} instead of {start}"


def _who(event: AppointmentEvent) -> str:
    if event.actor is None:
        return "the system"
    return f"{event.actor}{', staff' if event.role == Role.STAFF else ''}"


def _elsewhere(moment: datetime, zone: str, others: Sequence[str]) -> list[str]:
    """The moment in the other zones, each once, with its date where that differs from the first zone's."""
    day, found = wording.local(moment, zone).date(), []
    for other in dict.fromkeys(others):
        there = wording.local(moment, other)
        is_same_clock = other != "UTC" and there.utcoffset() == wording.local(moment, zone).utcoffset()
        if not is_same_clock:
            date = "" if there.date() == day else f"{wording.date_text(there.date())}, "
            city = _zone(other).removesuffix(" time")
            found.append(f"{city} {date}{wording.clock_text(moment, other)}")
    return found


def _zone(name: str) -> str:
    return "UTC" if name == "UTC" else wording.zone_text(name)


def _clock(appointment: Appointment, zone: Any) -> str:
    return wording.clock_text(appointment.start, zone)
