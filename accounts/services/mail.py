"""Services that have the letters of accounts mailed by a worker."""

import json
import uuid
from collections.abc import Mapping

import structlog
from django.db import transaction

from accounts import url_secrets
from core import clock
from outbox import services as outbox

log = structlog.get_logger("accounts")

CODE_LASTS_MINUTES = 15


def send_letter(
    *,
    letter: str,
    to: str | None,
    said: Mapping[str, str],
    asked_from: str = "",
    on_known_device: bool = False,
    lasts_minutes: int = 3 * 24 * 60,
    key: str = "",
) -> None:
    """Have one of `accounts.letters` mailed by a worker soon, and not at all after `lasts_minutes`.

    It may carry a link or a code that grants access, so it waits encrypted. `asked_from` is the network address that
    the request came from. `notifications`, an app above this one, sends it; so this publishes a topic of that app.
    A second letter with the same `key` is not sent. To an account without an address (`to` is None) none is.
    """
    if to is None:
        log.info("letter_without_address", letter=letter)
        return
    facts = {
        "to": to,
        "letter": letter,
        "said": dict(said),
        "asked_from": asked_from,
        "on_known_device": on_known_device,
    }
    key = key or uuid.uuid4().hex
    with transaction.atomic():
        outbox.publish(
            "notifications.send_account_mail",
            key=f"accounts.letter:{key}",
            payload={
                "mail": "accounts.letter",
                "key": key,
                "sealed": url_secrets.seal(json.dumps(facts)),
                "expires": int(clock.now().timestamp()) + lasts_minutes * 60,
            },
        )


def mail_code_later(*, to: str, code: str, wanted: bool) -> None:
    """Have the code of a sign-in mailed by a worker, or no mail where it is not `wanted`.

    Both cases do equal work and write a row, so that the time of the page does not tell whether a password was right.
    """
    expires = int(clock.now().timestamp()) + CODE_LASTS_MINUTES * 60
    facts = {"to": to, "code": code, "wanted": wanted, "expires": expires}
    with transaction.atomic():
        outbox.publish(
            "accounts.mail_code", key=uuid.uuid4().hex, payload={"sealed": url_secrets.seal(json.dumps(facts))}
        )
