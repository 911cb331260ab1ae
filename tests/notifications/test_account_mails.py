"""The mails of accounts go the way of all mails: one log, one sender, the same answers of the server."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client

from accounts.services import send_letter
from notifications.models import RefusedAddress, SentMail
from notifications.tasks import forget_who_asked, send_mail
from outbox import dispatch
from outbox import services as outbox
from outbox.models import Message
from outbox.services import GiveUp, Retry
from outbox.testing import deliver

pytestmark = pytest.mark.django_db

CODE = "account/email/login_code"
CHANGED = "account/email/password_changed"


@pytest.fixture
def mail():
    """Publishes a letter of accounts and returns what its job does, so that it can be done twice."""

    def mail(letter=CODE, to="amara@example.com", **facts):
        said = {
            "code": "K7QF-MR2W",
            "activate_url": "http://testserver/a/",
            "password_reset_url": "http://testserver/b/",
        }
        send_letter(letter=letter, to=to, said=said, **facts)
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


# --- Mails that anybody can ask for ----------------------------------------------------------------------------------

SIGN_UP, RESET = "account/email/email_confirmation_signup", "account/email/password_reset_key"


def age(hours):
    SentMail.objects.update(created_at=Now() - timedelta(hours=hours))


def reasons():
    return list(SentMail.objects.filter(state="skipped").values_list("reason", flat=True))


def test_all_that_strangers_can_ask_for_has_one_budget_an_hour_and_one_a_day(smtp, mail):
    kinds = [SIGN_UP, RESET, CODE]
    for number in range(10):
        mail(kinds[number % 3], asked_from=f"203.0.113.{number}")()
    assert (len(smtp.received), set(reasons())) == (6, {"enough such mails to this address within the hour"})

    age(hours=2)
    for number in range(10):
        mail(kinds[number % 3], asked_from=f"203.0.113.{number}")()

    assert len(smtp.received) == 12
    assert len(reasons()) == 8
    age(hours=25)
    mail()()
    assert len(smtp.received) == 13


def test_a_full_day_says_so_in_the_log(smtp, mail):
    for hours in (2, 4):
        for _ in range(6):
            mail()()
        age(hours=hours)

    mail()()

    assert reasons() == ["enough such mails to this address within the day"]


def test_the_budget_of_one_address_is_no_other_s_and_none_of_what_happened_to_an_account(smtp, mail):
    for _ in range(7):
        mail()()

    mail(to="ben@example.com")()
    mail(CHANGED)()

    assert [message["To"] for message in smtp.received[6:]] == ["ben@example.com", "amara@example.com"]


def test_what_strangers_ask_for_leaves_the_persons_own_devices_their_own_budget(smtp, mail):
    for _ in range(7):
        mail()()

    mail(on_known_device=True)()

    assert len(smtp.received) == 7


def test_one_network_asks_for_a_hundred_a_day_whatever_the_addresses(smtp, mail, monkeypatch):
    monkeypatch.setattr("notifications.rules.ASKED_PER_DAY_FROM_ONE", 3)
    for number in range(5):
        mail(to=f"person{number}@example.com", asked_from="203.0.113.0")()

    mail(to="person9@example.com", asked_from="198.51.100.0")()
    mail(to="person9@example.com")()

    assert len(smtp.received) == 5
    assert reasons() == ["enough such mails asked for from one network within the day"] * 2


def test_an_unconfirmed_account_that_is_made_anew_each_time_has_the_same_budget(client, smtp):
    for _ in range(9):
        client.post(
            "/accounts/signup/", {"name": "A", "email": "amara@example.com", "password1": "long walks by the river"}
        )
        cache.clear()  # other networks would not meet the limit of forms either
        deliver("notifications.send_account_mail")

    assert len(smtp.received) == 6


def test_a_mail_that_waits_for_the_server_keeps_its_place_in_the_budget(smtp, mail):
    smtp.answers["RCPT"] = ["451 4.3.0 not now"]
    first = mail()
    with pytest.raises(Retry):
        first()
    for _ in range(6):
        mail()()

    first()

    assert len(smtp.received) == 6


@pytest.mark.parametrize("path", ["/accounts/password/reset/", "/accounts/login/code/", "/accounts/signup/"])
def test_the_page_answers_alike_whether_or_not_a_mail_is_sent(client, smtp, mail, person, path):
    form = {"email": person.email, "name": "Amara", "password1": "long walks by the river"}
    answers = []
    for used in (0, 7):
        for _ in range(used):
            mail()()
        cache.clear()
        answer = Client().post(path, form, follow=True)
        answers.append((answer.status_code, answer.redirect_chain, re.sub(r'value="[^"]{30,}"', "", answer.text)))
        waiting = Message.objects.pending().count()
        deliver("notifications.send_account_mail")
        assert waiting == 1

    assert answers[0] == answers[1]
    assert len(reasons()) >= 2


def test_hashes_are_forgotten_after_a_day(smtp, mail):
    mail(asked_from="203.0.113.0")()
    kept = SentMail.objects.values("recipient", "asked_from").get()
    forget_who_asked()
    assert SentMail.objects.values("recipient", "asked_from").get() == kept
    assert "amara" not in kept["recipient"] and len(kept["recipient"]) == len(kept["asked_from"]) == 40

    age(hours=25)
    forget_who_asked()

    assert SentMail.objects.values("recipient", "asked_from").get() == {"recipient": "", "asked_from": ""}


def test_a_code_waits_behind_no_heap_of_other_mails(smtp, person):
    for number in range(20):
        outbox.publish("notifications.send_mail", key=str(number), payload={"mail": "nobody knows it"})
    send_letter(letter=CODE, to=person.email, said={"code": "K7QF-MR2W"})

    for _ in range(2):
        dispatch.handle(dispatch.claim())

    assert [message["To"] for message in smtp.received] == ["amara@example.com"]
