"""Who cancels late is told which one it was and how long it counts; who is forgiven, that it counts no more."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.urls import include, path

from accounts.models import Ban
from appointments.mail import preview
from appointments.mail.preview import FORGIVEN, LATE, sample_of_forgiven, sample_of_late
from appointments.models import AppointmentEvent, LateCancellation
from appointments.queries.fair_use import number_of
from appointments.services import fair_use, transitions
from appointments.states import Role, Verb
from notifications.composing import render
from notifications.models import Kind, SentMail, State
from notifications.services import send_by_name
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

from .conftest import TUESDAY_TEN, move_to_london

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
TOO_LATE = TUESDAY_TEN - 6 * HOUR
TOPIC = "notifications.send_mail"
C, P = Role.CUSTOMER, Role.PROVIDER

urlpatterns = [
    path("sheet/mails/", preview.mails),
    path("sheet/mails/<slug:verb>/<slug:side>.<slug:form>", preview.mail, name="styleguide_mail"),
    path("", include("config.urls")),
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def maya(provider):
    provider.user.name = provider.name = "Maya Okafor"
    provider.user.save()
    provider.policy.cancellation_cutoff_minutes = 0
    provider.policy.save()
    return move_to_london(provider)


@pytest.fixture
def appointment(maya, book, customer):
    customer.name = "Amara Nwosu"
    customer.save()
    made = book().appointment
    sent()
    return made


def on_record(person, *moments, **fields):
    return [LateCancellation.objects.create(person=person, occasion=uuid4(), at=at, **fields) for at in moments]


def cancel(*appointments, role=C, at=TOO_LATE):
    one = appointments[0]
    actor = {C: one.customer, P: one.provider.user, Role.STAFF: UserFactory(is_staff=True)}[role]
    with time_machine.travel(at, tick=False):
        transitions.apply([transitions.Change(each, Verb.CANCEL) for each in appointments], actor=actor, role=role)


def sent(at=TOO_LATE + HOUR):
    mail.outbox.clear()
    with time_machine.travel(at, tick=False):
        deliver(TOPIC)
    return {message.to[0].split('"')[1]: message for message in mail.outbox}


# --- Who cancelled late ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "reader", "other"), [(C, "Amara Nwosu", "Maya Okafor"), (P, "Maya Okafor", "Amara")])
def test_who_cancelled_late_reads_which_one_it_was_and_until_when_it_counts(appointment, role, reader, other, settings):
    on_record(appointment.customer if role is C else appointment.provider.user, TOO_LATE - DAY)

    cancel(appointment, role=role)
    told = sent()

    message = told.pop(reader)
    assert message.subject == "Late cancellation, 2nd of 3: Tue 3 March"
    assert "It was cancelled 6 h before its start." in message.body
    assert (
        "This is your 2nd of 3 late cancellations. It counts until Thu 2 April 2026, 05:00, London time."
        in message.body
    )
    assert "3 within 30 days suspend booking straight away." in message.body
    assert f"How standing works: {settings.SITE_URL}/help/standing/" in " ".join(message.body.split())
    assert any(part.get_content_type() == "text/calendar" for part in message.message().walk())

    [theirs] = told.values()
    assert theirs.subject.startswith("Cancelled: Tue 3 March, 10:00 with ")
    assert "2nd of 3" not in theirs.body and "/help/standing/" not in theirs.body


@pytest.mark.parametrize(("role", "at"), [(C, TUESDAY_TEN - 12 * HOUR - SECOND), (Role.STAFF, TOO_LATE)])
def test_who_cancelled_in_time_and_whom_staff_cancelled_read_of_no_standing(appointment, role, at):
    cancel(appointment, role=role, at=at)

    for message in sent().values():
        assert message.subject.startswith("Cancelled: ")
        assert "late cancellation" not in message.body.lower() and "of 3" not in message.body


def test_the_third_says_that_booking_is_suspended(appointment, customer):
    on_record(customer, TOO_LATE - DAY, TOO_LATE - 2 * DAY)

    cancel(appointment)

    mail.outbox.clear()
    with time_machine.travel(TOO_LATE, tick=False):
        deliver(TOPIC)
    [body] = [one.body for one in mail.outbox if one.subject == "Late cancellation, 3rd of 3: Tue 3 March"]
    assert "Booking is suspended now. A mail of its own says why, and how to appeal." in body
    assert "suspend booking straight away" not in body


def test_several_in_one_act_are_one_late_cancellation_in_one_mail(maya, book):
    made = [book(TUESDAY_TEN + n * HOUR, customer=UserFactory(name=f"Guest {n}")).appointment for n in range(3)]
    sent()

    cancel(*made, role=P)

    message = sent()["Maya Okafor"]
    assert message.subject == "Late cancellation, 1st of 3: 3 appointments, Tue 3 March"
    assert message.body.count("This is your 1st of 3 late cancellations.") == 1
    assert message.body.count("See appointment: ") == 3


def test_one_that_is_forgiven_before_its_mail_leaves_is_told_as_cancelled(appointment):
    cancel(appointment)
    LateCancellation.objects.update(forgiven_at=TOO_LATE, forgiven_by=UserFactory())

    assert sent()["Amara Nwosu"].subject.startswith("Cancelled: ")


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("before", "number"),
    [
        ([], 1),
        ([30 * DAY], 2),
        ([30 * DAY + SECOND], 1),
        ([1 * DAY, 2 * DAY], 3),
        ([timedelta(0)], 2),  # at the very same moment, written down before
        ([-SECOND], 1),
    ],
)
def test_the_number_is_the_one_of_its_moment(customer, before, number):
    on_record(customer, *(TOO_LATE - ago for ago in before))
    on_record(UserFactory(), TOO_LATE - DAY)
    [late] = on_record(customer, TOO_LATE)

    assert number_of(late) == number


def test_the_number_leaves_out_what_counted_no_more_then_and_not_what_ended_later(customer):
    used = Ban.objects.create(user=customer, since=TOO_LATE - DAY, lifted_at=TOO_LATE - HOUR, lifted_by=UserFactory())
    now = Ban.objects.create(user=customer, since=TOO_LATE)
    on_record(customer, TOO_LATE - 2 * DAY, ban=used)
    on_record(customer, TOO_LATE - 2 * DAY, forgiven_at=TOO_LATE - HOUR)
    on_record(customer, TOO_LATE - 2 * DAY, forgiven_at=TOO_LATE + HOUR)
    on_record(customer, TOO_LATE - 2 * DAY, ban=now)
    [late] = on_record(customer, TOO_LATE, ban=now)

    assert number_of(late) == 3


@pytest.mark.parametrize("number", [1, 15])
def test_the_mail_costs_two_queries_more_at_any_number(appointment, customer, number, django_assert_num_queries):
    on_record(customer, *(TOO_LATE - n * DAY for n in range(31, 31 + number)))
    cancel(appointment)
    event = AppointmentEvent.objects.get(verb=Verb.CANCEL)

    # The event, the act, its number, and what sending costs.
    with django_assert_num_queries(13):
        send_by_name("appointments.event", {"event": event.pk, "to": "customer"})


# --- Who is forgiven --------------------------------------------------------------------------------------------------


def test_who_is_forgiven_reads_so_once_and_never_why(appointment, customer, settings):
    on_record(customer, TOO_LATE - DAY)
    cancel(appointment)
    sent()
    late = LateCancellation.objects.get(at=TOO_LATE)
    staff = UserFactory(is_staff=True)

    told = []
    for reason in ("A secret of staff", "Pressed twice"):
        with time_machine.travel(TOO_LATE + HOUR, tick=False):
            fair_use.forgive(late=late, actor=staff, reason=reason)
        told.append(list(sent().values()))

    [[message], nobody] = told
    assert nobody == []
    assert message.to == [f'"Amara Nwosu" <{customer.email}>']
    assert message.subject == "Forgiven: your late cancellation of Tue 3 March"
    assert "Our staff have forgiven the one of Tue 3 March. 1 of 3 count now." in message.body
    assert (
        f"Late cancellation: {appointment.service.name}, Maya Okafor, cancelled Tue 3 March 2026, 04:00" in message.body
    )
    assert f"{settings.SITE_URL}/my/standing/" in message.body
    assert "secret" not in message.body and "suspended" not in message.body
    assert SentMail.objects.get(kind=Kind.STANDING).state == State.SENT


def test_who_stays_suspended_reads_that(customer):
    ban = Ban.objects.create(user=customer, since=TOO_LATE)
    type(customer).objects.filter(pk=customer.pk).update(banned_at=TOO_LATE)
    [late] = on_record(customer, TOO_LATE, ban=ban)
    fair_use.forgive(late=late, actor=UserFactory(is_staff=True), reason="Snow")

    [message] = sent().values()
    assert "Booking stays suspended: only lifting the suspension itself opens it again." in message.body
    assert "/suspended/" in message.body


# --- Previews ---------------------------------------------------------------------------------------------------------


@pytest.mark.urls(__name__)
def test_each_mail_has_a_preview(client):
    letters = [*(sample_of_late(side) for side in (C, P)), sample_of_forgiven()]

    assert [letter.subject for letter in letters] == [
        *["Late cancellation, 2nd of 3: Thu 12 March"] * 2,
        "Forgiven: your late cancellation of Mon 9 March",
    ]
    for letter in letters:
        text, _ = render(letter)
        assert "None" not in text and "  " not in text.replace("-- ", "")
    listed = client.get("/sheet/mails/").text
    for address in (f"{LATE}/customer", f"{LATE}/provider", f"{FORGIVEN}/person"):
        assert f"/{address}.html" in listed
        assert [client.get(f"/sheet/mails/{address}.{form}").status_code for form in ("html", "txt")] == [200, 200]
