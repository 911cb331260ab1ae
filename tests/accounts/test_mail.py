import json
from datetime import timedelta
from pathlib import Path

import allauth
import pytest
from django.core import mail
from django.test import Client

from accounts import letters, url_secrets
from core import clock
from notifications.composing import render
from notifications.models import SentMail
from notifications.tasks import send_mail
from outbox.models import Message
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_sign_up import sign_up

pytestmark = pytest.mark.django_db

NOT_OURS = {  # ways of allauth that we don't offer
    "account/email/password_reset_code",
}
OURS_ALONE = {
    "account/email/code_after_password",
    "accounts/again_code",
    "accounts/copy_ready",
    "accounts/google_code",
    "accounts/google_connected",
    "accounts/google_disconnected",
    "accounts/leaving",
    "accounts/leaving_code",
    "accounts/kept",
    "accounts/token_used_twice",
}


def test_every_mail_allauth_can_send_has_words_of_ours():
    folder = Path(allauth.__file__).parent / "templates"
    known = {
        str(path.relative_to(folder)).removesuffix("_subject.txt")
        for app in ("account", "mfa")
        for path in (folder / app / "email").glob("*_subject.txt")
    }

    assert known - NOT_OURS <= letters.LETTERS.keys()
    assert letters.LETTERS.keys() - OURS_ALONE <= known


@pytest.mark.parametrize("prefix", letters.LETTERS)
def test_every_mail_reads_well_as_text_and_html(prefix):
    context = {
        "activate_url": "http://testserver/a", "password_reset_url": "http://testserver/p", "signup_url": "http://testserver/s",
        "code": "K7QF-MR2W", "to_email": "new@example.com", "from_email": "old@example.com",
        "deleted_email": "gone@example.com", "account": "A Google account",
        "ip": "203.0.113.9", "url": "http://testserver/l", "until": "Thursday 10 December", "day": "10 December",
    }  # fmt: skip
    letter = letters.LETTERS[prefix](context)

    text, html = render(letter)

    assert "\n" not in letter.subject
    for line in (letter.headline, *letter.lead):
        assert line in text
    assert letter.button.url in text
    assert f'href="{letter.button.url}"' in html
    assert "{" not in text
    assert "None" not in text


def test_the_page_sends_nothing_itself_and_the_waiting_mail_cannot_be_read(client):
    sign_up(client)

    assert mail.outbox == []
    [message] = Message.objects.all()
    stored = json.dumps(message.payload) + message.key
    assert "amara" not in stored
    assert "accounts/confirm-email" not in stored
    assert (
        "/accounts/confirm-email/" in json.loads(url_secrets.unseal(message.payload["sealed"]))["said"]["activate_url"]
    )


def test_a_mail_is_to_one_person_and_a_job_that_runs_twice_sends_it_once(client):
    sign_up(client)
    [message] = Message.objects.all()

    send_mail(message.payload, message=message)
    send_mail(message.payload, message=message)

    [letter] = mail.outbox
    assert letter.to == ["amara@example.com"]
    assert (letter.cc, letter.bcc) == ([], [])
    sent = letter.message()
    assert sent["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    [row] = SentMail.objects.values("user", "kind", "about", "topic", "payload", "state", "message_id")
    assert row == {
        "user": None,  # nobody has proved yet that the address is theirs
        "kind": "account",
        "about": "",
        "topic": "",
        "payload": {},  # a link that lets in is kept nowhere
        "state": "sent",
        "message_id": sent["Message-ID"],
    }


def test_a_mail_says_from_where_it_was_asked_for_and_whether_the_device_is_known(client, person):
    """So that strangers share a budget by network, and use up none of the person's own."""
    sign_in(client)
    client.post("/accounts/logout/")

    client.post("/accounts/password/reset/", {"email": person.email})
    Client(REMOTE_ADDR="2001:db8:1:2::1").post("/accounts/password/reset/", {"email": person.email})
    client.post("/accounts/password/reset/", {"email": "ben@example.com"})

    facts = [
        json.loads(url_secrets.unseal(message.payload["sealed"])) for message in Message.objects.order_by("created_at")
    ]
    assert [(fact["to"], fact["asked_from"], fact["on_known_device"]) for fact in facts] == [
        ("amara@example.com", "127.0.0.1", True),
        ("amara@example.com", "2001:db8:1:2::/64", False),
        ("ben@example.com", "127.0.0.1", False),
    ]


def test_a_mail_whose_link_is_too_old_is_not_sent(client, time_machine):
    sign_up(client)
    [message] = Message.objects.all()
    time_machine.move_to(clock.now() + timedelta(days=4))

    send_mail(message.payload, message=message)

    assert mail.outbox == []
    assert SentMail.objects.values_list("state", "reason").get() == (
        "skipped",
        "the link or code in it no longer works",
    )


def test_a_forged_host_does_not_get_into_a_mail(person, postbox):
    Client().post("/accounts/password/reset/", {"email": person.email}, HTTP_HOST="localhost")
    Client().post(
        "/accounts/password/reset/",
        {"email": "nobody@example.com"},
        HTTP_HOST="127.0.0.1",
        HTTP_X_FORWARDED_HOST="evil.example",
    )

    for letter in postbox.deliver():
        assert "http://testserver/accounts/" in letter.body
        assert "localhost" not in letter.body
        assert "evil" not in letter.body
    assert (
        Client().post("/accounts/password/reset/", {"email": person.email}, HTTP_HOST="evil.example").status_code == 400
    )


def test_signing_in_sends_no_mail(client, person):
    sign_in(client, password=PASSWORD)

    assert not Message.objects.exists()
