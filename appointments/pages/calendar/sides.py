"""The two sides of the calendar: a provider's in the studio, and a customer's beside their appointments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """The names of a side's pages, the template around them, and where its choices are kept in the session.

    `new` and `event` are the pages of own events.
    """

    frame: str
    home: str
    jump: str
    on: str
    add: str
    new: str
    event: str
    choices: str
    is_studio: bool = False


STUDIO = Side(
    frame="appointments/calendar/_in_studio.html",
    home="studio_calendar",
    jump="studio_calendar_jump",
    on="studio_calendar_on",
    add="studio_calendar_add",
    new="studio_event_new",
    event="studio_event",
    choices="calendar",
    is_studio=True,
)
MINE = Side(
    frame="appointments/calendar/_in_account.html",
    home="my_calendar",
    jump="my_calendar_jump",
    on="my_calendar_on",
    add="my_calendar_add",
    new="my_event_new",
    event="my_event",
    choices="my_calendar",
)
