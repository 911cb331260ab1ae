"""What of a connection whoever runs the site should look at."""

from datetime import datetime, timedelta
from enum import StrEnum

from calendar_sync.states import State

from .standing import Copy

# What passes by itself is no matter until then: a first reading, and failures in a row.
FIRST_READING, FAILING = timedelta(minutes=15), timedelta(hours=1)


class Attention(StrEnum):
    """The reasons to look at a connection, in words."""

    SIGN_IN = "sign in again"
    GONE = "calendar gone"
    NEVER_READ = "never read"
    FAILING = "failing"
    OLD = "copy too old"


def attention_to(copy: Copy, *, is_gone: bool, now: datetime, good_for: timedelta) -> list[Attention]:
    """The reasons to look at a connection, none where it works or where no calendar of it counts.

    Where Google wants a sign-in the rest follows from that. `is_gone` says that one that counts is no longer there.
    """
    if copy.state == State.SIGN_IN_AGAIN:
        return [Attention.SIGN_IN]
    if copy.known_at is None:
        return []
    known_for = now - copy.known_at
    reasons = {
        Attention.GONE: is_gone,
        Attention.NEVER_READ: copy.read_at is None and known_for > FIRST_READING,
        Attention.FAILING: copy.has_problem and known_for > FAILING,
        Attention.OLD: copy.read_at is not None and known_for > good_for,
    }
    return [reason for reason, stands in reasons.items() if stands]
