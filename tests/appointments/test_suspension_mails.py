"""The mails of a suspension, always sent, and those to the others, which tell nothing of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.urls import include, path

from accounts import bans
from accounts.models import Appeal, Ban
from appointments import links
from appointments.mail import preview
from appointments.mail.catalogue import EventMail, EventsMail
from appointments.mail.preview import SUSPENSION, sample_context, sample_contexts
from appointments.models import LateCancellation
from appointments.pages.timeline import timeline
from appointments.queries.history import history_of
from appointments.services import transitions
from appointments.states import Role, Verb
from notifications import services as notifications
from notifications.composing import render
from notifications.models import Kind, SentMail, State
from outbox import services as outbox
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

from .conftest import TUESDAY_TEN, move_to_london

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = TUESDAY_TEN - 6 * HOUR
TOPIC = "notifications.send_mail"
C, P = Role.CUSTOMER, Role.PROVIDER

urlpatterns = [
    path("sheet/mails/", preview.mails),
    path("sheet/mails/<slug:verb>/<slug:side>.<slug:form>", preview.mail, name="styleguide_mail"),
    path("", include("config.urls")),
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ban(provider, confirmed, customer, book):
    provider.user.name = provider.name = "Maya Okafor"
    provider.user.save()
    provider.policy.cancellation_cutoff_minutes = 0
    provider.policy.save()
    move_to_london(provider)
    for n in (1, 2):
        book(TUESDAY_TEN + n * DAY)
        LateCancellation.objects.create(person=customer, occasion=uuid4(), at=LATE - n * DAY)
    deliver(TOPIC)
    mail.outbox.clear()
    with time_machine.travel(LATE, tick=False):
        transitions.cancel_appointment(appointment=confirmed, actor=customer, role=C)
    return Ban.objects.get()


def publish(name, **facts):
    with transaction.atomic():
        outbox.publish_all([notifications.draft(name, key=str(facts), **facts)])


def sent(at=LATE + HOUR):
    with time_machine.travel(at, tick=False):
        deliver(TOPIC)
    return {message.subject: message for message in mail.outbox}


def test_the_person_is_told_since_when_why_what_ended_and_where_to_appeal(ban, customer, settings):
    message = sent()["Booking is suspended since Tue 3 March"]

    assert message.to == [f'"{customer.name}" <{customer.email}>']
    body = message.body
    assert "Since Tuesday 3 March 2026, 04:00, London time, after 3 late cancellations in 30 days." in body
    assert "Your 2 upcoming appointments were cancelled. It counts for nobody" in body
    assert body.count("Late cancellation: ") == 3
    assert "Maya Okafor, cancelled Tue 3 March 2026, 04:00, 6 h before the start" in body
    assert f"{settings.SITE_URL}/suspended/" in body
    assert SentMail.objects.get(kind=Kind.SUSPENSION).state == State.SENT


def test_it_is_told_once_and_not_after_it_was_lifted(ban):
    sent()
    publish("appointments.suspended", ban=ban.pk)
    assert len([subject for subject in sent() if "suspended" in subject]) == 1

    other = Ban.objects.create(user=UserFactory(), since=LATE, lifted_at=LATE, lifted_by=UserFactory())
    publish("appointments.suspended", ban=other.pk)
    sent()
    assert SentMail.objects.get(key=f"suspended:{other.pk}").state == State.SKIPPED


def test_the_other_side_learns_only_that_it_was_cancelled(ban, customer):
    told = [message for message in sent().values() if "Maya" in message.to[0]]

    assert len(told) == 2  # the one that the customer cancelled, and one about the two that the system ended
    words = " ".join(message.subject + message.body for message in told).lower()
    for word in ("suspend", "banned", "our team cancelled", "not allowed"):
        assert word not in words
    assert f"2 appointments with {customer.first_name} were cancelled." in [*told][-1].body + [*told][0].body


def test_the_end_of_it_is_told_unless_it_began_again(ban, customer):
    sent()
    bans.lift(ban, actor=UserFactory(is_staff=True), reason="A secret of staff")
    publish("appointments.suspension_lifted", ban=ban.pk)

    body = sent()["Booking is open again"].body
    assert "lifted the suspension of Tue 3 March." in body and "starts anew" in body
    assert "A secret of staff" not in body

    again = Ban.objects.create(user=customer, since=LATE + DAY)
    type(customer).objects.filter(pk=customer.pk).update(banned_at=LATE + DAY)
    earlier = Ban.objects.create(user=UserFactory(banned_at=LATE), since=LATE, lifted_at=LATE)
    publish("appointments.suspension_lifted", ban=earlier.pk)
    sent()
    assert SentMail.objects.get(key=f"suspension-lifted:{earlier.pk}").state == State.SKIPPED
    assert again.is_open


def test_the_answer_to_an_appeal_is_told_with_how_things_stand(ban):
    appeal = Appeal.objects.create(ban=ban, text="Please.", sent_at=LATE)
    publish("appointments.appeal_answered", appeal=appeal.pk)
    assert "Our answer to your appeal" not in sent()

    Appeal.objects.update(answer="The rule is\nthe same for all.", answered_at=LATE + HOUR)
    publish("appointments.appeal_answered", appeal=appeal.pk, again=1)
    body = sent()["Our answer to your appeal"].body

    assert "Booking stays suspended since Tue 3 March." in body
    assert "Our staff wrote\n> The rule is\n> the same for all." in body


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("name", SUSPENSION)
def test_every_mail_of_a_suspension_has_a_preview(client, name):
    text, html = render(preview.sample_of_suspension(name))

    assert "  " not in text.replace("-- ", "") and "None" not in text
    assert client.get(f"/sheet/mails/{name}/person.html").status_code == 200
    assert name in client.get("/sheet/mails/").text


# --- What the system ended --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "to", "headline", "badge"),
    [
        (Verb.CANCEL, C, "Your appointment was cancelled.", "Cancelled"),
        (Verb.CANCEL, P, "The appointment with Amara was cancelled.", "Cancelled"),
        (Verb.WITHDRAW, C, "Your request was withdrawn.", "Withdrawn"),
        (Verb.WITHDRAW, P, "Amara’s request was withdrawn.", "Withdrawn"),
        (Verb.DECLINE, C, "Your request for Thu 12 March 2026, 14:20 was not confirmed.", "Declined"),
        (Verb.DECLINE, P, "Amara’s request was declined.", "Declined"),
    ],
)
def test_the_mail_about_one_names_nobody(verb, to, headline, badge):
    context = sample_context(verb, to, role=Role.SYSTEM)
    context.event.reason = ""
    letter = EventMail(context).letter()

    assert (letter.headline, letter.badge) == (headline, badge)
    text, _ = render(letter)
    for word in ("suspend", "our team declined", "our team withdrew", "our team cancelled", "banned"):
        assert word not in text.lower()


@pytest.mark.parametrize("verb", [Verb.CANCEL, Verb.WITHDRAW, Verb.DECLINE])
@pytest.mark.parametrize("to", [C, P])
def test_the_mail_about_several_names_nobody(verb, to):
    text, _ = render(EventsMail(sample_contexts(verb, verb, side=to, role=Role.SYSTEM)).letter())

    assert " were " in text
    for word in ("suspend", "our team declined", "our team withdrew", "our team cancelled", "you declined"):
        assert word not in text.lower()


def test_the_timeline_says_by_the_system(ban, book):
    ended = type(book(TUESDAY_TEN + 7 * DAY, customer=UserFactory()).appointment).objects.with_people()
    one = ended.get(start=TUESDAY_TEN + DAY)

    for viewer in (C, P):
        first = timeline(one, history_of(one), [], viewer=viewer)[0]
        assert (first.title, first.by) == ("Cancelled", "by the system")


# --- Signed links -----------------------------------------------------------------------------------------------------


def test_the_links_of_a_suspended_reader_rest_and_say_nothing_of_it(client, confirmed, customer):
    address = f"/a/{links.token_for(confirmed, C, now=TUESDAY_TEN - DAY)}/"
    bans.ban(customer, now=LATE)

    for answer in (client.get(address), client.get(f"{address}cancel/"), client.post(f"{address}cancel/")):
        assert answer.status_code == 403
        assert "does not work at the moment" in answer.text
        assert "suspend" not in answer.text.lower() and confirmed.service.name not in answer.text
    confirmed.refresh_from_db()
    assert confirmed.is_confirmed
