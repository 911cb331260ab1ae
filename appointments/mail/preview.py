"""Previews of all mails about appointments, made from unsaved rows: /styleguide/mails/, for developers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Offer, Proposal, WaitlistPlace
from appointments.pages.fair_use import Row
from appointments.queries.fair_use import Ended
from appointments.states import OF_TIME, Role, Status, Verb, side_of, target
from core.letters import Letter, page
from notifications.composing import render as drawn
from providers.models import BookingPolicy, Listing, Provider, Service, Venue

from .catalogue import MAILS, EventMail, EventsMail
from .context import Late, MailContext
from .join_links import JoinLinksMail
from .words import standing, suspension
from .words import waitlist as places
from .words.closed_waitlists import waitlist_closed
from .words.join_links import Told

NOW = datetime(2026, 3, 9, 14, 20, tzinfo=UTC)
START = datetime(2026, 3, 12, 14, 20, tzinfo=UTC)
# The new time of the mails that tell of one.
LATER = timedelta(days=3, hours=-3, minutes=-20)
SIDES = (Role.CUSTOMER, Role.PROVIDER)
BEGINNINGS = {Verb.REQUEST: Status.REQUESTED, Verb.BOOK: Status.CONFIRMED}
BY = {
    Verb.ACCEPT: Role.PROVIDER,
    Verb.DECLINE: Role.PROVIDER,
    Verb.EXPIRE: Role.SYSTEM,
    Verb.LAPSE: Role.SYSTEM,
}
# The verbs of which only the other side is told, so that a sample for one side is about what the other did.
BY_THE_OTHER = {Verb.PROPOSE, Verb.DECLINE_TIME, Verb.WITHDRAW_TIME}
NEVER_AGREED = {Status.REQUESTED, Status.DECLINED, Status.EXPIRED}
# One act of several appointments is that of staff, unless nobody but these does it.
TOGETHER_BY = {
    Verb.REQUEST: Role.CUSTOMER,
    Verb.BOOK: Role.CUSTOMER,
    Verb.EXPIRE: Role.SYSTEM,
    Verb.LAPSE: Role.SYSTEM,
}
REASONS = {
    Verb.DECLINE: "I am at a course that afternoon.",
    Verb.CANCEL: "I have caught a cold, sorry.",
    Verb.PROPOSE: "Sunday is quiet here.",
    Verb.DECLINE_TIME: "I am away on Sunday.",
}


# The samples about several: what happens to all but the last of three appointments, and to the last.
SEVERAL = {f"several-{verb}": (verb, verb) for verb in dict.fromkeys(verb for verb, _ in MAILS)}
SEVERAL["several-changes"] = (Verb.CANCEL, Verb.DECLINE)
# The mails to one person about their account, whatever their side in appointments.
PERSON = "person"
ANSWER = "We are sorry for your loss.\nBooking is open again."
SUSPENSION: dict[str, Callable[[suspension.Facts], Letter]] = {
    "suspended": suspension.suspended,
    "suspension-lifted": suspension.lifted,
    "appeal-answered": lambda facts: suspension.answered(facts, answer=ANSWER, is_open=True),
    "appeal-refused": lambda facts: suspension.answered(facts, answer="The rule is the same for all.", is_open=False),
}
# The mail about an appointment instead of which the provider offers other times.
OFFERED = "cancelled-with-other-times"
# The mails of links to join, by name.
LINKS = ("join-link", "join-link-new", "join-link-gone", "join-link-missing", "join-link-elsewhere", "join-links")
WITHOUT_LINK = ("join-link-gone", "join-link-missing", "join-link-elsewhere")
MEET = "https://meet.google.com/abc-defg-hij"
# The mails of waitlists, by name.
PLACES = ("place-opened", "place-opened-sooner", "place-withdrawn", "place-removed", "waitlist-closed")
# The mails of standing: to who cancelled late, on either side, and that it was forgiven.
LATE, FORGIVEN = "late-cancellation", "late-cancellation-forgiven"


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The list of all mails with their subjects."""
    rows: list[tuple[str, str, str]] = [(verb, side, sample(verb, side).subject) for verb, side in MAILS]
    rows += [(name, side, sample_of_several(name, side).subject) for name in SEVERAL for side in SIDES]
    rows.append((OFFERED, Role.CUSTOMER, sample_of_offers().subject))
    rows += [(name, Role.CUSTOMER, sample_of_link(name).subject) for name in LINKS]
    rows += [(name, Role.CUSTOMER, sample_of_place(name).subject) for name in PLACES]
    rows += [(LATE, side, sample_of_late(side).subject) for side in SIDES]
    rows += [(name, PERSON, sample_of_suspension(name).subject) for name in SUSPENSION]
    rows.append((FORGIVEN, PERSON, sample_of_forgiven().subject))
    return render(request, "appointments/emails/preview.html", {"rows": rows})


# Mails have inline styles, which our pages don't allow.
@require_safe
@csp_update({"style-src": [UNSAFE_INLINE]})  # type: ignore[arg-type]
def mail(request: HttpRequest, verb: str, side: str, form: str) -> HttpResponse:
    if form not in {"html", "txt"}:
        raise Http404
    if (verb, side) in MAILS:
        letter = sample(Verb(verb), Role(side))
    elif verb in SEVERAL and side in SIDES:
        letter = sample_of_several(verb, Role(side))
    elif verb == OFFERED and side == Role.CUSTOMER:
        letter = sample_of_offers()
    elif verb in LINKS and side == Role.CUSTOMER:
        letter = sample_of_link(verb)
    elif verb in PLACES and side == Role.CUSTOMER:
        letter = sample_of_place(verb)
    elif verb == LATE and side in SIDES:
        letter = sample_of_late(Role(side))
    elif verb in SUSPENSION and side == PERSON:
        letter = sample_of_suspension(verb)
    elif verb == FORGIVEN and side == PERSON:
        letter = sample_of_forgiven()
    else:
        raise Http404
    text, html = drawn(letter)
    if form == "txt":
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    return HttpResponse(html)


def sample(verb: Verb, side: Role) -> Letter:
    return EventMail(sample_context(verb, side)).letter()


def sample_of_several(name: str, side: Role) -> Letter:
    return EventsMail(sample_contexts(*SEVERAL[name], side=side)).letter()


def sample_of_offers(customer_zone: str = "Europe/London") -> Letter:
    context = sample_context(Verb.CANCEL, Role.CUSTOMER, role=Role.PROVIDER, customer_zone=customer_zone)
    one = context.appointment
    context.offers = [
        Offer(
            customer=one.customer,
            provider=one.provider,
            service=one.service,
            start=one.start + later,
            end=one.end + later,
            instead_of=one,
            expires_at=NOW + timedelta(hours=48),
        )
        for later in (timedelta(days=4), timedelta(days=5, hours=-6), timedelta(days=5, hours=1))
    ]
    return EventMail(context).letter()


def sample_of_place(name: str) -> Letter:
    one = sample_appointment(Status.CONFIRMED)
    place = WaitlistPlace(
        customer=one.customer,
        provider=one.provider,
        service=one.service,
        appointment=one if name == "place-opened-sooner" else None,
        first_on=NOW.date(),
        last_on=START.date(),
        time_zone="Europe/London",
        reason="Please call me first.",
    )
    if name == "place-removed":
        return places.place_removed(place)
    if name == "waitlist-closed":
        return waitlist_closed([place])
    start = START - timedelta(days=1)
    offer = Offer(
        customer=one.customer,
        provider=one.provider,
        service=one.service,
        place=place,
        start=start,
        end=start + timedelta(minutes=45),
        expires_at=NOW + timedelta(minutes=30),
    )
    facts = places.Facts(offer, "£58", page("my_waitlist"))
    return places.place_withdrawn(facts) if name == "place-withdrawn" else places.place_opened(facts)


def sample_of_link(name: str) -> Letter:
    count = 3 if name == "join-links" else 1
    contexts = sample_contexts(Verb.BOOK, Verb.BOOK, side=Role.CUSTOMER, count=count)
    for context in contexts:
        is_elsewhere = name == "join-link-elsewhere"
        context.appointment.venue = context.event.appointment.venue = Venue.IN_PERSON if is_elsewhere else Venue.ONLINE
        context.appointment.join_link = "" if name in WITHOUT_LINK else MEET
    has_had = name in {"join-link-new", "join-link-gone", "join-link-elsewhere"}
    rows = [Told(context, had_link=has_had, was_promised=name == "join-link-missing") for context in contexts]
    return JoinLinksMail(rows, at=NOW).letter()


def sample_of_late(side: Role) -> Letter:
    context = sample_context(Verb.CANCEL, side, role=side)
    context.event.at = START - timedelta(hours=5)
    context.appointment.closed_at = context.event.at
    context.late = Late(2, context.event.at + timedelta(days=30))
    return EventMail(context).letter()


def sample_of_forgiven() -> Letter:
    amara = User(pk=2, name="Amara Nwosu", email="amara@example.com", email_confirmed_at=NOW)
    row = Row("First assessment, Maya Okafor", "", others=0, at=NOW, before_start=timedelta(hours=5), forgiven_at=NOW)
    return standing.forgiven(standing.Facts(amara, row, used=1))


def sample_of_suspension(name: str) -> Letter:
    amara = User(pk=2, name="Amara Nwosu", email="amara@example.com", email_confirmed_at=NOW)
    cancelled = [(0, "First assessment, Maya Okafor", 318), (4, "Reformer session, Grace Holloway", 720)]
    rows = [
        Row(title, "", others=0, at=NOW - timedelta(days=days), before_start=timedelta(minutes=minutes))
        for days, title, minutes in [*cancelled, (8, "Follow-up session, Maya Okafor", 380)]
    ]
    return SUSPENSION[name](suspension.Facts(amara, NOW, rows, Ended(4, 1)))


def sample_contexts(
    first: Verb, last: Verb, *, side: Role, count: int = 3, role: Role | None = None, with_another: bool = True
) -> list[MailContext]:
    """The contexts of one act for one reader: `count` appointments a day apart, a provider's last one with another."""
    contexts = []
    for number in range(count):
        is_last = number == count - 1
        verb = last if is_last else first
        by = role or TOGETHER_BY.get(verb, Role.STAFF)
        start, another = START + timedelta(days=number), with_another and is_last
        context = sample_context(verb, side, role=by, start=start, with_another=another)
        context.event.pk = number + 1
        context.appointment.reference = f"K7QFMR{number:02}".replace("0", "W").replace("1", "X")
        contexts.append(context)
    return contexts


def sample_context(
    verb: Verb,
    side: Role,
    *,
    customer_zone: str = "Europe/London",
    role: Role | None = None,
    start: datetime = START,
    with_another: bool = False,
) -> MailContext:
    """The context of a sample event, of an appointment on Thursday 12 March 2026, 14:20 in London."""
    to_status = BEGINNINGS.get(verb) or target(verb, Status.CONFIRMED)
    other = Role.PROVIDER if side is Role.CUSTOMER else Role.CUSTOMER
    by = role or BY.get(verb, other if verb in BY_THE_OTHER else Role.CUSTOMER)
    ended_by = by if to_status in {Status.CANCELLED, Status.DECLINED} else ""
    appointment = sample_appointment(to_status, customer_zone, ended_by=ended_by, start=start)
    if verb is Verb.WITHDRAW:
        appointment.agreed_at = None
    if with_another and side is Role.PROVIDER:
        appointment.customer = User(pk=3, name="Ben Adeyemi", email="ben@example.com", email_confirmed_at=NOW)
    event = AppointmentEvent(
        appointment=appointment,
        at=NOW,
        verb=verb,
        role=by,
        from_status=Status.CONFIRMED if verb in OF_TIME else "",
        to_status=to_status,
        start=appointment.start,
        to_start=appointment.start + LATER if verb in OF_TIME else None,
        proposal=sample_proposal(appointment, verb, by) if verb in OF_TIME else None,
        reason=REASONS.get(verb, ""),
    )
    return MailContext(event, side, now=NOW)


def sample_proposal(appointment: Appointment, verb: Verb, by: Role) -> Proposal:
    """The proposal that `by` makes, withdraws or answers with this verb; the customer's where a job lets it lapse."""
    makes = verb in {Verb.PROPOSE, Verb.WITHDRAW_TIME} or by is Role.SYSTEM
    answered = Role.CUSTOMER if side_of(by) is Role.PROVIDER else Role.PROVIDER
    proposed_by = Role.CUSTOMER if by is Role.SYSTEM else by if makes else answered
    return Proposal(
        appointment=appointment,
        by=proposed_by,
        old_start=appointment.start,
        start=appointment.start + LATER,
        end=appointment.end + LATER,
        answer_by=NOW + timedelta(hours=48),
    )


def sample_appointment(
    status: Status, customer_zone: str = "Europe/London", *, ended_by: str = "", start: datetime = START
) -> Appointment:
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
