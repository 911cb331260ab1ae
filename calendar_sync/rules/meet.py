"""The Google Meet link of an event: what Google's answer says of it, what is to be asked for, and what follows.

The fields are those of https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID, uuid5

from calendar_sync.states import Meet

# Where every Meet link leads; one that leads elsewhere is shown to nobody.
BEGINS, LONGEST_LINK = "https://meet.google.com/", 200
# What a patch says that takes the conference away from an event.
NO_CONFERENCE: dict[str, Any] = {"conferenceData": None}


class Stands(Enum):
    """How the conference of an event stands at Google: there is none, or one of another kind, or a Meet."""

    NONE = "none"
    OTHER = "other"
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conference:
    """What an event at Google says of its conference, with the link of a Meet that is ready."""

    stands: Stands
    link: str = ""


class Step(Enum):
    """What is to be done about the Meet link of an event."""

    NOTHING = "nothing"
    ASK = "ask"
    TAKE_AWAY = "take away"


def conference_of(event: Mapping[str, Any]) -> Conference:
    """The conference of an event as Google answers it. A link may stay from before while another one is pending."""
    data = event.get("conferenceData") or {}
    status = data.get("createRequest", {}).get("status", {}).get("statusCode", "")
    if status == "pending":
        return Conference(Stands.PENDING)
    link = str(event.get("hangoutLink", ""))
    if link.startswith(BEGINS) and len(link) <= LONGEST_LINK and link.isascii() and link.isprintable():
        return Conference(Stands.READY, link)
    if status == "failure":
        return Conference(Stands.FAILED)
    return Conference(Stands.OTHER if data else Stands.NONE)


def request_of(event_id: str, row: int, attempt: int) -> dict[str, Any]:
    """The field that asks for a Meet link. Asked for again in the same attempt, it is the same conference."""
    number = uuid5(UUID(event_id), f"{row}/{attempt}").hex
    return {
        "conferenceData": {
            "createRequest": {"requestId": number, "conferenceSolutionKey": {"type": "hangoutsMeet"}},
        }
    }


def step_of(meet: str, *, wanted: bool | None) -> Step:
    """What is to be done about a link that stands so; of what is over (None) nothing. What failed, or what somebody
    took away there, is not asked for again."""
    if wanted and not meet:
        return Step.ASK
    return Step.TAKE_AWAY if wanted is False and meet in {Meet.ASKED, Meet.READY} else Step.NOTHING


def after_answer(meet: str, found: Conference, *, wanted: bool | None, has_asked: bool) -> str:
    """How a link stands once Google has answered an event; `has_asked` says that the answer is to a request for one.

    A conference of another kind is the person's own, and so is a Meet that is not wanted and was never asked for.
    """
    if wanted is None:
        return meet
    is_there = found.stands in {Stands.PENDING, Stands.READY}
    if not wanted:
        return meet if is_there and meet in {Meet.ASKED, Meet.READY} else ""
    if found.stands is Stands.PENDING:
        return Meet.FAILED if meet == Meet.FAILED and not has_asked else Meet.ASKED  # waited for long enough
    if found.stands is Stands.READY:
        return Meet.READY
    if found.stands is Stands.FAILED or has_asked:
        return Meet.FAILED
    is_taken_away = meet in {Meet.ASKED, Meet.READY} or found.stands is Stands.OTHER
    return Meet.REMOVED if is_taken_away else meet
