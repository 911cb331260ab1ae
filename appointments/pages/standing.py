"""The standing of an appointment for one of its two sides, which its pages, links and mails share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment, AppointmentEvent, Proposal
from appointments.rules.moves import (
    COMPLETES_AFTER,
    CORRECTED_WITHIN,
    CancelTerms,
    MoveTerms,
    cancel_terms,
    move_terms,
    possible_moves,
)
from appointments.states import Role, Verb

from .consequences import Phrase, until_when
from .labels import PROPOSED, Label, badges, cancelled_words, is_expected, live_proposal, state_label
from .places import join_link_for, place_for, there
from .zones import Zones, zones_of


@dataclass(frozen=True, slots=True)
class Standing:
    """An appointment at `now` as `viewer` may see it; `last` is the history entry that led to its present state."""

    appointment: Appointment
    viewer: Role
    now: datetime
    label: Label
    zones: Zones
    moves: frozenset[Verb]
    terms: CancelTerms
    move_terms: MoveTerms
    last: AppointmentEvent | None = None

    @property
    def was_agreed(self) -> bool:
        return self.appointment.was_agreed

    @property
    def is_on(self) -> bool:
        return self.appointment.is_confirmed and self.appointment.start <= self.now < self.appointment.end

    @property
    def is_past(self) -> bool:
        return self.appointment.end <= self.now

    @property
    def is_unanswered(self) -> bool:
        return self.appointment.is_unanswered(self.now)

    @property
    def is_waiting(self) -> bool:
        """Whether the request can still be answered."""
        return self.appointment.is_request and not self.is_unanswered

    @property
    def lies_ahead(self) -> bool:
        """Whether the appointment is confirmed and not over."""
        return self.appointment.is_confirmed and not self.is_past

    @property
    def place(self) -> str:
        return place_for(self.appointment, self.viewer, was_agreed=self.was_agreed)

    @property
    def join_link(self) -> str:
        """The link by which the viewer joins online, until it is over; empty without one."""
        return "" if self.is_past else join_link_for(self.appointment, self.viewer, was_agreed=self.was_agreed)

    @property
    def there(self) -> str:
        """The place after the words "Maya expects you"; only for an appointment that was agreed."""
        return there(self.appointment)

    @property
    def may_cancel(self) -> bool:
        return Verb.CANCEL in self.moves

    @property
    def proposal(self) -> Proposal | None:
        """The new time that waits for an answer of either side, if any."""
        return live_proposal(self.appointment, self.now)

    @property
    def must_answer(self) -> bool:
        """Whether a new time waits for the viewer's answer."""
        return self.proposal is not None and self.proposal.waits_for(self.viewer, self.now)

    @property
    def has_proposed(self) -> bool:
        """Whether the viewer's own new time waits for the other side's answer."""
        return self.proposal is not None and not self.must_answer

    @property
    def headline(self) -> Label:
        """The look of the headline: that of a new time that waits, else of the state."""
        return PROPOSED if self.proposal else self.label

    @property
    def badges(self) -> list[Label]:
        """The labels of the state and of a new time that lies over it."""
        return badges(self.appointment, self.viewer, now=self.now)

    @property
    def may_reschedule(self) -> bool:
        return self.move_terms.allowed

    @property
    def may_say_coming(self) -> bool:
        """Whether the viewer can say that they will come, and has not said it yet."""
        return Verb.COME in self.moves and not self.appointment.will_come

    @property
    def is_expected(self) -> bool:
        """Whether the customer said that they will come, and it has not begun."""
        return is_expected(self.appointment, self.now)

    @property
    def may_withdraw(self) -> bool:
        return Verb.WITHDRAW in self.moves

    @property
    def may_complete(self) -> bool:
        return Verb.COMPLETE in self.moves

    @property
    def may_mark_no_show(self) -> bool:
        return Verb.NO_SHOW in self.moves

    @property
    def may_correct(self) -> bool:
        return Verb.CORRECT in self.moves

    @property
    def until_when(self) -> Phrase:
        """Until when the viewer can cancel, and from when on that is late; or why they can't."""
        return until_when(self.terms, self.appointment.provider.first_name)

    @property
    def cancelled(self) -> str:
        """Who cancelled or withdrew it: "Cancelled by you"; only where somebody did."""
        return cancelled_words(self.appointment, self.viewer)

    @property
    def completes_at(self) -> datetime:
        """The moment from which an unmarked appointment is completed by itself."""
        return self.appointment.end + COMPLETES_AFTER

    @property
    def corrected_until(self) -> datetime | None:
        """The last moment at which completed and no-show can be exchanged; None before the appointment is closed."""
        closed_at = self.appointment.closed_at
        return closed_at + CORRECTED_WITHIN if closed_at else None

    @property
    def can_be_corrected(self) -> bool:
        return self.corrected_until is not None and self.now <= self.corrected_until


def standing_of(
    appointment: Appointment,
    viewer: Role,
    *,
    reader: ZoneInfo,
    now: datetime,
    history: Sequence[AppointmentEvent] = (),
) -> Standing:
    """The standing for `viewer`, whose own zone is `reader`. Asks the database nothing.

    Needs an appointment of `with_people()`; `history` is newest first.
    """
    policy = appointment.provider.policy
    return Standing(
        appointment=appointment,
        viewer=viewer,
        now=now,
        label=state_label(appointment, viewer, now=now),
        zones=zones_of(appointment, viewer, reader=reader),
        moves=possible_moves(appointment, role=viewer, policy=policy, now=now),
        terms=cancel_terms(appointment, role=viewer, policy=policy, now=now),
        move_terms=move_terms(appointment, role=viewer, policy=policy, now=now),
        last=next((event for event in history if event.to_status == appointment.status != event.from_status), None),
    )
