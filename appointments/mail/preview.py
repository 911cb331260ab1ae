"""Previews of all mails about appointments, made from unsaved rows: /styleguide/mails/, for developers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent
from appointments.states import MOVES, Role, Status, Verb
from core.letters import Letter
from notifications.composing import render as drawn
from providers.models import BookingPolicy, Listing, Provider, Service

from .catalogue import MAILS, EventMail
from .context import MailContext

NOW = datetime(2026, 3, 9, 14, 20, tzinfo=UTC)
BEGINNINGS = {Verb.REQUEST: Status.REQUESTED, Verb.BOOK: Status.CONFIRMED}
BY = {Verb.ACCEPT: Role.PROVIDER, Verb.DECLINE: Role.PROVIDER, Verb.EXPIRE: Role.SYSTEM}
NEVER_AGREED = {Status.REQUESTED, Status.DECLINED, Status.EXPIRED}
REASONS = {Verb.DECLINE: "I am at a course that afternoon.", Verb.CANCEL: "I have caught a cold, sorry."}


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The list of all mails with their subjects."""
    rows = [(verb, side, sample(verb, side).subject) for verb, side in MAILS]
    return render(request, "appointments/emails/preview.html", {"rows": rows})


# Mails have inline styles, which our pages don't allow.
@require_safe
@csp_update({"style-src": [UNSAFE_INLINE]})  # type: ignore[arg-type]
def mail(request: HttpRequest, verb: str, side: str, form: str) -> HttpResponse:
    if (verb, side) not in MAILS or form not in {"html", "txt"}:
        raise Http404
    text, html = drawn(sample(Verb(verb), Role(side)))
    if form == "txt":
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    return HttpResponse(html)


def sample(verb: Verb, side: Role) -> Letter:
    return EventMail(sample_context(verb, side)).letter()


def sample_context(
    verb: Verb, side: Role, *, customer_zone: str = "Europe/London", role: Role | None = None
) -> MailContext:
    """The context of a sample event, of an appointment on Thursday 12 March 2026, 14:20 in London."""
    to_status = BEGINNINGS.get(verb) or MOVES[verb][1] or Status.CANCELLED
    by = role or BY.get(verb, Role.CUSTOMER)
    appointment = sample_appointment(to_status, customer_zone, ended_by=by if to_status == Status.CANCELLED else "")
    if verb is Verb.WITHDRAW:
        appointment.agreed_at = None
    event = AppointmentEvent(
        appointment=appointment,
        at=NOW,
        verb=verb,
        role=by,
        to_status=to_status,
        start=appointment.start,
        reason=REASONS.get(verb, ""),
    )
    return MailContext(event, side, now=NOW)


def sample_appointment(status: Status, customer_zone: str = "Europe/London", *, ended_by: str = "") -> Appointment:
    maya = User(pk=1, name="Maya Okafor", email="maya@example.com", email_confirmed_at=NOW)
    amara = User(pk=2, name="Amara Nwosu", email="amara@example.com", email_confirmed_at=NOW, phone="+442079460018")
    amara.time_zone = customer_zone
    provider = Provider(
        pk=1,
        user=maya,
        slug="maya-okafor",
        name="Maya Okafor",
        trade="Physiotherapist",
        is_in_person=True,
        place="Camden",
        address="18 Arlington Road",
        time_zone="Europe/London",
        listing=Listing.LIVE,
    )
    provider.policy = BookingPolicy(provider=provider)
    start = datetime(2026, 3, 12, 14, 20, tzinfo=UTC)
    return Appointment(
        pk=1,
        reference="K7QFMR2W",
        customer=amara,
        provider=provider,
        service=Service(provider=provider, name="First assessment", duration_minutes=45),
        status=status,
        start=start,
        end=start + timedelta(minutes=45),
        price=Decimal(58),
        currency="GBP",
        note="My left knee hurts when I climb stairs.",
        answer_by=NOW + timedelta(hours=48),
        agreed_at=None if status in NEVER_AGREED else NOW,
        ended_by=ended_by,
    )
