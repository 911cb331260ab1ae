"""The log of mails: what a mail waits for, that it was given up, and how long all of it is kept."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from core import clock
from notifications import services
from notifications.models import REFUSAL_HOLDS, Kind, RefusedAddress, SentMail, State
from notifications.services import Job, send_again
from outbox import dispatch
from outbox import services as outbox
from outbox.models import Message
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
JOB = Job("notifications.send_mail", {"mail": "probe"})


def test_a_mail_that_could_not_be_sent_yet_is_queued_and_says_why(smtp, send):
    smtp.answers["RCPT"] = ["451 4.2.0 later"]

    with pytest.raises(outbox.Retry):
        send()
    waits = SentMail.objects.get()
    sent = send()

    assert (waits.state, waits.reason) == (State.SENDING, "tried again later: 451 4.2.0")
    assert (sent.state, sent.reason) == (State.SENT, "")


def test_a_mail_that_is_tried_no_more_has_failed_and_staff_who_run_its_job_again_send_it(smtp, send):
    smtp.answers["RCPT"] = ["451 4.2.0 later"]

    with pytest.raises(outbox.Retry):
        send(job=Job("notifications.send_mail", {"mail": "probe"}, is_last_try=True))
    failed = SentMail.objects.get()
    sent = send()

    assert (failed.state, failed.reason) == (State.REFUSED, "given up after many tries: 451 4.2.0")
    assert sent.state == State.SENT


def test_the_last_try_is_the_one_after_which_the_job_is_dead():
    assert not outbox.is_last_try(Message(attempts=dispatch.MAX_ATTEMPTS - 1))
    assert outbox.is_last_try(Message(attempts=dispatch.MAX_ATTEMPTS))


def row(**changes):
    facts = {"key": "one", "user": UserFactory(), "kind": Kind.CONFIRMED, "topic": "probe", "payload": {"mail": "x"}}
    return SentMail.objects.create(**facts | changes)


@pytest.mark.parametrize(
    ("state", "held_until", "key"),
    [
        (State.SENDING, None, "one:again-1"),
        (State.HELD, Now(), "one:again-1"),
        # Held back by a choice alone, it goes no further by itself.
        (State.HELD, None, "one:again-2"),
        (State.REFUSED, None, "one:again-2"),
    ],
)
def test_a_repeat_that_still_waits_is_not_asked_for_twice(state, held_until, key):
    first = row()
    row(key="one:again-1", state=state, held_until=held_until)

    send_again(mail=first)

    assert Message.objects.get().key == key


def test_staff_find_what_is_held_back(client):
    held = row(state=State.HELD, reason=services.QUIET, held_until=Now())
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(reverse("admin:notifications_sentmail_changelist"), {"state": State.HELD})

    assert "Held back" in page.text
    assert services.QUIET in page.text.replace("&#x27;", "'")
    assert str(held.user) in page.text


def test_mails_are_kept_for_a_year_and_refusals_for_a_month_after_they_count():
    now = clock.now()
    for key, age in (("young", 364), ("old", 366)):
        row(key=key)
        SentMail.objects.filter(key=key).update(created_at=now - age * DAY)
    for age in (29, 31):
        person = UserFactory()
        RefusedAddress.objects.create(
            user=person, email=person.email, code=str(age), refused_at=now - REFUSAL_HOLDS - age * DAY
        )

    gone = services.forget_old(now=now)

    assert gone == 1
    assert [mail.key for mail in SentMail.objects.all()] == ["young"]
    assert [refusal.code for refusal in RefusedAddress.objects.all()] == ["29"]
