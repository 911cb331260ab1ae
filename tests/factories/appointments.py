"""Fields of appointments as the services write them, for tests that make rows without calling services."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from appointments.states import OPEN, Role, Status

AGREED = {Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED}


def demanded_by(status: str, at: datetime) -> dict[str, Any]:
    """The fields that the database demands beside `status`, as if all had happened at `at` and nothing was due."""
    return {
        "answer_by": at if status == Status.REQUESTED else None,
        "agreed_at": at if status in AGREED else None,
        "closed_at": None if status in OPEN else at,
        "ended_by": Role.CUSTOMER if status == Status.CANCELLED else "",
        "refund": None if status in OPEN else Decimal(0),
        "fee_due": None if status in OPEN else Decimal(0),
    }
