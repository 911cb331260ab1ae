"""No mailbox is flooded: what is too much within an hour waits, none is lost, and nobody waits behind others."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse

from notifications.models import SentMail, State
from notifications.rules import FIRST, HOUR, PER_HOUR, PER_HOUR_ABOUT_ONE
from notifications.services import ENOUGH, Job
from outbox import dispatch
from outbox import services as outbox
from outbox.models import Message
from outbox.registry import handlers
from outbox.services import NotYet
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(person):
    """So many mails about one other person, a second apart, the last one `ago`."""

    def sent(count, *, counterpart=None, ago=timedelta(0), to=person):
        rows = [
            SentMail(
                key=f"{counterpart and counterpart.pk}:{ago}:{number}",
                user=to,
                kind="cancelled",
                message_id="<x@testserver>",
                about_whom=counterpart,
                state=State.SENT,
                sent_at=Now() - ago - timedelta(seconds=number),
            )
            for number in range(count)
        ]
        for row in rows:
            row.save()

    return sent


def test_one_other_person_causes_a_number_of_mails_an_hour_and_the_rest_wait(smtp, send, sent):
    noisy, other = UserFactory(), UserFactory()
    sent(PER_HOUR_ABOUT_ONE - 1, counterpart=noisy, ago=timedelta(minutes=20))
    send(key="the last one", counterpart=noisy)

    with pytest.raises(NotYet) as wait:
        send(key="too many", counterpart=noisy)
    send(key="about another", counterpart=other)
    send(key="about nobody")

    assert len(smtp.received) == 3
    assert wait.value.reason == ENOUGH
    # the oldest of the hour leaves it after 40 minutes less its seconds
    assert 39 * 60 < wait.value.after < 40 * 60
    waiting = SentMail.objects.get(key="too many")
    assert (waiting.state, waiting.reason, waiting.leased_until) == (State.HELD, ENOUGH, None)


def test_eight_noisy_people_use_up_an_hour_among_themselves_alone(smtp, send, sent):
    noisy = [UserFactory() for _ in range(8)]
    for one in noisy:
        sent(8, counterpart=one, ago=timedelta(minutes=30))
    quiet = UserFactory()

    with pytest.raises(NotYet):
        send(key="one more of the noise", counterpart=noisy[0])
    for number in range(FIRST):
        send(key=f"about somebody else {number}", counterpart=quiet)

    assert len(smtp.received) == FIRST
    assert SentMail.objects.filter(about_whom=quiet, state="sent").count() == FIRST


def test_somebody_elses_mails_and_those_of_an_hour_ago_do_not_count(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR, counterpart=noisy, ago=HOUR)
    sent(PER_HOUR, counterpart=noisy, to=UserFactory())

    send(counterpart=noisy)

    assert len(smtp.received) == 1


def test_what_waited_is_sent_when_there_is_room(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, counterpart=noisy)
    with pytest.raises(NotYet):
        send(counterpart=noisy)
    SentMail.objects.filter(state=State.SENT).update(sent_at=F("sent_at") - HOUR)

    mail = send(counterpart=noisy)

    assert len(smtp.received) == 1
    assert (mail.state, mail.reason) == (State.SENT, "")


def test_staff_may_send_one_again_at_any_time(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, counterpart=noisy)

    send(counterpart=noisy, job=Job("some.topic", {"event": 1}, again=1))

    assert len(smtp.received) == 1


def test_the_job_waits_until_a_place_is_free_and_no_longer_and_staff_see_why(smtp, send, sent, monkeypatch, client):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, counterpart=noisy, ago=timedelta(minutes=59))
    monkeypatch.setitem(handlers, "some.topic", lambda payload, *, message: send(counterpart=noisy))
    outbox.publish("some.topic", key="one", payload={})
    # Had each wait counted as a failure, the pause would be an hour by now, and the job dead after one more.
    Message.objects.update(attempts=31)

    dispatch.drain()

    [job] = Message.objects.filter(topic="some.topic")
    assert (job.dead_at, job.done_at, job.attempts, job.last_error) == (None, None, 31, f"NotYet: {ENOUGH}")
    assert Message.objects.filter(due_at__gt=Now(), due_at__lte=Now() + timedelta(minutes=1)).get() == job
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert ENOUGH in client.get(reverse("admin:notifications_sentmail_changelist")).text


def test_of_twenty_that_wait_one_goes_with_each_place_that_becomes_free(smtp, send, sent, monkeypatch):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, counterpart=noisy, ago=timedelta(minutes=5))
    monkeypatch.setitem(handlers, "some.topic", lambda payload, *, message: send(key=message.key, counterpart=noisy))
    for number in range(20):
        outbox.publish("some.topic", key=str(number), payload={})
    dispatch.drain()

    for free in (1, 2, 3):
        oldest = SentMail.objects.filter(sent_at__gt=Now() - HOUR).order_by("sent_at")[0]
        SentMail.objects.filter(pk=oldest.pk).update(sent_at=Now() - HOUR)
        Message.objects.pending().update(due_at=Now())  # the time they asked for has come
        dispatch.drain()

        assert len(smtp.received) == free
