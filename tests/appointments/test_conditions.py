"""Where an appointment stands at a moment: one set of words for pages, counts, jobs and caps.

It is Monday 2 March 2026, 08:00.
"""

from datetime import timedelta

import pytest

from appointments.models import Appointment, conditions
from appointments.queries import agenda, due, requests
from appointments.queries import customer as of_customer
from appointments.services import availability, transitions
from appointments.states import Status

from .conftest import NOW, TUESDAY_TEN
from .test_customer_pages import many

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = ("upcoming", "waiting", "over", "unanswered", "ahead", "counted", "taking_time")
# status, start, answer_by -> the words that are true of an appointment of one hour.
CASES = {
    "asked for tomorrow": (Status.REQUESTED, NOW + DAY, NOW + HOUR, {"waiting", "counted", "taking_time"}),
    "its answer is due now": (Status.REQUESTED, NOW + DAY, NOW, {"over", "unanswered"}),
    "never answered": (Status.REQUESTED, NOW - DAY, NOW - DAY, {"over", "unanswered"}),
    "tomorrow": (Status.CONFIRMED, NOW + DAY, None, {"upcoming", "ahead", "counted", "taking_time"}),
    "begins now": (Status.CONFIRMED, NOW, None, {"upcoming", "counted", "taking_time"}),
    "ends now": (Status.CONFIRMED, NOW - HOUR, None, {"over", "taking_time"}),
    "took place": (Status.COMPLETED, NOW - DAY, None, {"over", "taking_time"}),
    "nobody came": (Status.NO_SHOW, NOW - DAY, None, {"over", "taking_time"}),
    "declined": (Status.DECLINED, NOW + DAY, NOW + HOUR, {"over"}),
    "called off": (Status.CANCELLED, NOW + DAY, None, {"over"}),
    "expired": (Status.EXPIRED, NOW + DAY, NOW, {"over"}),
}


def make(customer, service, status, start, answer_by):
    [made] = many(customer, service, number=1, status=status, first=start)
    Appointment.objects.filter(pk=made.pk).update(start=start, end=start + HOUR, answer_by=answer_by)
    return Appointment.objects.get(pk=made.pk)


@pytest.mark.every_case
@pytest.mark.parametrize(("status", "start", "answer_by", "words"), CASES.values(), ids=CASES)
def test_each_word_means_the_same_of_a_row_and_of_a_query(customer, service, status, start, answer_by, words):
    appointment = make(customer, service, status, start, answer_by)

    true = {word for word in WORDS if Appointment.objects.filter(getattr(conditions, word)(NOW)).exists()}

    assert true == words
    assert len(true & {"upcoming", "waiting", "over"}) == 1
    assert appointment.is_unanswered(NOW) == ("unanswered" in words)


def test_every_page_and_job_uses_the_words(provider, customer, service):
    made = {name: make(customer, service, *facts[:3]).pk for name, facts in CASES.items()}

    def named(rows):
        return {name for name, pk in made.items() if pk in {row.pk for row in rows}}

    def of(word):
        return {name for name, (*_, words) in CASES.items() if word in words}

    assert named(of_customer.upcoming_for_customer(customer, now=NOW)) == of("upcoming")
    assert named(of_customer.waiting_for_customer(customer, now=NOW)) == of("waiting")
    assert named(of_customer.history_for_customer(customer, now=NOW)) == of("over")
    assert named(requests.waiting_for(provider, now=NOW)) == of("waiting")
    assert requests.waiting_count(provider, now=NOW) == len(of("waiting"))
    assert named(due.expired_requests(now=NOW)) == of("unanswered")
    days = {(NOW + n * DAY).date() for n in (-1, 0, 1)}
    assert named(agenda.load_agenda(provider, days, now=NOW).appointments) == of("taking_time")


@pytest.fixture
def unanswered(provider, by_hand, book):
    """A request for Tuesday whose time to answer ran out a minute ago; the job has not come yet."""
    appointment = book().appointment
    Appointment.objects.filter(pk=appointment.pk).update(answer_by=NOW - timedelta(minutes=1))
    return appointment


def test_an_unanswered_request_counts_against_no_cap_before_the_job_has_marked_it(provider, service, unanswered):
    provider.policy.max_open = 1
    provider.policy.save()
    next_day = TUESDAY_TEN + DAY

    before = availability.may_book(service, next_day, now=NOW)
    transitions.expire_request(appointment=unanswered)
    after = availability.may_book(service, next_day, now=NOW)

    assert (before, after) == (True, True)


def test_a_request_that_waits_counts_against_the_cap(provider, service, by_hand, book):
    book()
    provider.policy.max_open = 1
    provider.policy.save()

    assert availability.may_book(service, TUESDAY_TEN + DAY, now=NOW) is False
