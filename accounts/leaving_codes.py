"""Codes by mail for deleting an account without a password. The session keeps a hash, and the tries that are left."""

import secrets
from time import time

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import services
from accounts.models import User
from core.letters import page

KEY = "leaving_code"
TRIES = 5
DIGITS = 6


def send(request: HttpRequest, person: User) -> None:
    """Mail a new code to the person; it works in this session alone, and an earlier one no longer."""
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    until = int(time()) + services.CODE_LASTS_MINUTES * 60
    request.session[KEY] = {"hash": _hash(person, code), "until": until, "tries": TRIES}
    services.send_letter(
        letter="accounts/leaving_code",
        to=person.email,
        said={"code": code, "url": page("settings_delete")},
        lasts_minutes=services.CODE_LASTS_MINUTES,
    )


def is_sent(request: HttpRequest) -> bool:
    """Whether a code that still works was mailed to who uses this session."""
    sent = request.session.get(KEY)
    return sent is not None and sent["until"] > time() and sent["tries"] > 0


def matches(request: HttpRequest, person: User, code: str) -> bool:
    """Whether this is the code. Each call uses up one of its tries."""
    if not is_sent(request):
        return False
    sent = request.session[KEY]
    request.session[KEY] = {**sent, "tries": sent["tries"] - 1}
    return constant_time_compare(sent["hash"], _hash(person, code))


def _hash(person: User, code: str) -> str:
    return salted_hmac("accounts.leaving_codes", f"{person.pk} {code}", algorithm="sha256").hexdigest()
