"""What the inbox says of appointments: who did what, and how things stand by now."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import tasks
from appointments.mail.catalogue import event_mail
from appointments.mail.preview import NOW as SAMPLE_NOW
from appointments.mail.preview import sample_context
from appointments.models import LateCancellation, Offer
from appointments.pages import inbox
from appointments.rules.time_off import Way
from appointments.services import fair_use, offers, proposals, transitions
from appointments.services.follows import KINDS
from appointments.services.locks import lock_providers
from appointments.services.transitions import Change
from appointments.states import Role, Verb
from notifications.catalogue import View
from notifications.models import InboxItem, Kind, Topic
from tests.factories.accounts import UserFactory
from tests.factories.series import book_series, weekly

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN
from .test_offers import off, shown_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@contextmanager
def after(minutes):
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        yield


@pytest.fixture
def read(client):
    """The lines that a person's inbox shows, the newest first, each as title, text and badge."""

    def read(person):
        client.force_login(person)
        rows = client.get(reverse("my_inbox")).context["rows"]
        return [(line.title, line.text, line.badge.label if line.badge else "") for _, line in rows]

    return read


@pytest.fixture
def rows_of(client):
    def rows_of(person):
        client.force_login(person)
        return [line for _, line in client.get(reverse("my_inbox")).context["rows"]]

    return rows_of


def propose(appointment):
    """The provider proposes a time three hours later, a minute after the booking."""
    with after(1):
        proposals.propose_time(
            appointment=appointment,
            start=appointment.start + 3 * HOUR,
            actor=appointment.provider.user,
            role=Role.PROVIDER,
        )


WHEN = "Tue 3 March, 10:00 to 11:00. Online."


def test_both_sides_read_of_a_booking(confirmed, read, service, customer, provider):
    what = service.name

    assert read(customer) == [(f"Confirmed: {what} with {provider.name}", place(WHEN, confirmed), "")]
    assert read(provider.user) == [(f"New appointment: {what} with {customer.name}", place(WHEN, confirmed), "")]
    assert set(InboxItem.objects.values_list("kind", "topic")) == {(Kind.CONFIRMED, Topic.APPOINTMENTS)}
    # The customer booked it themselves.
    assert [item.reader for item in InboxItem.objects.filter(read_at=None)] == [provider.user]


def place(words, appointment):
    """The words with the place of this appointment."""
    from appointments.pages.places import place_for

    told = place_for(appointment, Role.CUSTOMER, was_agreed=True)
    return words.replace(" Online.", f" {told}." if told else "")


def test_a_request_waits_for_its_provider_until_it_is_answered(requested, read, rows_of, service, customer, provider):
    [before] = rows_of(provider.user)
    with after(1):
        transitions.accept_request(appointment=requested, actor=provider.user)
    accepted, asked = rows_of(provider.user)

    assert before.title == f"{customer.name} asks for {service.name}"
    assert before.do == "Answer"
    assert before.until == NOW + ANSWER_TIME
    assert "Answer by Mon 2 March, 15:23." in before.text
    assert (accepted.do, asked.do) == ("", "")
    assert asked.badge.label == "Confirmed"


def test_a_new_time_waits_for_the_other_side_and_leads_to_its_answer(confirmed, rows_of, client, customer, provider):
    propose(confirmed)

    line = rows_of(customer)[0]
    item = InboxItem.objects.get(reader=customer, kind=Kind.TIME_PROPOSED)

    assert line.title == f"{provider.name} asks for another time"
    assert "Tue 3 March, 13:00 instead of Tue 3 March, 10:00. Answer by " in line.text
    answer = reverse("answer_time", args=[confirmed.reference])
    assert client.get(reverse("my_inbox_item", args=[item.pk])).url == answer
    assert [each.address for each in client.get(reverse("my_inbox")).context["waiting"]] == [answer]


def far_away(person):
    person.time_zone = "Asia/Kathmandu"
    person.save()


def test_a_request_is_to_be_answered_by_a_time_of_its_reader_for_a_time_of_the_place(requested, read, provider):
    far_away(provider.user)

    [(_, text, _)] = read(provider.user)

    assert text == "Tue 3 March, 10:00 to 11:00, London time. Answer by Mon 2 March, 21:08."


def test_a_new_time_is_to_be_answered_by_a_time_of_its_reader_for_a_time_of_the_place(confirmed, read, customer):
    far_away(customer)
    propose(confirmed)

    [(_, text, _), *_] = read(customer)

    moved = "Tue 3 March, 13:00 instead of Tue 3 March, 10:00, London time."
    assert text == f"{confirmed.service.name}: {moved} Answer by Mon 2 March, 21:09."


def test_a_link_leads_to_the_thing_as_it_is_now(confirmed, rows_of, client, customer, provider):
    proposals.propose_time(appointment=confirmed, start=TUESDAY_TEN + 3 * HOUR, actor=provider.user, role=Role.PROVIDER)
    item = InboxItem.objects.get(reader=customer, kind=Kind.TIME_PROPOSED)
    with after(2):
        transitions.cancel_appointment(
            appointment=confirmed, actor=provider.user, role=Role.PROVIDER, reason="The shop is flooded."
        )

    cancelled, proposed, booked = rows_of(customer)

    assert cancelled.title.startswith(f"Cancelled by {provider.first_name}: ")
    assert cancelled.text == "Was Tue 3 March, 10:00. “The shop is flooded.”"
    assert (proposed.do, proposed.text) == ("", "Was Tue 3 March, 10:00.")
    assert [booked.badge.label, proposed.badge.label] == [f"Cancelled by {provider.first_name}"] * 2
    page = reverse("my_appointment", args=[confirmed.reference])
    assert client.get(reverse("my_inbox_item", args=[item.pk])).url == page


def test_a_customer_does_not_read_their_own_reason_back(confirmed, rows_of, customer):
    with after(1):
        transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER, reason="I am ill.")

    assert rows_of(customer)[0].text == "Was Tue 3 March, 10:00."


def test_several_of_one_act_are_one_line_for_each_reader(book, read, customer, provider):
    booked = [book(start=TUESDAY_TEN + n * DAY).appointment for n in range(3)]
    InboxItem.objects.all().delete()
    changes = [Change(one, Verb.CANCEL) for one in booked]

    transitions.apply(changes, actor=provider.user, role=Role.PROVIDER)

    [line] = read(customer)
    assert line[0] == f"3 appointments with {provider.name} cancelled"
    assert line[1].endswith("None of them lies ahead.")
    assert InboxItem.objects.get(reader=customer).kind == Kind.CANCELLED


def test_a_series_leads_to_its_page(service, rows_of, customer, provider):
    service.repeats = True
    service.save()
    book_series(service, customer, weekly(TUESDAY_TEN, 3))

    [line] = rows_of(provider.user)

    assert line.title == f"3 appointments with {customer.name} confirmed"
    assert line.address.startswith("/studio/series/")
    assert line.text.endswith("3 of them lie ahead.")


def test_each_side_is_reminded_in_its_inbox_too(book, read, customer, provider):
    tasks.remind()
    appointment = book(start=TUESDAY_TEN + 2 * DAY).appointment
    InboxItem.objects.all().delete()

    with time_machine.travel(appointment.start - DAY + timedelta(minutes=1), tick=False):
        tasks.remind()
        [line] = read(customer)
        [theirs] = read(provider.user)

    assert line[0] == f"Reminder: {appointment.service.name} with {provider.name}"
    assert theirs[0] == f"Reminder: {appointment.service.name} with {customer.name}"
    assert set(InboxItem.objects.values_list("kind", "topic")) == {(Kind.REMINDER, Topic.REMINDERS)}


def test_a_provider_is_reminded_to_answer(requested, rows_of, customer, provider):
    tasks.remind()

    with time_machine.travel(NOW + ANSWER_TIME - 2 * HOUR, tick=False):
        tasks.remind()
        last_call, _ = rows_of(provider.user)

    assert last_call.title == f"Answer soon: {customer.name} asks for {requested.service.name}"
    assert last_call.do == "Answer"


def test_whoever_has_to_answer_a_new_time_is_reminded(confirmed, rows_of, customer, provider):
    proposals.propose_time(appointment=confirmed, start=TUESDAY_TEN + 3 * HOUR, actor=provider.user, role=Role.PROVIDER)
    deadline = confirmed.proposals.get().answer_by
    tasks.remind()

    with time_machine.travel(deadline - 2 * HOUR, tick=False):
        tasks.remind()
        [last_call] = [line for line in rows_of(customer) if line.title.startswith("Answer soon")]

    assert last_call.title == f"Answer soon: {provider.name} asks for another time"
    assert last_call.address == reverse("answer_time", args=[confirmed.reference])
    assert InboxItem.objects.filter(reader=provider.user, kind=Kind.TIME_PROPOSED).count() == 0


def test_what_staff_forgive_stands_in_the_inbox(rows_of, customer):
    late = LateCancellation.objects.create(
        person=customer, occasion="11111111-1111-4111-8111-111111111111", at=NOW - HOUR
    )

    fair_use.forgive(late=late, actor=UserFactory(is_staff=True), reason="Ill")

    [line] = rows_of(customer)
    assert (line.title, line.address) == ("A late cancellation no longer counts", "/my/standing/")


def test_a_page_of_everything_costs_the_same_for_one_and_for_many(book, client, customer, provider):
    client.force_login(customer)
    counts = []
    for days in ([0], [1, 2, 3]):
        for n in days:
            one = book(start=TUESDAY_TEN + n * DAY).appointment
            proposals.propose_time(appointment=one, start=one.start + 3 * HOUR, actor=provider.user, role=Role.PROVIDER)
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("my_inbox"))
        counts.append(len(asked))

    # Session and count, items, events, new times, offered times and requests.
    assert counts == [6, 6]


@pytest.mark.parametrize(
    ("role", "kind", "topic"),
    [(Role.CUSTOMER, Kind.TAKEN_BACK, Topic.RECEIPTS), (Role.STAFF, Kind.NOT_CONFIRMED, Topic.ANSWERS)],
)
def test_a_withdrawn_request_is_a_receipt_to_its_customer_an_answer_by_staff_and_the_providers_to_know(
    requested, customer, provider, role, kind, topic
):
    InboxItem.objects.all().delete()
    actor = customer if role is Role.CUSTOMER else UserFactory(is_staff=True)

    transitions.withdraw_request(appointment=requested, actor=actor, role=role)

    told = {item.reader: (item.kind, item.topic) for item in InboxItem.objects.all()}
    event = requested.history.latest("pk")
    mails = {side: event_mail(event=event.pk, to=side) for side in (Role.CUSTOMER, Role.PROVIDER)}
    assert told == {customer: (kind, topic), provider.user: (Kind.WITHDRAWN, Topic.REQUESTS)}
    assert {side: mail.kind for side, mail in mails.items()} == {Role.CUSTOMER: kind, Role.PROVIDER: Kind.WITHDRAWN}


@pytest.mark.parametrize(("verb", "side"), [(verb, side) for verb, sides in KINDS.items() for side in sides])
def test_every_change_that_is_told_has_a_line(verb, side):
    context = sample_context(verb, side)
    view = View(context.reader, context.reader.zone, False, SAMPLE_NOW)

    line = inbox.event_line(context.event, side, view)
    several = inbox.events_line([context.event, context.event], side, view)

    assert line.title and line.text and line.address.startswith(("/my/", "/studio/"))
    assert several.title.startswith(("2 appointments", "New times"))


def test_several_requests_wait_for_their_provider(by_hand, service, rows_of, customer, provider):
    service.repeats = True
    service.save()
    book_series(service, customer, weekly(TUESDAY_TEN, 3))

    [line] = rows_of(provider.user)

    assert line.do == "Answer"
    assert line.until == NOW + ANSWER_TIME


def test_a_new_time_that_lapsed_asks_for_no_answer_any_more(confirmed, rows_of, customer):
    propose(confirmed)
    proposal = confirmed.proposals.get()

    with time_machine.travel(proposal.answer_by, tick=False):
        [proposed] = [line for line in rows_of(customer) if line.title.endswith("asked for another time")]

    assert "Nobody answered in time." in proposed.text
    assert (proposed.do, proposed.until) == ("", None)
    assert proposed.address == reverse("my_appointment", args=[confirmed.reference])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (proposals.decline_time, "The new time was declined."),
        (proposals.accept_time, "The new time was accepted."),
        (proposals.withdraw_time, "The new time was taken back."),
    ],
)
def test_a_new_time_that_was_answered_is_no_longer_asked_for(confirmed, rows_of, customer, provider, answer, said):
    propose(confirmed)
    before = rows_of(customer)[0].title
    actor, role = (provider.user, Role.PROVIDER) if answer is proposals.withdraw_time else (customer, Role.CUSTOMER)
    with after(3):
        answer(proposal=confirmed.proposals.get(), actor=actor, role=role)

    [line] = [line for line in rows_of(customer) if line.title.endswith("another time")]

    assert before == f"{provider.name} asks for another time"
    assert line.title == f"{provider.name} asked for another time"
    assert said in line.text


def test_a_request_that_was_answered_is_no_longer_asked_for(requested, rows_of, customer, provider):
    tasks.remind()
    with time_machine.travel(NOW + ANSWER_TIME - 2 * HOUR, tick=False):
        tasks.remind()
        transitions.accept_request(appointment=requested, actor=provider.user)
        titles = {line.title for line in rows_of(provider.user)}

    assert f"{customer.name} asked for {requested.service.name}" in titles
    assert not any("asks for" in title or "Answer soon" in title for title in titles)


def test_times_that_are_still_offered_are_not_said_to_be_gone(confirmed, rows_of, customer, provider):
    off(provider, {confirmed.reference: Way.OFFER}, shown_for(provider, [confirmed]))
    first, *others = Offer.objects.filter(instead_of=confirmed)
    with after(1), transaction.atomic():
        lock_providers([provider.pk])
        offers.withdraw_inside(provider, (first.start, first.start + MINUTE), now=NOW + MINUTE)

    [some, *_] = rows_of(customer)
    with after(2):
        offers.withdraw_offers(appointment=confirmed, actor=provider.user)
        titles = [line.title for line in rows_of(customer)]

    assert (some.title, some.do) == (f"{provider.name} took back some of the times offered", "Choose")
    assert f"{len(others)} other times can still be taken." in some.text
    assert some.until == others[0].expires_at
    assert titles[:2] == [f"{provider.name} no longer offers other times"] * 2
