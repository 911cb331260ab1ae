"""What a handler may raise, and what it may meet."""


class Retry(Exception):
    """Raised by a handler: not now. Tried again no sooner than `after` seconds, later if its pauses have grown beyond.

    It counts as an attempt. `reason` is kept for staff, so it must hold no personal data.
    """

    def __init__(self, after: float = 0, reason: str = "") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class NotYet(Retry):
    """Raised by a handler: again in exactly `after` seconds. It is no failure: no attempt counts, no pause grows."""


class GiveUp(Exception):
    """Raised by a handler: trying again is useless. The message is dead at once and staff see `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LeaseLost(Exception):
    """Another worker has this message now: a handler that meets it stops without touching anything more."""


class LeaseLapsed(Exception):
    """The worker that held the message never answered: it was killed, or its handler hung."""


class HandlerHangs(Exception):
    """Raised in the midst of a handler that showed no sign of life for OUTBOX_PATIENCE_SECONDS, under Celery."""


class UnknownTopic(Exception):
    """No handler is registered for a topic; perhaps newer code, on its way here, has one."""
