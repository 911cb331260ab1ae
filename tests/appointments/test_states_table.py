"""The page about what may be done with an appointment says what the code says, and what the services do."""

import pytest
import time_machine
from django.db import transaction

from appointments.models import Appointment, LateCancellation
from appointments.services import transitions
from appointments.services.holds import take_proposed
from appointments.services.transitions import Change
from appointments.states import MOVES, OF_TIME, Role, Verb
from core.exceptions import DomainError
from tests.factories.accounts import UserFactory
from tests.states_table import CASES, FILE, HOUR, allowed, fields_of, proposal_of, table

from .conftest import TUESDAY_TEN


class Undo(Exception):
    """Takes back what a block has done."""


def test_the_page_about_states_is_what_the_code_says():
    assert FILE.read_text() == table(), "write it anew with python -m tests.states_table"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.status}-{case.new_time}-{case.when}")
def test_each_cell_is_what_the_services_do(confirmed, provider, case):
    """Four roles and thirteen verbs in each of the rows, each taken back: one world for all of them."""
    provider.policy.accepts_at_once = case.at_once
    provider.policy.save()
    Appointment.objects.update(**fields_of(case, TUESDAY_TEN))
    proposal = proposal_of(case, confirmed)
    if proposal:
        proposal.save()
        take_proposed(proposal)
    actors = {
        Role.CUSTOMER: confirmed.customer,
        Role.PROVIDER: provider.user,
        Role.STAFF: UserFactory(is_staff=True),
        Role.SYSTEM: None,
    }

    with time_machine.travel(TUESDAY_TEN + case.after_start, tick=False):
        done = {(role, verb) for role in Role for verb in MOVES if does(verb, proposal, actors[role], role)}

    assert done == {(role, verb) for role in Role for verb in allowed(case, role)}
    assert not LateCancellation.objects.exists()


def does(verb, proposal, actor, role):
    """Whether the change happens, which is then taken back."""
    answers = proposal if verb in OF_TIME and verb is not Verb.PROPOSE else None
    moves = verb is Verb.PROPOSE or (verb is Verb.MOVE and not answers)
    start = TUESDAY_TEN + 3 * HOUR if moves else None
    one = Appointment.objects.with_people().get()
    outcomes = []
    try:
        with transaction.atomic():
            change = Change(one, verb, "Why.", start=start, proposal=answers)
            outcomes = transitions.apply([change], actor=actor, role=role)
            raise Undo
    except (DomainError, Undo):
        return any(outcome.changed for outcome in outcomes)
