"""Many at once for the same time: exactly one winner, every loser told, nothing told twice. In real processes."""

import time
from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from appointments.forms.booking import BookingForm
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.queries.public import public_service
from appointments.services import availability, booking, holds, locks, transitions
from appointments.states import Role, Status
from core import clock
from core.exceptions import DomainError
from outbox.models import Message
from providers.models import Provider, Service
from providers.services import save_policy
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.processes import meet
from tests.providers.pages import fields_of

pytestmark = pytest.mark.django_db(transaction=True)

# They take guards or rows away, so that not everything can hold afterwards.
BREAK_RULES = {
    "test_without_lock_and_constraint_the_race_is_lost",
    "test_the_constraint_alone_stops_what_the_lock_would_have",
    "test_cancel_against_complete_leaves_one_end",
}


@pytest.fixture(autouse=True)
def _everything_holds(request, transactional_db):
    yield
    if request.node.originalname not in BREAK_RULES:
        check_all()


def next_day_at(hour, minute=0):
    """A moment a week ahead: real processes run by the real clock."""
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.fixture
def provider():
    provider = ProviderFactory(time_zone="UTC")
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return provider


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=30)


# --- What the processes do --------------------------------------------------------------------------------------------


def book(service_pk, customer_pk, start, key):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    outcome = booking.book_appointment(
        service=service,
        start=datetime.fromisoformat(start),
        customer=User.objects.get(pk=customer_pk),
        terms=booking.terms_of(service),
        booking_key=key,
    )
    return [outcome.appointment.reference, outcome.changed]


def book_in_browser(service_pk, customer_pk, start):
    """The whole way of a form, from the view to the answer's status."""
    service = Service.objects.select_related("provider").get(pk=service_pk)
    service = public_service(service.provider.slug, service.slug)
    customer = User.objects.get(pk=customer_pk)
    client = Client()
    client.force_login(customer)
    values = BookingForm.values(
        start=datetime.fromisoformat(start), terms=booking.terms_of(service), person=customer
    ) | {"key": uuid4(), "note": "Left knee"}
    answer = client.post(reverse("book", args=[service.provider.slug, service.slug]), values)
    return [answer.status_code, "Left knee" in answer.content.decode()]


def keep(service_pk, start, browser, address="", account_pk=None):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    return holds.keep_time(
        service=service,
        start=datetime.fromisoformat(start),
        browser=browser,
        address=address,
        account=User.objects.filter(pk=account_pk).first(),
    ).pk


def write_a_hold(provider_pk, start):
    """What an admin's form or a script might do: no service, no lock, only the database's word."""
    begin = datetime.fromisoformat(start)
    return Hold.objects.create(
        kind="kept",
        provider_id=provider_pk,
        start=begin,
        end=begin + timedelta(hours=1),
        browser=uuid4().hex,
        expires_at=begin,
    ).pk


def pause(service_pk):
    Service.objects.filter(pk=service_pk).update(is_active=False)


def edit_in_admin(staff_pk, model, pk, typed):
    """A member of staff opens a row's form in the admin, types these over it and saves; `None` unticks a box."""
    client = Client()
    client.force_login(User.objects.get(pk=staff_pk))
    address = reverse(f"admin:providers_{model}_change", args=[pk])
    shown = fields_of(client.get(address), "name")
    sent = {name: value for name, value in {**shown, **typed}.items() if value is not None}
    return client.post(address, sent).status_code


def act_in_admin(staff_pk, action, pk, rows="appointments_appointment"):
    """The same on a list, of appointments unless said otherwise: an action, with the reason that it asks for."""
    client = Client()
    client.force_login(User.objects.get(pk=staff_pk))
    sent = {"action": action, "_selected_action": [pk], "confirmed": "yes", "reason": "Asked by phone"}
    return client.post(reverse(f"admin:{rows}_changelist"), sent).status_code


def answer_by_hand(provider_pk):
    """The provider changes the rules so that each request waits for an answer."""
    provider = Provider.objects.select_related("user", "policy").get(pk=provider_pk)
    values = {"accepts_at_once": False}
    save_policy(provider=provider, actor=provider.user, values=values, seen=None)


def act(name, appointment_pk, role):
    """One move of the life, by the person of that role. The answer says whether this call did it."""
    appointment = Appointment.objects.select_related("provider__user", "customer").get(pk=appointment_pk)
    actors = {Role.CUSTOMER: appointment.customer, Role.PROVIDER: appointment.provider.user}
    arguments = {} if name in {"expire_request", "complete_by_itself"} else {"actor": actors[role], "role": Role(role)}
    return getattr(transitions, name)(appointment=appointment, **arguments).changed


# --- What must hold afterwards ----------------------------------------------------------------------------------------


def mails():
    return Message.objects.filter(topic="notifications.send_mail").count()


def assert_nothing_overlaps():
    rows = list(Hold.objects.order_by("provider", "start").values_list("provider", "start", "end"))
    for (one, _, end), (other, start, _) in zip(rows, rows[1:], strict=False):
        assert one != other or end <= start


def assert_history_is_one_line():
    """Each entry leaves the state the one before it reached."""
    for appointment in Appointment.objects.all():
        entries = list(AppointmentEvent.objects.filter(appointment=appointment).order_by("id"))
        assert [entry.from_status for entry in entries] == ["", *[entry.to_status for entry in entries[:-1]]]
        assert entries[-1].to_status == appointment.status


# --- Booking ----------------------------------------------------------------------------------------------------------


def test_of_eight_customers_one_gets_the_time(run_calls, service):
    start = next_day_at(10).isoformat()

    outcomes = run_calls([(book, service.pk, UserFactory().pk, start, "key") for _ in range(8)])

    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * 7]
    assert (Appointment.objects.count(), Hold.objects.count(), AppointmentEvent.objects.count(), mails()) == (
        1,
        1,
        1,
        2,
    )


def test_a_double_click_books_once_and_both_presses_get_the_same_appointment(run_processes, service):
    customer = UserFactory()

    outcomes = run_processes(6, book, service.pk, customer.pk, next_day_at(10).isoformat(), "the same form")

    assert len({outcome.value[0] for outcome in outcomes}) == 1
    assert sorted(outcome.value[1] for outcome in outcomes) == [False] * 5 + [True]
    assert (Appointment.objects.count(), mails()) == (1, 2)


def test_overlapping_starts_have_one_winner_and_adjacent_ones_two(run_calls, service):
    customers = [UserFactory().pk for _ in range(3)]
    starts = [next_day_at(10), next_day_at(10, 30), next_day_at(11)]

    outcomes = run_calls(
        [
            (book, service.pk, customer, start.isoformat(), "key")
            for customer, start in zip(customers, starts, strict=True)
        ]
    )

    assert {outcome.error for outcome in outcomes} <= {"", "SlotTaken"}
    booked = sorted(Appointment.objects.values_list("start", flat=True))
    assert booked in ([starts[0], starts[2]], [starts[1]])
    assert_nothing_overlaps()


def test_buffers_of_different_services_count_in_a_race(run_calls, provider, service):
    with_buffers = ServiceFactory(
        provider=provider, duration_minutes=60, buffer_before_minutes=15, buffer_after_minutes=30
    )

    outcomes = run_calls(
        [
            (book, with_buffers.pk, UserFactory().pk, next_day_at(10).isoformat(), "key"),
            (book, service.pk, UserFactory().pk, next_day_at(11).isoformat(), "key"),
            (book, service.pk, UserFactory().pk, next_day_at(9).isoformat(), "key"),
        ]
    )

    assert {outcome.error for outcome in outcomes} <= {"", "SlotTaken"}
    assert Appointment.objects.filter(service=with_buffers).count() + bool(
        Appointment.objects.filter(service=service).count()
    ) in (1, 2)
    assert not (Appointment.objects.filter(service=with_buffers).exists() and Appointment.objects.count() > 1)
    assert_nothing_overlaps()


def test_a_booking_and_a_row_written_by_hand_never_both_take_the_time(run_calls, provider, service):
    start = next_day_at(10).isoformat()

    outcomes = run_calls(
        [
            *[(book, service.pk, UserFactory().pk, start, "key") for _ in range(2)],
            *[(write_a_hold, provider.pk, start)] * 2,
        ]
    )

    booked, written = outcomes[:2], outcomes[2:]
    assert [outcome.error for outcome in outcomes].count("") == 1
    assert {outcome.error for outcome in booked} <= {"", "SlotTaken"}
    # Two bare rows may wait for each other until PostgreSQL ends one; a service tries that again, a script does not.
    assert {outcome.error for outcome in written} <= {"", "IntegrityError", "OperationalError"}
    assert Hold.objects.count() == 1


def test_pausing_a_service_while_it_is_booked_leaves_one_truth(run_calls, service):
    outcomes = run_calls(
        [(pause, service.pk), *[(book, service.pk, UserFactory().pk, next_day_at(10).isoformat(), "key")] * 3]
    )

    assert {outcome.error for outcome in outcomes} <= {"", "SlotTaken", "PolicyRefused"}
    assert Appointment.objects.count() == Hold.objects.count() <= 1


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, is_superuser=True)


def beside_bookings(run_calls, service, call):
    """What came of the call, and of three bookings of one time at once, of which one may stand, by terms that held."""
    outcomes = run_calls(
        [call, *[(book, service.pk, UserFactory().pk, next_day_at(10).isoformat(), "key") for _ in range(3)]]
    )
    assert {outcome.error for outcome in outcomes} <= {"", "SlotTaken", "PolicyRefused", "TermsChanged"}
    assert Appointment.objects.count() == Hold.objects.count() <= 1
    for one in Appointment.objects.all():
        # Under the terms of before or of after, and never a mixture of the two.
        held = Hold.objects.get()
        assert (one.minutes, (held.end - held.start) // timedelta(minutes=1)) in {(60, 60), (90, 120)}
        assert (one.status == Status.REQUESTED) == (one.answer_by is not None)
    return outcomes


@pytest.mark.parametrize(
    ("model", "typed", "then"),
    [
        ("service", {"is_active": None}, {"is_active": False}),
        ("service", {"duration_minutes": "90", "buffer_before_minutes": "30"}, {"duration_minutes": 90}),
        ("provider", {"time_zone": "Asia/Kathmandu"}, {"time_zone": "Asia/Kathmandu"}),
    ],
)
def test_a_row_edited_in_the_admin_while_it_is_booked_leaves_one_truth(
    run_calls, provider, service, staff, model, typed, then
):
    edited = service if model == "service" else provider

    edit, *_ = beside_bookings(run_calls, service, (edit_in_admin, staff.pk, model, edited.pk, typed))

    assert (edit.value, edit.error) == (302, "")
    assert type(edited).objects.filter(pk=edited.pk, **then).exists()


def test_a_page_that_staff_hide_while_it_is_booked_leaves_one_truth(run_calls, provider, service, staff):
    hiding = (act_in_admin, staff.pk, "hide", provider.pk, "providers_provider")

    hidden, *_ = beside_bookings(run_calls, service, hiding)

    assert (hidden.value, hidden.error) == (302, "")
    provider.refresh_from_db()
    assert provider.listing == "hidden"


def test_rules_that_the_provider_changes_while_they_are_booked_leave_one_truth(run_calls, provider, service):
    changed, *_ = beside_bookings(run_calls, service, (answer_by_hand, provider.pk))

    assert changed.error == ""
    provider.policy.refresh_from_db()
    assert not provider.policy.accepts_at_once


def test_the_day_s_cap_is_not_exceeded_by_a_crowd(run_calls, provider, service):
    provider.policy.max_per_day = 2
    provider.policy.save()

    outcomes = run_calls(
        [(book, service.pk, UserFactory().pk, next_day_at(hour).isoformat(), "key") for hour in (8, 10, 12, 14, 16)]
    )

    assert [outcome.error for outcome in outcomes].count("") == 2
    assert Appointment.objects.count() == 2


def test_one_customer_in_many_tabs_gets_no_more_than_the_share_of_a_week(run_calls, service):
    customer = UserFactory()

    outcomes = run_calls(
        [(book, service.pk, customer.pk, next_day_at(8 + n).isoformat(), f"form {n}") for n in range(8)]
    )

    assert sorted(outcome.error for outcome in outcomes) == [""] * 5 + ["PolicyRefused"] * 3
    assert (Appointment.objects.count(), Hold.objects.count(), mails()) == (5, 5, 10)


def test_one_customer_in_many_tabs_has_no_more_requests_waiting_than_may(run_calls, provider, service):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    customer = UserFactory()

    outcomes = run_calls(
        [
            (book, service.pk, customer.pk, (next_day_at(8) + n * timedelta(days=7)).isoformat(), f"form {n}")
            for n in range(6)
        ]
    )

    assert sorted(outcome.error for outcome in outcomes) == [""] * 3 + ["PolicyRefused"] * 3
    assert Appointment.objects.filter(status=Status.REQUESTED).count() == Hold.objects.count() == 3


def test_a_time_is_kept_for_one_browser_only(run_calls, service):
    start = next_day_at(10).isoformat()

    outcomes = run_calls([(keep, service.pk, start, f"{n:064}") for n in range(6)])

    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * 5]
    assert Hold.objects.count() == 1


def test_a_crowd_of_visitors_keeps_a_third_of_a_day_together(run_calls, service):
    # Sixteen openings from six to ten.
    starts = [next_day_at(8 + n).isoformat() for n in range(8)]

    outcomes = run_calls([(keep, service.pk, start, f"{n:064}", f"address {n}") for n, start in enumerate(starts)])

    assert sorted(outcome.error for outcome in outcomes) == [""] * 5 + ["NotKept"] * 3
    assert Hold.objects.count() == 5


def test_visitors_at_one_address_keep_six_times_of_a_provider(run_calls, service):
    starts = [(next_day_at(8) + timedelta(days=n)).isoformat() for n in range(8)]

    outcomes = run_calls([(keep, service.pk, start, f"{n:064}", "one") for n, start in enumerate(starts)])

    assert sorted(outcome.error for outcome in outcomes) == [""] * 6 + ["NotKept"] * 2
    assert Hold.objects.count() == 6


def test_an_account_in_many_browsers_keeps_one_time_whoever_it_is_with(run_calls, service):
    others = [ServiceFactory(provider=ProviderFactory(time_zone="UTC"), duration_minutes=60) for _ in range(2)]
    for each in others:
        give_hours(each.provider, {day: [("06:00", "22:00")] for day in range(7)})
    services, account = [service, *others], UserFactory().pk

    outcomes = run_calls(
        [(keep, services[n % 3].pk, next_day_at(8 + n).isoformat(), f"{n:064}", "one", account) for n in range(6)]
    )

    assert {outcome.error for outcome in outcomes} <= {"", "Busy"}
    assert Hold.objects.count() == 1


# --- An appointment's life --------------------------------------------------------------------------------------------


@pytest.fixture
def request_(provider, service):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    reference, _ = book(service.pk, UserFactory().pk, next_day_at(10).isoformat(), "key")
    Message.objects.all().delete()
    return Appointment.objects.get(reference=reference)


@pytest.fixture
def confirmed(service):
    reference, _ = book(service.pk, UserFactory().pk, next_day_at(10).isoformat(), "key")
    Message.objects.all().delete()
    return Appointment.objects.get(reference=reference)


def test_accepting_in_many_tabs_happens_once(run_processes, request_):
    outcomes = run_processes(5, act, "accept_request", request_.pk, "provider")

    assert sorted(outcome.value for outcome in outcomes) == [False] * 4 + [True]
    assert (request_.history.count(), mails()) == (2, 2)


@pytest.mark.parametrize("times", range(2))
def test_accept_against_withdraw_ends_in_one_of_them(run_calls, request_, times):
    outcomes = run_calls(
        [
            (act, "accept_request", request_.pk, "provider"),
            (act, "withdraw_request", request_.pk, "customer"),
            (act, "decline_request", request_.pk, "provider"),
        ]
    )

    assert sorted((outcome.error or str(outcome.value)) for outcome in outcomes) == [
        "MoveRefused",
        "MoveRefused",
        "True",
    ]
    request_.refresh_from_db()
    assert Hold.objects.exists() == (request_.status == Status.CONFIRMED)
    assert (request_.history.count(), mails()) == (2, 2)
    assert_history_is_one_line()


def test_both_sides_cancel_at_once_and_it_is_cancelled_once(run_calls, confirmed):
    outcomes = run_calls([(act, "cancel_appointment", confirmed.pk, role) for role in ("customer", "provider") * 3])

    assert sorted(outcome.value for outcome in outcomes) == [False] * 5 + [True]
    assert (confirmed.history.count(), Hold.objects.count(), mails()) == (2, 0, 2)
    assert_history_is_one_line()


def test_staff_cancel_while_both_sides_do_and_it_is_cancelled_once(run_calls, confirmed, staff):
    outcomes = run_calls(
        [
            *[(act_in_admin, staff.pk, "cancel", confirmed.pk)] * 2,
            *[(act, "cancel_appointment", confirmed.pk, role) for role in ("customer", "provider")],
        ]
    )

    assert {outcome.error for outcome in outcomes} == {""}
    assert [outcome.value for outcome in outcomes[:2]] == [302, 302]
    assert (confirmed.history.count(), Hold.objects.count(), mails()) == (2, 0, 2)
    assert_history_is_one_line()


def test_staff_decline_while_the_provider_accepts_and_one_of_them_wins(run_calls, request_, staff):
    outcomes = run_calls(
        [
            *[(act_in_admin, staff.pk, "decline", request_.pk)] * 2,
            *[(act, "accept_request", request_.pk, "provider")] * 2,
        ]
    )

    assert [outcome.value for outcome in outcomes[:2]] == [302, 302]
    assert {outcome.error for outcome in outcomes[2:]} <= {"", "MoveRefused"}
    request_.refresh_from_db()
    assert Hold.objects.exists() == (request_.status == Status.CONFIRMED)
    assert (request_.history.count(), mails()) == (2, 2)
    assert_history_is_one_line()


def test_cancel_against_complete_leaves_one_end(run_calls, confirmed):
    """From the start on it can be completed and no longer cancelled; just then both are pressed."""
    Hold.objects.all().delete()
    policy = confirmed.provider.policy
    policy.cancellation_cutoff_minutes = 0
    policy.save()

    outcomes = run_calls(
        [
            (bring_near, confirmed.pk, "start"),
            *[(press_when_it_comes, "cancel_appointment", confirmed.pk, "provider", "start", 0.0)] * 2,
            *[(press_when_it_comes, "complete_appointment", confirmed.pk, "provider", "start", 3.0)] * 2,
        ]
    )

    assert {outcome.error for outcome in outcomes} == {""}
    confirmed.refresh_from_db()
    assert confirmed.status in {Status.CANCELLED, Status.COMPLETED}
    assert confirmed.history.count() == 2
    assert_history_is_one_line()


def bring_near(appointment_pk, field):
    """This moment of the appointment comes at once, now that every process is up, however long that took."""
    Appointment.objects.filter(pk=appointment_pk).update(**{field: clock.now() + timedelta(milliseconds=300)})


def press_when_it_comes(name, appointment_pk, role, field, patience):
    """From just before that moment on, presses until the move happens or is found done, or patience ends."""
    while getattr(Appointment.objects.get(pk=appointment_pk), field) - clock.now() > timedelta(milliseconds=20):
        time.sleep(0.005)
    ends = time.monotonic() + patience
    while True:
        try:
            return act(name, appointment_pk, role)
        except DomainError as refusal:
            if time.monotonic() >= ends:
                return str(refusal)
            time.sleep(0.02)


def test_accept_against_expire_at_the_deadline_leaves_one_end(run_calls, request_):
    outcomes = run_calls(
        [
            (bring_near, request_.pk, "answer_by"),
            *[(press_when_it_comes, "accept_request", request_.pk, "provider", "answer_by", 0.0)] * 2,
            *[(press_when_it_comes, "expire_request", request_.pk, "system", "answer_by", 3.0)] * 2,
        ]
    )

    assert {outcome.error for outcome in outcomes} == {""}
    request_.refresh_from_db()
    assert (request_.status, Hold.objects.count()) in {(Status.CONFIRMED, 1), (Status.EXPIRED, 0)}
    assert (request_.history.count(), mails()) == (2, 2)
    assert_history_is_one_line()


def test_cancelling_and_booking_the_same_time_never_leaves_two(run_calls, service, confirmed):
    outcomes = run_calls(
        [
            (act, "cancel_appointment", confirmed.pk, "customer"),
            *[(book, service.pk, UserFactory().pk, confirmed.start.isoformat(), "key") for _ in range(3)],
        ]
    )

    assert outcomes[0].value is True
    assert [outcome.error for outcome in outcomes[1:]].count("") <= 1
    assert Hold.objects.count() == Appointment.objects.filter(status=Status.CONFIRMED).count() <= 1


# --- The negative control ---------------------------------------------------------------------------------------------

CROWD = 6


def book_without_guards(service_pk, customer_pk, start, key, folder):
    """The same steps without the provider's lock and outside a transaction; nobody writes before all have looked."""

    def no_lock(queryset):
        return queryset

    look = availability.open_by

    def look_and_wait(*args, **options):
        answer = look(*args, **options)
        meet(folder, CROWD)
        return answer

    with (
        mock.patch.object(booking, "_place", booking._place.__wrapped__.__wrapped__),
        mock.patch.object(locks, "lock_rows", no_lock),
        mock.patch.object(locks, "require_transaction", lambda model: None),
        mock.patch.object(availability, "open_by", look_and_wait),
        mock.patch.object(booking, "record", lambda *args, **options: None),
    ):
        book(service_pk, customer_pk, start, key)


@pytest.fixture
def _without_the_constraint():
    [constraint] = [each for each in Hold._meta.constraints if each.name == holds.NO_OVERLAP]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Hold, constraint)
    yield
    Hold.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Hold, constraint)


@pytest.mark.usefixtures("_without_the_constraint")
def test_without_lock_and_constraint_the_race_is_lost(run_calls, service, tmp_path):
    """The proof that the tests above can fail: the same crowd without the guards, and the time is sold twice."""
    where = next_day_at(10).isoformat(), "key", str(tmp_path)

    run_calls([(book_without_guards, service.pk, UserFactory().pk, *where) for _ in range(CROWD)])

    assert Appointment.objects.count() == CROWD


def test_the_constraint_alone_stops_what_the_lock_would_have(run_calls, service, tmp_path):
    where = next_day_at(10).isoformat(), "key", str(tmp_path)

    outcomes = run_calls([(book_without_guards, service.pk, UserFactory().pk, *where) for _ in range(CROWD)])

    # All had looked before anybody wrote, and found it free.
    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * (CROWD - 1)]
    assert Hold.objects.count() == 1
