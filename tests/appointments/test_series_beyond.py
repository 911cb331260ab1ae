"""Dates of a series beyond the booking window: requested where the provider allows it, else left out."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from appointments.exceptions import SlotTaken, TermsChanged
from appointments.models import Appointment, Hold, Series
from appointments.rules.recurrence import Rule
from appointments.rules.series import settle
from appointments.services import booking
from appointments.services.series_booking import book_series, look_ahead, occurrences_of
from appointments.states import Frequency, Status
from core import clock
from outbox.testing import deliver
from tests.factories.providers import ServiceFactory, TimeOffFactory
from tests.invariants import check_all

from .conftest import TUESDAY_TEN, move_to_london
from .test_series_pages import hidden_values, outcomes, shown_values

pytestmark = pytest.mark.django_db

WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def provider(provider):
    """Whose window ends after three Tuesdays."""
    provider.policy.window_days, provider.policy.max_open = 20, None
    provider.policy.save()
    return move_to_london(provider)


@pytest.fixture
def service(provider):
    return ServiceFactory(
        provider=provider,
        duration_minutes=60,
        price=Decimal("40"),
        repeats=True,
        max_occurrences=52,
        requests_beyond_window=True,
    )


def dates_of(service, *, count=5, frequency=Frequency.WEEKLY, picks=None):
    expanded = occurrences_of(Rule(frequency, TUESDAY_TEN, service.provider.zone, count=count), service)
    prospect = look_ahead(service, expanded, now=clock.now())
    allowed = service.requests_beyond_window
    return settle(prospect, expanded.occurrences, picks or {}, suggests=True, asks_beyond=allowed)


def book(service, customer, dates, *, count=5):
    return book_series(
        service=service,
        rule=Rule(Frequency.WEEKLY, TUESDAY_TEN, service.provider.zone, count=count),
        dates=dates,
        customer=customer,
        terms=booking.terms_of(service),
        booking_key=uuid4().hex,
    )


def told(dates):
    return [str(date.outcome) for date in dates]


def states():
    return list(Appointment.objects.order_by("start").values_list("status", flat=True))


@pytest.fixture
def address(service):
    return reverse("check_series", args=[service.provider.slug, service.slug])


def preview_of(client, service, address, count="4"):
    form = client.get(
        reverse("book", args=[service.provider.slug, service.slug]), {"start": f"{TUESDAY_TEN:%Y-%m-%dT%H:%M:%SZ}"}
    )
    values = {field.html_name: field.value() for field in form.context["form"].hidden_fields()}
    return client.post(address, values | {"repeat": "weekly", "count": count, "until": "", "note": ""})


def test_what_lies_beyond_is_shown_as_a_request_and_requested(signed_in, service, address):
    preview = preview_of(signed_in, service, address, "5")
    assert outcomes(preview) == ["open", "open", "open", "request", "request"]
    assert "As a request" in preview.content.decode()
    assert "Book and request 5 dates" in preview.content.decode()
    assert "dates will be booked or requested" in preview.content.decode()
    assert "All 5 are booked or requested together, or none. 3 are confirmed" in preview.content.decode()
    assert hidden_values(preview)["asked"] == "4 5"
    done = signed_in.post(address, shown_values(preview) | {"do": "book"}, follow=True)

    assert "3 dates are booked, and 2 requested." in done.content.decode()
    assert states() == [Status.CONFIRMED] * 3 + [Status.REQUESTED] * 2
    assert Hold.objects.count() == 5
    check_all()


def test_where_all_that_is_left_lies_beyond_nothing_is_called_booked(signed_in, service, address):
    near = {f"pick-{number}": "skip" for number in (1, 2, 3)}
    page = signed_in.post(address, shown_values(preview_of(signed_in, service, address, "5")) | near | {"do": "weigh"})

    said = page.content.decode()
    assert outcomes(page) == ["skipped"] * 3 + ["request"] * 2
    assert "Request 2 dates" in said and "dates will be requested" in said
    assert "not confirmed until" in said and "confirmed straight away" not in said


def test_a_date_beyond_can_be_left_out(service, customer):
    dates = dates_of(service, picks={4: None})

    book(service, customer, dates)

    assert told(dates) == ["open", "open", "open", "skipped", "request"]
    assert sorted(Series.objects.get().appointments.values_list("occurrence", flat=True)) == [1, 2, 3, 5]
    check_all()


def test_without_the_providers_leave_they_are_left_out(service):
    service.requests_beyond_window = False

    assert told(dates_of(service)) == ["open", "open", "open", "window", "window"]


def test_what_is_closed_beyond_is_not_asked_for(service, provider):
    fourth = TUESDAY_TEN + 3 * WEEK
    TimeOffFactory(provider=provider, start=fourth - HOUR, end=fourth + HOUR)

    assert told(dates_of(service)) == ["open", "open", "open", "window", "request"]


def test_more_than_a_year_ahead_nothing_is_asked_for(service):
    dates = dates_of(service, count=15, frequency=Frequency.MONTHLY_WEEKDAY)

    assert told(dates) == ["open"] + ["request"] * 12 + ["window"] * 2


def test_leave_that_was_taken_back_meanwhile_books_nothing(service, customer):
    dates = dates_of(service)
    type(service).objects.filter(pk=service.pk).update(requests_beyond_window=False)

    with pytest.raises(TermsChanged):
        book(service, customer, dates)

    assert states() == []


def test_a_time_beyond_that_is_taken_books_nothing(service, customer, provider):
    dates = dates_of(service)
    Hold.objects.create(
        kind="kept",
        provider=provider,
        start=dates[4].occurrence.start,
        end=dates[4].occurrence.start + HOUR,
        browser="x",
        expires_at=clock.now() + HOUR,
    )

    with pytest.raises(SlotTaken):
        book(service, customer, dates)

    assert states() == []


def test_all_are_requests_where_the_provider_answers_by_hand(service, customer, by_hand):
    book(service, customer, dates_of(service))

    assert states() == [Status.REQUESTED] * 5


def test_each_side_reads_of_both_kinds_in_one_mail_with_a_file_of_what_is_agreed(service, customer):
    book(service, customer, dates_of(service))
    deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "3 confirmed, 2 requested" in message.subject
        [attached] = message.attachments
        assert attached[1].count("BEGIN:VEVENT") == 3


def test_a_date_shown_as_a_request_is_not_booked_once_the_window_has_reached_it(
    signed_in, customer, service, provider, address
):
    provider.policy.window_days = 21
    provider.policy.save()
    preview = preview_of(signed_in, service, address)
    assert outcomes(preview) == ["open"] * 3 + ["request"]

    with time_machine.travel(TUESDAY_TEN - 9 * HOUR, tick=False):
        signed_in.force_login(customer)
        again = signed_in.post(address, shown_values(preview) | {"do": "book"})
        assert (again.status_code, states()) == (409, [])
        assert '<a href="#date-4">' in again.content.decode()
        signed_in.post(address, shown_values(again) | {"do": "book"})

    assert states() == [Status.CONFIRMED] * 4


@pytest.mark.parametrize("asks_beyond", [True, False])
def test_a_date_shown_as_booked_is_neither_requested_nor_left_out_in_a_shorter_window(
    signed_in, service, provider, address, asks_beyond
):
    service.requests_beyond_window = asks_beyond
    service.save()
    provider.policy.window_days = 60
    provider.policy.save()
    preview = preview_of(signed_in, service, address)
    assert outcomes(preview) == ["open"] * 4
    provider.policy.window_days = 21
    provider.policy.save()

    again = signed_in.post(address, shown_values(preview) | {"do": "book"})

    assert (again.status_code, states()) == (409, [])
    assert outcomes(again) == ["open"] * 3 + ["request" if asks_beyond else "window"]


def test_what_the_person_chose_since_the_page_was_shown_counts(signed_in, service, address):
    preview = preview_of(signed_in, service, address, "5")

    signed_in.post(address, shown_values(preview) | {"pick-4": "skip", "do": "book"})

    assert states() == [Status.CONFIRMED] * 3 + [Status.REQUESTED]
