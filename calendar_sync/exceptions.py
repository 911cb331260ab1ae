"""Errors whose text may be shown to the owner of a connection."""

from collections.abc import Sequence

from core.exceptions import DomainError

from .rules.scopes import Need


class NotConnected(DomainError):
    """Somebody came back from Google, and no calendar was connected; the text says why and what to do."""

    status = 409
    message = "Google did not connect the calendar. Try again."


class NotAvailable(NotConnected):
    """This site has no client at Google."""

    message = "This site is not set up for Google Calendar."


class NotReadNow(NotConnected):
    """A calendar can't be read at once: its owner has to sign in first, or Google wants the account left alone."""


class BoxLeftEmpty(NotConnected):
    """Boxes on Google's page were left empty that the connection needs."""

    def __init__(self, missing: Sequence[Need]) -> None:
        self.missing = tuple(missing)
        boxes = " and ".join(f"“{need.words}”" for need in missing)
        super().__init__(f"Google was not allowed to: {boxes}. Connect again and tick that, too.")


class NotFollowed(DomainError):
    """What somebody did with an event at Google can't be done here; the text says why."""

    status = 409
    message = "That can’t be done. Put it back instead."
