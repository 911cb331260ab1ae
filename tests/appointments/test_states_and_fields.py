"""What the database itself demands beside each state, tried by plain SQL: no service and no model stands in between.

It is Monday 2 March 2026, 08:00.
"""

import pytest
from django.db import IntegrityError, connection, transaction

from appointments.models import Appointment
from appointments.pages.labels import state_label
from appointments.services import transitions
from appointments.states import Role, Status
from tests.factories.accounts import UserFactory

from .conftest import NOW
from .test_customer_pages import many

pytestmark = pytest.mark.django_db

RULES = {
    "appointment_requested_has_answer_by": ("answer_by", {Status.REQUESTED}),
    "appointment_agreed_has_agreed_at": (
        "agreed_at",
        {Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED},
    ),
    "appointment_ended_has_closed_at": ("closed_at", set(Status) - {Status.REQUESTED, Status.CONFIRMED}),
    "appointment_cancelled_has_ended_by": ("ended_by", {Status.CANCELLED}),
    "appointment_ended_is_settled": ("fee_due", set(Status) - {Status.REQUESTED, Status.CONFIRMED}),
}


def execute(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def clear(column):
    """Empty the column of the one appointment; whether the database took it, else which rule refused."""
    empty = "''" if column == "ended_by" else "NULL"
    try:
        execute(f"UPDATE appointments_appointment SET {column} = {empty}")
    except IntegrityError as error:
        return next((name for name in RULES if name in str(error)), str(error))
    return "taken"


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("rule", RULES)
def test_the_database_refuses_a_state_without_the_fields_it_demands(customer, service, rule, status):
    column, states = RULES[rule]
    many(customer, service, number=1, status=status)

    assert clear(column) == (rule if status in states else "taken")


def test_a_withdrawn_request_was_never_agreed(requested):
    transitions.withdraw_request(appointment=requested, actor=requested.customer)

    withdrawn = Appointment.objects.get()
    assert (withdrawn.status, withdrawn.was_agreed, withdrawn.closed_at) == (Status.CANCELLED, False, NOW)


def test_what_is_booked_at_once_is_agreed_at_once(confirmed):
    assert confirmed.agreed_at == NOW


def test_a_request_is_agreed_when_it_is_accepted_and_stays_so_when_it_is_called_off(requested, provider):
    before = requested.agreed_at
    transitions.accept_request(appointment=requested, actor=provider.user)
    accepted = Appointment.objects.get()
    transitions.cancel_appointment(appointment=accepted, actor=provider.user, role=Role.PROVIDER)

    assert (before, accepted.agreed_at, Appointment.objects.get().agreed_at) == (None, NOW, NOW)


@pytest.mark.parametrize(("by", "to_provider"), [(Role.PROVIDER, "Declined by you"), (Role.STAFF, "Declined by staff")])
def test_a_declined_request_says_who_declined_it_to_its_provider_alone(requested, by, to_provider):
    actor = requested.provider.user if by is Role.PROVIDER else UserFactory(is_staff=True)
    transitions.decline_request(appointment=requested, actor=actor, role=by)

    made = Appointment.objects.with_people().get()
    assert made.ended_by == by
    assert [state_label(made, viewer).label for viewer in (Role.PROVIDER, Role.CUSTOMER)] == [to_provider, "Declined"]
