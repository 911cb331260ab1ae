"""Rows of the studio's pages about Google Calendar, and of the address for its messages. Nothing reaches Google."""

from tests.access.rows_providers import has_page, own, studio
from tests.access.table import Row, everyone, refused, signed_in


def connection(world):
    return {"connection": world.connection.uuid}


def written(world):
    return {"event": world.written.uuid}


def customers(world):
    return {"connection": world.customers_connection.uuid}


def customers_event(world):
    return {"event": world.customers_event.uuid}


def led(answer: str, **others: str):
    """The answers of a page in the settings: `answer`, and to the studio for whoever has one."""
    return signed_in(answer, P="go", P2="go", **others)


ROWS = [
    Row("studio_google", get=studio(), args=has_page),
    # To Google, and from there without anything that proves who comes back. Who is no provider begins to become one.
    Row("google_connect", get=refused(), post=signed_in("go"), args=has_page),
    Row("google_come_back", get=signed_in("go"), args=has_page),
    # A press that does not say what it has seen is shown what there is.
    Row("google_edit", get=own(), post=own("go"), args=written),
    Row("google_write_again", get=refused(), post=own("go"), args=written),
    # Of an event that nobody knows.
    Row("google_busy_again", get=refused(), post=studio("go"), args=has_page),
    # A form that chooses nothing is shown again.
    Row("google_calendars", get=own(), post=own("422"), args=connection),
    Row("google_history", get=own(), args=connection),
    Row("google_access", get=own(), args=connection),
    # Of a connection that has no calendar of its own.
    Row("google_calendar_again", get=refused(), post=own("go"), args=connection),
    Row("google_sync", get=refused(), post=own("go"), args=connection),
    Row("google_disconnect", get=own(), post=own("go"), args=connection),
    # Whoever sends something: the answer is that to Google.
    Row("google_push", get=everyone("405", B="405"), post=everyone("204", B="204"), sends="json"),
    Row("my_google", get=led("200"), args=has_page),
    Row("my_google_connect", get=refused(), post=signed_in("go"), args=has_page),
    Row("my_google_edit", get=led("404", C="200"), post=led("404", C="go"), args=customers_event),
    Row("my_google_calendars", get=led("404", C="200"), post=led("404", C="422"), args=customers),
    Row("my_google_history", get=led("404", C="200"), args=customers),
    Row("my_google_access", get=led("404", C="200"), args=customers),
    Row("my_google_calendar_again", get=refused(), post=led("404", C="go"), args=customers),
    Row("my_google_sync", get=refused(), post=led("404", C="go"), args=customers),
    Row("my_google_disconnect", get=led("404", C="200"), post=led("404", C="go"), args=customers),
]
