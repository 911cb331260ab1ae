"""Reminders: at their time, once, only of what still stands, in words that are right when they are read."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import tasks
from appointments.models import Appointment, Proposal, ReminderSweep
from appointments.services import proposals, transitions
from appointments.states import Role
from notifications import preferences
from notifications.models import EMAIL, SentMail, State, Topic
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = TUESDAY_TEN + 2 * DAY


@contextmanager
def at(moment):
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture(autouse=True)
def _swept(db):
    """The sweeps have run before: what they find from now on becomes due later."""
    tasks.remind()


@pytest.fixture
def appointment(book, in_london):
    made = book(start=START).appointment
    deliver()
    django_mail.outbox.clear()
    return made


def remind(moment):
    """The subjects that are sent when the job runs at this moment, with whom they reach."""
    django_mail.outbox.clear()
    with at(moment):
        tasks.remind()
        deliver("notifications.send_mail")
    return sorted((message.subject, *message.to) for message in django_mail.outbox)


def subjects(moment):
    return [subject for subject, _ in remind(moment)]


def choose(person, *minutes, off=()):
    preferences.save_choice(actor=person, off=preferences.by(EMAIL, off), leads=minutes)


def test_both_sides_are_reminded_a_day_before_not_sooner_and_once(appointment, provider, customer, service):
    assert remind(START - DAY - timedelta(seconds=1)) == []

    told = remind(START - DAY)

    assert {subject: reader.partition("<")[2] for subject, reader in told} == {
        f"Tomorrow, 10:00: {service.name} with {customer.name}": f"{provider.user.email}>",
        f"Tomorrow, 10:00: {service.name} with {provider.name}": f"{customer.email}>",
    }
    assert remind(START - DAY + timedelta(minutes=1)) == []
    with at(START - DAY):
        tasks.remind()
    assert Message.objects.filter(key__startswith="appointments.reminder").count() == 2


def test_each_person_has_times_of_their_own(appointment, provider, customer):
    choose(customer, 60, 3 * 60)
    choose(provider.user)

    assert subjects(START - DAY) == []
    assert [subject.split(":")[0] for subject in subjects(START - 3 * HOUR)] == ["Today, 10"]
    assert [subject.split(":")[0] for subject in subjects(START - HOUR)] == ["In 1 hour"]
    assert remind(START) == []


def test_a_request_a_cancelled_one_and_one_that_has_begun_are_not_reminded_of(book, in_london, provider, customer):
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    book(start=START, service=by_hand)
    cancelled = book(start=START + HOUR).appointment
    transitions.cancel_appointment(appointment=cancelled, actor=customer, role=Role.CUSTOMER)
    book(start=START + 2 * HOUR)
    deliver()

    assert remind(START + 2 * HOUR) == []


def test_one_that_is_cancelled_while_its_reminder_waits_is_not_reminded_of(appointment, customer):
    with at(START - DAY):
        tasks.remind()
    transitions.cancel_appointment(appointment=appointment, actor=customer, role=Role.CUSTOMER)
    with at(START - DAY + timedelta(minutes=1)):
        deliver()

    assert {message.subject.split(":")[0] for message in django_mail.outbox} == {"Cancelled"}
    reminders = SentMail.objects.filter(kind="reminder")
    assert {(row.state, row.reason) for row in reminders} == {(State.SKIPPED, "the appointment is not confirmed")}


def test_after_a_move_only_the_new_time_is_reminded_of(appointment, provider):
    with at(START - DAY):
        tasks.remind()
    new = START + 5 * HOUR
    with at(START - DAY + timedelta(minutes=1)):
        fresh = Appointment.objects.with_people().get()
        proposals.propose_time(appointment=fresh, start=new, actor=fresh.customer, role=Role.CUSTOMER)
        assert Appointment.objects.get().start == new
        deliver()
    assert {row.reason for row in SentMail.objects.filter(kind="reminder")} == {"the appointment has another time"}

    assert [subject.split(" with")[0][:16] for subject in subjects(new - DAY)] == ["Tomorrow, 15:00:"] * 2
    assert remind(START - HOUR) == []


def test_one_made_or_moved_within_the_time_before_it_is_not_reminded_of_at_once(book, in_london, customer, provider):
    choose(customer, 60, 1440)
    choose(provider.user, 1440)
    made = book(start=NOW + 5 * HOUR).appointment
    deliver()

    assert remind(NOW + timedelta(minutes=1)) == []
    assert len(subjects(made.start - HOUR)) == 1


def test_one_that_is_made_just_after_its_moment_is_not_reminded_of_by_a_job_that_comes_later(book, in_london):
    with at(NOW + 90 * timedelta(minutes=1)):  # Monday 09:30, for Tuesday 09:00; the job last ran at 08:00
        book(start=NOW + 25 * HOUR)
        deliver()

    assert remind(NOW + 91 * timedelta(minutes=1)) == []


def test_what_was_missed_while_no_worker_ran_is_made_up_once_in_the_right_words(appointment, customer, provider):
    choose(customer, 15, 60, 180, 1440)
    choose(provider.user, 1440)

    told = remind(START - timedelta(minutes=12))

    assert [subject.split(":")[0] for subject, _ in told] == ["In 12 minutes", "In 12 minutes"]
    assert len({reader for _, reader in told}) == 2
    assert remind(START - timedelta(minutes=11)) == []


def test_a_new_choice_does_not_bring_reminders_of_moments_that_are_over(appointment, customer, provider):
    assert len(remind(START - 20 * HOUR)) == 2
    choose(customer, 3 * 1440, 1440, 21 * 60, 19 * 60)
    choose(provider.user)

    assert remind(START - 20 * HOUR + timedelta(minutes=1)) == []
    assert len(subjects(START - 19 * HOUR)) == 1


def test_a_time_that_nobody_had_for_a_while_begins_anew(appointment, customer, provider):
    choose(customer, 60, 180)
    choose(provider.user)
    remind(START - 2 * DAY)
    choose(customer, 60)
    remind(START - 4 * HOUR)
    remind(START - 2 * HOUR)
    choose(customer, 60, 180)

    assert remind(START - 2 * HOUR + timedelta(minutes=1)) == []


def test_whoever_turned_reminders_off_gets_none_also_of_those_that_wait(appointment, customer, provider):
    with at(START - DAY):
        tasks.remind()
    choose(customer, 1440, off=[Topic.REMINDERS])
    choose(provider.user, 60)

    assert remind(START - DAY) == []
    reasons = set(SentMail.objects.filter(kind="reminder").values_list("reason", flat=True))
    assert reasons == {"the person turned such mails off", "the person chose other reminders"}


def test_a_clock_that_jumps_back_or_ahead_reminds_nobody_twice(appointment):
    assert len(remind(START - DAY)) == 2
    assert remind(START - DAY - HOUR) == []
    assert remind(START - DAY) == []
    assert remind(START - DAY + HOUR) == []
    until = ReminderSweep.objects.get(minutes=1440).until
    assert remind(START - 2 * DAY) == []
    assert ReminderSweep.objects.get(minutes=1440).until == until


def test_the_time_is_told_in_the_places_zone_with_its_city_where_the_reader_lives_elsewhere(book, provider, customer):
    book(start=START)  # in Kathmandu, UTC+5:45
    deliver()

    [customers] = [subject for subject, reader in remind(START - DAY) if customer.email in reader]

    assert customers.startswith("Tomorrow, 15:45 Kathmandu time: ")


def test_the_letter_says_where_until_when_it_can_be_cancelled_and_how_to_hear_less(appointment, provider, customer):
    remind(START - DAY)
    [message] = [message for message in django_mail.outbox if customer.email in message.to[0]]
    body = message.body

    assert f"{provider.first_name} expects you" in body
    assert "Cancel on the appointment’s page." in body
    assert "/unsubscribe/" in body
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not message.attachments


def test_the_job_asks_the_database_no_more_for_many(book, in_london):
    book(start=START)
    for number in range(3):
        book(start=START + (number + 1) * HOUR, customer=UserFactory())
    tasks.remind()
    with CaptureQueriesContext(connection) as for_one:
        with at(START - DAY - HOUR):
            tasks.remind()
        with at(START - DAY):
            tasks.remind()
    with CaptureQueriesContext(connection) as for_many, at(START - DAY + 4 * HOUR):
        tasks.remind()

    assert Message.objects.filter(key__startswith="appointments.reminder").count() == 8
    assert len(for_many) < len(for_one)


def test_a_reminder_that_waits_past_the_start_is_not_sent(appointment, customer, provider):
    for person in (customer, provider.user):
        choose(person, 15)
    with at(START - timedelta(minutes=1)):
        tasks.remind()
    with at(START):
        deliver("notifications.send_mail")

    reminders = SentMail.objects.filter(kind="reminder")
    assert {(row.state, row.reason) for row in reminders} == {(State.SKIPPED, "the appointment has begun")}
    assert len(reminders) == 2


@pytest.mark.parametrize("jump", [HOUR, DAY])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_clock_that_is_wrong_for_a_while_reminds_each_side_once_at_each_lead_time(
    appointment, customer, provider, jump, direction
):
    """Of every time before an appointment one mail to each person, whatever the clock showed in between."""
    for person in (customer, provider.user):
        choose(person, 60, 1440, 2880)
    told = []
    moment = START - 2 * DAY - HOUR
    while moment < START + HOUR:
        told += remind(moment)
        if moment == START - 30 * HOUR:
            told += remind(moment + direction * jump)
        moment += HOUR

    assert len(told) == len(set(told))
    keys = SentMail.objects.filter(kind="reminder", state=State.SENT).values_list("key", flat=True)
    assert len(keys) == len(set(keys)) == 6


# --- Answers that are still missing -----------------------------------------------------------------------------------


@pytest.fixture
def request_(book, in_london, provider):
    """A request for Thursday 10:00 that the provider has to answer within seven hours and some minutes."""
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    made = book(start=START, service=by_hand).appointment
    deliver()
    return made


def test_a_request_that_is_about_to_expire_is_told_to_its_provider_once(request_, provider, customer):
    last = request_.answer_by - 3 * HOUR

    assert remind(last - timedelta(seconds=1)) == []
    [(subject, reader)] = remind(last)

    assert subject == f"Still to answer by Mon 15:23: {customer.name}, Thu 5 March"
    assert provider.user.email in reader
    assert remind(last + timedelta(minutes=1)) == []


def test_a_request_that_was_answered_is_not_called_again(request_, provider):
    with at(request_.answer_by - 3 * HOUR):
        tasks.remind()
    transitions.accept_request(appointment=request_, actor=provider.user)
    deliver()

    reasons = set(SentMail.objects.filter(key__startswith="appointment-last-call").values_list("reason", flat=True))
    assert reasons == {"the request was answered"}


def test_a_request_with_less_time_to_answer_has_no_last_call(provider, book, in_london):
    provider.policy.answer_minutes = 179
    provider.policy.save()
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    made = book(start=START, service=by_hand).appointment
    deliver()

    assert remind(made.answer_by - timedelta(minutes=170)) == []


def test_whoever_has_to_answer_a_new_time_is_told_once_more_before_it_lapses(appointment, provider, customer):
    fresh = Appointment.objects.with_people().get()
    proposals.propose_time(appointment=fresh, start=START + HOUR, actor=provider.user, role=Role.PROVIDER)
    deliver()
    proposal = Proposal.objects.get()

    [(subject, reader)] = remind(proposal.answer_by - 3 * HOUR)

    assert subject == "Still to answer by Mon 15:23: Thu 5 March, 11:00 instead of Thu 5, 10:00"
    assert customer.email in reader
    assert remind(proposal.answer_by - 2 * HOUR) == []


def test_a_request_that_was_answered_with_another_time_is_called_with_its_customer_alone(request_, provider, customer):
    fresh = Appointment.objects.with_people().get()
    proposals.propose_time(appointment=fresh, start=START + 2 * HOUR, actor=provider.user, role=Role.PROVIDER)
    deliver()
    proposal = Proposal.objects.get()

    told = remind(proposal.answer_by - HOUR)

    assert [customer.email in reader for _, reader in told] == [True]
