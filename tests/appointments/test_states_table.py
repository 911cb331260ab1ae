"""The page about what may be done with an appointment says what the code says, and what the services do."""

from contextlib import contextmanager

import pytest
import time_machine
from django.db import transaction

from accounts.models import User
from appointments.models import Appointment, LateCancellation
from appointments.services import transitions
from appointments.services.holds import take_proposed
from appointments.services.transitions import Change
from appointments.states import MOVES, OF_TIME, Role, Verb
from core.exceptions import DomainError
from providers.models import TimeOff
from providers.services import block_customer
from tests.factories.accounts import UserFactory
from tests.states_table import CHOSEN_AFTER, FILE, Ban, allowed, fields_of, proposal_of, situations, table

from .conftest import NOW, TUESDAY_TEN


class Undo(Exception):
    """Takes back what a block has done."""


def test_the_page_about_states_is_what_the_code_says():
    assert FILE.read_text() == table(), "write it anew with python -m tests.states_table"


@pytest.mark.parametrize("ban", Ban)
def test_each_cell_is_what_the_services_do(confirmed, provider, customer, ban):
    """All roles and verbs in each situation, each taken back: one world for all of them.

    What the table of moves leaves to no role in a state is asked in the usual situations alone.
    """
    actors = {
        Role.CUSTOMER: customer,
        Role.PROVIDER: provider.user,
        Role.STAFF: UserFactory(is_staff=True),
        Role.SYSTEM: None,
    }
    if ban is Ban.BLOCKED:
        block_customer(provider=provider, customer=customer, actor=provider.user)
    elif ban is not Ban.NONE:
        User.objects.filter(pk=actors[Role[ban.name]].pk).update(banned_at=NOW)

    wrong = {}
    for case in situations(ban):
        with in_situation(case, provider) as (one, proposal):
            asked = [(role, verb) for role in Role for verb in MOVES if case.is_usual or is_listed(case, role, verb)]
            done = {(role, verb) for role, verb in asked if does(one, verb, proposal, actors[role], role)}
            if difference := done ^ {(role, verb) for role in Role for verb in allowed(case, role)}:
                wrong[case] = difference
            assert not LateCancellation.objects.exists()

    assert wrong == {}


def is_listed(case, role, verb):
    leaving, _, roles = MOVES[verb]
    return case.status in leaving and role in roles


@contextmanager
def in_situation(case, provider):
    """The appointment as the case has it, with its proposal, at its moment; all taken back afterwards."""
    try:
        with transaction.atomic(), time_machine.travel(TUESDAY_TEN + case.after_start, tick=False):
            provider.policy.accepts_at_once = case.at_once
            provider.policy.save()
            for start, end in case.time_off(TUESDAY_TEN):
                TimeOff.objects.create(provider=provider, start=start, end=end)
            Appointment.objects.update(**fields_of(case, TUESDAY_TEN))
            one = Appointment.objects.with_people().get()
            proposal = proposal_of(case, one)
            if proposal:
                proposal.save()
                take_proposed([proposal])
            yield Appointment.objects.with_people().get(), proposal
            raise Undo
    except Undo:
        pass


def does(one, verb, proposal, actor, role):
    """Whether the change happens, which is then taken back."""
    answers = proposal if verb in OF_TIME and verb is not Verb.PROPOSE else None
    moves = verb is Verb.PROPOSE or (verb is Verb.MOVE and not answers)
    start = TUESDAY_TEN + CHOSEN_AFTER if moves else None
    outcomes = []
    try:
        with transaction.atomic():
            change = Change(one, verb, "Why.", start=start, proposal=answers)
            outcomes = transitions.apply([change], actor=actor, role=role)
            raise Undo
    except (DomainError, Undo):
        return any(outcome.changed for outcome in outcomes)
