"""Requests as the provider reads them: who asks, how often they came, and how the time fits their day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce

from appointments.models import Appointment, AppointmentEvent
from appointments.states import Role, Status, Verb
from core import clock, wording
from core.compiled_queries import prepared
from providers.models import Provider

from .agenda import load_agenda
from .today import line_words, segments_of, visible_day

SOON = timedelta(hours=1)
SHORT_LIST = 4
# Drawn stronger than the other requests of the day.
THIS = "requested this"


def waiting_for(provider: Provider, *, now: datetime) -> QuerySet[Appointment]:
    """What can still be answered, soonest deadline first, with `visits` and `no_shows` of who asks."""
    return _waiting(provider.pk, now)


def _waiting(provider_id: int, now: datetime) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(provider=provider_id, status=Status.REQUESTED, answer_by__gt=now)
    return with_history(rows).select_related("customer", "service").order_by("answer_by", "start", "id")


def waiting_count(provider: Provider, *, now: datetime) -> int:
    """How many requests wait. One query, answered by an index."""
    rows = Appointment.objects.for_provider(provider).filter(status=Status.REQUESTED, answer_by__gt=now)
    return rows.count()


def waiting_words(count: int) -> str:
    """ "1 request waits for your answer."."""
    if not count:
        return "No requests are waiting."
    return f"{count} request{'s wait' if count != 1 else ' waits'} for your answer."


def asked_of(provider: Provider, references: list[str]) -> list[Appointment]:
    """Those of them that are this provider's, whatever became of them. One query, and none for nothing."""
    if not references:
        return []
    found = list(Appointment.objects.for_provider(provider).filter(reference__in=references).select_related("customer"))
    for one in found:
        one.provider = provider
    return found


def first_waiting(provider: Provider, *, now: datetime) -> tuple[list[Appointment], int]:
    """The most urgent few, and how many wait in all. One query."""
    rows = _first_waiting(provider_id=provider.pk, now=now)
    return rows, getattr(rows[0], "in_all", 0) if rows else 0


@prepared
def _first_waiting(provider_id: int, now: datetime) -> QuerySet[Appointment]:
    return _waiting(provider_id, now).annotate(in_all=Window(Count("pk")))[:SHORT_LIST]


def with_history(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Each row with how often this customer came to this provider (`visits`) and did not (`no_shows`)."""
    return rows.annotate(visits=_how_many(Status.COMPLETED), no_shows=_how_many(Status.NO_SHOW))


def _how_many(status: Status) -> Coalesce:
    theirs = Appointment.objects.filter(provider=OuterRef("provider"), customer=OuterRef("customer"), status=status)
    counted = theirs.order_by().values("customer").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def history_words(visits: int, no_shows: int) -> str:
    """ "First visit", "6 visits, always kept", "2 visits, 1 no-show"."""
    if not visits and not no_shows:
        return "First visit"
    missed = f"{no_shows} no-show{'s' if no_shows != 1 else ''}"
    if not visits:
        return f"No visit yet, {missed}"
    came = f"{visits} visit{'s' if visits != 1 else ''}"
    return f"{came}, {missed if no_shows else 'always kept'}"


@dataclass(frozen=True, slots=True)
class Fit:
    """The day around a request as a line, and in words."""

    segments: list[tuple[str, datetime, datetime]]
    opens: datetime
    closes: datetime
    words: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """`deadline` is short, for a narrow column: "13:20" today, "Thu 10:00" in the next days, else with the date."""

    appointment: Appointment
    history: str
    is_soon: bool
    deadline: str
    fit: Fit | None = None


def plain_rows(
    provider: Provider, appointments: list[Appointment], *, now: datetime, twelve: bool = False
) -> list[RequestRow]:
    """Rows without the line of the day. Asks the database nothing."""
    return [_row(one, provider.zone, now, twelve) for one in appointments]


def rows_with_fit(
    provider: Provider, appointments: list[Appointment], *, now: datetime, twelve: bool = False
) -> list[RequestRow]:
    """Rows with it. Four queries for all of them."""
    zone = provider.zone
    days = {one.pk: clock.local(one.start, zone).date() for one in appointments}
    agenda = load_agenda(provider, days.values(), now=now)
    rows = []
    for one in appointments:
        day = days[one.pk]
        opens, closes = visible_day(agenda, day)
        others = [other for other in agenda.on(day) if other.pk != one.pk]
        words = f"It asks for {wording.range_text(one.start, one.end, zone, twelve=twelve)}."
        fit = Fit(
            segments=[*segments_of(agenda, day, now=now, without=one), (THIS, one.start, one.end)],
            opens=opens,
            closes=closes,
            words=f"{line_words(agenda, day, opens, closes, others, twelve=twelve)} {words}",
        )
        rows.append(_row(one, zone, now, twelve, fit))
    return rows


def _row(one: Appointment, zone: ZoneInfo, now: datetime, twelve: bool, fit: Fit | None = None) -> RequestRow:
    deadline = one.answer_by or one.start
    return RequestRow(
        appointment=one,
        history=history_words(one.visits, one.no_shows),  # type: ignore[attr-defined]
        is_soon=deadline - now <= SOON,
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
    """Why it could not be done, with who was faster and when: "Hugo withdrew this a minute ago.", "You declined Hugo’s
    request a minute ago."."""
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
