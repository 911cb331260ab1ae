"""An appointment that a provider enters against what customers do with the same time, in real processes."""

from datetime import datetime

import pytest

from accounts import bans
from accounts.models import User
from appointments.models import Appointment
from appointments.services import adding, transitions
from appointments.services.adding import Addition
from appointments.states import Role, Status
from core import clock
from providers import services as providers
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import book, make_service, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def add(service, customer, start, key, folder, size):
    service = Service.objects.select_related("provider__user", "provider__policy").get(pk=service)
    addition = Addition(service, datetime.fromisoformat(start), User.objects.get(pk=customer), key)
    meet(folder, size)
    return adding.add_appointment(addition=addition, actor=service.provider.user).changed


def ban(person, folder, size):
    row = User.objects.get(pk=person)
    meet(folder, size)
    bans.ban(row, now=clock.now())
    transitions.end_all_ahead(row)


def block(service, customer, folder, size):
    provider, person = Service.objects.get(pk=service).provider, User.objects.get(pk=customer)
    meet(folder, size)
    providers.block_customer(provider=provider, actor=provider.user, customer=person, reason="")


@pytest.mark.parametrize("turn", range(3))
def test_a_booking_of_the_same_time_or_the_added_one_stands(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    folder = str(tmp_path)

    added, booked = run_calls(
        [
            (add, service.pk, UserFactory().pk, start.isoformat(), "key", folder, 2),
            (book, service.pk, UserFactory().pk, start.isoformat(), folder, 2),
        ]
    )

    assert (added.error, booked.error) in [("", "SlotTaken"), ("SlotTaken", "")]
    assert Appointment.objects.count() == 1


def test_the_same_form_pressed_at_once_adds_one(run_calls, tmp_path):
    service, start, customer = make_service(), soon(30), UserFactory().pk
    folder = str(tmp_path)

    outcomes = run_calls([(add, service.pk, customer, start.isoformat(), "key", folder, 4)] * 4)

    assert sorted((one.error, one.value) for one in outcomes) == [("", False)] * 3 + [("", True)]
    assert Appointment.objects.get().entered_by == Role.PROVIDER


@pytest.mark.parametrize("end", [ban, block])
def test_nobody_is_added_after_their_ban_or_block(run_calls, tmp_path, end):
    service, start, customer = make_service(), soon(30), UserFactory().pk
    folder = str(tmp_path)
    ending = (ban, customer, folder, 2) if end is ban else (block, service.pk, customer, folder, 2)

    added, ended = run_calls([(add, service.pk, customer, start.isoformat(), "key", folder, 2), ending])

    assert ended.error == ""
    assert added.error in {"", "PolicyRefused"}
    stands = end is block and added.error == ""
    assert Appointment.objects.filter(status=Status.CONFIRMED).exists() == stands
