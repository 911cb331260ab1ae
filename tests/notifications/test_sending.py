"""One mail through a real server: accepted, put off, refused, and the answers that get lost on the way."""

import re
import socket
import time
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from core.letters import Mailbox
from notifications import services
from notifications.models import REFUSAL_HOLDS, RefusedAddress, SentMail, State
from notifications.queries import mails_about, refusal_of
from notifications.services import Job
from outbox.services import GiveUp, Retry
from tests.factories.accounts import UserFactory

from .conftest import PlainMail

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_with_the_headers_that_machines_and_people_need(smtp, send):
    mail = send(from_name="Maya Okafor", reply_to=Mailbox("maya@example.com", "Maya Okafor"))

    [message] = smtp.received
    assert message["Subject"] == "Confirmed: Thu 12 March, 14:20"
    assert message["From"] == "Maya Okafor via Dayline <no-reply@testserver>"
    assert message["To"] == "Amara Nwosu <amara@example.com>"
    assert message["Reply-To"] == "Maya Okafor <maya@example.com>"
    assert message["Message-ID"] == mail.message_id
    assert message["Message-ID"].endswith("@testserver>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == mail.handed_over_at.replace(microsecond=0)
    assert message["Cc"] is message["Bcc"] is None
    assert [envelope.rcpt_tos for envelope in smtp.envelopes] == [["amara@example.com"]]
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert mail.state == State.SENT
    assert mail.sent_at is not None


def test_replies_go_to_support_where_nobody_else_is_named(smtp, send):
    send()

    [message] = smtp.received
    assert message["Reply-To"] == "Dayline <help@example.com>"
    assert message["From"] == "Dayline <no-reply@testserver>"


def test_a_finished_key_sends_nothing_more(smtp, send):
    first = send()

    second = send()

    assert len(smtp.received) == 1
    assert second.pk == first.pk
    assert second.sent_at == first.sent_at


def test_another_key_or_person_is_another_mail_with_an_id_of_its_own(smtp, send):
    send()
    send(key="two")

    assert len({message["Message-ID"] for message in smtp.received}) == 2


def test_somebody_who_left_gets_nothing(smtp, send, person):
    person.is_active = False

    assert send() is None
    assert smtp.received == []
    assert not SentMail.objects.exists()


@pytest.mark.parametrize(
    ("command", "answer"),
    [("RCPT", "451 4.3.0 try later"), ("RCPT", "421 too busy"), ("DATA", "452 4.3.1 disk full"), ("DATA", "451 no")],
)
def test_not_now_is_tried_again_and_arrives_once(smtp, send, command, answer):
    smtp.answers[command] = [answer]

    with pytest.raises(Retry) as error:
        send()
    send()

    assert error.value.reason.startswith(answer[:3])
    assert "amara" not in error.value.reason
    assert len(smtp.received) == 1
    assert SentMail.objects.get().attempts == 2
    assert not RefusedAddress.objects.exists()


def test_no_server_to_talk_to_is_tried_again(smtp, send, settings):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        settings.EMAIL_PORT = nobody.getsockname()[1]
        with pytest.raises(Retry):
            send()

    settings.EMAIL_PORT = smtp.port
    send()

    assert len(smtp.received) == 1


def test_a_server_that_hangs_does_not_hold_the_worker(smtp, send, settings):
    settings.EMAIL_TIMEOUT = 0.2
    smtp.seconds = 60

    began = time.monotonic()
    with pytest.raises(Retry):
        send()

    assert time.monotonic() - began < smtp.seconds / 2


@pytest.mark.parametrize("once", [False, True])
def test_a_line_that_is_cut_before_the_mail_is_handed_over_never_sends_two(smtp, send, once):
    smtp.cut_before_data = 1

    if once:
        # Where the line was cut can not be told, and a reminder must not come twice: it is not tried again.
        assert send(once=True).state == State.UNCLEAR
    else:
        with pytest.raises(Retry):
            send()
    send(once=once)

    assert len(smtp.received) == (0 if once else 1)


def test_a_lost_answer_repeats_the_same_mail_under_the_same_id(smtp, send):
    smtp.cut_after_data = 1

    with pytest.raises(Retry):
        send()
    send()
    send()

    first, second = smtp.received
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_sent_once_though_the_database_is_lost_right_after_the_servers_yes(smtp, send, monkeypatch):
    real = services.deliver

    def deliver_and_lose_the_database(message):
        failure = real(message)
        lose_next_statement()
        return failure

    monkeypatch.setattr(services, "deliver", deliver_and_lose_the_database)

    mail = send()
    send()

    assert len(smtp.received) == 1
    assert (mail.state, mail.leased_until) == (State.SENT, None)


def lose_next_statement():
    """The connection is gone when the next statement is sent, as after a restart or a cut line."""
    if connection.vendor == "postgresql":
        pid = connection.connection.info.backend_pid
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()
        return

    def lost(execute, *args):
        connection.execute_wrappers.remove(lost)
        raise OperationalError("the line is cut")

    connection.execute_wrappers.append(lost)


def test_an_accepted_mail_counts_though_the_connection_breaks_after_it(smtp, send, monkeypatch):
    monkeypatch.setattr("smtplib.SMTP.quit", lambda self: (_ for _ in ()).throw(TimeoutError))

    mail = send()

    assert mail.state == State.SENT


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 no such user amara@example.com", "550 unknown", "553 5.1.3 bad", "551 5.2.1 off"]
)
def test_an_address_that_is_refused_for_good_is_marked_and_left_alone(smtp, send, person, answer):
    smtp.answers["RCPT"] = [answer]

    with pytest.raises(GiveUp) as error:
        send()
    with pytest.raises(GiveUp):
        send(key="the next event")

    assert smtp.received == []
    assert smtp.answers["RCPT"] == []  # the second was not even tried
    assert refusal_of(person).code == error.value.reason.removeprefix("refused: ")
    assert "amara" not in error.value.reason
    assert set(SentMail.objects.values_list("state", flat=True)) == {State.REFUSED}


@pytest.mark.parametrize(
    ("command", "answer"), [("RCPT", "550 5.7.1 relaying denied"), ("DATA", "554 5.7.1 looks like spam")]
)
def test_a_refusal_that_is_not_about_the_address_marks_nobody(smtp, send, person, command, answer):
    smtp.answers[command] = [answer]

    with pytest.raises(GiveUp):
        send()
    send(key="the next event")

    assert refusal_of(person) is None
    assert len(smtp.received) == 1


def test_a_refused_address_is_tried_again_after_a_week_or_when_the_person_changes_it(smtp, send, person):
    smtp.answers["RCPT"] = ["550 5.1.1 no"]
    with pytest.raises(GiveUp):
        send()
    RefusedAddress.objects.update(refused_at=Now() - REFUSAL_HOLDS - timedelta(seconds=1))

    send(key="a week later")

    assert len(smtp.received) == 1
    assert not RefusedAddress.objects.exists()

    RefusedAddress.objects.create(user=person, email="old@example.com", code="550", refused_at=Now())
    send(key="at the new address")
    assert len(smtp.received) == 2


def test_a_refused_mail_whose_job_is_run_again_by_staff_is_tried_again(smtp, send):
    smtp.answers["RCPT"] = ["550 5.1.1 no"]
    with pytest.raises(GiveUp):
        send()
    RefusedAddress.objects.all().delete()

    mail = send()

    assert mail.state == State.SENT
    assert mail.reason == ""
    assert len(smtp.received) == 1


def test_while_one_worker_sends_another_is_told_to_come_back(smtp, send):
    send(key="other")  # so that the row can be made by hand from a true one
    SentMail.objects.update(
        state=State.SENDING, sent_at=None, leased_until=Now() + timedelta(seconds=60), lease_token=None
    )

    with pytest.raises(Retry):
        send(key="other")
    SentMail.objects.update(leased_until=Now() - timedelta(seconds=1))
    send(key="other")

    assert len(smtp.received) == 2  # the first worker died: unclear, so once more, with the same id
    assert len({message["Message-ID"] for message in smtp.received}) == 1


def test_a_mistake_of_ours_leaves_the_mail_free_for_the_next_attempt(smtp, send):
    with pytest.raises(Exception, match="emails/nowhere"):
        send(template="emails/nowhere")

    send()

    assert len(smtp.received) == 1


def test_a_mistake_in_a_letter_of_ours_loses_no_mail(smtp, send, monkeypatch):
    monkeypatch.setattr(PlainMail, "letter", lambda self: int("no number"))
    with pytest.raises(ValueError, match="no number"):
        send()
    monkeypatch.undo()

    mail = send()

    assert (mail.state, mail.attempts) == (State.SENT, 2)


def test_an_address_no_server_takes_does_not_fail_for_ever(smtp, send, person):
    person.email = "amara@exa\r\nmple.com"

    with pytest.raises(GiveUp):
        send()

    assert smtp.received == []


def test_what_was_not_sent_is_noted_and_never_overwrites_what_was(smtp, send, person):
    send(key="stale", stale="a later event has a mail of its own")
    send()
    send(stale="too late")

    assert list(SentMail.objects.order_by("key").values_list("key", "state", "reason")) == [
        ("one", "sent", ""),
        ("stale", "skipped", "a later event has a mail of its own"),
    ]
    assert send(key="stale").state == State.SKIPPED
    assert len(smtp.received) == 1


def test_a_mail_whose_sender_died_and_that_is_no_longer_true_is_settled_after_the_lease(smtp, send, person):
    overtaken = {"stale": "a later event has a mail of its own"}
    smtp.answers["RCPT"] = ["451 4.3.0 try later"]
    with pytest.raises(Retry):
        send()
    SentMail.objects.update(leased_until=Now() + timedelta(minutes=2), lease_token=uuid.uuid4())

    with pytest.raises(Retry):
        send(**overtaken)
    assert SentMail.objects.get().state == State.SENDING

    SentMail.objects.update(leased_until=Now() - timedelta(seconds=1))
    send(**overtaken)

    assert SentMail.objects.values_list("state", "reason", "leased_until", "lease_token").get() == (
        State.SKIPPED,
        "a later event has a mail of its own",
        None,
        None,
    )
    assert smtp.received == []


def test_the_timeline_shows_a_persons_own_mails_only(smtp, send, person):
    other = UserFactory()
    send()
    send(key="to the other", to=other)
    send(key="about another", about="ABCDEFGH")
    send(key="skipped", stale="stale")

    assert [(mail.key, mail.words) for mail in mails_about("K7QFMR2W", person)] == [("one", "Confirmation emailed")]


def test_sending_again_by_staff_is_a_mail_of_its_own_and_tries_a_refused_address(smtp, send, person):
    smtp.answers["RCPT"] = ["550 5.1.1 no"]
    with pytest.raises(GiveUp):
        send()

    send(job=Job("some.topic", {"event": 1}, again=1))
    send(job=Job("some.topic", {"event": 1}, again=1))

    assert list(SentMail.objects.order_by("pk").values_list("key", "state")) == [
        ("one", "refused"),
        ("one:again-1", "sent"),
    ]
    assert len(smtp.received) == 1


HOSTILE = [
    "Eve\r\nBcc: victim@example.com",
    "Eve\nBcc: victim@example.com",
    "Eve\rBcc: victim@example.com",
    "Eve\u2028Bcc: victim@example.com",
    "Eve\x0bBcc: victim@example.com",
    "Eve%0d%0aBcc: victim@example.com",
    'Eve" <victim@example.com>, "Mallory',
    "victim@example.com, eve",
    "Eve <victim@example.com>",
    "Eve; Mallory: group",
    "Eve\\",
    "=?utf-8?q?Eve=0ABcc:_victim=40example.com?=",
    "\u202eEve\u2066",
    "Ève 田中 👩‍👩‍👧",
    "E" * 120,
]


HEADERS = {
    *("content-type", "mime-version", "subject", "from", "to", "reply-to", "message-id", "date", "auto-submitted"),
    "x-auto-response-suppress",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_add_a_header_or_a_recipient(smtp, send, person, name):
    person.name = name
    send(subject=f"Confirmed: with {name}", from_name=name, reply_to=Mailbox("maya@example.com", name))

    [message] = smtp.received
    [envelope] = smtp.envelopes
    assert envelope.rcpt_tos == ["amara@example.com"]
    assert envelope.mail_from == "no-reply@testserver"
    assert [address.addr_spec for address in message["To"].addresses] == ["amara@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["no-reply@testserver"]
    assert [address.addr_spec for address in message["Reply-To"].addresses] == ["maya@example.com"]
    assert {header.lower() for header in message} == HEADERS
    assert not set("\r\n\u2028\x0b\u202e") & set(str(message["Subject"]))
    assert str(message["Subject"]).startswith("Confirmed: with ")
    assert re.search(rb"^Subject: \S", envelope.content, re.MULTILINE)  # no empty first line


def test_text_that_looks_like_markup_is_text(smtp, send):
    send(headline="<script>alert(1)</script> & {{ 7 }}", lead=("<b>x</b>",))

    [message] = smtp.received
    html = message.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7 }}" in html
    assert message.get_body(("plain",)).get_content().startswith("<script>alert(1)</script> & {{ 7 }}\r\n")


# --- Mails that must not arrive twice ---------------------------------------------------------------------------------


def test_a_mail_that_goes_once_is_not_repeated_when_the_answer_was_lost(smtp, send):
    smtp.cut_after_data = 1

    row = send(once=True)
    again = send(once=True)

    assert len(smtp.received) == 1
    assert (row.state, again.pk, again.state) == (State.UNCLEAR, row.pk, State.UNCLEAR)


def test_a_mail_that_goes_once_is_tried_again_after_a_clear_no(smtp, send):
    smtp.answers["RCPT"] = ["451 4.2.0 later"]
    with pytest.raises(Retry):
        send(once=True)
    assert SentMail.objects.get().state == State.SENDING

    assert send(once=True).state == State.SENT
    assert len(smtp.received) == 1


def test_a_mail_that_goes_once_waits_for_a_server_that_is_away(smtp, send, settings):
    settings.EMAIL_PORT = 1  # nobody listens there
    with pytest.raises(Retry):
        send(once=True)

    settings.EMAIL_PORT = smtp.port
    assert send(once=True).state == State.SENT


def test_a_mail_that_goes_once_stays_unclear_when_its_worker_dies(smtp, send, monkeypatch):
    def die(message):
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "deliver", die)
    with pytest.raises(KeyboardInterrupt):
        send(once=True)
    monkeypatch.undo()

    assert send(once=True).state == State.UNCLEAR
    assert smtp.received == []


def test_a_mail_that_goes_once_and_is_refused_for_good_says_so(smtp, send):
    smtp.answers["RCPT"] = ["550 5.1.1 no such user"]
    with pytest.raises(GiveUp):
        send(once=True)
    assert SentMail.objects.get().state == State.REFUSED
