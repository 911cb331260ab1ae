"""Which mails about appointments wait for the end of quiet hours: those of what is near, or ends soon, do not.

It is Monday 2 March 2026, 08:00 UTC in London, and both sides keep quiet until 20:00.
"""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from appointments import tasks
from appointments.mail.catalogue import event_mail, events_mail
from appointments.models import AppointmentEvent
from appointments.rules.time_off import Way
from appointments.services import offers, proposals, transitions
from appointments.services.transitions import Change
from appointments.states import Role, Verb
from notifications import preferences
from notifications.models import SentMail, State
from notifications.rules import QuietHours
from outbox import dispatch
from outbox.models import Message

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN
from .test_offers import off, shown_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = NOW + 12 * HOUR
ALL_DAY = QuietHours(7 * 60, 20 * 60)


@pytest.fixture(autouse=True)
def _quiet(customer, provider):
    for person in (customer, provider.user):
        preferences.save_choice(actor=person, leads=[1440], quiet=ALL_DAY)


def work():
    """Run what is due by the database's clock, which no test sets, whatever it is due for."""
    for _ in range(20):
        Message.objects.pending().filter(topic="notifications.send_mail").update(due_at=NOW - 365 * DAY)
        message = Message.objects.pending().filter(topic="notifications.send_mail", attempts=0).first()
        if message is None:
            return
        dispatch.lease(message)
        dispatch.handle(message)
        Message.objects.filter(pk=message.pk, attempts=0).update(attempts=1)


def of(event, side):
    return event_mail(event=event.pk, to=side.value)


def last(appointment, verb):
    return AppointmentEvent.objects.get(appointment=appointment, verb=verb)


def test_what_is_told_matters_at_its_start(confirmed):
    booked = last(confirmed, Verb.BOOK)

    assert [of(booked, side).matters_at for side in (Role.CUSTOMER, Role.PROVIDER)] == [TUESDAY_TEN] * 2


def test_a_request_matters_at_the_end_of_the_time_to_answer(requested):
    assert of(last(requested, Verb.REQUEST), Role.PROVIDER).matters_at == NOW + ANSWER_TIME


def test_a_new_time_matters_at_its_deadline_or_the_sooner_of_both_starts(confirmed, provider):
    proposals.propose_time(appointment=confirmed, start=TUESDAY_TEN - HOUR, actor=provider.user, role=Role.PROVIDER)
    proposed = last(confirmed, Verb.PROPOSE)

    assert of(proposed, Role.CUSTOMER).matters_at == min(proposed.proposal.answer_by, TUESDAY_TEN - HOUR)


def test_once_a_new_time_lapsed_a_request_matters_at_its_own_deadline(requested, customer):
    with time_machine.travel(NOW + HOUR / 60, tick=False):
        proposals.propose_time(appointment=requested, start=NOW + 3 * HOUR, actor=customer, role=Role.CUSTOMER)
    proposal = requested.proposals.get()
    with time_machine.travel(proposal.answer_by, tick=False):
        proposals.lapse_time(proposal=proposal)
        lapsed = of(last(requested, Verb.LAPSE), Role.PROVIDER)

    requested.refresh_from_db()
    assert lapsed.matters_at == requested.answer_by < requested.start


def test_several_matter_at_the_first_of_their_moments(book, provider):
    made = [book(start=TUESDAY_TEN + n * DAY).appointment for n in (1, 0, 2)]
    transitions.apply([Change(one, Verb.CANCEL) for one in made], actor=provider.user, role=Role.PROVIDER)
    cancelled = list(AppointmentEvent.objects.filter(verb=Verb.CANCEL).values_list("pk", flat=True))

    assert events_mail(events=cancelled, to="customer").matters_at == TUESDAY_TEN


def test_what_is_over_matters_no_more(confirmed):
    with time_machine.travel(TUESDAY_TEN + DAY, tick=False):
        assert of(last(confirmed, Verb.BOOK), Role.CUSTOMER).matters_at is None


def test_in_quiet_hours_only_what_is_near_is_mailed(book, customer, provider):
    far = book(start=TUESDAY_TEN + DAY).appointment
    near = book(start=NOW + 6 * HOUR).appointment

    work()

    told = {row.about: row.state for row in SentMail.objects.filter(user=customer)}
    assert told == {far.reference: State.HELD, near.reference: State.SENT}
    assert len(mail.outbox) == 2  # of the near one, to each side


@pytest.mark.parametrize("waits", [True, False])
def test_that_times_are_no_longer_offered_is_news_only_to_whom_they_were_offered(book, customer, provider, waits):
    provider.policy.answer_minutes = 2 * 24 * 60
    provider.policy.save()
    appointment = book(start=TUESDAY_TEN + DAY).appointment
    if not waits:
        preferences.save_choice(actor=customer, leads=[])
    span = (TUESDAY_TEN + 14 * HOUR, TUESDAY_TEN + 38 * HOUR)
    off(provider, {appointment.reference: Way.OFFER}, shown_for(provider, [appointment], span), span=span)
    work()
    with time_machine.travel(NOW + HOUR, tick=False):
        assert offers.withdraw_offers(appointment=appointment, actor=provider.user)
        work()

    with time_machine.travel(END, tick=False):
        Message.objects.update(attempts=0)
        work()

    told = {row.kind: (row.state, row.reason) for row in SentMail.objects.filter(user=customer)}
    assert told["cancelled"] == (State.SENT, "")
    unoffered = (State.SKIPPED, "no mail offered these times")
    assert told["offer_withdrawn"] == (unoffered if waits else (State.SENT, ""))


def test_a_reminder_that_waited_is_not_sent_of_what_was_cancelled_meanwhile(book, customer, provider):
    tasks.remind()
    appointment = book(start=TUESDAY_TEN + 2 * DAY).appointment
    Message.objects.all().delete()
    night = appointment.start - DAY
    with time_machine.travel(night, tick=False):
        tasks.remind()
        work()
    held = set(SentMail.objects.values_list("kind", "state"))
    transitions.cancel_appointment(appointment=appointment, actor=customer, role=Role.CUSTOMER)
    mail.outbox.clear()

    with time_machine.travel(night + 11 * HOUR, tick=False):
        Message.objects.update(attempts=0)
        work()

    assert held == {("reminder", State.HELD)}
    reminders = SentMail.objects.filter(kind="reminder")
    assert {(row.state, row.reason) for row in reminders} == {(State.SKIPPED, "the appointment is not confirmed")}
    assert {message.subject.split(":")[0] for message in mail.outbox} == {"Cancelled"}
