"""The exceptions that a handler may raise, and those raised about it."""


class Retry(Exception):
    """Raised by a handler to run again no sooner than `after` seconds, later if its pauses have grown beyond that.

    It counts as an attempt. `reason` is kept for staff, so it must hold no personal data.
    """

    def __init__(self, after: float = 0, reason: str = "") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class NotYet(Retry):
    """Raised by a handler to run again in exactly `after` seconds. No failure: no attempt counts, no pause grows."""


class GiveUp(Exception):
    """Raised by a handler when trying again is useless. The message is dead at once and staff see `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LeaseLost(Exception):
    """Raised when another worker has taken the message: the handler must stop without touching anything more."""


class LeaseLapsed(Exception):
    """The outcome of a message whose worker never answered: it was killed, or its handler hung."""


class HandlerHangs(Exception):
    """Raised in the midst of a handler that showed no sign of life for OUTBOX_PATIENCE_SECONDS, under Celery."""


class UnknownTopic(Exception):
    """Raised when no handler is registered for a topic; newer code that is still being deployed may have one."""
