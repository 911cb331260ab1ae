"""What holds for every mail of the catalogue, made from real rows: its headers, its one reader, its text, its id.

It is Monday 2 March 2026, 08:00 UTC. A mail that is new in the catalogue is missing in `made` until somebody adds it.
"""

import re
from dataclasses import asdict
from datetime import timedelta
from email.utils import getaddresses
from uuid import uuid4

import pytest
import time_machine
from django.core import mail as django_mail

from accounts.letters import LETTERS
from accounts.models import Appeal, Ban
from accounts.services import send_letter
from appointments.mail.waitlist import PlaceOpened
from appointments.models import (
    Appointment,
    AppointmentEvent,
    KnownConflict,
    LateCancellation,
    Offer,
    Proposal,
    WaitlistPlace,
)
from appointments.services import proposals, transitions
from appointments.services.conflicts import tell_new_conflicts
from appointments.services.digests import choose_digest
from appointments.services.transitions import Change
from appointments.states import OfferState, PlaceState, Role, Verb
from calendar_sync.models import Connection
from notifications import catalogue
from notifications.models import ONE_PRESS, TOPICS, Kind, SentMail, State
from notifications.services import send_by_name
from outbox.models import Message
from providers.models import PageDecision
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect, put
from tests.factories.providers import ServiceFactory, TimeOffFactory
from tests.factories.waitlist import wish

from .conftest import NOW, TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
C, P = Role.CUSTOMER, Role.PROVIDER
# The mail of an offer that another mail takes back.
SENT_BEFORE = "<opened@testserver>"


def stamp(moment):
    return int(moment.timestamp())


@pytest.fixture
def made(book, provider, customer, service):
    """The facts of a mail of each name, true now, by the name of its entry; those of accounts by letter."""
    move_to_london(provider)
    staff = UserFactory(is_staff=True)
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    one = book().appointment
    gone = [book(start=TUESDAY_TEN + n * HOUR).appointment for n in (1, 2)]
    transitions.apply([Change(each, Verb.CANCEL) for each in gone], actor=staff, role=Role.STAFF)
    asked = book(start=TUESDAY_TEN + 3 * HOUR, service=by_hand).appointment
    late = book(start=NOW + 6 * HOUR).appointment
    transitions.cancel_appointment(appointment=late, actor=customer, role=C)
    forgiven = LateCancellation.objects.get()
    forgiven.forgiven_at, forgiven.forgiven_by = NOW, staff
    forgiven.save()
    moving = book(start=TUESDAY_TEN + DAY).appointment
    proposals.propose_time(appointment=moving, start=TUESDAY_TEN + DAY + HOUR, actor=provider.user, role=P)
    banned, lifted = (Ban.objects.create(user=UserFactory(), since=NOW - DAY) for _ in range(2))
    Ban.objects.filter(pk=lifted.pk).update(lifted_at=NOW, lifted_by=staff)
    appeal = Appeal.objects.create(
        ban=banned, text="Please.", sent_at=NOW - HOUR, answer="No.", answered_at=NOW, answered_by=staff
    )
    choose_digest(provider=provider, minute=22 * 60, also_empty=False, now=NOW)
    event = AppointmentEvent.objects.get(appointment=one)
    called_off = AppointmentEvent.objects.filter(appointment__in=gone, verb=Verb.CANCEL)
    proposal = Proposal.objects.get()
    later = TUESDAY_TEN + DAY
    Offer.objects.create(
        customer=customer, provider=provider, service=service, instead_of=gone[0], start=later, end=later + HOUR,
        expires_at=later, state=OfferState.WITHDRAWN, closed_at=NOW + MINUTE,
    )  # fmt: skip
    wanted = {"provider": provider, "service": service, **asdict(wish(provider))}
    waits = WaitlistPlace.objects.create(customer=UserFactory(), **wanted)
    ended = {"state": PlaceState.REMOVED, "closed_at": NOW, "reason": "We moved."}
    removed = WaitlistPlace.objects.create(customer=UserFactory(), **wanted, **ended)
    opened, taken_back = (
        Offer.objects.create(
            customer=waits.customer, provider=provider, service=service, place=waits, start=later, end=later + HOUR,
            expires_at=later, state=state, closed_at=closed_at,
        )
        for state, closed_at in ((OfferState.OPEN, None), (OfferState.WITHDRAWN, NOW))
    )  # fmt: skip
    SentMail.objects.create(
        key=PlaceOpened(taken_back).key, user=waits.customer, kind=Kind.PLACE_OPENED, state=State.SENT,
        message_id=SENT_BEFORE, handed_over_at=NOW, sent_at=NOW,
    )  # fmt: skip
    google = Connection.objects.create(
        user=provider.user, account="3", email="m@example.com", profile="full", state="sign_in_again", state_since=NOW
    )
    lasting = Connection.objects.create(
        user=provider.user, account="2", email="n@example.com", profile="full", refresh_token="r", sign_in_until=later
    )
    off = TimeOffFactory(provider=provider, start=NOW + 40 * DAY, end=NOW + 41 * DAY)
    edited = google.calendars.create(google_id="m@example.com", name="Own").written.create(
        source="time_off", key=off.uuid, event_id=uuid4().hex, start=off.start, end=off.end, edit="deleted",
        edited_at=NOW,
    )  # fmt: skip
    busy = put(connect(provider), one.start, one.end)
    tell_new_conflicts(provider)
    conflict = KnownConflict.objects.get(event_id=busy.event_id)
    joined = book(start=TUESDAY_TEN + 4 * HOUR).appointment
    Appointment.objects.filter(pk=joined.pk).update(venue="online", join_link="https://meet.google.com/abc-defg-hij")
    decision = PageDecision.objects.create(
        provider=provider, decided="paused", decided_by=staff, at=NOW, reason="Please add an address."
    )
    return {
        "appointments.join_links": {
            "appointments": [joined.pk],
            "since": [NOW.isoformat()],
            "had": [""],
            "at": NOW.isoformat(),
        },
        "appointments.event": {"event": event.pk, "to": "customer"},
        "appointments.events": {"events": list(called_off.values_list("pk", flat=True)), "to": "customer"},
        "appointments.link": {"appointment": one.pk, "to": "customer", "day": "20260302"},
        "appointments.reminder": {"appointment": one.pk, "to": "customer", "at": stamp(one.start), "minutes": 1440},
        "appointments.last_call": {"appointment": asked.pk, "to": "provider", "at": stamp(asked.answer_by)},
        "appointments.last_call_for_time": {"proposal": proposal.pk, "at": stamp(proposal.answer_by)},
        "appointments.offers_withdrawn": {"appointment": gone[0].pk, "act": uuid4().hex},
        "appointments.place_opened": {"offer": opened.pk},
        "appointments.place_withdrawn": {"offer": taken_back.pk},
        "appointments.place_removed": {"place": removed.pk},
        "appointments.waitlist_closed": {"places": [waits.pk]},
        "appointments.late_forgiven": {"late": forgiven.pk},
        "appointments.suspended": {"ban": banned.pk},
        "appointments.suspension_lifted": {"ban": lifted.pk},
        "appointments.appeal_answered": {"appeal": appeal.pk},
        "appointments.page_decided": {"decision": decision.pk},
        "appointments.conflicts": {"conflicts": [conflict.pk], "known_at": conflict.known_at.isoformat()},
        "appointments.digest": {"provider": provider.pk, "day": "2026-03-03"},
        "calendar_sync.sign_in_ends": {"connection": lasting.pk, "until": lasting.sign_in_until.isoformat()},
        "calendar_sync.sign_in_again": {"connection": google.pk, "since": google.state_since.isoformat(), "hours": 0},
        "calendar_sync.edited": {"event": edited.pk, "at": NOW.isoformat()},
        "analytics.report": {"provider": provider.pk, "month": "2026-02-01", "mailing": 1},
        **{f"accounts.letter {name}": _facts_of_letter(name) for name in LETTERS},
    }


def _facts_of_letter(name):
    page = "http://testserver/x/"
    said = dict.fromkeys(("activate_url", "password_reset_url", "signup_url", "url"), page)
    said |= {"code": "K7QF-MR2W", "ip": "192.0.2.1", "timestamp": NOW.isoformat(), "from_email": "a@example.com"}
    said |= {"to_email": "b@example.com", "deleted_email": "c@example.com"}
    said |= {"until": "Mon 9 March", "day": "Mon 16 March", "account": "maya@example.com"}
    send_letter(letter=name, to=f"{uuid4().hex[:8]}@example.com", said=said)
    message = Message.objects.filter(topic="notifications.send_account_mail").order_by("created_at", "pk").last()
    facts = message.payload
    message.delete()
    return {each: facts[each] for each in ("key", "sealed", "expires")}


def sent(name, facts):
    """The message as a server gets it, and its row in the log."""
    django_mail.outbox.clear()
    row = send_by_name(name.partition(" ")[0], facts)
    assert row is not None and row.state == State.SENT, (name, row and (row.state, row.reason))
    [message] = django_mail.outbox
    return message, row


def test_no_mail_of_the_catalogue_is_left_out(made):
    # Other tests register mails of their own, which are called probes.
    names = {name for name in catalogue._entries if not name.startswith("probe.")}
    assert {name.partition(" ")[0] for name in made} == names


# Mails that nobody is told of by any other way: of codes, links and security, and one that is chosen for itself.
BY_MAIL_ALONE = {"accounts.letter", "appointments.link", "appointments.digest"}


def test_whatever_else_is_told_has_a_line_in_the_inbox():
    names = {name for name in catalogue._entries if not name.startswith("probe.")}

    assert {name for name in names if not catalogue.has_lines(name)} == BY_MAIL_ALONE


def test_every_mail_has_the_headers_that_machines_need_one_reader_and_a_text(made):
    """RFC 3834 (Auto-Submitted), RFC 8058 (one press) for what is optional, RFC 2046 (a text beside the HTML)."""
    for name, facts in made.items():
        message, row = sent(name, facts)
        wire = message.message()

        assert wire["Auto-Submitted"] == "auto-generated", name
        assert re.fullmatch(r"<[0-9a-f]{40}@testserver>", wire["Message-ID"]), name
        assert wire["Message-ID"] == row.message_id
        readers = getaddresses([wire["To"]])
        assert len(readers) == len(message.recipients()) == 1, name
        assert (wire["Cc"], wire["Bcc"]) == (None, None), name
        optional = TOPICS.get(row.kind) in ONE_PRESS
        assert (wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") is optional, name
        assert (wire["List-Unsubscribe"] is not None) is optional, name
        text, html = (
            next(part for part in wire.walk() if part.get_content_type() == kind).get_payload(decode=True).decode()
            for kind in ("text/plain", "text/html")
        )
        assert len(text.split()) > 20, name
        assert "<" not in re.sub(r"<[^@>\s]+@[^>]+>", "", text).replace("<3", ""), name
        assert html.startswith("<!doctype html>"), name
        assert wire["Subject"] and "\n" not in message.subject, name


def test_every_mail_keeps_its_id_when_it_is_made_anew_and_shares_it_with_no_other(made):
    """A repeat, by another worker and later, is the same mail to whoever reads it (RFC 5322, 3.6.4)."""
    first = {name: sent(name, facts)[1].message_id for name, facts in made.items()}
    SentMail.objects.exclude(message_id=SENT_BEFORE).delete()

    with time_machine.travel(NOW + MINUTE, tick=False):
        second = {name: sent(name, facts)[1].message_id for name, facts in made.items()}

    assert second == first
    assert len(set(first.values())) == len(made)


def test_every_mail_is_sent_once_however_often_its_job_runs(made):
    for name, facts in made.items():
        sent(name, facts)
        django_mail.outbox.clear()

        send_by_name(name.partition(" ")[0], facts)

        assert django_mail.outbox == [], name
