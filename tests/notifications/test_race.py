"""Several workers on one database: each mail is sent by one of them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from appointments.models import ReminderSweep
from appointments.services import booking, transitions
from appointments.services.transitions import Change
from appointments.states import Role, Verb
from core import clock
from notifications import services
from notifications.models import EMAIL, InboxItem, MailPreferences, Mention, SentMail, State, Topic, UnsubscribeLink
from notifications.preferences import by, choice_of
from outbox import services as outbox
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.processes import run_calls, run_processes

from . import workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_handlers_of_the_same_mail_at_the_same_time_send_it_once(smtp):
    smtp.seconds = 0.3  # long enough for all of them to meet
    person = UserFactory()

    outcomes = run_processes(4, workers.send_one, smtp.port, person.pk)

    assert len(smtp.received) == 1
    assert [outcome.value for outcome in outcomes if outcome.ok].count("sent") >= 1
    assert {outcome.error for outcome in outcomes if not outcome.ok} <= {"Retry"}
    assert SentMail.objects.get().state == "sent"


def test_four_workers_tell_each_side_of_each_event_once(smtp):
    """Bookings made while no worker ran; the first answer of the server is 'not now', and one is lost on the way."""
    service = ServiceFactory(duration_minutes=30)
    now = clock.now()
    opens = (now + timedelta(days=7 - now.weekday())).replace(hour=10, minute=0, second=0, microsecond=0)
    for number in range(4):
        booking.book_appointment(
            service=service,
            start=opens + timedelta(minutes=30 * number),
            customer=UserFactory(),
            terms=booking.terms_of(service),
            booking_key=f"key-{number}",
        )
    smtp.answers["RCPT"] = ["451 4.3.0 not now"]
    smtp.cut_after_data = 1

    run_processes(4, workers.drain, smtp.port)
    Message.objects.pending().update(due_at=clock.now())  # the pauses are over
    run_processes(2, workers.drain, smtp.port)

    assert not Message.objects.pending().filter(topic="notifications.send_mail").exists()
    assert set(SentMail.objects.values_list("state", flat=True)) == {"sent"}
    told = [(message["To"], message["Message-ID"]) for message in smtp.received]
    assert len(set(told)) == 8
    assert len(told) == 9  # the one whose answer was lost, once more under the same id


def test_workers_tell_each_side_of_an_act_of_several_once(smtp):
    """Staff cancel four appointments of two customers at once; one answer of the server is lost on the way."""
    service, customers = ServiceFactory(duration_minutes=30), [UserFactory(), UserFactory()]
    now = clock.now()
    opens = (now + timedelta(days=7 - now.weekday())).replace(hour=10, minute=0, second=0, microsecond=0)
    made = [
        booking.book_appointment(
            service=service,
            start=opens + timedelta(minutes=30 * number),
            customer=customers[number % 2],
            terms=booking.terms_of(service),
            booking_key=f"key-{number}",
        ).appointment
        for number in range(4)
    ]
    Message.objects.all().delete()
    changes = [Change(one, Verb.CANCEL) for one in made]
    transitions.apply(changes, actor=UserFactory(is_staff=True), role=Role.STAFF)
    smtp.cut_after_data = 1

    run_processes(3, workers.drain, smtp.port)
    Message.objects.pending().update(due_at=clock.now())  # the pauses are over
    run_processes(2, workers.drain, smtp.port)

    assert set(SentMail.objects.values_list("state", flat=True)) == {"sent"}
    told = [(message["To"], message["Message-ID"]) for message in smtp.received]
    assert len(set(told)) == len({to for to, _ in told}) == 3
    assert len(told) == 4  # the one whose answer was lost, once more under the same id
    assert Mention.objects.count() == 2 + 2 + 4


def test_four_workers_remind_each_side_once_also_when_the_servers_answers_are_lost(smtp):
    provider = ProviderFactory()
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    service = ServiceFactory(provider=provider, duration_minutes=60)
    now = clock.now().replace(microsecond=0)
    start = (now + timedelta(hours=20)).replace(minute=0, second=0)
    with time_machine.travel(now - timedelta(days=2), tick=False):
        ReminderSweep.objects.create(minutes=1440, until=now - timedelta(days=2))
        for number in range(3):
            booking.book_appointment(
                service=service,
                start=start + timedelta(hours=number),
                customer=UserFactory(),
                terms=booking.terms_of(service),
                booking_key=f"key-{number}",
            )
    Message.objects.all().delete()  # those of the bookings themselves
    smtp.cut_after_data = 2

    outcomes = run_processes(4, workers.remind_and_drain, smtp.port)
    Message.objects.pending().update(due_at=clock.now())
    run_processes(2, workers.drain, smtp.port)

    assert sum(outcome.value for outcome in outcomes) == 6
    told = [(message["To"], message["Subject"]) for message in smtp.received]
    assert len(told) == len(set(told)) == 6
    states = sorted(SentMail.objects.filter(kind="reminder").values_list("state", flat=True))
    assert states == ["sent"] * 4 + ["unclear"] * 2


def test_a_mail_pressed_again_while_workers_send_it_leaves_once_for_each_press(smtp):
    """Staff press for mails of which some wait still, some are being sent, and some were sent already."""
    person, numbers = UserFactory(), range(8)
    with transaction.atomic():
        outbox.publish_all(
            services.draft("probe.pressed", key=str(number), person=person.pk, number=number) for number in numbers
        )
    smtp.answers["RCPT"] = ["451 4.3.0 not now"] * len(numbers)
    workers.drain(smtp.port)
    assert set(SentMail.objects.values_list("state", flat=True)) == {State.SENDING}
    smtp.seconds = 0.05
    Message.objects.pending().update(due_at=clock.now())

    keys = [f"pressed-{number}" for number in numbers]
    outcomes = run_calls(
        [
            (workers.drain, smtp.port),
            (workers.drain, smtp.port),
            *((workers.press_send_again, half) for half in (keys[4:], keys[:4])),
        ]
    )
    smtp.seconds = 0
    Message.objects.pending().update(due_at=clock.now())  # the pauses are over
    workers.drain(smtp.port)

    assert [outcome.error for outcome in outcomes] == [""] * 4
    pressed = dict(zip([*keys[4:], *keys[:4]], [*outcomes[2].value, *outcomes[3].value], strict=True))
    sent = set(SentMail.objects.filter(state=State.SENT).values_list("key", flat=True))
    settled = set(SentMail.objects.filter(state=State.SKIPPED).values_list("key", flat=True))
    assert {key for key in keys if f"{key}:again-1" in sent} == {key for key, again in pressed.items() if again}
    assert sent | settled == {*keys, *(f"{key}:again-1" for key, again in pressed.items() if again)}
    ids = sorted(message["Message-ID"] for message in smtp.received)
    assert ids == sorted(SentMail.objects.filter(key__in=sent).values_list("message_id", flat=True))


def test_topics_that_are_turned_off_at_the_same_time_are_both_off():
    person = UserFactory()
    topics = [Topic.REMINDERS, Topic.RECEIPTS]
    links = [
        UnsubscribeLink.objects.create(user=person, topic=topic, token_hash=f"hash of {topic}").pk for topic in topics
    ]

    for _ in range(5):
        MailPreferences.objects.filter(user=person).delete()
        run_calls([(workers.turn_off_by_link, link) for link in links])
        assert choice_of(person).off == by(EMAIL, topics)


def test_the_same_thing_told_by_several_at_once_is_one_item_and_one_mail():
    person = UserFactory()

    run_calls([(workers.tell_of_standing, person.pk)] * 4)

    assert InboxItem.objects.filter(reader=person).count() == 1
    assert Message.objects.filter(topic="notifications.send_mail").count() == 1


def test_marking_all_as_read_in_several_tabs_reads_each_item_once():
    person = UserFactory()
    for number in range(30):
        workers.tell_of_standing(person.pk, number)

    run_calls([(workers.mark_all_read, person.pk)] * 4)

    assert InboxItem.objects.filter(reader=person, read_at=None).count() == 0
