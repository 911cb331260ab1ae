"""The log of mails: what a mail waits for, that it was given up, and how long all of it is kept."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models import User
from core import clock
from notifications import catalogue, preferences, services
from notifications.models import REFUSAL_HOLDS, Kind, RefusedAddress, SentMail, State
from notifications.rules import QuietHours
from notifications.services import Job, send_again
from outbox import dispatch
from outbox import services as outbox
from outbox.models import Message
from tests.factories.accounts import UserFactory

from .conftest import PlainMail

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


@catalogue.mail("probe.plain")
def plain_mail(*, person, once):
    return PlainMail(User.objects.get(pk=person), kind=Kind.REMINDER if once else Kind.CONFIRMED, once=once)


def work():
    """Run all that is due, and what waits for its moment as if that had come."""
    Message.objects.pending().update(due_at=clock.now() - 365 * DAY)
    while message := dispatch.claim():
        dispatch.handle(message)


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("waits", ["held", "queued"])
def test_what_staff_send_again_while_it_waits_is_sent_once(smtp, person, once, waits):
    if waits == "held":
        preferences.save_choice(actor=person, leads=[], quiet=QuietHours(22 * 60, 7 * 60))
    else:
        smtp.answers["RCPT"] = ["451 4.2.0 later"]
    with time_machine.travel(datetime(2026, 3, 10, 23, 10, tzinfo=UTC), tick=False):
        with transaction.atomic():
            outbox.publish_all([services.draft("probe.plain", key="p", person=person.pk, once=once)])
        dispatch.handle(dispatch.claim())
        first = SentMail.objects.get()

        assert send_again(mail=first)
        dispatch.handle(dispatch.claim())
    sent_at_night = len(smtp.received)
    with time_machine.travel(datetime(2026, 3, 11, 7, tzinfo=UTC), tick=False):
        work()

    first.refresh_from_db()
    assert sent_at_night == len(smtp.received) == 1
    assert (first.state, first.reason, first.held_until) == (State.SKIPPED, services.SENT_BY_STAFF, None)
    assert SentMail.objects.get(key="one:again-1").state == State.SENT


def test_what_was_sent_since_staff_read_that_it_waits_is_not_sent_again():
    seen = row()
    SentMail.objects.update(state=State.SENT, sent_at=Now())

    assert not send_again(mail=seen)
    assert not Message.objects.exists()
    assert send_again(mail=SentMail.objects.get())


def test_what_a_worker_is_just_sending_is_not_sent_again(client):
    first = row(leased_until=Now() + DAY)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    confirmed = {"confirmed": "1", "reason": "It never came"}
    data = {"action": "send_again", "_selected_action": [first.pk], **confirmed}
    page = client.post(reverse("admin:notifications_sentmail_changelist"), data, follow=True)

    first.refresh_from_db()
    assert not send_again(mail=first)
    assert (first.state, Message.objects.count()) == (State.SENDING, 0)
    assert "left alone, as it was sent just now" in page.text and "0 changed." in page.text
