"""What staff read about a person's late cancellations and suspensions, in UTC and to the second."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from accounts.models import Ban
from appointments.models import AppointmentEvent, LateCancellation
from appointments.queries.no_shows import WithProvider
from appointments.rules.fair_use import LIMIT, counting, counts_until, is_late
from core.wording import duration_text


def exact(moment: datetime) -> str:
    """The moment to the second, which decides: `12 Mar 2026, 09:30:00 UTC`."""
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M:%S} UTC"


def distance(event: AppointmentEvent) -> str:
    """How long before the appointment's start it was cancelled, to the second, and whether that was late."""
    seconds = int((event.start - event.at).total_seconds())
    length = duration_text(event.start - event.at) if seconds >= 60 else ""
    rest = f"{seconds % 60} s" if seconds % 60 else ""
    words = " ".join(part for part in (length, rest) if part) or "0 s"
    return f"{words} before its start" + ("" if is_late(event.start, event.at) else ", not late by itself")


def cancelled_words(event: AppointmentEvent) -> str:
    """The words after the appointment's reference: its start, and how long before it was cancelled."""
    return f"starts {exact(event.start)}, cancelled {distance(event)}"


def count_words(late: LateCancellation, *, now: datetime) -> str:
    """Whether a late cancellation counts, and until when, or why it does not. Needs its ban and who forgave it."""
    words = [forgiven_words(late)] if late.forgiven_at else []
    if late.ban:
        words.append(f"evidence of the suspension since {exact(late.ban.since)}")
    return "; ".join(words) or state_words(late, now=now)


def forgiven_words(late: LateCancellation) -> str:
    """When, by whom and why a late cancellation was forgiven; empty where it was not. Needs who forgave it."""
    if late.forgiven_at is None:
        return ""
    return f"forgiven {exact(late.forgiven_at)} by {late.forgiven_by}: {late.forgiven_reason}"


def state_words(late: LateCancellation, *, now: datetime) -> str:
    """The same in a few words, for a list."""
    if late.forgiven_at:
        return "forgiven"
    if late.ban_id:
        return "evidence of a suspension"
    until = counts_until(late.at)
    return f"{'counts' if now <= until else 'counted'} until {exact(until)}"


def ban_words(ban: Ban) -> str:
    """Since when a suspension is, and when, by whom and why it was lifted. Needs who lifted it."""
    if ban.lifted_at is None:
        return f"suspended since {exact(ban.since)}"
    return f"suspended from {exact(ban.since)} to {exact(ban.lifted_at)}, lifted by {ban.lifted_by}: {ban.lift_reason}"


def standing_lines(
    late: Sequence[LateCancellation],
    cancelled: Mapping[int, Sequence[AppointmentEvent]],
    bans: Sequence[Ban],
    no_shows: Sequence[WithProvider],
    *,
    now: datetime,
) -> Iterator[str]:
    """The whole account of a person: what counts now, each late cancellation and suspension, no-shows by provider."""
    counted = counting([one.at for one in late if one.forgiven_at is None and one.ban is None], now)
    yield f"{len(counted)} of {LIMIT} late cancellations count at {exact(now)}."
    for one in late:
        yield f"Late cancellation {one.pk}, {exact(one.at)}: {count_words(one, now=now)}."
        for event in cancelled[one.pk]:
            yield f"    {event.appointment.reference}, {cancelled_words(event)}."
    for ban in bans:
        yield f"Suspension {ban.pk}: {ban_words(ban)}."
    if not bans:
        yield "Never suspended."
    for group in no_shows:
        references = ", ".join(one.reference for one in group.appointments)
        yield f"No-shows with {group.provider}: {group.no_shows.count}, {no_show_limit_words(group)} ({references})."


def no_show_limit_words(group: WithProvider) -> str:
    if group.are_lifted:
        return "whose limits the provider lifted"
    if group.no_shows.limit is None:
        return "and the provider set no limit"
    return f"of {group.no_shows.limit}, {'so no more booking' if group.no_shows.stop else 'still booking'}"
