"""Names and looks of the states of appointments, by reader. Templates take them from here."""

from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment, Proposal
from appointments.rules.fair_use import is_late
from appointments.states import ANSWERING, Role, Status

LATE = "Late cancellation"


@dataclass(frozen=True, slots=True)
class Label:
    """The badge of a state: its words, colour family and icon; `dashed` while it waits for an answer."""

    label: str
    family: str
    icon: str
    dashed: bool = False

    @property
    def leaf(self) -> str:
        """The name of the edge that a calendar leaf gets in this state."""
        return {"brass": "requested", "iris": "proposed", "slate": "ended", "ruby": "late"}.get(self.family, "")


# Lies over the state of an appointment for which a new time waits for an answer; the state stays what it is.
PROPOSED = Label("New time proposed", "iris", "swap")

# Stands beside the state for the provider, once the customer said that they come.
WILL_COME = Label("Will come", "brand", "user")


def badges(appointment: Appointment, viewer: Role, *, now: datetime) -> list[Label]:
    """The labels of an appointment in a list: its state, or the new time that lies over it.

    A request keeps its own beside it, since it is not confirmed; a provider reads there, too, that the customer will
    come. Needs the open proposal preloaded.
    """
    state = state_label(appointment, viewer, now=now)
    if live_proposal(appointment, now) is None:
        return [state, WILL_COME] if viewer is Role.PROVIDER and is_expected(appointment, now) else [state]
    return [PROPOSED, state] if appointment.is_request else [PROPOSED]


def is_expected(appointment: Appointment, now: datetime) -> bool:
    """Whether the customer said that they will come, and the appointment has not begun."""
    return appointment.will_come and appointment.start > now


def live_proposal(appointment: Appointment, now: datetime) -> Proposal | None:
    """The new time for the appointment that waits for an answer, if any. Needs the open proposal preloaded."""
    proposal = appointment.open_proposal
    return proposal if proposal and appointment.is_open and proposal.is_live(now) else None


def state_label(appointment: Appointment, viewer: Role, *, now: datetime | None = None) -> Label:
    """The label of the state for customer or provider. Needs an appointment of `with_people()`.

    With `now`, a request whose time to answer is over reads as expired before the job has marked it.
    """
    if appointment.status == Status.CANCELLED:
        return _of_cancelled(appointment, viewer)
    if appointment.status == Status.DECLINED and viewer is Role.PROVIDER:
        return Label(f"Declined{_by(appointment, viewer)}", "slate", "x")
    if now is not None and appointment.is_unanswered(now):
        return _of_status(Status.EXPIRED, viewer)
    return _of_status(Status(appointment.status), viewer)


def was_cancelled_late(appointment: Appointment) -> bool:
    """Whether its customer or its provider cancelled it late; staff and the system never do."""
    if appointment.status != Status.CANCELLED or appointment.was_withdrawn or appointment.closed_at is None:
        return False
    return appointment.ended_by in ANSWERING and is_late(appointment.start, appointment.closed_at)


def cancelled_words(appointment: Appointment, viewer: Role) -> str:
    """Who cancelled or withdrew the appointment: "Cancelled by you", "Withdrawn by Amara"."""
    act = "Withdrawn" if appointment.was_withdrawn else "Cancelled"
    return f"{act}{_by(appointment, viewer)}"


def _of_cancelled(appointment: Appointment, viewer: Role) -> Label:
    """Whose late cancellation it is stands on the badge, too: it counts for that side alone."""
    if was_cancelled_late(appointment):
        return Label(f"{LATE}{_by(appointment, viewer)}", "ruby", "warn")
    return Label(cancelled_words(appointment, viewer), "slate", "x")


def status_words(status: Status, viewer: Role) -> str:
    """The words for a state without its appointment, as a history or a filter shows them."""
    return _of_status(status, viewer).label


def _of_status(status: Status, viewer: Role) -> Label:
    if status is Status.REQUESTED:
        waits = "Awaiting your answer" if viewer is Role.PROVIDER else "Awaiting confirmation"
        return Label(waits, "brass", "wait", dashed=True)
    if status is Status.CONFIRMED:
        return Label("Confirmed", "brand", "check")
    if status is Status.COMPLETED:
        return Label("Completed", "slate", "check")
    if status is Status.DECLINED:
        return Label("Declined", "slate", "x")
    if status is Status.EXPIRED:
        return Label(
            "Expired, not answered" if viewer is Role.PROVIDER else "Expired, not answered in time", "slate", "clock"
        )
    if status is Status.NO_SHOW:
        return Label("No-show", "ruby", "warn")
    return Label("Cancelled", "slate", "x")


def _by(appointment: Appointment, viewer: Role) -> str:
    if not appointment.ended_by or appointment.ended_by == Role.SYSTEM:
        return ""
    if appointment.ended_by == viewer:
        return " by you"
    if appointment.ended_by == Role.STAFF:
        return " by staff"
    person = appointment.customer if appointment.ended_by == Role.CUSTOMER else appointment.provider
    return f" by {person.first_name}"
