"""Every text that people type, in every place where it is shown: text, and nothing but text."""

import email
import email.policy
import unicodedata
from contextlib import contextmanager

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, OwnEvent, Proposal, WaitlistPlace
from appointments.services import proposals, transitions
from appointments.states import PlaceState, Role
from outbox.testing import deliver
from providers.models import CustomerBlock, DateOverride, Provider, Service
from providers.services import block_customer, unblock_customer
from tests.appointments.conftest import TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import DateOverrideFactory, ServiceFactory

from .catalogue import ALL, DIRECTIONS, LINES, MARKUP, TEMPLATES, packed
from .forms import book_address, booking_values
from .skeleton import parts_of, squeezed

pytestmark = pytest.mark.django_db

PLAIN = "Amara Nwosu"
LONG = {"about", "description", "note"}
# (model, field, its length): every text that people type about themselves, their services or an appointment.
FIELDS = [
    (User, "name", 120), (Provider, "name", 120), (Provider, "trade", 80), (Provider, "about", 2000),
    (Provider, "languages", 120), (Provider, "place", 80), (Provider, "address", 200), (Service, "name", 80),
    (Service, "description", 600), (DateOverride, "note", 120), (Appointment, "note", 1000),
    (CustomerBlock, "reason", 500),
    (Proposal, "message", 500), (WaitlistPlace, "reason", 200),
    (OwnEvent, "title", 300), (OwnEvent, "place", 300), (OwnEvent, "description", 4000),
]  # fmt: skip


def write(text):
    """Into the tables themselves: whatever let it in, it comes out as text."""
    for model, field, length in FIELDS:
        model.objects.update(**{field: text[:length]})
    # Django's own queryset: history can't be written through ours.
    super(type(AppointmentEvent.objects.all()), AppointmentEvent.objects.all()).update(reason=text[:500])


def test_every_text_comes_out_of_its_row_as_it_went_in(book, provider, customer):
    """On both databases; how it looks in pages and mails, once it is the same text, is asked on one."""
    book()

    came = []
    for text in [*ALL, *LINES, *DIRECTIONS, " ".join(ALL)]:
        write(text)
        came.append((text, Appointment.objects.get().note, AppointmentEvent.objects.get().reason))

    assert [text for text, note, reason in came if (note, reason) != (text[:1000], text[:500])] == []


@pytest.fixture
def places(book, provider, service, customer):
    """(client, name of the page, its address), from every side."""
    waiting = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    DateOverrideFactory(provider=provider, start_on=TUESDAY_TEN.date().replace(day=20))
    confirmed = book().appointment
    cancelled = book(start=TUESDAY_TEN.replace(hour=12)).appointment
    request = book(start=TUESDAY_TEN.replace(hour=14), service=waiting).appointment
    transitions.cancel_appointment(appointment=cancelled, actor=customer, role=Role.CUSTOMER, reason=PLAIN)
    awaited = book(start=TUESDAY_TEN.replace(hour=12), booking_key="awaited").appointment  # no new time waits for it
    block = block_customer(provider=provider, actor=provider.user, customer=customer, reason=PLAIN)
    unblock_customer(provider=provider, actor=provider.user, customer=customer)
    for each, start, actor, role in (
        (confirmed, TUESDAY_TEN.replace(hour=16), provider.user, Role.PROVIDER),
        (request, TUESDAY_TEN.replace(hour=9), customer, Role.CUSTOMER),
    ):
        proposals.propose_time(appointment=each, start=start, actor=actor, role=role, message=PLAIN)
    removed = {"state": PlaceState.REMOVED, "reason": PLAIN, "closed_at": TUESDAY_TEN}
    dates = {"first_on": TUESDAY_TEN.date(), "last_on": TUESDAY_TEN.date(), "time_zone": "UTC"}
    WaitlistPlace.objects.create(customer=customer, provider=provider, service=service, **dates, **removed)
    own = OwnEventFactory(user=provider.user, start=TUESDAY_TEN.replace(day=25))
    staff = UserFactory(is_staff=True, is_superuser=True)
    clients = {who: Client() for who in ("visitor", "customer", "provider", "staff")}
    for who, person in (("customer", customer), ("provider", provider.user), ("staff", staff)):
        clients[who].force_login(person)

    def one(reference):
        return [reference]

    pages = [
        ("visitor", "provider_page", [provider.slug]),
        ("visitor", "provider_service", [provider.slug, service.slug]),
        ("visitor", "search", []),
        ("customer", "my_appointments", []),
        ("customer", "my_appointment", one(confirmed.reference)),
        ("customer", "my_appointment", one(cancelled.reference)),
        ("customer", "appointment_done", one(request.reference)),
        ("customer", "cancel_appointment", one(confirmed.reference)),
        ("customer", "say_coming", one(awaited.reference)),
        ("customer", "withdraw_request", one(request.reference)),
        ("customer", "answer_time", one(confirmed.reference)),
        ("customer", "my_waitlist", []),
        ("customer", "settings_profile", []),
        ("provider", "studio_today", []),
        ("provider", "studio_requests", []),
        ("provider", "studio_request", one(request.reference)),
        ("provider", "studio_appointment", one(cancelled.reference)),
        ("provider", "studio_cancel", one(confirmed.reference)),
        ("provider", "studio_answer_time", one(request.reference)),
        ("provider", "studio_reschedule", one(request.reference)),
        ("provider", "studio_customers", []),
        ("provider", "studio_earnings", []),
        ("provider", "studio_statement", [f"{cancelled.start:%Y-%m}", cancelled.currency]),
        ("provider", "studio_customer", [customer.uuid]),
        ("provider", "block_customer", [customer.uuid]),
        ("provider", "studio_services", []),
        ("provider", "studio_service", [service.slug]),
        ("provider", "studio_overrides", []),
        ("provider", "studio_profile", []),
        ("provider", "studio_events", []),
        ("provider", "studio_event", [own.uuid]),
        ("provider", "studio_event_delete", [own.uuid]),
        ("staff", "admin:appointments_appointment_changelist", []),
        ("staff", "admin:appointments_appointment_change", [cancelled.pk]),
        ("staff", "admin:appointments_appointment_history", [cancelled.pk]),
        ("staff", "admin:appointments_appointmentevent_changelist", []),
        ("staff", "admin:providers_provider_changelist", []),
        ("staff", "admin:providers_provider_change", [provider.pk]),
        ("staff", "admin:providers_customerblock_change", [block.pk]),
        ("staff", "admin:accounts_user_changelist", []),
        ("staff", "admin:notifications_sentmail_changelist", []),
    ]
    found = [
        (clients[who], f"{who} {name} {number}", reverse(name, args=args))
        for number, (who, name, args) in enumerate(pages)
    ]
    book_page = book_address(service) + "?start=2026-03-04T10:00:00Z"
    return [*found, (clients["customer"], "customer book", book_page)]


def shown(places):
    """Page -> what it is made of."""
    answers = {name: client.get(address) for client, name, address in places}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    return {name: parts_of(answer.content.decode()) for name, answer in answers.items()}


USUAL: dict = {}


@pytest.mark.any_database
@pytest.mark.parametrize("texts", packed([*MARKUP, *TEMPLATES, *LINES, *DIRECTIONS, *ALL[-12::3]], most=80))
def test_hostile_text_changes_the_words_of_no_page_into_anything_else(places, texts):
    if not USUAL:
        write(PLAIN)
        USUAL.update({name: parts.tags for name, parts in shown(places).items()})
    write(" ".join(texts))

    pages = shown(places)

    for name, parts in pages.items():
        assert parts.tags == USUAL[name], name
    for name, parts in pages.items():
        assert not [link for link in parts.links if link.startswith(("javascript:", "data:text", "//evil"))], name
    everywhere = squeezed(" ".join(part for parts in pages.values() for part in parts.text))
    assert [text for text in texts if text in ALL and squeezed(text[:80]) not in everywhere] == []
    assert "829348951" not in everywhere  # the product: somebody worked it out


def mails_of(book, provider, text):
    """Every mail that a request, its acceptance, a cancelling and a refusal send with this text in every place.

    Mails of one moment leave in any order; here they are sorted by the first word of their subject and by reader.
    """
    one = book(note=text[:1000]).appointment
    two = book(start=TUESDAY_TEN.replace(hour=12), note=text[:1000]).appointment
    write(text)
    one, two = (Appointment.objects.get(pk=each.pk) for each in (one, two))
    deliver("notifications.send_mail")
    transitions.accept_request(appointment=one, actor=provider.user)
    deliver("notifications.send_mail")
    transitions.cancel_appointment(appointment=one, actor=provider.user, role=Role.PROVIDER, reason=text[:500])
    transitions.decline_request(appointment=two, actor=provider.user, reason=text[:500])
    deliver("notifications.send_mail")
    mails = sorted(mail.outbox, key=lambda sent: (sent.subject.split()[0], sent.to[0].rpartition("<")[2]))
    return [email.message_from_bytes(sent.message().as_bytes(), policy=email.policy.default) for sent in mails]


HEADERS: list = []
TOGETHER = [" ".join(texts) for texts in packed([*ALL, *LINES, *DIRECTIONS], most=80)]


@pytest.mark.any_database
@pytest.mark.parametrize("text", TOGETHER)
def test_hostile_text_gets_no_header_no_recipient_and_no_tag_into_a_mail(book, by_hand, provider, text):
    if not HEADERS:
        with undone():
            HEADERS.extend(made_of_mails(mails_of(book, provider, PLAIN)))
        mail.outbox.clear()

    messages = mails_of(book, provider, text)

    assert len(messages) == 10
    assert made_of_mails(messages) == HEADERS
    for message in messages:
        assert len(message["To"].addresses) == 1 and message["To"].addresses[0].addr_spec.endswith("@example.com")
        assert message["Cc"] is message["Bcc"] is None
        assert not {"\r", "\n"} & set(message["Subject"])
        for header in ("From", "Reply-To"):
            assert [one.domain for one in message[header].addresses] in (["testserver"], ["example.com"])
        assert "829348951" not in message.get_body(("plain",)).get_content()


def made_of_mails(messages):
    return [
        (
            sorted(header.lower() for header in message),
            [part.get_content_type() for part in message.walk()],
            parts_of(message.get_body(("html",)).get_content()).tags,
            calendar_parts(message),
        )
        for message in messages
    ]


@contextmanager
def undone():
    """A block whose changes to the database are undone at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def calendar_parts(message):
    return [
        made_of_calendar(part.get_content()) for part in message.walk() if part.get_content_type() == "text/calendar"
    ]


def made_of_calendar(text):
    """Components with the names of their properties and parameters."""
    raw = text.encode() if isinstance(text, str) else text
    return [
        (
            each.name,
            sorted((name, tuple(sorted(getattr(value, "params", {})))) for name, value in each.property_items()),
        )
        for each in Calendar.from_ical(raw).walk()
    ]


CALENDAR: list = []


@pytest.mark.any_database
@pytest.mark.parametrize("text", TOGETHER)
def test_hostile_text_adds_nothing_to_a_calendar_file(me, book, text):
    address = reverse("appointment_ics", args=[book().appointment.reference])
    if not CALENDAR:
        write(PLAIN)
        CALENDAR.extend(made_of_calendar(me.get(address).content))
    write(text)

    file = me.get(address).content

    assert made_of_calendar(file) == CALENDAR
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"") and b"\r" not in file.replace(b"\r\n", b"")
    assert not any(unicodedata.category(char) == "Cc" for char in file.decode().replace("\r\n", ""))
    assert "\u2028" not in file.decode() and "\u2029" not in file.decode()


# --- What comes in through forms --------------------------------------------------------------------------------------

TYPED = [*ALL, *LINES, *DIRECTIONS, "\x00", "a\x00b", "\x1b[31mred", "x" * 100_000, "é" * 1001, "e\u0301" * 1000]


@pytest.mark.parametrize("text", TYPED)
def test_a_note_and_a_reason_are_kept_whole_or_refused_with_what_was_typed(me, service, text):
    booked = me.post(book_address(service), booking_values(me, service) | {"note": text})

    one = Appointment.objects.first()
    assert booked.status_code == (302 if one else 422)
    if one:
        assert_kept(one.note, text, most=1000)
        reference = one.reference
        answer = me.post(reverse("cancel_appointment", args=[reference]), {"seen": "0", "reason": text})
        assert answer.status_code in {302, 422}
        reason = AppointmentEvent.objects.filter(verb="cancel").values_list("reason", flat=True)
        assert len(reason) == (answer.status_code == 302)
        for each in reason:
            assert_kept(each, text, most=500)


def assert_kept(stored, typed, *, most):
    """NFC, not cut, nothing that a reader can't see or that turns the line around."""
    assert len(stored) <= most and stored == unicodedata.normalize("NFC", stored)
    assert not set(stored) & set("\x00\x1b\u202e\u2066\u2067\ufeff\ufffe\u2028\r")
    if typed in ALL:
        assert squeezed(stored) == squeezed(unicodedata.normalize("NFC", typed))


@pytest.mark.parametrize("text", [*MARKUP, *LINES, *DIRECTIONS, "\x00", "x" * 100_000, "\u2800", " \t "])
def test_a_name_is_one_visible_line_or_refused(calm, customer, text):
    calm.force_login(customer)
    shown_form = calm.get(reverse("settings_profile"))

    answer = calm.post(reverse("settings_profile"), shown_form.context["form"].initial | {"name": text})

    customer.refresh_from_db()
    assert answer.status_code in {302, 422}
    assert (customer.name == squeezed(text)) or answer.status_code == 422 or text in DIRECTIONS
    assert customer.name.strip() and len(customer.name) <= 120 and not set(customer.name) & set("\r\n\x00\u202e\u2028")


def test_the_table_speaks_of_every_text_people_type():
    """A new text field of these models belongs into FIELDS, or here with the reason why not."""
    typed = {
        (model, field.name)
        for model in (
            User,
            Provider,
            Service,
            DateOverride,
            Appointment,
            CustomerBlock,
            Proposal,
            WaitlistPlace,
            OwnEvent,
        )
        for field in model._meta.get_fields()
        if field.get_internal_type() in {"CharField", "TextField"} and not getattr(field, "choices", None)
    }
    not_typed = {
        "password",
        "email",
        "invited_email",
        "username",
        "wanted_username",
        "phone",
        "time_zone",
        "declined_time_zone",
        "photo",
        "language",
        "theme",
    }
    not_typed |= {"currency", "reference", "booking_key", "join_link", "told_join_link"}

    assert sorted((model.__name__, name) for model, name in typed if name not in not_typed) == sorted(
        (model.__name__, name) for model, name, _ in FIELDS
    )
