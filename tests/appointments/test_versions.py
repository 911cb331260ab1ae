"""The version of an appointment that somebody saw, compared under the lock: what changed since is not decided about."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from accounts.models import User
from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused, TermsChanged
from appointments.models import Appointment, AppointmentEvent, Proposal
from appointments.services import booking, notes, proposals, series, series_moves, transitions
from appointments.states import Role, Status

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

LATER = TUESDAY_TEN + timedelta(hours=1)
EARLIER = TUESDAY_TEN - timedelta(hours=1)
AFTER = TUESDAY_TEN + timedelta(minutes=5)


def as_provider(act, **more):
    return lambda one, version: act(appointment=one, actor=one.provider.user, version=version, **more)


def as_customer(act, **more):
    return lambda one, version: act(appointment=one, actor=one.customer, version=version, **more)


def answering(act):
    return lambda one, version: act(
        proposal=Proposal.objects.open().with_appointment().get(),
        actor=one.customer if act is not proposals.withdraw_time else one.provider.user,
        role=Role.CUSTOMER if act is not proposals.withdraw_time else Role.PROVIDER,
        version=version,
    )


def ending_with_others(one, version):
    return series.end_several(
        appointments=[one], actor=one.customer, role=Role.CUSTOMER, versions={one.reference: version}
    )


def answering_with_others(one, version):
    return series.answer_several(
        accepted=[one], declined=[], actor=one.provider.user, versions={one.reference: version}
    )


def declining_with_others(one, version):
    return series.answer_several(
        accepted=[], declined=[one], actor=one.provider.user, versions={one.reference: version}
    )


def moving_with_others(one, version):
    return series_moves.move_several(
        moves=[(one, LATER)],
        actor=one.customer,
        role=Role.CUSTOMER,
        at_once=True,
        versions={one.reference: version},
    )


def proposed(one):
    proposals.propose_time(appointment=one, start=LATER, actor=one.provider.user, role=Role.PROVIDER)


def completed(one):
    transitions.complete_appointment(appointment=one, actor=one.provider.user)


# The act, what was done before it, when, and whether the appointment is a request.
ACTS = {
    "accept": (as_provider(transitions.accept_request), None, NOW, True),
    "decline": (as_provider(transitions.decline_request), None, NOW, True),
    "withdraw": (as_customer(transitions.withdraw_request), None, NOW, True),
    "cancel": (as_customer(transitions.cancel_appointment, role=Role.CUSTOMER), None, NOW, False),
    "come": (as_customer(transitions.say_coming), None, NOW, False),
    "complete": (as_provider(transitions.complete_appointment), None, AFTER, False),
    "no-show": (as_provider(transitions.mark_no_show), None, AFTER, False),
    "correct": (as_provider(transitions.correct_outcome, to=Status.NO_SHOW), completed, AFTER, False),
    "move": (as_customer(proposals.propose_time, start=LATER, role=Role.CUSTOMER), None, NOW, False),
    "propose": (as_provider(proposals.propose_time, start=LATER, role=Role.PROVIDER), None, NOW, False),
    "propose another": (as_customer(proposals.propose_time, start=EARLIER, role=Role.CUSTOMER), proposed, NOW, True),
    "choose what is proposed": (
        as_customer(proposals.propose_time, start=LATER, role=Role.CUSTOMER),
        proposed,
        NOW,
        False,
    ),
    "accept a time": (answering(proposals.accept_time), proposed, NOW, False),
    "decline a time": (answering(proposals.decline_time), proposed, NOW, False),
    "withdraw a time": (answering(proposals.withdraw_time), proposed, NOW, False),
    "end several": (ending_with_others, None, NOW, False),
    "accept several": (answering_with_others, None, NOW, True),
    "decline several": (declining_with_others, None, NOW, True),
    "move several": (moving_with_others, None, NOW, False),
    "note": (as_customer(notes.change_note, note="By the lift, please"), None, NOW, False),
}


def as_it_is():
    rows = Appointment.objects.values_list("status", "start", "sequence", "note", "will_come_at")
    proposals_ = Proposal.objects.order_by("pk").values_list("state", "start")
    return list(rows), list(proposals_), AppointmentEvent.objects.count()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_about_an_earlier_version_changes_nothing_and_one_about_this_makes_the_next(name, book, provider):
    act, before, when, is_request = ACTS[name]
    provider.policy.accepts_at_once = not is_request
    provider.policy.save()
    made = book().appointment
    with time_machine.travel(when, tick=False):
        if before:
            before(made)
        one = Appointment.objects.with_people().get()
        was = as_it_is()

        with pytest.raises(ChangedSince) as refused:
            act(one, one.sequence + 1)

        assert (refused.value.status, refused.value.program_status) == (409, 412)
        assert as_it_is() == was

        act(one, one.sequence)

        assert Appointment.objects.get().sequence == one.sequence + 1


def test_what_was_done_already_is_no_refusal_whatever_version_was_seen(confirmed):
    first = transitions.cancel_appointment(
        appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER, version=0
    )
    again = transitions.cancel_appointment(
        appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER, version=0
    )

    assert (first.changed, again.changed) == (True, False)


def test_a_note_is_the_open_appointment_s_customer_s_to_change(confirmed, customer):
    def say(note, actor=customer):
        return notes.change_note(appointment=confirmed, actor=actor, note=note)

    with pytest.raises(PermissionDenied):
        say("Mine", actor=confirmed.provider.user)
    assert say("By the lift").changed
    assert not say("By the lift").changed
    assert Appointment.objects.get().note == "By the lift"
    User.objects.filter(pk=customer.pk).update(banned_at=NOW)
    with pytest.raises(PolicyRefused):
        say("By the stairs")
    User.objects.filter(pk=customer.pk).update(banned_at=None)
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)
    with pytest.raises(MoveRefused):
        say("By the stairs")
    assert Appointment.objects.get().note == "By the lift"


def test_terms_that_changed_come_with_the_terms_in_force(book, service):
    seen = booking.terms_of(service)
    service.price += 5
    service.save()

    with pytest.raises(TermsChanged) as refused:
        book(terms=seen)

    assert refused.value.terms == replace(seen, price=seen.price + 5)
