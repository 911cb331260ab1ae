"""Changes of several providers never deadlock, and nobody whose account closed meanwhile gets an appointment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, Hold
from appointments.services import booking, locks, transitions
from appointments.services.transitions import Change
from appointments.states import Role, Status, Verb
from core import clock
from core.db import lock_rows
from providers import edit_stamps
from providers.models import Listing, Provider, Service
from providers.services import page
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import wanted_series
from tests.invariants import check_all
from tests.processes import meet

ROUNDS = 2


def next_day_at(hour):
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def make_service(**values):
    provider = ProviderFactory(time_zone="UTC")
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=30, repeats=True, **values)


def wanted(service, customer, *starts, key="key"):
    if len(starts) > 1:
        return wanted_series(service, customer, starts, key=key)
    return booking.Wanted(service, starts, customer, booking.terms_of(service), key)


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


# --- What the processes do --------------------------------------------------------------------------------------------


def cancel_all(references, customer_pk, folder):
    """One act that cancels appointments of several providers, in the order in which they are named."""
    rows = {row.reference: row for row in Appointment.objects.filter(reference__in=references)}
    meet(folder, 2)
    changes = [Change(rows[reference], Verb.CANCEL) for reference in references]
    outcomes = transitions.apply(changes, actor=User.objects.get(pk=customer_pk), role=Role.CUSTOMER)
    return [outcome.changed for outcome in outcomes]


def lock_one_by_one(provider_ids, folder):
    """The order in which a careless change would lock: as the rows come, one statement each."""
    with transaction.atomic():
        for number, pk in enumerate(provider_ids):
            list(lock_rows(Provider.objects.filter(pk=pk)))
            if not number:
                meet(folder, 2)
    return True


def lock_together(provider_ids, folder):
    with transaction.atomic():
        meet(folder, 2)
        return sorted(locks.lock_providers(provider_ids))


def book(service_pk, customer_pk, start):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    [outcome] = booking.place(wanted(service, customer, datetime.fromisoformat(start)))
    return outcome.changed


def place_series(service_pk, customer_pk, starts):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    made = booking.place(wanted(service, customer, *[datetime.fromisoformat(start) for start in starts], key="series"))
    return [outcome.changed for outcome in made]


def close_account(user_pk):
    User.objects.filter(pk=user_pk).update(is_active=False)
    return clock.now().isoformat()


def book_once_the_account_is_closed(service_pk, customer_pk, start):
    """The customer is loaded while the account is open, and closed while the booking waits for the provider's lock."""
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    lock = locks.together

    def close_and_lock(*questions):
        close_account(customer_pk)
        return lock(*questions)

    locks.together = close_and_lock
    [outcome] = booking.place(wanted(service, customer, datetime.fromisoformat(start)))
    return outcome.changed


# --- The order of locks -----------------------------------------------------------------------------------------------


def test_acts_that_cross_at_two_providers_both_end(run_calls, tmp_path):
    services, customer = [make_service(), make_service()], UserFactory()
    for round_ in range(ROUNDS):
        made = [
            booking.place(wanted(s, customer, next_day_at(8 + round_), key=f"{s.pk}:{round_}"))[0] for s in services
        ]
        references = [outcome.appointment.reference for outcome in made]
        folder = tmp_path / str(round_)
        folder.mkdir()

        outcomes = run_calls(
            [
                (cancel_all, references, customer.pk, str(folder)),
                (cancel_all, references[::-1], customer.pk, str(folder)),
            ]
        )

        assert {outcome.error for outcome in outcomes} == {""}
        # One of them did all of it, the other found it done.
        assert sorted(outcome.value for outcome in outcomes) == [[False, False], [True, True]]
        assert {row.status for row in Appointment.objects.filter(reference__in=references)} == {Status.CANCELLED}
        assert [row.history.count() for row in Appointment.objects.filter(reference__in=references)] == [2, 2]


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one lock for all, so nobody can cross")
def test_locking_one_by_one_in_any_order_deadlocks_and_together_does_not(run_calls, tmp_path):
    ids = [make_service().provider_id, make_service().provider_id]
    (tmp_path / "apart").mkdir()
    (tmp_path / "together").mkdir()

    apart = run_calls([(lock_one_by_one, order, str(tmp_path / "apart")) for order in (ids, ids[::-1])])
    together = run_calls([(lock_together, order, str(tmp_path / "together")) for order in (ids, ids[::-1])])

    assert sorted(outcome.error for outcome in apart) == ["", OperationalError.__name__]
    assert [outcome.value for outcome in together] == [sorted(ids)] * 2


# --- Several at once --------------------------------------------------------------------------------------------------


def test_several_starts_are_booked_whole_or_not_at_all(run_calls):
    service, starts = make_service(), [next_day_at(hour).isoformat() for hour in (8, 10, 12, 14)]
    people = [UserFactory() for _ in range(3)]

    outcomes = run_calls([(place_series, service.pk, person.pk, starts) for person in people])

    assert sorted(outcome.error for outcome in outcomes) == ["", "SlotTaken", "SlotTaken"]
    assert [outcome.value for outcome in outcomes if outcome.ok] == [[True] * 4]
    assert (Appointment.objects.count(), Hold.objects.count()) == (4, 4)
    assert Appointment.objects.values("customer").distinct().count() == 1


def test_several_starts_against_one_of_them_leave_all_or_that_one(run_calls):
    service, starts = make_service(), [next_day_at(hour).isoformat() for hour in (8, 10, 12)]

    series, single = run_calls(
        [(place_series, service.pk, UserFactory().pk, starts), (book, service.pk, UserFactory().pk, starts[-1])]
    )

    assert sorted([series.error, single.error]) == ["", "SlotTaken"]
    assert Appointment.objects.count() == (3 if series.ok else 1)


# --- Accounts that close ----------------------------------------------------------------------------------------------


def test_an_account_closed_while_its_booking_waits_gets_no_appointment(run_calls):
    service, customer = make_service(), UserFactory()

    [outcome] = run_calls([(book_once_the_account_is_closed, service.pk, customer.pk, next_day_at(9).isoformat())])

    assert (outcome.error, outcome.message) == ("PolicyRefused", "This account is closed.")
    assert not Appointment.objects.exists()


def test_an_account_that_closes_and_books_at_once_does_one_after_the_other(run_calls):
    for round_ in range(ROUNDS):
        service, customer = make_service(), UserFactory()

        closed, *booked = run_calls(
            [
                (close_account, customer.pk),
                *[(book, service.pk, customer.pk, next_day_at(9 + n).isoformat()) for n in range(2)],
            ]
        )

        made = Appointment.objects.filter(customer=customer)
        assert closed.ok
        assert {outcome.error for outcome in booked} <= {"", "PolicyRefused", "SlotTaken"}
        # Whatever stands was made before the account was closed.
        assert all(row.created_at.isoformat() <= closed.value for row in made), round_


def test_a_provider_who_closes_their_account_while_somebody_books_gets_no_appointment(transactional_db):
    service, customer = make_service(), UserFactory()
    stale = Service.objects.select_related("provider__policy", "provider__user").get(pk=service.pk)
    close_account(service.provider.user_id)

    with pytest.raises(PolicyRefused):
        booking.place(wanted(stale, customer, next_day_at(9)))

    assert not Hold.objects.exists()


def test_nothing_is_locked_outside_a_transaction(transactional_db):
    service = make_service()

    for lock in (
        lambda: locks.lock_providers([service.provider_id]),
        lambda: locks.lock_people([service.provider.user_id]),
        lambda: locks.lock_appointments([1]),
        lambda: locks.lock_service(service),
    ):
        with pytest.raises(RuntimeError, match="needs a transaction"):
            lock()
    assert connection.in_atomic_block is False


# --- A person who has a page ------------------------------------------------------------------------------------------


def change_own_draft(provider_pk, folder):
    """The owner sends the form of their draft again; how often the change had to begin."""
    provider, begun = Provider.objects.select_related("user").get(pk=provider_pk), []
    lock = page.lock_provider

    def lock_once_both_are_there(*args, **values):
        begun.append(True)
        if len(begun) == 1:
            meet(folder, 2)
        return lock(*args, **values)

    page.lock_provider = lock_once_both_are_there
    page.start_page(actor=provider.user, values={"about": "New words"}, seen=edit_stamps.of_profile(provider))
    return len(begun)


def lock_provider_then_owner(provider_pk, owner_pk, folder):
    """The order of every booking and every move."""
    with transaction.atomic():
        locks.lock_providers([provider_pk])
        meet(folder, 2)
        return sorted(locks.lock_people([owner_pk])) == [owner_pk]


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one lock for all, so nobody can cross")
def test_a_person_who_changes_their_draft_never_crosses_a_change_of_an_appointment(run_calls, tmp_path):
    provider = ProviderFactory(listing=Listing.DRAFT)

    outcomes = run_calls(
        [
            (change_own_draft, provider.pk, str(tmp_path)),
            (lock_provider_then_owner, provider.pk, provider.user_id, str(tmp_path)),
        ]
    )

    assert [(outcome.error, outcome.value) for outcome in outcomes] == [("", 1), ("", True)]
    provider.refresh_from_db()
    assert provider.about == "New words"
