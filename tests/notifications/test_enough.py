"""No mailbox is flooded: what is too much within an hour waits, and nothing is lost."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse

from notifications.models import SentMail, State
from notifications.services import ENOUGH, HOUR, PER_HOUR, PER_HOUR_ABOUT_ONE, Job
from outbox import dispatch
from outbox import services as outbox
from outbox.models import Message
from outbox.registry import handlers
from outbox.services import Retry
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(person):
    """So many mails about one other person, a second apart, the last one `ago`."""

    def sent(count, *, about_whom=None, ago=timedelta(0), to=person):
        rows = [
            SentMail(
                key=f"{about_whom and about_whom.pk}:{ago}:{number}",
                user=to,
                kind="cancelled",
                message_id="<x@testserver>",
                about_whom=about_whom,
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
    sent(PER_HOUR_ABOUT_ONE - 1, about_whom=noisy, ago=timedelta(minutes=20))
    send(key="the last one", counterpart=noisy)

    with pytest.raises(Retry) as wait:
        send(key="too many", counterpart=noisy)
    send(key="about another", counterpart=other)
    send(key="about nobody")

    assert len(smtp.received) == 3
    assert wait.value.reason == ENOUGH
    # the oldest of the hour leaves it after 40 minutes less its seconds
    assert 39 * 60 < wait.value.after < 40 * 60
    waiting = SentMail.objects.get(key="too many")
    assert (waiting.state, waiting.reason, waiting.leased_until) == (State.SENDING, ENOUGH, None)


def test_all_others_together_have_a_limit_too(smtp, send, sent):
    for _ in range(PER_HOUR // 10):
        sent(10, about_whom=UserFactory(), ago=timedelta(minutes=30))

    with pytest.raises(Retry) as wait:
        send(key="too many", counterpart=UserFactory())

    assert smtp.received == []
    assert 29 * 60 < wait.value.after < 30 * 60


def test_somebody_elses_mails_and_those_of_an_hour_ago_do_not_count(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR, about_whom=noisy, ago=HOUR)
    sent(PER_HOUR, about_whom=noisy, to=UserFactory())

    send(counterpart=noisy)

    assert len(smtp.received) == 1


def test_what_waited_is_sent_when_there_is_room(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, about_whom=noisy)
    with pytest.raises(Retry):
        send(counterpart=noisy)
    SentMail.objects.filter(state=State.SENT).update(sent_at=F("sent_at") - HOUR)

    mail = send(counterpart=noisy)

    assert len(smtp.received) == 1
    assert (mail.state, mail.reason) == (State.SENT, "")


def test_staff_may_send_one_again_at_any_time(smtp, send, sent):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, about_whom=noisy)

    send(counterpart=noisy, job=Job("some.topic", {"event": 1}, again=1))

    assert len(smtp.received) == 1


def test_the_job_waits_as_long_and_staff_see_why(smtp, send, sent, monkeypatch, client):
    noisy = UserFactory()
    sent(PER_HOUR_ABOUT_ONE, about_whom=noisy)
    monkeypatch.setitem(handlers, "some.topic", lambda payload, *, message: send(counterpart=noisy))
    outbox.publish("some.topic", key="one", payload={})

    dispatch.drain()

    job = Message.objects.get(topic="some.topic")
    assert (job.dead_at, job.done_at, job.last_error) == (None, None, f"Retry: {ENOUGH}")
    assert Message.objects.filter(due_at__gt=Now() + timedelta(minutes=59), due_at__lte=Now() + HOUR).get() == job
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert ENOUGH in client.get(reverse("admin:notifications_sentmail_changelist")).text
