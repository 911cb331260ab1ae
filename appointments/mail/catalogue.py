"""The catalogue of mails about appointments: for each event and side a kind, words and a calendar part.

A hopeful mail (request, confirmation) is not sent once a later event has overtaken it, for that event has a mail of its
own; a mail about an end (declined, withdrawn, cancelled, expired) is sent however late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote as quote_url

from django.conf import settings
from django.db.models import QuerySet

from appointments.models import Appointment, AppointmentEvent
from appointments.services.follows import TOLD
from appointments.states import Role, Verb
from core import clock
from core.letters import Fact, Leaf, Letter, Mailbox, Quote
from core.money import price_words
from core.wording import duration_text
from notifications import catalogue
from notifications.catalogue import CalendarPart, Mail, Reader
from notifications.models import Kind
from notifications.text import many_lines, one_line

from . import ics
from .context import MailContext
from .words import confirmations, endings, requests
from .words.base import Words

HOPEFUL = {Verb.REQUEST, Verb.BOOK, Verb.ACCEPT}
TEMPLATE = "appointments/emails/appointment"


class EventMail(Mail):
    """The mail that tells one side about one event."""

    def __init__(self, context: MailContext, *, key: str = "", sort: "Sort | None" = None) -> None:
        self.context = context
        self.sort = sort or MAILS[Verb(context.event.verb), context.side]
        self.key = key or f"appointment-event:{context.event.pk}:{context.side.value}"
        self.kind = self.sort.kind
        self.reader = Reader.of(context.reader)
        self.about = context.appointment.reference
        self.counterpart = context.other_user

    def stale_because(self, now: datetime) -> str:
        return stale_because(self.context.event, now=now)

    def letter(self) -> Letter:
        return compose(self.context, self.sort.words(self.context))

    def calendar(self) -> CalendarPart | None:
        event = self.context.event
        return self.sort.calendar(event.appointment, self.context.side) if self.sort.calendar else None


class LinkMail(EventMail):
    """The mail with a new link. It never becomes untrue while it waits."""

    def stale_because(self, now: datetime) -> str:
        return ""


@catalogue.mail("appointments.event")
def event_mail(*, event: int, to: str) -> Mail | None:
    """The mail about an event to one side, or None where the event's row was deleted."""
    found = _events().filter(pk=event).first()
    return EventMail(MailContext(found, Role(to), now=clock.now())) if found else None


@catalogue.mail("appointments.link")
def link_mail(*, appointment: int, to: str, day: str) -> Mail | None:
    """The mail with a new link to an appointment for one side, at most one a day."""
    event = _events().filter(appointment=appointment).first()
    if event is None:
        return None
    key = f"appointment-link:{appointment}:{to}:{day}"
    return LinkMail(MailContext(event, Role(to), now=clock.now()), key=key, sort=NEW_LINK)


def stale_because(event: AppointmentEvent, *, now: datetime) -> str:
    """The reason why a mail about `event` would mislead now, else empty. One query for a hopeful event, else none."""
    if event.verb not in HOPEFUL:
        return ""
    appointment = event.appointment
    if AppointmentEvent.objects.filter(appointment=appointment, verb__in=TOLD, pk__gt=event.pk).exists():
        return "a later event has a mail of its own"
    if appointment.is_unanswered(now):
        return "the time to answer is over"
    return "the appointment is over" if appointment.end <= now else ""


def _events() -> QuerySet[AppointmentEvent]:
    joined = ("provider__user", "provider__policy", "service", "customer")
    return AppointmentEvent.objects.select_related(*(f"appointment__{name}" for name in joined))


@dataclass(frozen=True, slots=True)
class Sort:
    """A row of the table of mails: its kind, the function that writes its words, and its calendar part, if any."""

    kind: Kind
    words: Callable[[MailContext], Words]
    calendar: Callable[[Appointment, Role], CalendarPart] | None = None


def compose(context: MailContext, said: Words) -> Letter:
    """The letter for one side: these words, and around them the facts that all mails about appointments share."""
    place = context.place
    when = context.when
    other = context.other_user
    return Letter(
        subject=said.subject,
        from_name=context.other_name,
        reply_to=Mailbox(other.email, other.name) if context.replies_reach_them else None,
        template=TEMPLATE,
        tone=context.tone,
        badge=context.badge,
        headline=said.headline,
        leaf=Leaf.of(context.start, context.zone),
        when=when,
        preheader=f"{when.line}. {place}." if place else f"{when.line}.",
        lead=said.lead,
        quote=_quote(context),
        button=said.button,
        facts=_facts(context, place),
        after=said.after,
        change=said.change,
        contact=_contact(context),
        why=_why(context),
    )


def _quote(context: MailContext) -> Quote | None:
    """The reason given by the other side, or for the provider the customer's note; None where there is neither."""
    reason = many_lines(context.event.reason)
    if reason and not context.by_reader and context.doer:
        return Quote(f"{context.doer} wrote", reason)
    note = many_lines(context.appointment.note)
    if note and not context.for_customer and context.event.verb in HOPEFUL:
        return Quote(f"{context.other} wrote", note)
    return None


def _facts(context: MailContext, place: str) -> tuple[Fact, ...]:
    appointment = context.appointment
    facts = [Fact("Service", f"{context.service}, {duration_text(context.end - context.start)}")]
    facts += _person_facts(context)
    if place:
        facts.append(Fact("Place", place))
    price = price_words(appointment.price, appointment.currency)
    return (*facts, Fact("Price", price), Fact("Reference", appointment.reference))


def _person_facts(context: MailContext) -> list[Fact]:
    if context.for_customer:
        trade = one_line(context.provider.trade)
        return [Fact("With", f"{context.other_name}, {trade}" if trade else context.other_name)]
    facts = [Fact("Customer", context.other_name)]
    customer = context.other_user
    if not customer.is_active:
        return facts
    facts.append(Fact("Email", customer.email, f"mailto:{quote_url(customer.email, safe='@')}"))
    if customer.phone:
        facts.append(Fact("Phone", customer.phone.as_international, f"tel:{customer.phone.as_e164}"))
    return facts


def _contact(context: MailContext) -> str:
    reached = context.other if context.replies_reach_them else "our team"
    return f"Questions? Reply to this mail; your answer goes to {reached}."


def _why(context: MailContext) -> str:
    asked = "you asked" if context.for_customer else f"{context.other_name} asked"
    with_whom = context.other_name if context.for_customer else "you"
    return f"You get this mail because {asked} for an appointment with {with_whom} on {settings.SITE_NAME}."


NEW_LINK = Sort(Kind.LINK, requests.new_link)
_INVITE, _CANCEL = ics.invitation, ics.cancellation
MAILS: dict[tuple[Verb, Role], Sort] = {
    (Verb.REQUEST, Role.CUSTOMER): Sort(Kind.REQUEST_SENT, requests.request_sent),
    (Verb.REQUEST, Role.PROVIDER): Sort(Kind.ANSWER_NEEDED, requests.answer_needed),
    (Verb.BOOK, Role.CUSTOMER): Sort(Kind.CONFIRMED, confirmations.booked, _INVITE),
    (Verb.BOOK, Role.PROVIDER): Sort(Kind.CONFIRMED, confirmations.new_appointment, _INVITE),
    (Verb.ACCEPT, Role.CUSTOMER): Sort(Kind.CONFIRMED, confirmations.accepted, _INVITE),
    (Verb.ACCEPT, Role.PROVIDER): Sort(Kind.CONFIRMED, confirmations.accepted_by_you, _INVITE),
    (Verb.DECLINE, Role.CUSTOMER): Sort(Kind.NOT_CONFIRMED, endings.not_confirmed),
    (Verb.DECLINE, Role.PROVIDER): Sort(Kind.NOT_CONFIRMED, endings.declined_by_you),
    (Verb.WITHDRAW, Role.CUSTOMER): Sort(Kind.WITHDRAWN, endings.withdrawn_by_customer),
    (Verb.WITHDRAW, Role.PROVIDER): Sort(Kind.WITHDRAWN, endings.withdrawn),
    (Verb.EXPIRE, Role.CUSTOMER): Sort(Kind.NOT_CONFIRMED, endings.unanswered),
    (Verb.EXPIRE, Role.PROVIDER): Sort(Kind.NOT_CONFIRMED, endings.expired),
    (Verb.CANCEL, Role.CUSTOMER): Sort(Kind.CANCELLED, endings.cancelled_for_customer, _CANCEL),
    (Verb.CANCEL, Role.PROVIDER): Sort(Kind.CANCELLED, endings.cancelled_for_provider, _CANCEL),
}
