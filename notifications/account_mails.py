"""The mails of accounts: sign-up, codes, resets, and news of an account's security.

`accounts` stands below this app and only publishes a job; this module registers how its mails are made.
"""

import json
from datetime import datetime

from accounts import letters, url_secrets
from accounts.models import User
from core.letters import Letter

from . import catalogue
from .catalogue import Asked, Mail, Reader
from .models import Kind


class AccountMail(Mail):
    """A mail of the account pages; its address may have no account."""

    def __init__(self, *, key: str, expires: int, to: str, letter: str, said: dict[str, str], asked: Asked) -> None:
        self.key = f"account:{key}"
        self.expires = expires
        self.reader = Reader(to, user=_owner_of(to))
        self.name, self.said = letter, said
        self.kind = Kind.ACCOUNT if letter in letters.ANYONE_MAY_ASK else Kind.SECURITY
        self.asked = asked if letter in letters.ANYONE_MAY_ASK else None

    def stale_because(self, now: datetime) -> str:
        return "the link or code in it no longer works" if now.timestamp() > self.expires else ""

    def letter(self) -> Letter:
        return letters.LETTERS[self.name](self.said)


@catalogue.mail("accounts.letter", is_secret=True)
def account_mail(*, key: str, sealed: str, expires: int) -> Mail:
    """The mail that `accounts.services.send_letter` asked for; the job has it encrypted, as it may hold a code."""
    facts = json.loads(url_secrets.unseal(sealed))
    return AccountMail(
        key=key,
        expires=expires,
        to=facts["to"],
        letter=facts["letter"],
        said=facts["said"],
        asked=Asked(facts["asked_from"], facts["on_known_device"]),
    )


def _owner_of(address: str) -> User | None:
    """The active account with this confirmed address, or None. An unconfirmed account may be gone tomorrow."""
    return User.objects.filter(email=address, email_confirmed_at__isnull=False, is_active=True).first()
