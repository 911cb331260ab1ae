"""The job that sends the mails of all apps, and the daily tidying of their log and of the inbox."""

from typing import Any

from core import clock
from outbox import services as outbox

from . import account_mails, channels, inbox, services  # noqa: F401 registers the mails of accounts

RESERVED = {"mail", "again"}


# Two topics, which take turns, so that a code to sign in does not wait behind many other mails.
@outbox.handler("notifications.send_account_mail")
@outbox.handler(services.TOPIC)
def send_mail(payload: dict[str, Any], *, message: Any) -> None:
    """Send a mail of the catalogue: `payload` has its name as "mail", its facts, and "again" when staff ask for it."""
    facts = {name: fact for name, fact in payload.items() if name not in RESERVED}
    is_last_try = outbox.is_last_try(message)
    services.send_by_name(payload["mail"], facts, again=payload.get("again", 0), is_last_try=is_last_try)


@outbox.daily(hour=3, name="notifications.forget_who_asked")
def forget_who_asked() -> None:
    services.forget_who_asked()


@outbox.handler(channels.TOPIC)
def deliver(payload: dict[str, Any], *, message: Any) -> None:
    """Hand a thing to the channel that `payload` names, as long as it is true and wanted."""
    channels.deliver(payload["channel"], payload["name"], payload["facts"])


@outbox.daily(hour=3, name="notifications.forget_old_items")
def forget_old_items() -> None:
    inbox.forget_old(now=clock.now())


@outbox.daily(hour=3, name="notifications.forget_old_mails")
def forget_old_mails() -> None:
    services.forget_old(now=clock.now())
