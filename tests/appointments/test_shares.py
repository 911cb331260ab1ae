"""A customer's share of one provider: counted by a slow reference, said before the button, lifted for one person."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from appointments.exceptions import PolicyRefused
from appointments.models import Appointment
from appointments.rules.shares import Shares, Use, fullest_week, notice, refusals, use_with
from appointments.services import booking, transitions
from appointments.states import Role, Status
from providers import services
from providers.exceptions import ChangeRefused
from providers.models import CustomerAllowance
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import TUESDAY_TEN

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHARES = Shares(waiting=3, in_a_week=5, ahead=20)


# --- Counting --------------------------------------------------------------------------------------------------------


def slow_fullest_week(appointments, start):
    """Every week that begins on an hour and has `start` in it, counted one by one."""
    weeks = [start - n * HOUR for n in range(7 * 24)]
    counts = [[own for own in appointments if any(first <= at < first + 7 * DAY for at in own)] for first in weeks]
    return max(map(len, counts))


@given(
    hours=st.lists(st.lists(st.integers(0, 24 * 30), min_size=1, max_size=2), max_size=20), new=st.integers(0, 24 * 30)
)
def test_the_fullest_week_equals_the_slow_reference(hours, new):
    others = [[TUESDAY_TEN + each * HOUR for each in own] for own in hours]
    start = TUESDAY_TEN + new * HOUR

    assert fullest_week(others, start) == slow_fullest_week([*others, [start]], start)


def test_two_starts_exactly_seven_days_apart_share_no_week():
    second = timedelta(seconds=1)

    assert fullest_week([[TUESDAY_TEN + 7 * DAY]], TUESDAY_TEN) == 1
    assert fullest_week([[TUESDAY_TEN]], TUESDAY_TEN + 7 * DAY) == 1
    assert fullest_week([[TUESDAY_TEN + 7 * DAY - second]], TUESDAY_TEN) == 2
    assert fullest_week([[TUESDAY_TEN]], TUESDAY_TEN + 7 * DAY - second) == 2


def test_an_appointment_with_two_times_in_a_week_counts_there_once():
    assert fullest_week([[TUESDAY_TEN + DAY, TUESDAY_TEN + 2 * DAY]], TUESDAY_TEN) == 2
    assert fullest_week([[TUESDAY_TEN + 20 * DAY, TUESDAY_TEN + 2 * DAY]], TUESDAY_TEN) == 2


def test_only_a_request_adds_to_what_waits():
    others = [[TUESDAY_TEN + DAY], [TUESDAY_TEN + 9 * DAY]]

    assert [use_with(TUESDAY_TEN, is_request=asked, others=others, waiting=2) for asked in (True, False)] == [
        Use(waiting=3, in_a_week=2, ahead=3),
        Use(waiting=0, in_a_week=2, ahead=3),
    ]


FULL = "You already have 20 appointments with Maya ahead. Book more once one of them is over."
LAST_OF_ALL = "This will be the last of 20 appointments that you can have ahead with Maya."
LAST_REQUEST = (
    "This will be the last of 3 requests that can wait for Maya’s answer at a time. "
    "You can ask for more once one is answered or withdrawn."
)
LAST_IN_A_WEEK = (
    "This will be the last of 5 appointments that you can have with Maya within 7 days. "
    "For more, choose times in another week or ask Maya to lift this limit for you."
)
TOO_MANY_IN_A_WEEK = (
    "With this one you would have 6 appointments with Maya within 7 days; the most is 5. "
    "Choose a time in another week, or ask Maya to lift this limit for you."
)


def waiting(count, most):
    return (
        f"You have {count} waiting for Maya’s answer; the most at a time is {most}. "
        "Wait for an answer, or withdraw a request."
    )


@pytest.mark.parametrize(
    ("use", "shares", "refused", "said"),
    [
        (Use(2, 4, 19), SHARES, "", ""),
        (Use(3, 4, 4), SHARES, "", LAST_REQUEST),
        (Use(4, 4, 4), SHARES, waiting("3 requests", 3), ""),
        (Use(0, 5, 5), SHARES, "", LAST_IN_A_WEEK),
        (Use(0, 6, 6), SHARES, TOO_MANY_IN_A_WEEK, ""),
        (Use(0, 1, 20), SHARES, "", LAST_OF_ALL),
        (Use(0, 1, 21), SHARES, FULL, ""),
        # Where one is all, the first is told nothing and the second is refused.
        (Use(1, 1, 1), Shares(1, 1, 1), "", ""),
        (Use(2, 1, 1), Shares(1, 1, 20), waiting("1 request", 1), ""),
        # Lifted: the platform's own bound is left.
        (Use(9, 9, 9), Shares(None, None, 20), "", ""),
        (Use(0, 9, 21), Shares(None, None, 20), FULL, ""),
    ],
)
def test_each_share_has_its_sentence(use, shares, refused, said):
    assert (next(refusals(use, shares, name="Maya"), ""), notice(use, shares, name="Maya")) == (refused, said)


# --- Booking ---------------------------------------------------------------------------------------------------------


def hourly(count, *, first=TUESDAY_TEN):
    return [first + n * HOUR for n in range(count)]


def test_the_sixth_appointment_within_seven_days_is_refused_and_one_a_week_later_is_not(book):
    for start in hourly(5):
        book(start=start)

    with pytest.raises(PolicyRefused) as refused:
        book(start=TUESDAY_TEN + DAY)
    assert str(refused.value) == TOO_MANY_IN_A_WEEK
    assert Appointment.objects.count() == 5
    assert book(start=TUESDAY_TEN + 7 * DAY + 4 * HOUR).changed


def test_what_another_customer_or_provider_has_counts_for_nobody_else(book, customer):
    for start in hourly(5):
        book(start=start, customer=UserFactory())
    other = ServiceFactory(duration_minutes=60)
    for n in range(5):
        book(service=other, start=datetime(2026, 3, 3, 9, tzinfo=UTC) + n * HOUR, booking_key=f"elsewhere {n}")

    assert book(start=TUESDAY_TEN + DAY, customer=customer).changed


def test_a_cancelled_appointment_gives_its_share_back(book, customer):
    made = [book(start=start).appointment for start in hourly(5)]
    transitions.cancel_appointment(appointment=made[0], actor=customer, role=Role.CUSTOMER)

    assert book(start=TUESDAY_TEN + DAY).changed


def test_the_fourth_request_waits_until_one_is_answered(book, by_hand, customer):
    first, *_ = [book(start=TUESDAY_TEN + n * 8 * DAY).appointment for n in range(3)]

    with pytest.raises(PolicyRefused, match="You have 3 requests waiting"):
        book(start=TUESDAY_TEN + 34 * DAY)
    transitions.accept_request(appointment=first, actor=by_hand.user)
    assert book(start=TUESDAY_TEN + 34 * DAY).appointment.status == Status.REQUESTED


def test_a_request_that_nobody_can_answer_any_more_counts_for_nothing(book, by_hand):
    requests = [book(start=TUESDAY_TEN + n * 8 * DAY).appointment for n in range(1, 4)]

    with time_machine.travel(requests[0].answer_by, tick=False) as clock:
        clock.shift(-1)
        with pytest.raises(PolicyRefused, match="You have 3 requests waiting"):
            book(start=TUESDAY_TEN + 34 * DAY)
        clock.shift(1)
        assert book(start=TUESDAY_TEN + 34 * DAY).changed


def test_what_is_confirmed_at_once_needs_no_share_of_the_answers(book, by_hand, provider):
    at_once = ServiceFactory(provider=provider, duration_minutes=60, confirmation="at_once")
    for n in range(3):
        book(start=TUESDAY_TEN + n * 8 * DAY)

    assert book(service=at_once, start=TUESDAY_TEN + HOUR).appointment.status == Status.CONFIRMED


def test_the_provider_sets_both_shares(book, provider):
    provider.policy.max_week_per_customer = 1
    provider.policy.save()
    book()

    with pytest.raises(PolicyRefused, match="2 appointments with Maya within 7 days; the most is 1"):
        book(start=TUESDAY_TEN + DAY)


def test_lifted_for_one_customer_only_the_platforms_own_limit_is_left(book, provider, customer, settings):
    settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = 7
    services.lift_limits(provider=provider, actor=provider.user, customer=customer)

    for start in hourly(7):
        assert book(start=start).changed
    with pytest.raises(PolicyRefused, match="already have 7 appointments"):
        book(start=TUESDAY_TEN + DAY)


def test_lifted_for_one_customer_the_others_are_bound(book, provider, customer):
    services.lift_limits(provider=provider, actor=provider.user, customer=customer)
    other = UserFactory()
    for start in hourly(5):
        book(start=start, customer=other)

    with pytest.raises(PolicyRefused, match="the most is 5"):
        book(start=TUESDAY_TEN + DAY, customer=other)


@pytest.mark.parametrize("number", [1, 4])
def test_the_share_costs_no_query_of_its_own(book, django_assert_num_queries, service, customer, number):
    for start in hourly(number):
        book(start=start)

    with django_assert_num_queries(3):
        said = booking.check_customer(customer, service, TUESDAY_TEN + 6 * HOUR)
    assert said == ([LAST_IN_A_WEEK] if number == 4 else [])


# --- Pages -----------------------------------------------------------------------------------------------------------


def form_address(service, start):
    return reverse("book", args=[service.provider.slug, service.slug]) + f"?start={start:%Y-%m-%dT%H:%M:%SZ}"


def test_the_form_says_it_before_the_last_one_and_shows_no_button_after_it(client, book, service, customer):
    client.force_login(customer)
    for start in hourly(4):
        book(start=start)

    before = client.get(form_address(service, TUESDAY_TEN + 4 * HOUR))
    book(start=TUESDAY_TEN + 4 * HOUR)
    after = client.get(form_address(service, TUESDAY_TEN + 5 * HOUR))

    assert (before.status_code, after.status_code) == (200, 409)
    assert "This will be the last of 5 appointments that you can have with Maya within 7 days." in before.text
    assert "With this one you would have 6 appointments with Maya within 7 days" in after.text
    assert ("Book this time" in before.text, "Book this time" in after.text) == (True, False)


def test_the_provider_lifts_the_limits_on_the_customers_page_and_applies_them_again(client, book, provider, customer):
    book()
    client.force_login(provider.user)
    card = reverse("studio_customer", args=[customer.uuid])
    as_usual = client.get(card).text

    answers = [client.post(reverse("lift_limits", args=[customer.uuid])) for _ in range(2)]
    lifted, rows = client.get(card).text, list(CustomerAllowance.objects.values_list("provider", "customer"))
    answers += [client.post(reverse("apply_limits", args=[customer.uuid])) for _ in range(2)]

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, card)] * 4
    assert "3 unanswered requests at a time and 5 appointments in any 7 days" in as_usual
    assert ("You lifted the limits" in as_usual, "You lifted the limits" in lifted) == (False, True)
    assert rows == [(provider.pk, customer.pk)]
    assert not CustomerAllowance.objects.exists()
    assert "You lifted the limits" not in client.get(card).text


def test_nobody_lifts_the_limits_of_another_provider(provider, customer):
    with pytest.raises(ChangeRefused):
        services.lift_limits(provider=provider, actor=ProviderFactory().user, customer=customer)

    assert not CustomerAllowance.objects.exists()
