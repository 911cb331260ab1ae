"""Work for later: mail of the account pages, and files nobody needs."""

import json
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts import services, url_secrets
from accounts.adapters import AccountAdapter
from core import clock
from outbox import services as outbox


@outbox.handler("accounts.send_mail")
def send_mail(payload: dict[str, Any], *, message: Any) -> None:
    if clock.now().timestamp() > payload["expires"]:
        return  # what it carries no longer works
    letter = json.loads(url_secrets.unseal(payload["sealed"]))
    mail = EmailMultiAlternatives(
        subject=letter["subject"],
        body=letter["text"],
        to=[letter["to"]],
        headers={
            # The same for every attempt, so that a repeat after an unclear answer is recognised as one.
            "Message-ID": f"<account.{message.key}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if letter["html"]:
        mail.attach_alternative(letter["html"], "text/html")
    try:
        mail.send()
    except SMTPRecipientsRefused as refusal:
        if all(500 <= code < 600 for code, _words in refusal.recipients.values()):
            raise outbox.GiveUp("The mailbox refuses mail for good.") from None
        raise outbox.Retry(reason="The mailbox refuses mail for now.") from None


@outbox.handler("accounts.mail_code")
def mail_code(payload: dict[str, Any], *, message: Any) -> None:
    """Mail the code of a sign-in whose password was right; where it was not, the code is worth nothing and stays."""
    facts = json.loads(url_secrets.unseal(payload["sealed"]))
    if facts["wanted"]:
        AccountAdapter().send_mail("account/email/code_after_password", facts["to"], {"code": facts["code"]})


@outbox.daily(hour=3, name="accounts.purge")
def purge() -> None:
    services.purge(now=clock.now())


@outbox.daily(hour=3, name="accounts.sweep_photos")
def sweep_photos() -> int:
    return services.sweep_photos(now=clock.now())
