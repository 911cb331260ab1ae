"""The refusals of a provider's editors. Their words may be shown as they are."""

from collections.abc import Sequence
from typing import NamedTuple

from core.exceptions import DomainError


class ChangedMeanwhile(DomainError):
    """Somebody saved other values since the form was shown. Nothing was changed now."""

    message = "This was changed in another tab or on another device since you opened it."


class RangeProblem(NamedTuple):
    """What is wrong with one range: its weekday (0 for a date's own hours), its place in the list, the words."""

    weekday: int
    place: int
    sentence: str


class HoursRefused(DomainError):
    """Ranges that end before they start, touch or overlap."""

    status = 422

    def __init__(self, problems: Sequence[RangeProblem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = list(problems)


class OverrideRefused(DomainError):
    """Dates that can't have hours of their own."""

    status = 422


class OverrideOverlaps(OverrideRefused):
    """Two overrides would say different things of one date."""


class Missing(NamedTuple):
    """What a page still needs before it can go live, and the step where it is given."""

    step: str
    sentence: str


class NotReady(DomainError):
    """The page can't go live yet."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(" ".join(item.sentence for item in missing))
        self.missing = list(missing)


class OfferRefused(DomainError):
    """A rule about a provider's page or services says no."""
