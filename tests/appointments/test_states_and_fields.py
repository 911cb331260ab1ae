"""What the database itself demands beside each state, tried by plain SQL: no service and no model stands in between.

It is Monday 2 March 2026, 08:00.
"""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from appointments.models import Appointment
from appointments.pages.labels import state_label
from appointments.services import transitions
from appointments.states import Role, Status, Verb
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN
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


def migrate(*targets):
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_older_rows_are_filled_from_their_history_before_the_rules_hold(provider, customer, service, book):
    """Back to the release before and forward again; a row without history is filled from what else it says."""
    booked = book().appointment
    transitions.cancel_appointment(appointment=booked, actor=customer, role=Role.CUSTOMER)
    [bare] = many(customer, service, number=1, status=Status.COMPLETED)
    [asked] = many(customer, service, number=1, status=Status.REQUESTED, first=TUESDAY_TEN)
    provider.policy.accepts_at_once = False
    provider.policy.save()
    declined = book(TUESDAY_TEN + timedelta(hours=2)).appointment
    staff = UserFactory(is_staff=True)
    transitions.decline_request(appointment=declined, actor=staff, role=Role.STAFF)
    [without_history] = many(customer, service, number=1, status=Status.DECLINED, first=TUESDAY_TEN + timedelta(days=9))

    migrate(("appointments", "0009_agreed_at"))
    execute("UPDATE appointments_appointment SET agreed_at = NULL, closed_at = NULL, answer_by = NULL, ended_by = ''")
    migrate()

    columns = ("agreed_at", "closed_at", "answer_by", "ended_by")
    found = {row[0]: row[1:] for row in Appointment.objects.values_list("pk", *columns)}
    assert found == {
        booked.pk: (NOW, booked.history.get(verb=Verb.CANCEL).at, None, "customer"),
        bare.pk: (bare.created_at, bare.end, None, ""),
        asked.pk: (None, None, asked.start, ""),
        declined.pk: (None, NOW, None, "staff"),
        without_history.pk: (None, without_history.created_at, None, "provider"),
    }


@pytest.mark.parametrize(("by", "to_provider"), [(Role.PROVIDER, "Declined by you"), (Role.STAFF, "Declined by staff")])
def test_a_declined_request_says_who_declined_it_to_its_provider_alone(requested, by, to_provider):
    actor = requested.provider.user if by is Role.PROVIDER else UserFactory(is_staff=True)
    transitions.decline_request(appointment=requested, actor=actor, role=by)

    made = Appointment.objects.with_people().get()
    assert made.ended_by == by
    assert [state_label(made, viewer).label for viewer in (Role.PROVIDER, Role.CUSTOMER)] == [to_provider, "Declined"]
