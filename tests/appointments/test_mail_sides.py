"""Each mail of each event reaches its own side: recipient, links, zone and calendar file.

The table is written by hand: what the code believes about events and sides is what is tested here.
"""

import email
import email.policy
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from appointments.links import PATTERN, open_link
from appointments.mail.catalogue import MAILS
from appointments.models import AppointmentEvent
from appointments.services import booking, transitions
from appointments.states import Role
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
# 10:00 in Kathmandu (+5:45), where the provider is; 00:45 in St John's (-3:30), where the customer is.
START = datetime(2026, 3, 3, 4, 15, tzinfo=UTC)
KATHMANDU, ST_JOHNS = "Tue 3 March, 10:00 Kathmandu time", "Tue 3 March, 00:45 St John’s time"
# Where it takes place -> for each side the time in the subject, the time in the mail, and the second one below it.
# What takes place somewhere is told in that place's time first, what is online in the reader's own.
TIMES = {
    "in person": {
        "customer": (
            KATHMANDU,
            "Tuesday 3 March 2026, 10:00 to 11:30, Kathmandu time (GMT+5:45)",
            "00:45 to 02:15 for you in St John’s (GMT−3:30)",
        ),
        "provider": (
            KATHMANDU,
            "Tuesday 3 March 2026, 10:00 to 11:30, Kathmandu time (GMT+5:45)",
            "00:45 to 02:15 for Cara in St John’s (GMT−3:30)",
        ),
    },
    "online": {
        "customer": (
            ST_JOHNS,
            "Tuesday 3 March 2026, 00:45 to 02:15, St John’s time (GMT−3:30)",
            "10:00 to 11:30 for Pavel in Kathmandu (GMT+5:45)",
        ),
        "provider": (
            KATHMANDU,
            "Tuesday 3 March 2026, 10:00 to 11:30, Kathmandu time (GMT+5:45)",
            "00:45 to 02:15 for Cara in St John’s (GMT−3:30)",
        ),
    },
}
CUSTOMER, PROVIDER = "cara@customers.example", "pavel@providers.example"
CARA, PAVEL = "Cara Marker", "Pavel Token"


@pytest.fixture(autouse=True)
def _monday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def provider(db):
    user = UserFactory(name=PAVEL, email=PROVIDER, time_zone="Asia/Kathmandu")
    provider = ProviderFactory(user=user, name=PAVEL, time_zone="Asia/Kathmandu")
    give_hours(provider, {day: [("10:00", "17:00")] for day in range(5)})
    return provider


@pytest.fixture
def customer(db):
    return UserFactory(name=CARA, email=CUSTOMER, time_zone="America/St_Johns")


@pytest.fixture
def book(provider, customer):
    service = ServiceFactory(provider=provider, duration_minutes=90)

    def book(*, at_once):
        provider.policy.accepts_at_once = at_once
        provider.policy.save()
        return booking.book_appointment(
            service=service,
            start=START,
            customer=customer,
            terms=booking.terms_of(service),
            booking_key="key",
            note="My marker hurts.",
        ).appointment

    return book


def as_one(name, role, *, at_once, **more):
    """The act of one side, or of staff, on an appointment that was booked or requested before."""

    def act(book, provider, customer):
        appointment = book(at_once=at_once)
        deliver("notifications.send_mail")
        mail.outbox.clear()
        actor = {Role.CUSTOMER: customer, Role.PROVIDER: provider.user}.get(role) or UserFactory(is_staff=True)
        getattr(transitions, name)(appointment=appointment, actor=actor, role=role, **more)

    return act


def by_itself(book, provider, customer):
    appointment = book(at_once=False)
    deliver("notifications.send_mail")
    mail.outbox.clear()
    with time_machine.travel(appointment.answer_by + timedelta(seconds=1), tick=False):
        transitions.expire_request(appointment=appointment)


def called_off_by_the_system(book, provider, customer):
    appointment = book(at_once=True)
    deliver("notifications.send_mail")
    mail.outbox.clear()
    transitions.cancel_appointment(appointment=appointment, actor=None, role=Role.SYSTEM)


# The one link that opens without signing in belongs to its reader; some mails have none.
OWN, NONE = "own", "none"
REASON = {"reason": "A marker of a reason."}
# What happens -> to the customer (subject begins, link, calendar file), to the provider (the same).
TABLE = {
    "requested": (
        lambda book, provider, customer: book(at_once=False),
        ("Request sent: {when} with Pavel Token", OWN, None),
        ("Answer needed by Tue 10:00 Kathmandu time: Cara Marker, Tue 3 March", OWN, None),
    ),
    "booked": (
        lambda book, provider, customer: book(at_once=True),
        ("Confirmed: {when} with Pavel Token", OWN, "REQUEST"),
        ("Confirmed: {when} with Cara Marker", OWN, "REQUEST"),
    ),
    "accepted by the provider": (
        as_one("accept_request", Role.PROVIDER, at_once=False),
        ("Confirmed: {when} with Pavel Token", OWN, "REQUEST"),
        ("Confirmed: {when} with Cara Marker", OWN, "REQUEST"),
    ),
    "accepted by staff": (
        as_one("accept_request", Role.STAFF, at_once=False),
        ("Confirmed: {when} with Pavel Token", OWN, "REQUEST"),
        ("Confirmed: {when} with Cara Marker", OWN, "REQUEST"),
    ),
    "declined by the provider": (
        as_one("decline_request", Role.PROVIDER, at_once=False, **REASON),
        ("Not confirmed: {when}", NONE, None),
        ("Declined: {when} with Cara Marker", OWN, None),
    ),
    "declined by staff": (
        as_one("decline_request", Role.STAFF, at_once=False, **REASON),
        ("Not confirmed: {when}", NONE, None),
        ("Declined: {when} with Cara Marker", OWN, None),
    ),
    "withdrawn by the customer": (
        as_one("withdraw_request", Role.CUSTOMER, at_once=False, **REASON),
        ("Request withdrawn: {when} with Pavel Token", NONE, None),
        ("Request withdrawn: {when} with Cara Marker", OWN, None),
    ),
    "withdrawn by staff": (
        as_one("withdraw_request", Role.STAFF, at_once=False, **REASON),
        ("Request withdrawn: {when} with Pavel Token", NONE, None),
        ("Request withdrawn: {when} with Cara Marker", OWN, None),
    ),
    "expired": (
        by_itself,
        ("Not confirmed: {when}", NONE, None),
        ("Expired: {when} with Cara Marker", OWN, None),
    ),
    "cancelled by the customer": (
        as_one("cancel_appointment", Role.CUSTOMER, at_once=True, **REASON),
        ("Cancelled: {when} with Pavel Token", NONE, "CANCEL"),
        ("Cancelled: {when} with Cara Marker", OWN, "CANCEL"),
    ),
    "cancelled by the provider": (
        as_one("cancel_appointment", Role.PROVIDER, at_once=True, **REASON),
        ("Cancelled: {when} with Pavel Token", NONE, "CANCEL"),
        ("Cancelled: {when} with Cara Marker", OWN, "CANCEL"),
    ),
    "cancelled by staff": (
        as_one("cancel_appointment", Role.STAFF, at_once=True, **REASON),
        ("Cancelled: {when} with Pavel Token", NONE, "CANCEL"),
        ("Cancelled: {when} with Cara Marker", OWN, "CANCEL"),
    ),
    "cancelled by the system": (
        called_off_by_the_system,
        ("Cancelled: {when} with Pavel Token", NONE, "CANCEL"),
        ("Cancelled: {when} with Cara Marker", OWN, "CANCEL"),
    ),
}


def seen(message):
    """What matters of a mail as it was sent: to whom, subject, replies, links by their owner, times, calendar file."""
    sent = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    text, html = (sent.get_body((kind,)).get_content() for kind in ("plain", "html"))
    owners = {
        part: {(link.reader.email, link.side.value) for link in map(open_link, re.findall(PATTERN, body))}
        for part, body in (("text", text), ("html", html))
    }
    calendars = [part for part in sent.walk() if part.get_content_type() == "text/calendar"]
    return {
        "to": [address.addr_spec for address in sent["To"].addresses],
        "replies to": [address.addr_spec for address in sent["Reply-To"].addresses],
        "subject": str(sent["Subject"]),
        "links in text": owners["text"],
        "links in html": owners["html"],
        "times": text.splitlines()[3:5],
        "calendar": [part.get_param("method") for part in calendars],
        "in whose calendar": [
            re.findall(
                r"mailto:(\S+@\S*customers\S*|\S+@\S*providers\S*)",
                part.get_content().replace("\r\n ", "").replace("\n ", ""),
            )
            for part in calendars
        ],
    }


def expected(told, *, to, other, side, venue):
    subject, link, calendar = told
    when, time, second_time = TIMES[venue][side]
    links = {(to, side)} if link == OWN else set()
    return {
        "to": [to],
        "replies to": [other],
        "subject": subject.format(when=when),
        "links in text": links,
        "links in html": links,
        "times": [time, second_time],
        "calendar": [calendar] if calendar else [],
        "in whose calendar": [[to]] if calendar else [],
    }


@pytest.mark.parametrize("venue", TIMES)
@pytest.mark.parametrize("what", TABLE)
def test_each_side_is_told_of_each_event_in_a_mail_of_its_own(book, provider, customer, what, venue):
    provider.is_in_person, provider.is_online = venue == "in person", venue == "online"
    provider.save()
    happens, to_customer, to_provider = TABLE[what]

    happens(book, provider, customer)
    deliver("notifications.send_mail")

    mails = sorted((seen(message) for message in mail.outbox), key=lambda one: one["to"])
    assert mails == [
        expected(to_customer, to=CUSTOMER, other=PROVIDER, side="customer", venue=venue),
        expected(to_provider, to=PROVIDER, other=CUSTOMER, side="provider", venue=venue),
    ]


def test_the_table_above_has_every_event_that_is_told():
    told = {"request", "book", "accept", "decline", "withdraw", "expire", "cancel"}
    of_new_times = {"propose", "move", "decline_time", "withdraw_time", "lapse"}  # in `test_mails_of_new_times`

    assert {(verb.value, side.value) for verb, side in MAILS} == {
        (verb, side) for verb in told | of_new_times for side in ("customer", "provider")
    }


@pytest.mark.parametrize("what", TABLE)
def test_what_waits_to_be_done_holds_ids_and_nothing_that_anybody_typed(book, provider, customer, what):
    happens, _, _ = TABLE[what]

    happens(book, provider, customer)

    events = {event.pk for event in AppointmentEvent.objects.all()}
    waiting = [(message.topic, message.payload) for message in Message.objects.all()]
    mails = [payload for topic, payload in waiting if topic == "notifications.send_mail"]
    assert sorted((one["event"], one["to"]) for one in mails) == sorted(
        (event, to) for event in events for to in ("customer", "provider")
    )
    assert mails == [{"mail": "appointments.event", "event": one["event"], "to": one["to"]} for one in mails]
    others = [one for one in waiting if one[0] != "notifications.send_mail"]
    assert others == [("appointments.refresh_openings", {"provider": provider.pk})] * len(events)
    written = json.dumps([[message.key, message.payload] for message in Message.objects.all()]).lower()
    assert [word for word in ("cara", "pavel", "marker", "token", "example", "hurts") if word in written] == []
