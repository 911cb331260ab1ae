"""Conditions that say where appointments stand at a moment, for queries, counts and constraints. Defined only here.

Of each appointment exactly one of `upcoming`, `waiting` and `over` is true.
"""

from datetime import datetime

from django.db.models import F, Q

from accounts.fair_use import LATE_WITHIN
from appointments.states import ANSWERING, HOLDING, OPEN, Role, Status

# Confirmed now or at some time. A cancelled request that was only withdrawn was never confirmed.
AGREED = Q(status__in=[Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW]) | Q(
    status=Status.CANCELLED, was_withdrawn=False
)

# In a state that nobody leaves but by a correction.
ENDED = ~Q(status__in=sorted(OPEN))

# Agreed and ended: the appointments that stand in the ledger of their provider, those whose price went back included.
IN_LEDGER = ENDED & AGREED

# Confirmed, and cancelled late by one of its sides: `rules.fair_use.is_late` as a condition.
CANCELLED_LATE = Q(
    status=Status.CANCELLED,
    was_withdrawn=False,
    ended_by__in=sorted(ANSWERING),
    start__lte=F("closed_at") + LATE_WITHIN,
)
CANCELLED_LATE_BY_CUSTOMER = CANCELLED_LATE & Q(ended_by=Role.CUSTOMER)

# What counts on a customer's share of the provider's time; series, and what provider or staff entered, stand apart.
OF_SHARE = Q(series=None, entered_by="")


def waiting(now: datetime) -> Q:
    """Requests that can still be answered."""
    return Q(status=Status.REQUESTED, answer_by__gt=now)


def unanswered(now: datetime) -> Q:
    """Requests whose time to answer is over, whether or not the job has marked them yet."""
    return Q(status=Status.REQUESTED, answer_by__lte=now)


def upcoming(now: datetime) -> Q:
    """Confirmed appointments that have not ended, including those that are on now."""
    return Q(status=Status.CONFIRMED, end__gt=now)


def ahead(now: datetime) -> Q:
    """Confirmed appointments that have not begun."""
    return Q(status=Status.CONFIRMED, start__gt=now)


def over(now: datetime) -> Q:
    """Appointments neither upcoming nor waiting, written so that each part is a range of an index."""
    return ~Q(status__in=OPEN) | Q(status=Status.CONFIRMED, end__lte=now) | unanswered(now)


def counted(now: datetime) -> Q:
    """Upcoming or waiting appointments, which count against the limits of a provider and of a customer."""
    return upcoming(now) | waiting(now)


def taking_time(now: datetime) -> Q:
    """Appointments that take the provider's time, past ones included, but no request whose time to answer is over."""
    return Q(status__in=HOLDING) & ~unanswered(now)
