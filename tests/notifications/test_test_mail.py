"""The command that sends a test mail, and the word to those whom no mail reaches."""

import pytest
from django.core.management import CommandError, call_command

from core import clock
from notifications.models import REFUSAL_HOLDS, RefusedAddress, SentMail
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_it_says_that_the_server_took_it_and_leaves_no_trace(smtp, capsys):
    call_command("send_test_mail", "ops@example.com")

    [message] = smtp.received
    assert message["To"] == "ops@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "took it for ops@example.com" in capsys.readouterr().out
    assert not SentMail.objects.exists()


def test_it_says_what_the_server_answered(smtp):
    smtp.answers["RCPT"] = ["550 5.1.1 no such user"]
    with pytest.raises(CommandError, match=r"refused it: 550 5\.1\.1"):
        call_command("send_test_mail", "ops@example.com")


def test_it_says_that_no_server_is_there(smtp, settings):
    settings.EMAIL_PORT = 1
    with pytest.raises(CommandError, match="could not be used: ConnectionRefusedError"):
        call_command("send_test_mail", "ops@example.com")


def test_it_takes_an_address_and_nothing_else():
    with pytest.raises(CommandError, match="no email address"):
        call_command("send_test_mail", "ops")


@pytest.mark.parametrize("page", ["/my/settings/notifications/", "/my/appointments/"])
def test_whom_no_mail_reaches_reads_it_until_their_address_changes_or_a_week_has_passed(client, page):
    me = UserFactory()
    client.force_login(me)
    row = RefusedAddress.objects.create(user=me, email=me.email, code="550 5.1.1", refused_at=clock.now())
    said = b"Our mails do not reach you."

    assert said in client.get(page).content
    RefusedAddress.objects.filter(pk=row.pk).update(refused_at=clock.now() - REFUSAL_HOLDS)
    assert said not in client.get(page).content
    RefusedAddress.objects.filter(pk=row.pk).update(refused_at=clock.now(), email="old@example.com")
    assert said not in client.get(page).content
