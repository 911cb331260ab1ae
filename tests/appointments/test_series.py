"""Series in the services: what is booked, what counts, what is told, and what each costs in queries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.forms.booking import BookingForm
from appointments.models import Appointment, Hold, Series
from appointments.rules.recurrence import Rule
from appointments.rules.series import Outcome, settle
from appointments.services import booking, transitions
from appointments.services.series import answer_several, end_several
from appointments.services.series_booking import look_ahead, occurrences_of
from appointments.states import Frequency, Role, Status
from core import clock
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory
from tests.factories.series import book_series, weekly
from tests.invariants import check_all

from .conftest import TUESDAY_TEN, move_to_london

pytestmark = pytest.mark.django_db

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@pytest.fixture
def provider(provider):
    provider.policy.window_days = 365
    provider.policy.max_open = 400
    provider.policy.save()
    return move_to_london(provider)


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60, price=Decimal("40"), repeats=True, max_occurrences=52)


def dates_of(service, *, count=4, frequency=Frequency.WEEKLY, picks=None, suggests=True, start=TUESDAY_TEN):
    expanded = occurrences_of(Rule(frequency, start, service.provider.zone, count=count), service)
    prospect = look_ahead(service, expanded, now=clock.now())
    return settle(prospect, expanded.occurrences, picks or {}, suggests=suggests)


# --- What is booked ---------------------------------------------------------------------------------------------------


def test_one_date_that_is_taken_leaves_nothing_of_the_series(service, book, customer):
    starts = weekly(TUESDAY_TEN, 4)
    book(start=starts[2], customer=UserFactory())

    with pytest.raises(SlotTaken):
        book_series(service, customer, starts)

    assert Appointment.objects.count() == 1
    assert not Series.objects.exists()
    check_all()


def test_two_dates_of_a_series_never_overlap(service, customer):
    with pytest.raises(SlotTaken):
        book_series(service, customer, [TUESDAY_TEN, TUESDAY_TEN])

    assert not Hold.objects.exists()


def test_the_cap_of_a_day_counts_the_dates_of_a_series(service, customer, provider):
    provider.policy.max_per_day = 1
    provider.policy.save()

    with pytest.raises(SlotTaken):
        book_series(service, customer, [TUESDAY_TEN, TUESDAY_TEN + 2 * HOUR])


def test_a_service_that_takes_no_series_refuses_one(service, customer):
    service.repeats = False
    service.save()

    with pytest.raises(PolicyRefused, match="one appointment at a time"):
        book_series(service, customer, weekly(TUESDAY_TEN, 3))


def test_a_series_longer_than_the_service_allows_is_refused(service, customer):
    service.max_occurrences = 3
    service.save()

    with pytest.raises(PolicyRefused, match="at most 3 appointments"):
        book_series(service, customer, weekly(TUESDAY_TEN, 4))


def test_a_customer_has_at_most_52_dates_of_series_ahead_with_a_provider(service, customer):
    book_series(service, customer, weekly(TUESDAY_TEN, 50))

    with pytest.raises(PolicyRefused, match="you can book 2 more now"):
        book_series(service, customer, weekly(TUESDAY_TEN + HOUR, 3))
    book_series(service, customer, weekly(TUESDAY_TEN + HOUR, 2))

    assert Appointment.objects.count() == 52


def test_series_and_single_appointments_count_apart(service, customer, book, provider):
    """Six dates a week in a series, where a customer may have five; then as many single ones as without it."""
    book_series(service, customer, [TUESDAY_TEN + n * HOUR for n in range(6)])

    for n in range(5):
        book(start=TUESDAY_TEN + timedelta(days=1) + n * HOUR)

    with pytest.raises(PolicyRefused, match="within 7 days"):
        book(start=TUESDAY_TEN + timedelta(days=2))
    check_all()


# --- What is shown before ---------------------------------------------------------------------------------------------


def test_every_date_that_is_shown_as_settled_is_booked(service, customer, book):
    for n in (1, 3):
        book(start=TUESDAY_TEN + n * WEEK, customer=UserFactory())
    dates = dates_of(service)

    outcomes = book_series(service, customer, [date.start for date in dates if date.start])

    assert [date.outcome for date in dates] == [Outcome.OPEN, Outcome.OTHER, Outcome.OPEN, Outcome.OTHER]
    assert len(outcomes) == 4


def test_a_suggestion_never_costs_another_date_its_time(service, book, provider):
    """Every day at ten: the nearest time to a taken Tuesday would be on that Tuesday, and never Wednesday's."""
    provider.policy.max_per_day = None
    provider.policy.save()
    for hour in range(9, 17):
        book(start=TUESDAY_TEN.replace(hour=hour), customer=UserFactory(), booking_key=f"{hour}")

    dates = dates_of(service, frequency=Frequency.DAILY, count=3)
    picked = dates_of(service, frequency=Frequency.DAILY, count=3, picks={1: TUESDAY_TEN + timedelta(days=1)})

    assert [date.outcome for date in dates] == [Outcome.UNSETTLED, Outcome.OPEN, Outcome.OPEN]
    assert TUESDAY_TEN + timedelta(days=1) not in dates[0].offers
    assert picked[0].is_lost


def test_a_picked_time_that_is_not_open_is_lost_and_needs_an_answer(service):
    dates = dates_of(service, picks={2: TUESDAY_TEN.replace(hour=3)}, suggests=False)

    assert (dates[1].outcome, dates[1].is_lost) == (Outcome.UNSETTLED, True)


# --- What is told -----------------------------------------------------------------------------------------------------


def test_one_mail_with_one_file_goes_to_each_side(service, customer):
    book_series(service, customer, weekly(TUESDAY_TEN, 6))
    deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        [attached] = message.attachments
        assert attached[0] == "appointment-series.ics"
        assert attached[1].count("BEGIN:VEVENT") == 6
        assert "METHOD:PUBLISH" in attached[1]
        assert "See the series" in message.body
    series = Series.objects.get()
    pages = {reverse("my_series", args=[series.uuid]), reverse("studio_series", args=[series.uuid])}
    assert {page for page in pages for message in mail.outbox if page in message.body} == pages


def test_the_subject_names_the_weekday_where_all_dates_have_it(service, customer):
    book_series(service, customer, weekly(TUESDAY_TEN, 4))
    book_series(service, customer, [TUESDAY_TEN + HOUR, TUESDAY_TEN + timedelta(days=1) + HOUR])
    deliver("notifications.send_mail")

    name, there = customer.name, service.provider.name
    assert {message.subject for message in mail.outbox} == {
        f"Confirmed: 2 appointments with {there}, Tue 3 March to Wed 4 March",
        f"Confirmed: 2 appointments with {name}, Tue 3 March to Wed 4 March",
        "Confirmed: 4 Tuesdays from 3 March, 10:00",
        f"Confirmed: 4 Tuesdays from 3 March, 10:00 with {name}",
    }


def test_answers_and_ends_of_a_series_are_told_once(service, customer, by_hand):
    made = [outcome.appointment for outcome in book_series(service, customer, weekly(TUESDAY_TEN, 4))]
    deliver("notifications.send_mail")
    mail.outbox.clear()

    answer_several(accepted=made[:3], declined=made[3:], actor=service.provider.user, reason="Away")
    deliver("notifications.send_mail")
    told = len(mail.outbox)
    ahead = list(Appointment.objects.filter(status=Status.CONFIRMED))
    end_several(appointments=ahead, actor=service.provider.user, role=Role.PROVIDER)
    deliver("notifications.send_mail")

    assert told == 2
    assert len(mail.outbox) == 4
    check_all()


# --- Changing one -----------------------------------------------------------------------------------------------------


def test_a_date_of_a_series_is_cancelled_by_itself(service, customer):
    made = [outcome.appointment for outcome in book_series(service, customer, weekly(TUESDAY_TEN, 4))]

    transitions.cancel_appointment(appointment=made[1], actor=customer, role=Role.CUSTOMER)

    states = list(Appointment.objects.order_by("occurrence").values_list("status", flat=True))
    assert states == [Status.CONFIRMED, Status.CANCELLED, Status.CONFIRMED, Status.CONFIRMED]
    check_all()


def test_what_a_customers_cutoff_protects_stays_and_the_rest_can_be_cancelled(client, service, customer, provider):
    provider.policy.cancellation_cutoff_minutes = 3 * 24 * 60
    provider.policy.save()
    book_series(service, customer, weekly(TUESDAY_TEN, 3))
    client.force_login(customer)

    page = client.get(reverse("cancel_series", args=[Series.objects.get().uuid]))

    assert [len(choice.shown.split()) for choice in page.context["stopping"].choices] == [2]
    assert "starts too soon" in page.content.decode()


# --- What it costs ----------------------------------------------------------------------------------------------------


def queries_of(act):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        act()
    return len(queries)


def test_booking_a_series_costs_as_many_queries_with_52_dates_as_with_2(service, customer):
    two = queries_of(lambda: book_series(service, customer, weekly(TUESDAY_TEN, 2)))
    fifty = queries_of(lambda: book_series(service, UserFactory(), weekly(TUESDAY_TEN + HOUR, 52)))

    assert fifty == two + 1  # the other customer is made in between


@pytest.mark.parametrize("count", [2, 52])
def test_pages_of_a_series_cost_the_same_with_2_and_52_dates(client, service, customer, count, form_of_series):
    client.force_login(customer)
    values = form_of_series(client, count)
    address = reverse("check_series", args=[service.provider.slug, service.slug])

    preview = queries_of(lambda: client.post(address, values))
    book_series(service, customer, weekly(TUESDAY_TEN, count))
    uuid = Series.objects.get().uuid
    page = queries_of(lambda: client.get(reverse("my_series", args=[uuid])))
    stop = queries_of(lambda: client.get(reverse("cancel_series", args=[uuid])))

    assert (preview, page, stop) == (12, 4, 6)


@pytest.fixture
def form_of_series(service):
    def values(client, count):
        hidden = BookingForm.values(
            start=TUESDAY_TEN, terms=booking.terms_of(service), person=client.get("/").wsgi_request.user
        )
        return hidden | {"key": "11111111-1111-4111-8111-111111111111", "repeat": "weekly", "count": str(count)}

    return values


def test_a_series_in_another_zone_keeps_the_wall_time_of_the_place(client, customer, service, form_of_series):
    customer.time_zone = "America/New_York"
    customer.save()
    client.force_login(customer)
    address = reverse("check_series", args=[service.provider.slug, service.slug])

    preview = client.post(address, form_of_series(client, 6)).context["preview"]

    assert preview.rule_words == "Every Tuesday, 10:00 to 11:00, from Tue 3 March 2026 to Tue 7 April 2026"
    assert [row.start for row in preview.rows][-1] == datetime(2026, 4, 7, 9, tzinfo=UTC)
