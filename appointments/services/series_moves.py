"""Moving several dates of a series in one act: at once where the customer may, else each by a proposal."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError

from accounts.models import User
from appointments.exceptions import SlotTaken
from appointments.models import Appointment
from appointments.rules.moves import moves_at_once
from appointments.rules.new_times import Room
from appointments.states import Role, Verb
from core import clock
from core.db import violates

from . import holds, transitions
from .availability import Mine
from .new_times import load_room
from .transitions import Change, Outcome


def look_at_moves(
    appointments: Sequence[Appointment],
    starts: Sequence[datetime],
    *,
    actor: User,
    role: Role,
    browser: str | None,
    now: datetime,
) -> Room:
    """The room for new times of these dates of a series, by their numbers in it. Five queries, six with a cap."""
    leaving = [one.pk for one in appointments if moves_at_once(one, role=role, policy=one.provider.policy)]
    numbers = {one.pk: one.occurrence or 0 for one in appointments}
    return load_room(appointments, starts, leaving=leaving, now=now, mine=Mine(browser, actor.pk), keys=numbers)


def move_several(
    *,
    moves: Sequence[tuple[Appointment, datetime]],
    actor: User,
    role: Role,
    at_once: bool,
    message: str = "",
    shown: Mapping[str, str] | None = None,
    versions: Mapping[str, int] | None = None,
    browser: str | None = None,
) -> list[Outcome]:
    """Move each appointment to its start (UTC) where that counts at once, else propose it; all of them or none.

    `at_once`, `shown` (`Appointment.as_shown` by reference) and `versions` (`sequence`) are what the person saw. A
    proposal keeps both times held, and replaces one that is open. All is one act, of which each side reads in one mail.
    Raises what `proposals.propose_time` raises for one.
    """
    shown, versions = shown or {}, versions or {}
    changes = [
        Change(
            one,
            Verb.MOVE if at_once and one.is_confirmed else Verb.PROPOSE,
            message,
            start=start,
            shown=shown.get(one.reference, ""),
            version=versions.get(one.reference),
            browser=browser,
        )
        for one, start in moves
    ]
    for _ in range(2):
        try:
            return transitions.apply(changes, actor=actor, role=role)
        except IntegrityError as error:
            if not violates(error, holds.NO_OVERLAP):
                raise
        # A kept time that no longer counts may be in the way, because it ran out.
        if not holds.drop_lapsed_times(now=clock.now()):
            break
    raise SlotTaken("One of these times was just taken.")
