"""Series against bookings, other series and time off at once, in real processes: each is whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import User
from appointments.models import Appointment, Series
from appointments.rules.series import Outcome as Settled
from appointments.rules.series import SettledDate, rule_of
from appointments.services import booking
from appointments.services.series import end_several, last_number
from appointments.services.series_booking import Extension
from appointments.services.series_booking import book_series as book_more
from appointments.services.series_moves import move_several
from appointments.services.time_off import Absence, take_time_off
from appointments.states import Role, Status
from core import clock
from core.exceptions import DomainError
from providers.models import Provider, Service, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import wanted_series, weekly
from tests.invariants import check_all
from tests.processes import meet

COUNT = 12


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def service():
    provider = ProviderFactory(time_zone="UTC", policy__window_days=200)
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, repeats=True)


def first_start(hour=10):
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _loaded(service_pk, customer_pk):
    services = Service.objects.select_related("provider__policy", "provider__user")
    return services.get(pk=service_pk), User.objects.get(pk=customer_pk)


def book_series(service_pk, customer_pk, starts, key, folder, size):
    service, customer = _loaded(service_pk, customer_pk)
    wanted = wanted_series(service, customer, [datetime.fromisoformat(start) for start in starts], key=key)
    meet(folder, size)
    return [outcome.changed for outcome in booking.place(wanted)]


def book_one(service_pk, customer_pk, start, folder, size):
    service, customer = _loaded(service_pk, customer_pk)
    terms = booking.terms_of(service)
    meet(folder, size)
    return booking.book_appointment(
        service=service, start=datetime.fromisoformat(start), customer=customer, terms=terms, booking_key="one"
    ).changed


def extend(series_pk, count, folder, size):
    """Add the next dates of the series, as one who was shown the ones that it has now."""
    series = Series.objects.with_people().get(pk=series_pk)
    series.service.provider = series.provider
    extension = Extension.of(series, last_number(series), now=clock.now())
    dates = [SettledDate(one, Settled.OPEN, one.start) for one in extension.possible.occurrences[:count]]
    terms = booking.terms_of(series.service)
    meet(folder, size)
    return book_more(
        service=series.service,
        rule=replace(rule_of(series), count=dates[-1].number),
        dates=dates,
        customer=series.customer,
        terms=terms,
        booking_key=uuid4().hex,
        extension=extension,
    ).changed


def move_by_a_day(series_pk, folder, size):
    rows = list(Appointment.objects.with_people().with_proposal().filter(series=series_pk).order_by("start"))
    shown = {one.reference: one.as_shown for one in rows}
    moves = [(one, one.start + timedelta(days=1)) for one in rows]
    meet(folder, size)
    outcomes = move_several(moves=moves, actor=rows[0].customer, role=Role.CUSTOMER, at_once=True, shown=shown)
    return [outcome.changed for outcome in outcomes]


def stop_all(series_pk, folder, size):
    series = Series.objects.with_people().get(pk=series_pk)
    appointments = list(series.appointments.with_people())
    meet(folder, size)
    return len(end_several(appointments=appointments, actor=series.customer, role=Role.CUSTOMER))


def take_off(provider_pk, start, end, folder, size):
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    absence = Absence(datetime.fromisoformat(start), datetime.fromisoformat(end))
    meet(folder, size)
    return take_time_off(provider=provider, absence=absence, actor=provider.user).changed


def iso(starts):
    return [start.isoformat() for start in starts]


def is_whole_or_nothing():
    return Appointment.objects.exclude(series=None).count() in {0, COUNT * Series.objects.count()}


@pytest.mark.parametrize("number", [1, 6, 12])
def test_a_series_loses_one_date_and_is_not_booked_or_the_single_booking_loses(run_calls, tmp_path, service, number):
    starts, folder = weekly(first_start(), COUNT), str(tmp_path)

    series, single = run_calls(
        [
            (book_series, service.pk, UserFactory().pk, iso(starts), "series", folder, 2),
            (book_one, service.pk, UserFactory().pk, starts[number - 1].isoformat(), folder, 2),
        ]
    )

    assert (series.error, single.error) in [("", "SlotTaken"), ("SlotTaken", "")]
    assert Appointment.objects.count() == (COUNT if not series.error else 1)
    assert is_whole_or_nothing()


@pytest.mark.parametrize("turn", range(3))
def test_of_two_series_that_cross_one_is_booked(run_calls, tmp_path, service, turn):
    # The other one comes the opposite way, and meets this one on two dates in between.
    one = weekly(first_start(), COUNT)
    other = [start + timedelta(hours=3) for start in reversed(one)]
    other[4], other[9] = one[7], one[2]
    folder = str(tmp_path)

    outcomes = run_calls(
        [
            (book_series, service.pk, UserFactory().pk, iso(one), "one", folder, 2),
            (book_series, service.pk, UserFactory().pk, iso(other), "other", folder, 2),
        ]
    )

    assert sorted(outcome.error for outcome in outcomes) == ["", "SlotTaken"]
    assert Series.objects.count() == 1
    assert Appointment.objects.count() == COUNT


@pytest.fixture
def running(service):
    booking.place(wanted_series(service, UserFactory(), weekly(first_start(), 4)))
    return Series.objects.get()


@pytest.mark.parametrize("turn", range(3))
def test_of_two_tabs_that_add_dates_to_a_series_one_does(run_calls, tmp_path, running, turn):
    folder = str(tmp_path)

    outcomes = run_calls([(extend, running.pk, 3, folder, 2), (extend, running.pk, 4, folder, 2)])

    assert sorted(outcome.error for outcome in outcomes) == ["", "ChangedSince"]
    assert Appointment.objects.count() == (7 if not outcomes[0].error else 8)


@pytest.mark.parametrize("turn", range(3))
def test_dates_are_added_to_a_series_before_it_is_stopped_or_not_at_all(run_calls, tmp_path, running, turn):
    folder = str(tmp_path)

    extended, stopped = run_calls([(extend, running.pk, 3, folder, 2), (stop_all, running.pk, folder, 2)])

    # Whoever stops it ends what their page named, and nothing that joined it since.
    assert stopped.value == 4
    assert extended.error in {"", "PolicyRefused"}
    confirmed = Appointment.objects.filter(status=Status.CONFIRMED).count()
    assert (Appointment.objects.count(), confirmed) == ((4, 0) if extended.error else (7, 3))


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("turn", range(2))
def test_several_dates_move_or_somebody_books_one_of_their_new_times(run_calls, tmp_path, running, number, turn):
    wanted = first_start() + number * timedelta(days=7) + timedelta(days=1)
    calls = [
        (move_by_a_day, running.pk, str(tmp_path), 2),
        (book_one, running.service_id, UserFactory().pk, wanted.isoformat(), str(tmp_path), 2),
    ]

    moved, single = run_calls(calls)

    assert (moved.error, single.error) in {("", "SlotTaken"), ("SlotTaken", "")}, (moved.traceback, single.traceback)
    shift = timedelta(days=0 if moved.error else 1)
    starts = list(running.appointments.order_by("occurrence").values_list("start", flat=True))
    assert starts == [start + shift for start in weekly(first_start(), 4)]


@pytest.mark.parametrize("turn", range(2))
def test_two_presses_that_move_several_dates_move_them_once(run_calls, tmp_path, running, turn):
    outcomes = run_calls([(move_by_a_day, running.pk, str(tmp_path), 3)] * 3)

    assert [outcome.error for outcome in outcomes] == [""] * 3
    assert sorted(any(outcome.value) for outcome in outcomes) == [False, False, True]
    assert running.appointments.earliest("start").start == first_start() + timedelta(days=1)


@pytest.mark.parametrize("turn", range(3))
def test_a_time_off_is_asked_about_the_series_or_the_series_finds_it(run_calls, tmp_path, service, turn):
    starts, folder = weekly(first_start(), COUNT), str(tmp_path)
    span = (starts[5] - timedelta(hours=2)).isoformat(), (starts[5] + timedelta(hours=6)).isoformat()

    series, off = run_calls(
        [
            (book_series, service.pk, UserFactory().pk, iso(starts), "series", folder, 2),
            (take_off, service.provider_id, *span, folder, 2),
        ]
    )

    assert (series.error, off.error) in [("", "InsideChanged"), ("SlotTaken", "")]
    assert TimeOff.objects.count() + Series.objects.count() == 1
    assert is_whole_or_nothing()


def test_one_form_pressed_in_four_processes_makes_one_series(run_calls, tmp_path, service):
    customer, starts, folder = UserFactory(), weekly(first_start(), COUNT), str(tmp_path)

    outcomes = run_calls([(book_series, service.pk, customer.pk, iso(starts), "same", folder, 4)] * 4)

    assert [outcome.error for outcome in outcomes] == [""] * 4
    assert sorted(any(outcome.value) for outcome in outcomes) == [False] * 3 + [True]
    assert Appointment.objects.count() == COUNT


def test_what_comes_past_the_check_is_stopped_by_the_constraint_and_nothing_is_left(service, monkeypatch):
    """Without the check under the lock the database alone refuses the whole series."""
    starts = weekly(first_start(), COUNT)
    one = UserFactory()
    booking.book_appointment(
        service=service, start=starts[8], customer=one, terms=booking.terms_of(service), booking_key="one"
    )
    monkeypatch.setattr(booking.availability, "open_by", lambda facts, service, starts, **_: list(starts))

    with pytest.raises(DomainError):
        booking.place(wanted_series(service, UserFactory(), starts))

    assert Appointment.objects.count() == 1
    assert not Series.objects.exists()
