"""Jobs that mail codes for signing in, make copies of data, and delete what nobody needs any more."""

import json
from typing import Any

from accounts import copies, erasure, services, url_secrets
from core import clock
from outbox import services as outbox


@outbox.handler("accounts.mail_code")
def mail_code(payload: dict[str, Any], *, message: Any) -> None:
    """Mail the code of a sign-in whose password was right; for a wrong password no mail is sent."""
    facts = json.loads(url_secrets.unseal(payload["sealed"]))
    if facts["wanted"]:
        services.send_letter(
            letter="account/email/code_after_password",
            to=facts["to"],
            said={"code": facts["code"]},
            # Counted from the sign-in on, however long this job has waited.
            lasts_minutes=int(facts["expires"] - clock.now().timestamp()) // 60,
            key=message.key,
        )


@outbox.handler("accounts.make_copy")
def make_copy(payload: dict[str, Any], *, message: Any) -> None:
    copies.make_copy(payload["copy"], sign_of_life=outbox.renew_lease)


@outbox.handler("accounts.erase")
def erase(payload: dict[str, Any], *, message: Any) -> None:
    """Erase the account of a departure, unless it was kept. A repeat goes on where the last one ended."""
    erasure.erase(payload["departure"], sign_of_life=outbox.renew_lease)


@outbox.daily(hour=3, name="accounts.sweep_copies")
def sweep_copies() -> int:
    return copies.sweep(now=clock.now())


@outbox.daily(hour=3, name="accounts.purge")
def purge() -> None:
    services.purge(now=clock.now())


@outbox.daily(hour=3, name="accounts.forget_admin_log")
def forget_admin_log() -> int:
    return services.forget_admin_log(now=clock.now())


@outbox.daily(hour=3, name="accounts.sweep_photos")
def sweep_photos() -> int:
    return services.sweep_photos(now=clock.now())
