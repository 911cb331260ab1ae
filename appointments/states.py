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


# The name of appointments among what stands in people's calendars.
IN_CALENDARS = "appointment"


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
    PROPOSE = "propose", "New time proposed"
    MOVE = "move", "Rescheduled"
    DECLINE_TIME = "decline_time", "New time declined"
    WITHDRAW_TIME = "withdraw_time", "New time withdrawn"
    LAPSE = "lapse", "New time not answered"
    COME = "come", "Will come"


class ProposalState(TextChoices):
    """What became of a proposal of a new time."""

    OPEN = "open", "Waits for an answer"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Not answered in time"
    REPLACED = "replaced", "Replaced by another one"
    ENDED = "ended", "Overtaken by a change of the appointment"


class Shown(TextChoices):
    """The appointments that a calendar link shows."""

    ALL = "all", "All my appointments"
    CUSTOMER = "customer", "Only those that I booked myself"
    PROVIDER = "provider", "Only those of my customers"


class Swept(TextChoices):
    """The moments before which somebody is reminded."""

    START = "start", "Start of an appointment"
    REQUEST = "request", "End of the time to answer a request"
    PROPOSAL = "proposal", "End of the time to answer a new time"


class OfferState(TextChoices):
    """What became of a time that was offered to a customer."""

    OPEN = "open", "Offered"
    TAKEN = "taken", "Taken"
    PASSED = "passed", "Passed"
    EXPIRED = "expired", "Not taken in time"
    WITHDRAWN = "withdrawn", "Withdrawn"


class PlaceState(TextChoices):
    """What became of a place on a waitlist. Whether a time is offered to one that waits is told by its offers."""

    WAITING = "waiting", "On the waitlist"
    BOOKED = "booked", "Booked"
    LEFT = "left", "Left"
    REMOVED = "removed", "Removed by the provider"
    OVER = "over", "Over"
    LAPSED = "lapsed", "Ended"


# The weekdays and the parts of the day of a place, as bits.
ALL_WEEKDAYS = 0b1111111
ALL_PARTS = 0b111


class HoldKind(TextChoices):
    """The kinds of holds on a provider's time."""

    APPOINTMENT = "appointment", "Appointment"
    KEPT = "kept", "Kept while somebody books"
    PROPOSAL = "proposal", "Proposed time of an appointment"
    OFFER = "offer", "Time offered to a customer"


class Frequency(TextChoices):
    """How often a series comes again, counted from its first date."""

    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
    FORTNIGHTLY = "fortnightly", "Every 2 weeks"
    MONTHLY_DATE = "month_date", "Every month, on the same date"
    MONTHLY_WEEKDAY = "month_weekday", "Every month, on the same weekday"
    MONTHLY_LAST = "month_last", "Every month, on its last such weekday"


class LeftOut(TextChoices):
    """Why a date of a series was not booked."""

    CHOICE = "choice", "Skipped"
    TAKEN = "taken", "The time was taken"
    CLOSED = "closed", "Not open at that time"
    AWAY = "away", "Away"
    FULL = "full", "No more appointments"
    SOON = "soon", "Too soon"
    WINDOW = "window", "Too far ahead"


# kind -> the columns for its holder and its end that are set; the database checks that the others are empty.
HOLD_COLUMNS: dict[HoldKind, frozenset[str]] = {
    HoldKind.APPOINTMENT: frozenset({"appointment"}),
    HoldKind.KEPT: frozenset({"browser", "expires_at"}),
    HoldKind.PROPOSAL: frozenset({"appointment", "expires_at"}),
    HoldKind.OFFER: frozenset({"offer", "expires_at"}),
}

S, R = Status, Role

# The states that are not final.
OPEN = frozenset({S.REQUESTED, S.CONFIRMED})
BOTH_SIDES = frozenset({R.CUSTOMER, R.PROVIDER, R.STAFF})

# verb -> (states it may leave, state it leads to, who may do it). CORRECT swaps its two states; other verbs without a
# state to lead to leave it as it is.
MOVES: dict[Verb, tuple[frozenset[Status], Status | None, frozenset[Role]]] = {
    Verb.ACCEPT: (frozenset({S.REQUESTED}), S.CONFIRMED, frozenset({R.PROVIDER, R.STAFF})),
    Verb.DECLINE: (frozenset({S.REQUESTED}), S.DECLINED, frozenset({R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.WITHDRAW: (frozenset({S.REQUESTED}), S.CANCELLED, frozenset({R.CUSTOMER, R.STAFF, R.SYSTEM})),
    Verb.EXPIRE: (frozenset({S.REQUESTED}), S.EXPIRED, frozenset({R.SYSTEM})),
    Verb.CANCEL: (frozenset({S.CONFIRMED}), S.CANCELLED, frozenset({R.CUSTOMER, R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.COMPLETE: (frozenset({S.CONFIRMED}), S.COMPLETED, frozenset({R.PROVIDER, R.STAFF, R.SYSTEM})),
    Verb.NO_SHOW: (frozenset({S.CONFIRMED}), S.NO_SHOW, frozenset({R.PROVIDER, R.STAFF})),
    Verb.CORRECT: (frozenset({S.COMPLETED, S.NO_SHOW}), None, frozenset({R.PROVIDER, R.STAFF})),
    Verb.PROPOSE: (OPEN, None, BOTH_SIDES),
    # Whoever accepts a new time agrees to the appointment, so that a request is confirmed by it.
    Verb.MOVE: (OPEN, S.CONFIRMED, BOTH_SIDES),
    Verb.DECLINE_TIME: (OPEN, None, BOTH_SIDES),
    Verb.WITHDRAW_TIME: (OPEN, None, BOTH_SIDES),
    Verb.LAPSE: (OPEN, None, frozenset({R.SYSTEM})),
    Verb.COME: (frozenset({S.CONFIRMED}), None, frozenset({R.CUSTOMER})),
}

# The verbs that change the time of an appointment, or speak of a new one.
OF_TIME = frozenset({Verb.PROPOSE, Verb.MOVE, Verb.DECLINE_TIME, Verb.WITHDRAW_TIME, Verb.LAPSE})
# The verbs that close a proposal by answering it, and what it is then.
CLOSES: dict[Verb, ProposalState] = {
    Verb.MOVE: ProposalState.ACCEPTED,
    Verb.DECLINE_TIME: ProposalState.DECLINED,
    Verb.WITHDRAW_TIME: ProposalState.WITHDRAWN,
    Verb.LAPSE: ProposalState.LAPSED,
}

# The states that hold time. A move to any other state releases the hold in the same transaction.
HOLDING = frozenset({S.REQUESTED, S.CONFIRMED, S.COMPLETED, S.NO_SHOW})


def target(verb: Verb, current: Status) -> Status:
    """The state to which `verb` leads from `current`; for CORRECT the other of its two states."""
    if verb is Verb.CORRECT:
        return S.NO_SHOW if current == S.COMPLETED else S.COMPLETED
    return MOVES[verb][1] or current


def side_of(role: Role) -> Role:
    """The side of an appointment for which a person in this role proposes and answers: staff do it for the provider."""
    return R.CUSTOMER if role is R.CUSTOMER else R.PROVIDER
