"""What each side is told about each event of an appointment, in words, and whether it is still true when it is sent.

A mail that gives hope (request, confirmation) is not sent any more once a later event overtook it, for that event has a
mail of its own; the end of an appointment (declined, withdrawn, cancelled, expired) is told however late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote as quote_url

from django.conf import settings
from django.db.models import QuerySet

from appointments.models import Appointment, AppointmentEvent
from appointments.services.transitions import TOLD
from appointments.states import Role, Verb
from core import clock
from core.money import price_words
from core.wording import duration_text
from notifications.letters import Fact, Leaf, Letter, Quote
from notifications.models import Kind
from notifications.services import CalendarPart, Job, note_unsent, send_mail
from notifications.text import many_lines, one_line

from . import ics, words
from .context import Scene
from .words import Words

HOPEFUL = {Verb.REQUEST, Verb.BOOK, Verb.ACCEPT}
TOPIC = "appointments.send_mail"
LINK_TOPIC = "appointments.send_link"
TEMPLATE = "appointments/emails/appointment"


def send_event_mail(*, event_id: int, to: Role, again: int = 0) -> None:
    """Tell one side about one event, unless it is no longer true or they have left.

    Raises what `notifications.services.send_mail` raises.
    """
    event = _load(event_id)
    if event is None:
        return
    scene = Scene(event, to, now=clock.now())
    reason = stale_because(event, now=scene.now)
    job = Job(TOPIC, {"event": event.pk, "to": to.value}, again=again)
    same: dict[str, Any] = {
        "to_user": scene.reader,
        "key": f"appointment-event:{event.pk}:{to.value}",
        "about": event.appointment.reference,
        "job": job,
    }
    if reason:
        note_unsent(**same, kind=MAILS[Verb(event.verb), to].kind, reason=reason)
        return
    _send(scene, compose(scene), **same)


def send_link_mail(*, appointment_id: int, to: Role, day: str, again: int = 0) -> None:
    """Mail one side a link that works again, once a `day`. Raises what `notifications.services.send_mail` raises."""
    event = _events().filter(appointment=appointment_id).first()
    if event is None:
        return
    scene = Scene(event, to, now=clock.now())
    _send(
        scene,
        compose(scene, NEW_LINK),
        to_user=scene.reader,
        key=f"appointment-link:{appointment_id}:{to.value}:{day}",
        about=event.appointment.reference,
        job=Job(LINK_TOPIC, {"appointment": appointment_id, "to": to.value, "day": day}, again=again),
    )


def _send(scene: Scene, mail: "Mail", **whom: Any) -> None:
    send_mail(
        **whom,
        kind=mail.kind,
        subject=mail.subject,
        template=TEMPLATE,
        context={"letter": mail.letter},
        calendar=mail.calendar,
        reply_to=scene.other_user if scene.replies_reach_them else None,
        from_name=scene.other_name,
        about_whom=scene.other_user,
    )


def stale_because(event: AppointmentEvent, *, now: datetime) -> str:
    """Why a mail about `event` would mislead now; empty when it may go. One query for a hopeful one, else none."""
    if event.verb not in HOPEFUL:
        return ""
    appointment = event.appointment
    if AppointmentEvent.objects.filter(appointment=appointment, verb__in=TOLD, pk__gt=event.pk).exists():
        return "a later event has a mail of its own"
    if appointment.is_unanswered(now):
        return "the time to answer is over"
    return "the appointment is over" if appointment.end <= now else ""


def _load(event_id: int) -> AppointmentEvent | None:
    return _events().filter(pk=event_id).first()


def _events() -> QuerySet[AppointmentEvent]:
    joined = ("provider__user", "provider__policy", "service", "customer")
    return AppointmentEvent.objects.select_related(*(f"appointment__{name}" for name in joined))


@dataclass(frozen=True, slots=True)
class Mail:
    kind: Kind
    subject: str
    letter: Letter
    calendar: CalendarPart | None


@dataclass(frozen=True, slots=True)
class Sort:
    """A row of the table of mails: its kind, who writes its words, and which calendar part it carries."""

    kind: Kind
    words: Callable[[Scene], Words]
    calendar: Callable[[Appointment, Role], CalendarPart] | None = None


def compose(scene: Scene, sort: Sort | None = None) -> Mail:
    """The whole mail for the scene's side: about its event, unless `sort` is another."""
    sort = sort or MAILS[Verb(scene.event.verb), scene.side]
    said = sort.words(scene)
    place = scene.place
    when = scene.when
    preheader = f"{when.line}. {place}." if place else f"{when.line}."
    letter = Letter(
        tone=scene.tone,
        badge=scene.badge,
        headline=said.headline,
        leaf=Leaf.of(scene.start, scene.zone),
        when=when,
        preheader=preheader,
        lead=said.lead,
        quote=_quote(scene),
        button=said.button,
        facts=_facts(scene, place),
        after=said.after,
        change=said.change,
        contact=_contact(scene),
        why=_why(scene),
    )
    calendar = sort.calendar(scene.event.appointment, scene.side) if sort.calendar else None
    return Mail(sort.kind, said.subject, letter, calendar)


def _quote(scene: Scene) -> Quote | None:
    """The reason given, or for the provider the customer's note; nobody is quoted to themselves."""
    reason = many_lines(scene.event.reason)
    if reason and not scene.by_reader and scene.doer:
        return Quote(f"{scene.doer} wrote", reason)
    note = many_lines(scene.appointment.note)
    if note and not scene.for_customer and scene.event.verb in HOPEFUL:
        return Quote(f"{scene.other} wrote", note)
    return None


def _facts(scene: Scene, place: str) -> tuple[Fact, ...]:
    appointment = scene.appointment
    facts = [Fact("Service", f"{scene.service}, {duration_text(scene.end - scene.start)}")]
    facts += _person_facts(scene)
    if place:
        facts.append(Fact("Place", place))
    price = price_words(appointment.price, appointment.currency)
    return (*facts, Fact("Price", price), Fact("Reference", appointment.reference))


def _person_facts(scene: Scene) -> list[Fact]:
    if scene.for_customer:
        trade = one_line(scene.provider.trade)
        return [Fact("With", f"{scene.other_name}, {trade}" if trade else scene.other_name)]
    facts = [Fact("Customer", scene.other_name)]
    customer = scene.other_user
    if not customer.is_active:
        return facts
    facts.append(Fact("Email", customer.email, f"mailto:{quote_url(customer.email, safe='@')}"))
    if customer.phone:
        facts.append(Fact("Phone", customer.phone.as_international, f"tel:{customer.phone.as_e164}"))
    return facts


def _contact(scene: Scene) -> str:
    reached = scene.other if scene.replies_reach_them else "our team"
    return f"Questions? Reply to this mail; your answer goes to {reached}."


def _why(scene: Scene) -> str:
    asked = "you asked" if scene.for_customer else f"{scene.other_name} asked"
    with_whom = scene.other_name if scene.for_customer else "you"
    return f"You get this mail because {asked} for an appointment with {with_whom} on {settings.SITE_NAME}."


NEW_LINK = Sort(Kind.LINK, words.new_link)
_INVITE, _CANCEL = ics.invitation, ics.cancellation
MAILS: dict[tuple[Verb, Role], Sort] = {
    (Verb.REQUEST, Role.CUSTOMER): Sort(Kind.REQUEST_SENT, words.request_sent),
    (Verb.REQUEST, Role.PROVIDER): Sort(Kind.ANSWER_NEEDED, words.answer_needed),
    (Verb.BOOK, Role.CUSTOMER): Sort(Kind.CONFIRMED, words.booked, _INVITE),
    (Verb.BOOK, Role.PROVIDER): Sort(Kind.CONFIRMED, words.new_appointment, _INVITE),
    (Verb.ACCEPT, Role.CUSTOMER): Sort(Kind.CONFIRMED, words.accepted, _INVITE),
    (Verb.ACCEPT, Role.PROVIDER): Sort(Kind.CONFIRMED, words.accepted_by_you, _INVITE),
    (Verb.DECLINE, Role.CUSTOMER): Sort(Kind.NOT_CONFIRMED, words.not_confirmed),
    (Verb.DECLINE, Role.PROVIDER): Sort(Kind.NOT_CONFIRMED, words.declined_by_you),
    (Verb.WITHDRAW, Role.CUSTOMER): Sort(Kind.WITHDRAWN, words.withdrawn_by_customer),
    (Verb.WITHDRAW, Role.PROVIDER): Sort(Kind.WITHDRAWN, words.withdrawn),
    (Verb.EXPIRE, Role.CUSTOMER): Sort(Kind.NOT_CONFIRMED, words.unanswered),
    (Verb.EXPIRE, Role.PROVIDER): Sort(Kind.NOT_CONFIRMED, words.expired),
    (Verb.CANCEL, Role.CUSTOMER): Sort(Kind.CANCELLED, words.cancelled_for_customer, _CANCEL),
    (Verb.CANCEL, Role.PROVIDER): Sort(Kind.CANCELLED, words.cancelled_for_provider, _CANCEL),
}
