"""The errors of a provider's editors. Their messages may be shown as they are."""

from collections.abc import Sequence
from typing import NamedTuple

from core.exceptions import DomainError


class ChangedMeanwhile(DomainError):
    """Raised when somebody saved other values since the form was shown. Nothing was changed now."""

    program_status = 412
    problem = "changed-meanwhile"
    message = "This was changed in another tab or on another device since you opened it."


class NoteRefused(DomainError):
    """Raised for a note about a customer that can't be kept."""

    status = 422
    program_status = 400
    problem = "invalid"


class NoteGone(DomainError):
    """Raised where the note was deleted meanwhile."""

    program_status = 404
    problem = "not-found"
    message = "This note was deleted in another tab or on another device."


class RangeProblem(NamedTuple):
    """A problem of one range: its weekday (0 for a date's own hours), its place in the list, the message."""

    weekday: int
    place: int
    sentence: str


class HoursRefused(DomainError):
    """Raised for ranges that end before they start, touch or overlap."""

    status = 422
    program_status = 400
    problem = "invalid"

    def __init__(self, problems: Sequence[RangeProblem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = list(problems)


class HoursOverlap(HoursRefused):
    """Raised for ranges each of which could stand alone, but which touch or overlap."""

    program_status = 422
    problem = "overlaps"


class OverrideRefused(DomainError):
    """Raised for dates that can't have hours of their own."""

    status = 422
    program_status = 400
    problem = "invalid"


class OverrideOverlaps(OverrideRefused):
    """Raised when a date would have two overrides."""

    program_status = 422
    problem = "overlaps"


class TimeOffRefused(DomainError):
    """Raised for a time that can't be taken off."""

    status = 422
    program_status = 400
    problem = "invalid"


class Missing(NamedTuple):
    """A requirement that a page lacks before it can go live, and the step where it is met."""

    step: str
    sentence: str


class NotReady(DomainError):
    """Raised when a page can't go live yet, with all that it lacks."""

    problem = "policy-refused"

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(" ".join(item.sentence for item in missing))
        self.missing = list(missing)


class ChangeRefused(DomainError):
    """Raised when a rule about a provider's page or services refuses a change."""

    problem = "policy-refused"
