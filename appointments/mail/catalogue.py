"""The catalogue of mails about appointments: for each event and side a kind, words and a calendar part.

A hopeful mail (request, confirmation, new time) is not sent once a later event has overtaken it, for that event has a
mail of its own; a mail about an end (declined, withdrawn, cancelled, expired) is sent however late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet

from appointments.models import Appointment, AppointmentEvent, Offer
from appointments.queries.fair_use import late_cancellation_of, number_of
from appointments.queries.join_links import missing_links
from appointments.queries.offers import live_offers_instead_of
from appointments.rules.fair_use import counts_until, is_late
from appointments.services.follows import KINDS, TOLD, kind_of
from appointments.services.join_links import promise_links
from appointments.states import Role, Verb
from core import clock
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import CalendarPart, Mail, Reader
from notifications.models import Kind

from . import ics, letters
from .context import HOPEFUL, Late, MailContext, SharedContext
from .several import about_several
from .words import confirmations, endings, requests, times
from .words.base import Words
from .words.late import with_standing

# What is only said, of a new time or of coming: the appointment stays as every earlier mail tells it.
TALK = {Verb.PROPOSE, Verb.DECLINE_TIME, Verb.WITHDRAW_TIME, Verb.LAPSE, Verb.COME}
# By these an appointment enters a calendar, or its entry changes: several dates of a series in one file.
AGREES = {Verb.BOOK, Verb.ACCEPT, Verb.MOVE}
OVERTAKES = TOLD - TALK
# What a provider does to an appointment instead of which they may offer other times.
CALLED_OFF = {Verb.CANCEL, Verb.DECLINE}
CAN_BE_OVERTAKEN = HOPEFUL | TALK


class EventMail(Mail):
    """The mail that tells one side about one event."""

    def __init__(self, context: MailContext, *, key: str = "", sort: "Sort | None" = None) -> None:
        self.context = context
        self.sort = sort or _sort(context)
        self.key = key or f"appointment-event:{context.event.pk}:{context.side.value}"
        self.kind = sort.kind if sort else kind_of([context.event], context.side)
        self.reader = Reader.of(context.reader)
        self.about = context.appointment.reference
        self.counterpart = context.other_user
        self.matters_at = context.matters_at

    def stale_because(self, now: datetime) -> str:
        [reason] = stale_reasons([self.context.event], now=now)
        return reason

    def promise(self) -> None:
        _promise_links([self.context])

    def letter(self) -> Letter:
        return letters.about_one(self.context, with_standing(self.context, self.sort.words(self.context)))

    def calendars(self) -> tuple[CalendarPart, ...]:
        return self.sort.calendars(self.context)


class LinkMail(EventMail):
    """The mail with a new link. It never becomes untrue while it waits."""

    def stale_because(self, now: datetime) -> str:
        return ""


class EventsMail(Mail):
    """The mail that tells one side about several events of one act. What is no longer true when it leaves is left out.

    Where one event is left, it reads like the mail about that event.
    """

    def __init__(self, contexts: Sequence[MailContext]) -> None:
        self.contexts = contexts
        self._tell(contexts)
        shared = SharedContext(contexts)
        # An event has one reader on each side and belongs to one act.
        first = min(context.event.pk for context in contexts)
        self.key = f"appointment-events:{first}:{shared.first.side.value}"
        self.kind = kind_of([context.event for context in contexts], shared.first.side)
        self.reader = Reader.of(shared.first.reader)
        self.counterpart = shared.first.other_user if shared.with_one else None
        self.matters_at = min((at for one in contexts if (at := one.matters_at)), default=None)

    def _tell(self, contexts: Sequence[MailContext]) -> None:
        self.told = contexts
        self.mentions = tuple(dict.fromkeys(context.appointment.reference for context in contexts))

    def stale_because(self, now: datetime) -> str:
        reasons = stale_reasons([context.event for context in self.contexts], now=now)
        true = [context for context, reason in zip(self.contexts, reasons, strict=True) if not reason]
        self._tell(true or self.contexts)
        return "" if true else "; ".join(dict.fromkeys(reasons))

    def promise(self) -> None:
        _promise_links(self.told)

    def letter(self) -> Letter:
        shared = SharedContext(self.told)
        said = [_sort(context).words(context) for context in shared.contexts]
        if shared.count == 1:
            return letters.about_one(shared.first, with_standing(shared.first, said[0]))
        return about_several(shared, said)

    def calendars(self) -> tuple[CalendarPart, ...]:
        shared = SharedContext(self.told)
        agreed = [context for context in shared.contexts if context.event.verb in AGREES]
        if shared.series and len(agreed) > 1:
            entries = [context.event.appointment for context in agreed]
            return (CalendarPart("PUBLISH", ics.series_ics(entries, shared.first.side), "series"),)
        return tuple(part for context in shared.contexts for part in _sort(context).calendars(context))


@catalogue.mail("appointments.event")
def event_mail(*, event: int, to: str) -> Mail | None:
    """The mail about an event to one side, or None where the event's row was deleted."""
    contexts = _contexts([event], Role(to))
    return EventMail(contexts[0]) if contexts else None


@catalogue.mail("appointments.events")
def events_mail(*, events: list[int], to: str) -> Mail | None:
    """The mail about several events of one act to their one reader on that side."""
    contexts = _contexts(events, Role(to))
    return EventsMail(contexts) if contexts else None


@catalogue.mail("appointments.link")
def link_mail(*, appointment: int, to: str, day: str) -> Mail | None:
    """The mail with a new link to an appointment for one side, at most one a day."""
    event = events_with_people().filter(appointment=appointment).exclude(verb__in=TALK).first()
    if event is None:
        return None
    key = f"appointment-link:{appointment}:{to}:{day}"
    return LinkMail(MailContext(event, Role(to), now=clock.now()), key=key, sort=NEW_LINK)


def stale_reasons(events: Sequence[AppointmentEvent], *, now: datetime) -> list[str]:
    """For each event the reason why a mail about it would mislead now, else empty. One query where any may."""
    concerned = [event.appointment_id for event in events if event.verb in CAN_BE_OVERTAKEN]
    told = AppointmentEvent.objects.filter(appointment__in=concerned, verb__in=OVERTAKES).order_by()
    last = dict(told.values_list("appointment").annotate(Max("pk"))) if concerned else {}
    return [_stale_because(event, last=last.get(event.appointment_id, event.pk), now=now) for event in events]


def _stale_because(event: AppointmentEvent, *, last: int, now: datetime) -> str:
    """The reason for one event; `last` is the last of its appointment's events that overtakes those before it."""
    if event.verb not in CAN_BE_OVERTAKEN:
        return ""
    if last > event.pk:
        return "a later event has a mail of its own"
    if event.verb == Verb.PROPOSE and not (event.proposal and event.proposal.is_live(now)):
        return "the new time can no longer be answered"
    if event.appointment.is_unanswered(now):
        return "the time to answer is over"
    return "the appointment is over" if event.appointment.end <= now else ""


def _contexts(events: list[int], side: Role) -> list[MailContext]:
    """The contexts for one side of these events, all of one act."""
    found, now = list(events_with_people().filter(pk__in=events).order_by("pk")), clock.now()
    late, offers = _late(found, side), _offers(found, side, now)
    links = missing_links([event.appointment for event in found], now=now)
    return [
        MailContext(
            event,
            side,
            now=now,
            late=late,
            offers=offers.get(event.appointment_id, ()),
            link_follows=event.appointment_id in links and links[event.appointment_id].is_coming,
        )
        for event in found
    ]


def _promise_links(contexts: Sequence[MailContext]) -> None:
    """Note of which of these appointments the customer reads that the link to join follows, and let no other say so."""
    by_provider: dict[int, list[MailContext]] = {}
    for context in contexts:
        if context.says_link_follows:
            by_provider.setdefault(context.provider.pk, []).append(context)
    for some in by_provider.values():
        true = promise_links([context.event.appointment for context in some])
        for context in some:
            context.link_follows = context.event.appointment_id in true


def _offers(events: Sequence[AppointmentEvent], side: Role, now: datetime) -> Mapping[int, Sequence[Offer]]:
    """The times that a customer can take instead of what the provider called off, by appointment.

    No query for other events and for providers, else one.
    """
    called_off = [event.appointment_id for event in events if event.verb in CALLED_OFF and event.role == Role.PROVIDER]
    return live_offers_instead_of(called_off, now=now) if called_off and side is Role.CUSTOMER else {}


def _late(events: Sequence[AppointmentEvent], side: Role) -> Late | None:
    """What the act counted as for its reader: None for the other side, and where it was in time or is forgiven.

    No query where nobody of that side cancelled late, else two.
    """
    cancelled = [event for event in events if event.verb == Verb.CANCEL and event.role == side]
    if not any(is_late(event.start, event.at) for event in cancelled):
        return None
    noted = late_cancellation_of(cancelled[0])
    return Late(number_of(noted), counts_until(noted.at)) if noted else None


def events_with_people() -> QuerySet[AppointmentEvent]:
    """The history entries with all that a `MailContext` needs, newest first."""
    joined = ("provider__user", "provider__policy", "service", "customer", "series")
    return AppointmentEvent.objects.select_related("proposal", *(f"appointment__{name}" for name in joined))


Write = Callable[[MailContext], Words]
Calendar = Callable[[Appointment, Role], CalendarPart]
Row = tuple[Write, Calendar | None]


@dataclass(frozen=True, slots=True)
class Sort:
    """A row of the table of mails: its kind, the function that writes its words, and its calendar part, if any."""

    kind: Kind
    words: Write
    calendar: Calendar | None = None

    def calendars(self, context: MailContext) -> tuple[CalendarPart, ...]:
        return (self.calendar(context.event.appointment, context.side),) if self.calendar else ()


def _sort(context: MailContext) -> Sort:
    return MAILS[Verb(context.event.verb), context.side]


def _for_both(verb: Verb, words: Write, calendar: Calendar | None = None) -> dict[tuple[Verb, Role], Row]:
    return {(verb, side): (words, calendar) for side in (Role.CUSTOMER, Role.PROVIDER)}


NEW_LINK = Sort(Kind.LINK, requests.new_link)
_INVITE, _CANCEL = ics.invitation, ics.cancellation
# Each with its words, and its calendar part where it has one.
_TABLE: dict[tuple[Verb, Role], Row] = {
    (Verb.REQUEST, Role.CUSTOMER): (requests.request_sent, None),
    (Verb.REQUEST, Role.PROVIDER): (requests.answer_needed, None),
    (Verb.BOOK, Role.CUSTOMER): (confirmations.booked, _INVITE),
    (Verb.BOOK, Role.PROVIDER): (confirmations.new_appointment, _INVITE),
    (Verb.ACCEPT, Role.CUSTOMER): (confirmations.accepted, _INVITE),
    (Verb.ACCEPT, Role.PROVIDER): (confirmations.accepted_by_you, _INVITE),
    (Verb.DECLINE, Role.CUSTOMER): (endings.not_confirmed, None),
    (Verb.DECLINE, Role.PROVIDER): (endings.declined_by_you, None),
    (Verb.WITHDRAW, Role.CUSTOMER): (endings.withdrawn_by_customer, None),
    (Verb.WITHDRAW, Role.PROVIDER): (endings.withdrawn, None),
    (Verb.EXPIRE, Role.CUSTOMER): (endings.unanswered, None),
    (Verb.EXPIRE, Role.PROVIDER): (endings.expired, None),
    (Verb.CANCEL, Role.CUSTOMER): (endings.cancelled_for_customer, _CANCEL),
    (Verb.CANCEL, Role.PROVIDER): (endings.cancelled_for_provider, _CANCEL),
    **_for_both(Verb.PROPOSE, times.proposed),
    **_for_both(Verb.MOVE, times.rescheduled, _INVITE),
    **_for_both(Verb.DECLINE_TIME, times.time_declined),
    **_for_both(Verb.WITHDRAW_TIME, times.time_withdrawn),
    **_for_both(Verb.LAPSE, times.time_lapsed),
}
MAILS = {(verb, side): Sort(KINDS[verb][side], *row) for (verb, side), row in _TABLE.items()}
