"""Changes of a provider's time off, as rows alone: what happens to appointments inside is no matter of this app."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from accounts.models import User
from core.db import require_transaction, retrying
from outbox import services as outbox
from providers import edit_stamps
from providers.exceptions import TimeOffRefused
from providers.models import CalendarState, Provider, TimeOff

from .locking import lock_provider, open_time_changed, refresh_openings

LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=3 * 366)
MOST_AHEAD = 200
LONGEST_REASON = TimeOff._meta.get_field("reason").max_length or 0


def check_time_off(start: datetime, end: datetime, *, now: datetime) -> None:
    """Raise TimeOffRefused unless [start, end) can be taken off at `now`; it may have begun already."""
    if end <= start:
        raise TimeOffRefused("It ends before it begins.")
    if end <= now:
        raise TimeOffRefused("That time is over. Choose one that lasts until later than now.")
    if end - start > LONGEST:
        raise TimeOffRefused("One entry covers at most a year. Enter the rest as another one.")
    if end - now > FURTHEST:
        raise TimeOffRefused("Choose a time within the next three years.")


class Written(NamedTuple):
    """The time off as it stands, how many earlier entries became part of it, and whether anything changed."""

    row: TimeOff
    merged: int
    changed: bool


def write_time_off(
    provider: Provider,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    all_day: bool = False,
    reason: str = "",
    public_word: str = "",
) -> Written:
    """Write down that a provider is away in [start, end), in one row with all earlier time off that it overlaps.

    Call it with the provider locked. The merged row has the reasons of all and the newest public word, and lasts whole
    days where all of them do. What is written down already is left as it is, so that a form sent twice acts once.
    Raises TimeOffRefused.
    """
    require_transaction(TimeOff)
    check_time_off(start, end, now=now)
    met = list(provider.time_off.filter(start__lt=end, end__gt=start).order_by("start"))
    if not met and provider.time_off.filter(end__gt=now).count() >= MOST_AHEAD:
        raise TimeOffRefused(f"There are {MOST_AHEAD} entries ahead already. Remove one that is no longer needed.")
    row = met[0] if met else TimeOff(provider=provider)
    before = _values(row) if met else None
    word = public_word or _newest_word(met, now)
    row.start, row.end = min([start, *(one.start for one in met)]), max([end, *(one.end for one in met)])
    row.all_day = all_day and all(one.all_day for one in met)
    row.reason = _joined([*(one.reason for one in met), reason])
    row.public_word = word
    changed = _values(row) != before
    if changed:
        # The database lets no two rows overlap, not even for a moment.
        provider.time_off.filter(pk__in=[one.pk for one in met[1:]]).delete()
        # The row is as old as its last change: by that the newest word is found.
        row.created_at = now
        row.save()
        refresh_openings(provider)
        _write_to_calendar(provider)
    return Written(row, len(met) if changed else 0, changed)


@retrying
@transaction.atomic
def remove_time_off(*, time_off: TimeOff, actor: User, seen: str | None = None) -> bool:
    """Open the time again; what was cancelled for it stays cancelled. Removed already: nothing happens.

    False where the row covers another time by now than `time_off` says, or is not as `seen`
    (`edit_stamps.of_time_off`): it is left as it is.
    """
    provider = lock_provider(time_off.provider, actor=actor)
    present = provider.time_off.filter(pk=time_off.pk).first() if seen is not None else None
    if present and seen != edit_stamps.of_time_off(present):
        return False
    if provider.time_off.filter(pk=time_off.pk, start=time_off.start, end=time_off.end).delete()[0]:
        open_time_changed(provider)
        _write_to_calendar(provider)
    return not provider.time_off.filter(pk=time_off.pk).exists()


def _write_to_calendar(provider: Provider) -> None:
    """Publish that a connected calendar is to be compared with the time off."""
    if provider.calendar_state != CalendarState.NONE:
        key = f"{provider.pk}:{uuid.uuid4().hex}"
        outbox.publish("calendar_sync.write_time_off", key=key, payload={"provider": provider.pk})


def _values(row: TimeOff) -> tuple[object, ...]:
    return row.start, row.end, row.all_day, row.reason, row.public_word


def _newest_word(met: Iterable[TimeOff], now: datetime) -> str:
    """The public word that was written last, without those of times that are over; empty where there is none."""
    words = [one for one in met if one.public_word and one.end > now]
    return max(words, key=lambda one: one.created_at).public_word if words else ""


def _joined(reasons: Iterable[str]) -> str:
    """The different reasons as one text, so that none is lost when entries become one. A single one stays as it is."""
    different = list(dict.fromkeys(reason for reason in reasons if reason))
    if len(different) == 1:
        return different[0]
    text = "; ".join(dict.fromkeys(part for reason in different for part in reason.split("; ") if part))
    if len(text) > LONGEST_REASON:
        raise TimeOffRefused("Together with the time off that it meets, the reason is too long. Shorten it.")
    return text
