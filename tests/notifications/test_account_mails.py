"""The mails of accounts go the way of all mails: one log, one sender, the same answers of the server."""

import pytest

from accounts.services import send_letter
from notifications.models import RefusedAddress, SentMail
from notifications.tasks import send_mail
from outbox.models import Message
from outbox.services import GiveUp, Retry

pytestmark = pytest.mark.django_db

CODE = "account/email/login_code"
CHANGED = "account/email/password_changed"


@pytest.fixture
def mail():
    """Publishes a letter of accounts and returns what its job does, so that it can be done twice."""

    def mail(letter=CODE, to="amara@example.com", **facts):
        send_letter(letter=letter, to=to, said={"code": "K7QF-MR2W"}, **facts)
        message = Message.objects.order_by("created_at", "pk").last()
        message.delete()
        return lambda: send_mail(message.payload, message=message)

    return mail


def test_a_letter_of_accounts_arrives_with_the_headers_of_all_mails(smtp, mail, person):
    mail()()

    [message] = smtp.received
    assert (message["From"], message["Reply-To"]) == (
        "Dayline <no-reply@testserver>",
        "Dayline <help@example.com>",
    )
    assert message["To"] == "amara@example.com"  # never a name: whoever typed the address may have chosen it
    assert message["Subject"] == "Your code to sign in to Dayline"
    assert message["Message-ID"] == SentMail.objects.get(user=person, kind="account").message_id
    assert "K7QF-MR2W" in message.get_body(("plain",)).get_content()


def test_a_lost_answer_repeats_the_letter_under_the_same_id(smtp, mail):
    smtp.cut_after_data = 1
    again = mail()

    with pytest.raises(Retry):
        again()
    again()

    first, second = smtp.received
    assert first["Message-ID"] == second["Message-ID"]


def test_a_mailbox_that_refuses_for_good_is_given_up_and_one_that_refuses_for_now_is_not(smtp, mail, person):
    smtp.answers["RCPT"] = ["451 4.2.0 not now amara@example.com", "550 5.1.1 no amara@example.com"]
    again = mail()

    with pytest.raises(Retry) as later:
        again()
    with pytest.raises(GiveUp) as never:
        again()

    assert "amara" not in later.value.reason + never.value.reason
    assert RefusedAddress.objects.get().user == person


@pytest.mark.parametrize("letter", [CODE, CHANGED])
def test_a_letter_of_accounts_is_tried_at_an_address_that_was_refused(smtp, mail, person, letter):
    RefusedAddress.objects.create(user=person, email=person.email, code="550", refused_at=person.email_confirmed_at)

    mail(letter)()

    assert len(smtp.received) == 1
    assert not RefusedAddress.objects.exists()
