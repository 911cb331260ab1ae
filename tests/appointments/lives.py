"""People for tests of leaving, and the life of one of them, who leaves marked words in every table that takes any."""

import re
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from accounts import bans, copies, erasure, google_accounts, google_oauth, services
from accounts.leaving import GRACE
from accounts.models import Appeal, Departure, Session, User
from api.keys import make_key
from api.models import ApiKey, OnceRequest
from appointments.models import Appointment, KnownConflict, WaitlistPlace
from appointments.rules.time_off import Way
from appointments.search import index
from appointments.services import booking, fair_use, leaving, proposals, time_off, transitions
from appointments.services.calendar_feed import make_feed
from appointments.services.offers import times_to_offer
from appointments.states import PlaceState, Role, Shown
from calendar_sync.models import BusyInterval, Connection
from calendar_sync.states import Edit, NoteKind, Problem, Profile
from core import clock
from notifications import preferences
from notifications.models import EMAIL, RefusedAddress, Topic
from outbox import testing
from providers.models import CalendarState, CustomerAllowance, CustomerBlock, PageDecision, Provider
from providers.services import set_fee_rate, withdraw_fee_rate
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.factories.series import book_series, weekly

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALWAYS = {weekday: [("00:00", "24:00")] for weekday in range(7)}
MARKERS = {
    "name": "Zebedee Quillfeather",
    "first name": "Zebedee",
    "email": "zebedee.quill@example.com",
    "phone": "+442079460918",
    "username": "zebquill77",
    "zone": "Antarctica/Troll",
    "zone not followed": "Pacific/Chatham",
    "language": "x-quill",
    "program": "the till by the lighthouse",
    "note": "a bell on my left ankle",
    "draft": "a whistle in my right ear",
    "reason": "the canoe has sunk",
    "message": "after the brass band",
    "appeal": "my goat was in hospital",
    "answer": "goats are no excuse",
    "forgiven": "the goat was real",
    "address": "203.0.113.77",
    "browser": "Quillbrowser/9.1",
    "page": "Quillfeather Bodywork",
    "slug": "quillfeather-bodywork",
    "trade": "Knot whisperer",
    "about": "thirty years of knots",
    "languages": "Volapük",
    "place": "Puddle under Lyme",
    "street": "9 Larkspur Mews",
    "what it is": "a knot undone by whistling",
    "off": "moving to Narnia",
    "off in public": "gone through the wardrobe",
    "day note": "dentist in Narnia",
    "block": "never pays the goat",
    "removal": "the goat ate my waitlist",
    "calendar": "quill-diary-4711",
    "google": "100420000000000004711",
    "address at google": "zq.knots@gmail.com",
}


def marked_person() -> User:
    return UserFactory(
        name=MARKERS["name"],
        email=MARKERS["email"],
        phone=MARKERS["phone"],
        username=MARKERS["username"],
        time_zone=MARKERS["zone"],
        declined_time_zone=MARKERS["zone not followed"],
        language=MARKERS["language"],
    )


def provider_named(name: str, **policy: Any) -> Provider:
    provider = ProviderFactory(user=UserFactory(name=f"{name} Person"), name=name, slug=name.lower(), hours=ALWAYS)
    provider.policy.notice_minutes = 0
    for field, value in policy.items():
        setattr(provider.policy, field, value)
    provider.policy.save()
    return provider


def book(provider: Provider, customer: User, *, after: timedelta, note: str = "", by_hand: bool = False) -> Appointment:
    service = provider.services.first() or ServiceFactory(provider=provider, slug="first", duration_minutes=60)
    service.provider = provider
    service.confirmation = "by_hand" if by_hand else "at_once"
    service.save()
    start = (clock.now() + after).replace(minute=0, second=0, microsecond=0)
    return booking.book_appointment(
        service=service,
        start=start,
        customer=customer,
        terms=booking.terms_of(service),
        booking_key=f"{provider.pk}-{start}",
        note=note,
    ).appointment


def leave(person: User, *, seen: int = 3) -> leaving.Left:
    shown = leaving.as_shown(person, now=clock.now())
    return leaving.leave(person=person, seen=seen, shown=shown)


def erase(person: User) -> None:
    with clock.pretended(clock.now() + GRACE + HOUR):
        assert erasure.erase(Departure.objects.get(user=person).pk)


def statuses(*appointments: Appointment) -> list[str]:
    return [Appointment.objects.get(pk=one.pk).status for one in appointments]


class RefusingMail(BaseEmailBackend):
    """A mail server that knows nobody and says so with name and address, as many do."""

    def send_messages(self, email_messages):
        [message] = email_messages
        raise SMTPRecipientsRefused({to: (550, f"5.1.1 {to} is unknown here".encode()) for to in message.to})


def live(person: User) -> User:
    """The life of a marked person, customer and provider, until they have left something everywhere."""
    maya, own = provider_named("Maya"), _own_page(person)
    _as_customer(person, maya)
    _as_provider(person, own)
    _with_staff(person, own)
    _in_a_browser(person, maya)
    _with_the_house(person, maya)
    services.send_letter(letter="account/email/login_code", to=person.email, said={"code": "1"})
    testing.deliver()
    index.refresh_openings(provider_ids=[own.pk])
    index.measure_figures()
    RefusedAddress.objects.create(  # so long ago that the next mail tries again
        user=person, email=f"old.{person.email}", code="550", refused_at=clock.now() - 30 * DAY
    )
    person.refresh_from_db()
    return person


def _own_page(person: User) -> Provider:
    own = ProviderFactory(
        user=person,
        name=MARKERS["page"],
        slug=MARKERS["slug"],
        hours=ALWAYS,
        trade=MARKERS["trade"],
        about=MARKERS["about"],
        languages=MARKERS["languages"],
        place=MARKERS["place"],
        address=MARKERS["street"],
    )
    ServiceFactory(provider=own, slug="first", duration_minutes=60, description=MARKERS["what it is"])
    return own


def _as_customer(person: User, maya: Provider) -> None:
    past = book(maya, person, after=2 * DAY, note=MARKERS["note"])
    transitions.cancel_appointment(appointment=past, actor=person, role=Role.CUSTOMER, reason=MARKERS["reason"])
    service = ServiceFactory(provider=maya, slug="again", duration_minutes=60, repeats=True, confirmation="at_once")
    book_series(service, person, weekly(_hour(clock.now() + 5 * DAY), 3))
    _offer_other_times(maya, book(maya, person, after=6 * DAY))
    WaitlistPlace.objects.create(
        customer=person,
        provider=maya,
        service=service,
        first_on=clock.now().date(),
        last_on=clock.now().date(),
        time_zone=person.time_zone,
        state=PlaceState.REMOVED,
        reason=MARKERS["removal"],
        closed_at=clock.now(),
    )


def _offer_other_times(provider: Provider, instead_of: Appointment) -> None:
    now, span = clock.now(), (instead_of.start, instead_of.end)
    claims = time_off.what_is_inside(provider, span, now=now).claims
    times = times_to_offer(provider, [claim.appointment for claim in claims], away=span, now=now)
    time_off.cancel_inside(
        provider=provider,
        span=span,
        actor=provider.user,
        ways={instead_of.reference: Way.OFFER},
        offered={reference: each.starts for reference, each in times.items()},
    )


def _as_provider(person: User, own: Provider) -> None:
    given = book(own, UserFactory(name="Carla"), after=3 * DAY)
    proposals.propose_time(
        appointment=Appointment.objects.with_people().get(pk=given.pk),
        start=given.start + 3 * HOUR,
        actor=person,
        role=Role.PROVIDER,
        message=MARKERS["message"],
    )
    own.time_off.create(
        start=clock.now() + 30 * DAY,
        end=clock.now() + 31 * DAY,
        reason=MARKERS["off"],
        public_word=MARKERS["off in public"],
    )
    own.date_overrides.create(
        start_on=clock.now().date(), end_on=clock.now().date(), ranges=[], note=MARKERS["day note"]
    )
    blocked = UserFactory(name="Chris")
    CustomerBlock.objects.create(provider=own, customer=blocked, blocked_by=person, reason=MARKERS["block"])
    CustomerAllowance.objects.create(provider=own, customer=blocked)
    connection = Connection.objects.create(
        user=person,
        account="104",
        email=person.email,
        profile=Profile.FULL,
        granted=["openid"],
        refresh_token="quill-token-0815",
        access_token="quill-token-0815",
        access_until=clock.now(),
        refreshing_until=clock.now(),
        writing_until=clock.now(),
        former_token="quill-token-0815",
        making_until=clock.now(),
        calendar_asked_at=clock.now(),
        to_remove="[]",
        problem=Problem.SLOW,
    )
    calendar = connection.calendars.create(
        google_id=MARKERS["calendar"],
        name=MARKERS["calendar"],
        sync_token="s",
        read_until=clock.now(),
        reading_until=clock.now(),
        last_read_at=clock.now(),
        problem=Problem.SLOW,
        gone_since=clock.now(),
    )
    now = clock.now()
    calendar.free_events.create(event_id=MARKERS["calendar"], etag="e", start=now, end=now, title=MARKERS["calendar"])
    calendar.written.create(
        source="time_off",
        key=uuid4(),
        event_id="e1",
        etag="e",
        content="c",
        start=clock.now(),
        end=clock.now() + DAY,
        sent_at=clock.now(),
        written_at=clock.now(),
        write_at=clock.now() + DAY,
        problem=Problem.SLOW,
        edit=Edit.MOVED,
        edit_start=clock.now() + DAY,
        edit_end=clock.now() + 2 * DAY,
        edited_at=clock.now(),
        refusal="Taken.",
    )
    connection.notes.create(calendar=calendar, kind=NoteKind.FAILED, problem=Problem.SLOW)
    OwnEventFactory(user=person, place="The paddock", description="Two buckets", start=clock.now() + 45 * DAY)
    BusyInterval.objects.create(
        provider=own,
        calendar=calendar,
        event_id=MARKERS["calendar"],
        etag="e",
        start=clock.now() + 40 * DAY,
        end=clock.now() + 41 * DAY,
        title=MARKERS["calendar"],
    )
    theirs = own.appointments.first()
    assert theirs is not None
    KnownConflict.objects.create(
        appointment=theirs,
        calendar=calendar,
        event_id=MARKERS["calendar"],
        start=theirs.start,
        end=theirs.end,
        busy_from=theirs.start,
        busy_until=theirs.end,
        kept_at=clock.now(),
    )
    Provider.objects.filter(pk=own.pk).update(calendar_state=CalendarState.FAILING, calendar_read_at=clock.now())


def _with_staff(person: User, own: Provider) -> None:
    staff = UserFactory(is_staff=True)
    late = fair_use.note_late(person, occasion=uuid4(), now=clock.now())
    type(late).objects.filter(pk=late.pk).update(
        forgiven_at=clock.now(), forgiven_by=staff, forgiven_reason=MARKERS["forgiven"]
    )
    kind = f"{MARKERS['first name']} is kind"
    ban = bans.ban(person, now=clock.now(), actor=staff, reason=kind)
    Appeal.objects.create(
        ban=ban,
        text=MARKERS["appeal"],
        sent_at=clock.now(),
        answer=MARKERS["answer"],
        answered_at=clock.now(),
        answered_by=staff,
    )
    bans.lift(ban, actor=staff, reason=kind)
    next_week = (clock.now() + 7 * DAY).date()
    planned = set_fee_rate(provider=own, actor=staff, percent=None, starts_on=next_week, reason=kind)
    withdraw_fee_rate(rate=planned, actor=staff, reason=kind)
    PageDecision.objects.create(provider=own, decided="paused", decided_by=staff, at=clock.now(), reason=kind)
    for row in (person, own, ban):
        LogEntry.objects.log_actions(staff.pk, [row], CHANGE, change_message=f"wrote to {person.email}")


def _with_the_house(person: User, maya: Provider) -> None:
    CustomerBlock.objects.create(provider=maya, customer=person, blocked_by=maya.user, reason="x")
    services.create_invited(email=person.email, name=MARKERS["name"], zone="Europe/London")
    name = default_storage.save("photos/quill.webp", ContentFile(b"RIFF0000WEBP"))
    User.objects.filter(pk=person.pk).update(photo=name)
    Authenticator.objects.create(user=person, type="totp", data={"label": person.email})
    make_key(person=person, name=MARKERS["program"], scopes=[], now=clock.now())
    ApiKey.objects.filter(person=person).update(used_from=MARKERS["address"])
    OnceRequest.objects.create(person=person, key_hash="k", request_hash="r", made="ABCDEFGH")
    User.objects.filter(pk=person.pk).update(wanted_username=MARKERS["username"])
    preferences.save_choice(actor=person, off=preferences.by(EMAIL, [Topic.RECEIPTS]), leads=[60])
    make_feed(actor=person, shows=Shown.ALL)
    copies.make_copy(copies.ask_for_copy(user=person).uuid.hex)


def _in_a_browser(person: User, maya: Provider) -> None:
    """Searches, a wrong password and the right one, an appointment booked and cancelled, and a form never sent."""
    browser = Client(
        headers={"origin": "http://testserver", "user-agent": MARKERS["browser"]}, REMOTE_ADDR=MARKERS["address"]
    )
    browser.get("/providers/", {"q": MARKERS["page"], "near": MARKERS["place"]})
    browser.get(f"/{MARKERS['slug']}/{person.email}/")
    for password in ("my canoe", "correct horse battery"):
        browser.post("/accounts/login/", {"login": person.email, "password": password})
    assert Session.objects.filter(person=person).exists(), "signed in"
    at_google = google_oauth.Identity(MARKERS["google"], MARKERS["address at google"], person.name, True, True)
    google_accounts.connect(user=person, identity=at_google)
    for days in (7, 8):
        service, start = maya.services.get(slug="first"), f"{_hour(clock.now() + days * DAY):%Y-%m-%dT%H:%M:%SZ}"
        browser.post(reverse("keep_time", args=["maya", "first"]), {"start": start})
        form = reverse("book", args=["maya", service.slug])
        page = browser.get(form, {"start": start}).text
        values = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
        if days == 7:
            browser.post(form, values | {"note": MARKERS["note"]})
            booked = Appointment.objects.get(customer=person, start=_hour(clock.now() + days * DAY))
            cancel = reverse("cancel_appointment", args=[booked.reference])
            seen = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', browser.get(cancel).text))
            browser.post(cancel, seen | {"reason": MARKERS["reason"]})
            assert statuses(booked) == ["cancelled"]
        else:
            browser.post(reverse("extend_time", args=["maya", "first"]), values | {"note": MARKERS["draft"]})


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
