"""Errors whose message may be shown to people as it is."""


class DomainError(Exception):
    """A refusal by a rule. `str(error)` is a sentence for the person who asked; `status` is the HTTP status of a page.

    `problem` names it for programs, as the last part of its problem document's address, and is one of
    `core.problems.KNOWN`; empty to go by the status. `program_status` is the HTTP status for programs where that is
    another than a page's.
    """

    status = 409
    program_status: int | None = None
    problem = ""
    message = "That can't be done."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class Busy(DomainError):
    """Raised when a lock was not free in time. Nothing was changed, and the request may be sent again."""

    status = 503
    problem = "busy"
    message = "A lot is happening here right now, so nothing was changed. Please try again in a moment."
