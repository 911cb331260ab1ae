"""Rows of what people are told about."""

from notifications import preferences
from notifications.models import Kind
from tests.access.table import Row, everyone, signed_in


def turning_off(world):
    """The link in C's reminders."""
    return {"token": preferences.unsubscribe_address(world.people["C"], Kind.REMINDER).split("/")[-2]}


SETTINGS = {"much": "needed", "was": "all", "unit": "hours"}


def an_item(world):
    return {"item": world.inbox_item.pk}


ROWS = [
    Row("my_inbox", get=signed_in("200"), post=signed_in("405")),
    Row("my_inbox_read", get=signed_in("405"), post=signed_in("go")),
    # Somebody else's is not there; it leads to the thing itself, and is read then.
    Row("my_inbox_item", args=an_item, get=signed_in("404", C="go"), post=signed_in("405"), notes="inboxitem"),
    Row("settings_notifications", data=lambda world: SETTINGS, get=signed_in("200"), post=signed_in("go")),
    # Whoever has the link may turn these mails off; a mail program sends neither cookie nor key.
    Row("unsubscribe", args=turning_off, get=everyone("200"), post=everyone("200")),
]
