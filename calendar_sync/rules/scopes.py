"""What Google is asked to grant, and what was left out of it.

https://developers.google.com/workspace/calendar/api/auth says which scope allows what. `openid` and `email` name the
account; Google's page has no box for them, so only the others can be left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from calendar_sync.states import Profile

ACCOUNT = ("openid", "https://www.googleapis.com/auth/userinfo.email")
CALENDAR = "https://www.googleapis.com/auth/calendar."


@dataclass(frozen=True, slots=True)
class Need:
    """A scope that a connection needs, and the words for whoever left its box empty."""

    scope: str
    words: str


LIST = Need(CALENDAR + "calendarlist.readonly", "See the list of your calendars")
BUSY = Need(CALENDAR + "freebusy", "See when you are busy")
OWNED = Need(CALENDAR + "events.owned", "See and change events on calendars you own")
OWN_CALENDAR = Need(CALENDAR + "app.created", "Make a calendar of its own, and change events on it")

NEEDS: dict[Profile, tuple[Need, ...]] = {
    Profile.FULL: (LIST, BUSY, OWNED),
    Profile.PRIVATE: (LIST, BUSY, OWN_CALENDAR),
}


def scopes_of(profile: Profile) -> list[str]:
    """The scopes to ask for, in the order of Google's page."""
    return [*ACCOUNT, *(need.scope for need in NEEDS[profile])]


def left_out(profile: Profile, granted: Iterable[str]) -> list[Need]:
    """What the profile needs and was not granted. More than was asked for may come back: earlier grants count, too."""
    have = set(granted)
    return [need for need in NEEDS[profile] if need.scope not in have]
