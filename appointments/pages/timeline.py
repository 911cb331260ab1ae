"""The timeline of an appointment for either side: its history and the mails that side got, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst

from appointments.models import Appointment, AppointmentEvent, Offer
from appointments.rules.fair_use import is_late
from appointments.states import ANSWERING, OfferState, Role, Status, Verb
from notifications.models import SentMail

from .consequences import Phrase
from .labels import LATE, PROPOSED, status_words
from .offers import other_times_words

TITLES = {
    Verb.REQUEST: "Requested",
    Verb.BOOK: "Booked, confirmed straight away",
    Verb.ACCEPT: "Confirmed",
    Verb.DECLINE: "Declined",
    Verb.WITHDRAW: "Request withdrawn",
    Verb.CANCEL: "Cancelled",
    Verb.EXPIRE: "Expired, not answered in time",
    Verb.COMPLETE: "Marked as completed",
    Verb.NO_SHOW: "Marked as a no-show",
    Verb.CORRECT: "Corrected",
    Verb.PROPOSE: "New time proposed",
    Verb.MOVE: "Rescheduled",
    Verb.DECLINE_TIME: "New time declined",
    Verb.WITHDRAW_TIME: "New time withdrawn",
    Verb.LAPSE: "New time not answered in time",
    Verb.COME: "“I will come”",
}
# Titles of what the provider did where a customer would have done it.
BY_PROVIDER = {Verb.BOOK: "Added, confirmed straight away"}
# Titles of changes that a job made.
BY_ITSELF = {Verb.COMPLETE: "Completed"}
# What the system does on behalf of neither side. The other side is not told whose suspension ended it.
BY_SYSTEM = {Verb.CANCEL, Verb.WITHDRAW, Verb.DECLINE}
# How a line tells both times, the new one first.
BOTH_TIMES = {
    Verb.PROPOSE: "{} instead of {}",
    Verb.MOVE: "to {} from {}",
    Verb.DECLINE_TIME: "not {}, {} stays",
    Verb.WITHDRAW_TIME: "not {}, {} stays",
    Verb.LAPSE: "not {}, {} stays",
}
DROPPED = "The time proposed before, {}, is no longer held."
# How a line tells what became of offered times, and who it was; nobody where their time ran out.
OFFER_ENDS: dict[OfferState, tuple[str, Role | None]] = {
    OfferState.TAKEN: ("One of the other times booked", Role.CUSTOMER),
    OfferState.PASSED: ("Other times passed", Role.CUSTOMER),
    OfferState.WITHDRAWN: ("Other times withdrawn", Role.PROVIDER),
    OfferState.EXPIRED: ("Other times not answered in time", None),
}
FAMILIES = {Status.REQUESTED: "brass", Status.CONFIRMED: "brand", Status.NO_SHOW: "ruby"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline. `start` is the appointment's start at that moment; a mail has no `start` and no `by`.

    `times` says it with both times where the line is about a new one, `dropped` which new time it has replaced, and
    `overridden`, to provider and staff, which of the provider's rules it overrode.
    """

    at: datetime
    title: str
    family: str = "slate"
    start: datetime | None = None
    times: Phrase | None = None
    dropped: Phrase | None = None
    by: str = ""
    change: str = ""
    reason: str = ""
    overridden: Sequence[str] = ()


def timeline(
    appointment: Appointment,
    history: Iterable[AppointmentEvent],
    mails: Iterable[SentMail],
    *,
    viewer: Role,
    offers: Sequence[Offer] = (),
) -> list[Entry]:
    """The entries, newest first; `offers` are the times offered instead. Needs an appointment of `with_people()`; no
    query."""
    told = [Entry(at=mail.sent_at, title=mail.words) for mail in mails if mail.sent_at]
    done = [_entry(appointment, event, viewer) for event in history]
    # The mail of a change stands above it even when both happened in the same instant.
    return sorted([*told, *_offered(appointment, offers, viewer), *done], key=lambda entry: entry.at, reverse=True)


def _offered(appointment: Appointment, offers: Sequence[Offer], viewer: Role) -> list[Entry]:
    """That times were offered, below what became of them: a line for the one that was taken, else for each end."""
    if not offers:
        return []
    by = f"by {who_did(appointment, Role.PROVIDER, viewer)}"
    entries = [Entry(offers[0].created_at, f"{capfirst(other_times_words(len(offers)))} offered", "brass", by=by)]
    taken = [each for each in offers if each.state == OfferState.TAKEN]
    for each in taken or {each.closed_at: each for each in offers}.values():
        if each.closed_at:
            title, role = OFFER_ENDS[OfferState(each.state)]
            who = f"by {who_did(appointment, role, viewer)}" if role else "by itself"
            entries.insert(0, Entry(each.closed_at, title, "brand" if taken else "slate", by=who))
    return entries


def who_did(appointment: Appointment, role: str, viewer: Role) -> str:
    """Who made a change: "you", the other side's name or "staff"; empty where the system made it."""
    if role == viewer:
        return "you"
    return "staff" if role == Role.STAFF else side_named(appointment, role)


def side_named(appointment: Appointment, role: str) -> str:
    """The name of the side that acted in `role`; empty for staff, who are not named, and for the system."""
    names = {Role.CUSTOMER: appointment.customer.name, Role.PROVIDER: appointment.provider.name}
    return names.get(Role(role), "")


def title_of(event: AppointmentEvent) -> str:
    """What happened, done by a person."""
    special = BY_PROVIDER if event.role == Role.PROVIDER else {}
    return special.get(Verb(event.verb), TITLES[Verb(event.verb)])


def _entry(appointment: Appointment, event: AppointmentEvent, viewer: Role) -> Entry:
    who = who_did(appointment, event.role, viewer)
    alone = "by the system" if event.verb in BY_SYSTEM else "by itself"
    before = status_words(Status(event.from_status), viewer) if event.from_status else ""
    after = status_words(Status(event.to_status), viewer)
    title = title_of(event) if who else BY_ITSELF.get(Verb(event.verb), TITLES[Verb(event.verb)])
    was_late = event.verb == Verb.CANCEL and event.role in ANSWERING and is_late(event.start, event.at)
    return Entry(
        at=event.at,
        title=LATE if was_late else title,
        family=_family(event, was_late=was_late),
        start=event.start,
        times=_both_times(event),
        dropped=Phrase(DROPPED, (event.dropped_start,)) if event.dropped_start else None,
        by=f"by {who}" if who else alone,
        change=f"From {before} to {after}" if before not in {"", after} else "",
        reason=event.reason,
        overridden=() if viewer is Role.CUSTOMER else event.overridden.splitlines(),
    )


def _family(event: AppointmentEvent, *, was_late: bool) -> str:
    if was_late:
        return "ruby"
    return PROPOSED.family if event.verb == Verb.PROPOSE else FAMILIES.get(Status(event.to_status), "slate")


def _both_times(event: AppointmentEvent) -> Phrase | None:
    pattern = BOTH_TIMES.get(Verb(event.verb))
    return Phrase(pattern, (event.to_start, event.start)) if pattern and event.to_start else None
