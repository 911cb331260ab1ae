"""Requests on the provider's pages: the customer, their visits so far, and how the time fits the provider's day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Appointment, AppointmentEvent
from appointments.queries.agenda import Agenda
from appointments.states import Role, Status, Verb
from core import clock, wording

from .no_shows import no_shows_text
from .today import Line, Segment, line_of

SOON = timedelta(hours=1)
# The kind of the segment of the request itself, drawn stronger than other requests of the day.
THIS = "requested this"


def is_soon(one: Appointment, now: datetime) -> bool:
    """Whether it is a request whose time to answer is over within the hour."""
    return one.is_request and (one.answer_by or one.start) - now <= SOON


def waiting_words(count: int) -> str:
    """The sentence "1 request waits for your answer."."""
    if not count:
        return "No requests are waiting."
    return f"{count} request{'s wait' if count != 1 else ' waits'} for your answer."


def history_words(visits: int, no_shows: int, late: int) -> str:
    """A customer's past in words: "First visit", "6 visits, always kept", "2 visits, 1 no-show, 1 late cancellation".

    `late` counts what the customer cancelled late, not the provider.
    """
    broken = [no_shows_text(no_shows)] if no_shows else []
    broken += [f"{late} late cancellation{'s' if late != 1 else ''}"] if late else []
    if not visits:
        return ", ".join(["No visit yet", *broken]) if broken else "First visit"
    return ", ".join([f"{visits} visit{'s' if visits != 1 else ''}", *(broken or ["always kept"])])


@dataclass(frozen=True, slots=True)
class Fit:
    """The provider's day around a request, as a line and in words."""

    segments: list[Segment]
    opens: datetime
    closes: datetime
    words: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A waiting request. `deadline` is short: "13:20" today, "Thu 10:00" in the next days, else with the date."""

    appointment: Appointment
    history: str
    is_soon: bool
    deadline: str
    fit: Fit | None = None


def cards_of(rows: Iterable[RequestRow]) -> list[list[RequestRow]]:
    """The rows that share a card: the dates of a series together, at the place of the first, and all others alone."""
    cards: dict[object, list[RequestRow]] = {}
    for row in rows:
        one = row.appointment
        cards.setdefault(("series", one.series_id) if one.series_id else ("one", one.pk), []).append(row)
    return list(cards.values())


def plain_rows(
    zone: ZoneInfo, appointments: list[Appointment], *, now: datetime, twelve: bool = False
) -> list[RequestRow]:
    """Rows without the day's line, with times in `zone`."""
    return [_row(one, zone, now, twelve) for one in appointments]


def days_of(appointments: list[Appointment], zone: ZoneInfo) -> list[date]:
    """The dates in `zone` on which the appointments start; the agenda for `rows_with_fit` must cover them."""
    return [clock.local(one.start, zone).date() for one in appointments]


def rows_with_fit(
    agenda: Agenda, appointments: list[Appointment], *, now: datetime, twelve: bool = False
) -> list[RequestRow]:
    """Rows with the line of the day on which each request starts. `agenda` covers `days_of(appointments)`."""
    zone = agenda.zone
    days = days_of(appointments, zone)
    lines = {day: line_of(agenda, day, now=now, twelve=twelve) for day in set(days)}
    return [
        _row(one, zone, now, twelve, _fit(lines[day], one, zone, twelve))
        for one, day in zip(appointments, days, strict=True)
    ]


def _fit(line: Line, one: Appointment, zone: ZoneInfo, twelve: bool) -> Fit:
    asked = f"It asks for {wording.range_text(one.start, one.end, zone, twelve=twelve)}."
    return Fit(
        segments=[*line.segments(without=one), (THIS, one.start, one.end)],
        opens=line.opens,
        closes=line.closes,
        words=f"{line.words(without=one)} {asked}",
    )


def _row(one: Appointment, zone: ZoneInfo, now: datetime, twelve: bool, fit: Fit | None = None) -> RequestRow:
    deadline = one.answer_by or one.start
    return RequestRow(
        appointment=one,
        history=history_words(one.visits, one.no_shows, one.late),  # type: ignore[attr-defined]
        is_soon=is_soon(one, now),
        deadline=_short(deadline, zone, now, twelve),
        fit=fit,
    )


def _short(deadline: datetime, zone: ZoneInfo, now: datetime, twelve: bool) -> str:
    day, time = clock.local(deadline, zone).date(), wording.clock_text(deadline, zone, twelve=twelve)
    days = (day - clock.local(now, zone).date()).days
    if days == 0:
        return time
    return f"{wording.date_part(day, 'D')} {time}" if days < 7 else wording.moment_text(deadline, zone, twelve=twelve)


# --- Too late -------------------------------------------------------------------------------------------------------


def refusal_words(
    appointment: Appointment, last: AppointmentEvent | None, refusal: str, *, now: datetime, twelve: bool = False
) -> str:
    """The sentence why an act was refused, with who was faster and when: "Hugo withdrew this a minute ago.", "You
    declined Hugo’s request a minute ago."; `refusal` itself where nobody was faster."""
    name, zone = appointment.customer.first_name, appointment.provider.zone
    if appointment.is_unanswered(now) or appointment.status == Status.EXPIRED:
        deadline = wording.moment_text(appointment.answer_by or appointment.start, zone, twelve=twelve)
        return f"{name}’s request expired at {deadline}, before it was answered."
    done = {Verb.WITHDRAW: "withdrew", Verb.CANCEL: "cancelled", Verb.DECLINE: "declined"}
    if last is None or last.verb not in done or last.to_status != appointment.status:
        return refusal
    who = {Role.CUSTOMER: name, Role.PROVIDER: "You", Role.STAFF: "Our team"}.get(Role(last.role))
    if who is None:
        return refusal
    what = "this" if who == name else f"{name}’s {'appointment' if last.verb == Verb.CANCEL else 'request'}"
    return f"{who} {done[Verb(last.verb)]} {what} {ago_words(last.at, appointment, now, twelve)}."


def ago_words(at: datetime, appointment: Appointment, now: datetime, twelve: bool) -> str:
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 2:
        return "a minute ago"
    if minutes < 60:
        return f"{minutes} minutes ago"
    return f"on {wording.moment_text(at, appointment.provider.zone, twelve=twelve)}"
