"""Where an appointment stands at a moment, each as a condition for queries, counts and constraints. Said only here.

Of each appointment exactly one of `upcoming`, `waiting` and `over` is true.
"""

from datetime import datetime

from django.db.models import Q

from appointments.states import HOLDING, OPEN, Status

# Confirmed, or what followed from that; a cancelled request was withdrawn.
AGREED = Q(status__in=[Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW]) | Q(
    status=Status.CANCELLED, was_withdrawn=False
)


def waiting(now: datetime) -> Q:
    """Requests that can still be answered."""
    return Q(status=Status.REQUESTED, answer_by__gt=now)


def unanswered(now: datetime) -> Q:
    """Requests whose time to answer is over, whether or not the job has marked them yet."""
    return Q(status=Status.REQUESTED, answer_by__lte=now)


def upcoming(now: datetime) -> Q:
    """Confirmed appointments that are not over: those that are on now, too."""
    return Q(status=Status.CONFIRMED, end__gt=now)


def ahead(now: datetime) -> Q:
    """Confirmed appointments that have not begun."""
    return Q(status=Status.CONFIRMED, start__gt=now)


def over(now: datetime) -> Q:
    """Neither upcoming nor waiting, said so that each part is a range of an index."""
    return ~Q(status__in=OPEN) | Q(status=Status.CONFIRMED, end__lte=now) | unanswered(now)


def counted(now: datetime) -> Q:
    """Upcoming or waiting: what counts against the most that a provider takes or a customer may have."""
    return upcoming(now) | waiting(now)


def taking_time(now: datetime) -> Q:
    """Appointments whose time is the provider's to keep, past ones included; an unanswered request is not any more."""
    return Q(status__in=HOLDING) & ~unanswered(now)
