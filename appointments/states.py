"""The states of an appointment and the only moves between them."""

from django.db.models import TextChoices


class Status(TextChoices):
    REQUESTED = "requested", "Requested"
    CONFIRMED = "confirmed", "Confirmed"
    DECLINED = "declined", "Declined"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    COMPLETED = "completed", "Completed"
    NO_SHOW = "no_show", "No-show"


class Role(TextChoices):
    """The capacity in which a person or a job changed an appointment."""

    CUSTOMER = "customer", "Customer"
    PROVIDER = "provider", "Provider"
    STAFF = "staff", "Staff"
    SYSTEM = "system", "System"


# Whoever cancels in one of these roles answers for it; staff and the system do not.
ANSWERING = frozenset({Role.CUSTOMER, Role.PROVIDER})


class Verb(TextChoices):
    """The act that a history entry records."""

    REQUEST = "request", "Requested"
    BOOK = "book", "Booked"
    ACCEPT = "accept", "Accepted"
    DECLINE = "decline", "Declined"
    WITHDRAW = "withdraw", "Withdrawn"
    CANCEL = "cancel", "Cancelled"
    EXPIRE = "expire", "Expired"
    COMPLETE = "complete", "Completed"
    NO_SHOW = "no_show", "Marked as no-show"
    CORRECT = "correct", "Corrected"


class HoldKind(TextChoices):
    """The kinds of holds on a provider's time."""

    APPOINTMENT = "appointment", "Appointment"
    KEPT = "kept", "Kept while somebody books"


# kind -> the columns for its holder and its end that are set; the database checks that the others are empty.
HOLD_COLUMNS: dict[HoldKind, frozenset[str]] = {
    HoldKind.APPOINTMENT: frozenset({"appointment"}),
    HoldKind.KEPT: frozenset({"browser", "expires_at"}),
}

S, R = Status, Role

# verb -> (states it may leave, state it leads to, who may do it). CORRECT swaps its two states.
MOVES: dict[Verb, tuple[frozenset[Status], Status | None, frozenset[Role]]] = {
    Verb.ACCEPT: (frozenset({S.REQUESTED}), S.CONFIRMED, frozenset({R.PROVIDER, R.STAFF})),
    Verb.DECLINE: (frozenset({S.REQUESTED}), S.DECLINED, frozenset({R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.WITHDRAW: (frozenset({S.REQUESTED}), S.CANCELLED, frozenset({R.CUSTOMER, R.STAFF, R.SYSTEM})),
    Verb.EXPIRE: (frozenset({S.REQUESTED}), S.EXPIRED, frozenset({R.SYSTEM})),
    Verb.CANCEL: (frozenset({S.CONFIRMED}), S.CANCELLED, frozenset({R.CUSTOMER, R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.COMPLETE: (frozenset({S.CONFIRMED}), S.COMPLETED, frozenset({R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.NO_SHOW: (frozenset({S.CONFIRMED}), S.NO_SHOW, frozenset({R.PROVIDER, R.STAFF})),
    Verb.CORRECT: (frozenset({S.COMPLETED, S.NO_SHOW}), None, frozenset({R.PROVIDER, R.STAFF})),
}

# The states that hold time. A move to any other state releases the hold in the same transaction.
HOLDING = frozenset({S.REQUESTED, S.CONFIRMED, S.COMPLETED, S.NO_SHOW})
# The states that are not final.
OPEN = frozenset({S.REQUESTED, S.CONFIRMED})


def target(verb: Verb, current: Status) -> Status:
    """The state to which `verb` leads from `current`; for CORRECT the other of its two states."""
    if verb is Verb.CORRECT:
        return S.NO_SHOW if current == S.COMPLETED else S.COMPLETED
    to = MOVES[verb][1]
    assert to is not None
    return to
