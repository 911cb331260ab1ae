"""Codes by mail: who types one in the browser that asked for it reads that mailbox.

The session keeps a hash, when the code ends, and the tries that are left.
"""

import secrets
from dataclasses import dataclass
from time import time

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import services
from core.letters import page

TRIES = 5
DIGITS = 6


@dataclass(frozen=True)
class MailedCode:
    """A code for one purpose. `key` is its name in the session, `page` that of the page on which it is typed."""

    key: str
    letter: str
    page: str

    def send(self, request: HttpRequest, *, to: str | None, about: str) -> None:
        """Mail a new code, which proves `about` in this session alone; an earlier one no longer works."""
        code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        until = int(time()) + services.CODE_LASTS_MINUTES * 60
        request.session[self.key] = {"hash": self._hash(about, code), "until": until, "tries": TRIES}
        services.send_letter(
            letter=self.letter,
            to=to,
            said={"code": code, "url": page(self.page)},
            lasts_minutes=services.CODE_LASTS_MINUTES,
        )

    def is_sent(self, request: HttpRequest) -> bool:
        """Whether a code that still works was mailed for who uses this session."""
        sent = request.session.get(self.key)
        return sent is not None and sent["until"] > time() and sent["tries"] > 0

    def matches(self, request: HttpRequest, code: str, *, about: str) -> bool:
        """Whether this is the code, whose digits may be typed in groups. Each call uses up one of its tries."""
        if not self.is_sent(request):
            return False
        sent = request.session[self.key]
        request.session[self.key] = {**sent, "tries": sent["tries"] - 1}
        return constant_time_compare(sent["hash"], self._hash(about, code.replace(" ", "")))

    def forget(self, request: HttpRequest) -> None:
        request.session.pop(self.key, None)

    def _hash(self, about: str, code: str) -> str:
        return salted_hmac(f"accounts.mailed_codes.{self.key}", f"{about} {code}", algorithm="sha256").hexdigest()


LEAVING = MailedCode("leaving_code", letter="accounts/leaving_code", page="settings_delete")
AGAIN = MailedCode("again_code", letter="accounts/again_code", page="reauthenticate_by_mail")
GOOGLE = MailedCode("google_code", letter="accounts/google_code", page="google_code")
