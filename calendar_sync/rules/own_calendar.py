"""The calendar that a connection of the private profile makes for itself: what it says of itself, and how it is known
again.

The fields are those of https://developers.google.com/workspace/calendar/api/v3/reference/calendars.
"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5


def mark_of(*, owner: int, account: str, site: str) -> str:
    """What the description of our calendar in somebody's account ends with, the same for ever. Google takes no id of
    ours for a calendar, so that this alone tells one that was made before."""
    return f"{site} {uuid5(NAMESPACE_URL, f'{site}/{owner}/{account}/calendar').hex}"


def body_of(*, name: str, zone: str, mark: str) -> dict[str, Any]:
    """The fields of a new calendar of ours."""
    text = f"{name} keeps your appointments here up to date. What you add yourself is left alone."
    return {"summary": name, "timeZone": zone, "description": f"{text}\n\n{mark}"}
