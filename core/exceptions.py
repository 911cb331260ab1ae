"""Refusals whose words may be shown to the person as they are."""


class DomainError(Exception):
    """A rule said no. `str(error)` is a sentence for the person who asked; `status` is its HTTP answer.

    `problem` names it for programs, as the last part of the address of its problem document; empty: by its status.
    """

    status = 409
    problem = ""
    message = "That can't be done."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class Busy(DomainError):
    """Others held what this needed for too long. Nothing was changed, and the same request may be sent again."""

    status = 503
    message = "A lot is happening here right now, so nothing was changed. Please try again in a moment."
