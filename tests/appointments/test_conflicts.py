"""Conflicts: busy time of a connected calendar over a confirmed appointment, told once, shown, and decided.

It is Monday 2 March 2026, 08:00 UTC, and the provider is in London.
"""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from appointments import tasks
from appointments.exceptions import ConflictChanged
from appointments.models import Appointment, KnownConflict, Proposal
from appointments.services import conflicts, proposals, transitions
from appointments.services.availability import may_book
from appointments.states import Role, Status
from calendar_sync.models import BusyInterval
from calendar_sync.services import free_by_choice, reading
from core import clock
from notifications.models import InboxItem, SentMail, State
from outbox.models import Message
from outbox.testing import deliver
from providers.exceptions import ChangeRefused
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect, put
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
ELEVEN = TUESDAY_TEN + HOUR


@pytest.fixture
def calendar(in_london):
    return connect(in_london)


@pytest.fixture
def event(calendar, confirmed):
    """An event from a quarter to ten to a quarter past ten, over the appointment from ten to eleven."""
    return put(calendar, TUESDAY_TEN - 15 * MINUTE, TUESDAY_TEN + 15 * MINUTE)


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


def undecided(provider):
    provider.refresh_from_db()
    return [
        (each.appointment.reference, [over.busy.pk for over in each.over])
        for each in conflicts.undecided_conflicts(provider, now=clock.now())
    ]


def page_of(appointment):
    return reverse("studio_conflict", args=[appointment.reference])


def options(answer):
    """The ways out that the page offers, and what lay over the appointment."""
    form = answer.context["form"]
    return [value for value, _ in form.fields["do"].choices], answer.context["conflict"].shown


def choose(client, appointment, what, **changes):
    values, shown = options(client.get(page_of(appointment)))
    [value] = [each for each in values if each.partition(":")[0] == what]
    return client.post(page_of(appointment), {"do": value, "shown": shown} | changes)


# --- What is a conflict -----------------------------------------------------------------------------------------------


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("start", "end", "is_one"),
    [
        (TUESDAY_TEN - HOUR, TUESDAY_TEN, False),
        (ELEVEN, ELEVEN + HOUR, False),
        (TUESDAY_TEN - HOUR, TUESDAY_TEN + MINUTE, True),
        (ELEVEN - MINUTE, ELEVEN + HOUR, True),
        (TUESDAY_TEN - 10 * HOUR, TUESDAY_TEN + 14 * HOUR, True),
        (TUESDAY_TEN + 20 * MINUTE, TUESDAY_TEN + 40 * MINUTE, True),
    ],
)
def test_an_event_that_meets_an_appointment_is_a_conflict(calendar, confirmed, provider, start, end, is_one):
    found = put(calendar, start, end)

    assert undecided(provider) == ([(confirmed.reference, [found.pk])] if is_one else [])


def test_the_free_time_around_an_appointment_is_no_part_of_a_conflict(calendar, book, provider):
    service = ServiceFactory(provider=provider, duration_minutes=60, buffer_before_minutes=30, buffer_after_minutes=30)
    book(service=service)
    put(calendar, ELEVEN, ELEVEN + 30 * MINUTE)

    assert undecided(provider) == []


def test_a_request_or_an_appointment_that_is_over_is_in_no_conflict(calendar, requested, provider, customer):
    put(calendar, TUESDAY_TEN, ELEVEN)
    assert undecided(provider) == []

    transitions.accept_request(appointment=requested, actor=provider.user)
    assert [reference for reference, _ in undecided(provider)] == [requested.reference]

    transitions.cancel_appointment(appointment=requested, actor=customer, role=Role.CUSTOMER)
    assert undecided(provider) == []


def test_all_events_over_one_and_all_appointments_under_one_are_found(calendar, book, provider):
    first, second = book().appointment, book(start=ELEVEN + HOUR).appointment
    short = put(calendar, TUESDAY_TEN, TUESDAY_TEN + MINUTE)
    long = put(calendar, TUESDAY_TEN + HOUR - MINUTE, ELEVEN + 2 * HOUR)

    assert undecided(provider) == [(first.reference, [short.pk, long.pk]), (second.reference, [long.pk])]


def test_busy_time_of_no_connected_calendar_is_in_no_conflict(calendar, confirmed, provider):
    BusyInterval.objects.create(provider=provider, start=TUESDAY_TEN, end=ELEVEN)

    assert undecided(provider) == []


@pytest.mark.parametrize("count", [1, 5])
def test_conflicts_cost_three_queries_however_many(calendar, book, provider, django_assert_num_queries, count):
    for n in range(count):
        book(start=TUESDAY_TEN + n * HOUR)
        put(calendar, TUESDAY_TEN + n * HOUR, TUESDAY_TEN + n * HOUR + MINUTE)
        put(calendar, TUESDAY_TEN + n * HOUR, TUESDAY_TEN + n * HOUR + 2 * MINUTE)
    provider.refresh_from_db()

    with django_assert_num_queries(3):
        found = conflicts.undecided_conflicts(provider, now=NOW)
        told = [(each.appointment.customer.name, each.appointment.service.name, each.busy) for each in found]

    assert len(told) == count


def test_without_a_calendar_nothing_is_asked(confirmed, provider, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert conflicts.undecided_conflicts(provider, now=NOW) == []


# --- Telling ----------------------------------------------------------------------------------------------------------


def test_a_conflict_is_told_once(event, confirmed, provider):
    Message.objects.all().delete()
    InboxItem.objects.all().delete()
    mail.outbox.clear()

    assert [conflicts.tell_new_conflicts(provider) for _ in range(3)] == [1, 0, 0]
    deliver()

    [told] = mail.outbox
    assert provider.user.email in told.to[0]
    assert told.subject == f"Busy in Google at the time of your appointment with {confirmed.customer.name}"
    assert "“Personal” is busy 09:45 to 10:15." in told.body
    assert "School play" not in str(told.message())
    assert InboxItem.objects.get(reader=provider.user).name == conflicts.NOTICE
    assert Appointment.objects.get().status == Status.CONFIRMED


def test_the_customer_is_told_nothing(event, confirmed, provider, customer):
    deliver()
    before = SentMail.objects.filter(user=customer).count(), InboxItem.objects.filter(reader=customer).count()
    conflicts.tell_new_conflicts(provider)
    deliver()

    assert (SentMail.objects.filter(user=customer).count(), InboxItem.objects.filter(reader=customer).count()) == before


def test_one_mail_tells_all_that_one_event_lies_over(calendar, book, provider):
    both = book().appointment, book(start=ELEVEN).appointment
    deliver()
    mail.outbox.clear()
    put(calendar, TUESDAY_TEN - 10 * HOUR, TUESDAY_TEN + 14 * HOUR)

    assert conflicts.tell_new_conflicts(provider) == 2
    deliver()

    [told] = mail.outbox
    assert told.subject == "Busy in Google at the time of 2 appointments"
    assert all(page_of(one) in told.body for one in both)
    assert told.body.count("“Personal” is busy all day.") == 2


def test_an_event_that_moves_is_told_again(event, confirmed, provider):
    conflicts.tell_new_conflicts(provider)
    BusyInterval.objects.update(end=ELEVEN)

    assert conflicts.tell_new_conflicts(provider) == 1
    assert KnownConflict.objects.count() == 1


@pytest.mark.parametrize("how", ["kept", "freed", "gone", "moved", "cancelled"])
def test_the_mail_is_not_sent_once_it_is_no_longer_true(event, confirmed, provider, customer, how):
    Message.objects.all().delete()
    conflicts.tell_new_conflicts(provider)
    [conflict] = conflicts.undecided_conflicts(provider, now=NOW)
    if how == "kept":
        conflicts.keep_both(appointment=confirmed, shown=conflict.shown, actor=provider.user)
    elif how == "freed":
        free_by_choice.treat_as_free(busy=event, actor=provider.user)
    elif how == "gone":
        event.delete()
    elif how == "moved":
        BusyInterval.objects.update(start=ELEVEN, end=ELEVEN + HOUR)
    else:
        transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)

    deliver()

    assert not [each for each in mail.outbox if "Busy in Google" in each.subject]
    assert SentMail.objects.get(key__startswith="appointment-conflicts").state == State.SKIPPED


def test_what_becomes_confirmed_at_a_busy_time_is_told(calendar, requested, provider):
    put(calendar, TUESDAY_TEN, ELEVEN)
    deliver()

    transitions.accept_request(appointment=requested, actor=provider.user)
    deliver()

    assert KnownConflict.objects.get().appointment == requested


def test_a_booking_has_the_calendar_read_anew_however_new_the_copy_is(calendar, book):
    tasks.look_for_conflicts({"provider": calendar.connection.user.provider.pk}, message=None)
    assert not Message.objects.filter(topic=reading.READ).exists()

    book()
    [job] = Message.objects.filter(topic=reading.LOOK_FOR_CONFLICTS)
    tasks.look_for_conflicts(job.payload, message=None)

    assert [each.payload for each in Message.objects.filter(topic=reading.READ)] == [{"calendar": calendar.pk}]


def test_what_is_booked_without_a_calendar_makes_no_job(confirmed):
    assert not Message.objects.filter(topic=reading.LOOK_FOR_CONFLICTS).exists()


# --- Deciding ---------------------------------------------------------------------------------------------------------


def test_keeping_both_ends_the_conflict_and_changes_nothing_else(event, confirmed, provider, studio):
    sequence, count = confirmed.sequence, Message.objects.count()

    answer = choose(studio, confirmed, "keep")

    assert answer.url == reverse("studio_appointment", args=[confirmed.reference])
    assert undecided(provider) == []
    confirmed.refresh_from_db()
    assert (confirmed.status, confirmed.sequence, Message.objects.count()) == (Status.CONFIRMED, sequence, count)
    assert "You keep both." in studio.get(page_of(confirmed)).text


def test_keeping_twice_is_calm(event, confirmed, studio):
    _, shown = options(studio.get(page_of(confirmed)))
    studio.post(page_of(confirmed), {"do": "keep", "shown": shown})
    kept_at = KnownConflict.objects.get().kept_at

    assert not conflicts.keep_both(appointment=confirmed, shown=shown, actor=confirmed.provider.user)
    assert KnownConflict.objects.get().kept_at == kept_at


@pytest.mark.parametrize("moved", ["event", "appointment"])
def test_a_decision_is_void_once_either_moves(event, confirmed, provider, studio, moved):
    choose(studio, confirmed, "keep")
    if moved == "event":
        BusyInterval.objects.update(end=ELEVEN)
    else:
        later = TUESDAY_TEN + 2 * HOUR
        proposals.propose_time(appointment=confirmed, start=later, actor=provider.user, role=Role.PROVIDER)
        proposal = Proposal.objects.get()
        proposals.accept_time(proposal=proposal, actor=confirmed.customer, role=Role.CUSTOMER)
        BusyInterval.objects.update(start=TUESDAY_TEN + 2 * HOUR, end=TUESDAY_TEN + 3 * HOUR)

    assert [reference for reference, _ in undecided(provider)] == [confirmed.reference]


def test_what_was_not_shown_is_not_kept(event, calendar, confirmed, provider, studio):
    _, shown = options(studio.get(page_of(confirmed)))
    second = put(calendar, ELEVEN - MINUTE, ELEVEN + HOUR)

    with pytest.raises(ConflictChanged):
        conflicts.keep_both(appointment=confirmed, shown=shown, actor=provider.user)
    answer = studio.post(page_of(confirmed), {"do": "keep", "shown": shown})

    assert answer.status_code == 409
    assert undecided(provider) == [(confirmed.reference, [event.pk, second.pk])]


def test_an_event_that_makes_nobody_busy_is_open_again_at_once(event, confirmed, provider, studio, service):
    before_it = TUESDAY_TEN - HOUR
    put(event.calendar, TUESDAY_TEN - HOUR, TUESDAY_TEN - 30 * MINUTE, event_id="other")
    BusyInterval.objects.filter(pk=event.pk).update(start=ELEVEN - MINUTE, end=ELEVEN + MINUTE)
    assert not may_book(service, ELEVEN, now=NOW)

    answer = choose(studio, confirmed, "free")

    assert answer.status_code == 302
    assert may_book(service, ELEVEN, now=NOW)
    assert not may_book(service, before_it, now=NOW)
    assert undecided(provider) == []
    assert Message.objects.filter(topic="appointments.refresh_openings", payload={"provider": provider.pk}).exists()
    assert "Nothing lies over this appointment" in studio.get(page_of(confirmed)).text


def test_one_of_two_events_is_treated_as_free(event, confirmed, provider, studio):
    other = put(event.calendar, ELEVEN - MINUTE, ELEVEN + HOUR, title="Dentist")
    values, shown = options(studio.get(page_of(confirmed)))
    assert [value.partition(":")[0] for value in values] == ["move", "keep", "free", "free", "cancel"]

    studio.post(page_of(confirmed), {"do": values[2], "shown": shown})

    assert undecided(provider) == [(confirmed.reference, [other.pk])]


def test_an_event_that_moved_meanwhile_is_not_treated_as_free(event, provider):
    BusyInterval.objects.filter(pk=event.pk).update(end=ELEVEN)

    assert not free_by_choice.treat_as_free(busy=event, actor=provider.user)
    assert not BusyInterval.objects.get().is_free_by_choice


def test_an_event_is_busy_again(event, provider, service):
    assert free_by_choice.treat_as_free(busy=event, actor=provider.user)
    assert not free_by_choice.treat_as_free(busy=event, actor=provider.user)
    assert free_by_choice.treat_as_busy(busy=event, actor=provider.user)
    assert not free_by_choice.treat_as_busy(busy=event, actor=provider.user)
    assert len(undecided(provider)) == 1


@pytest.mark.parametrize("act", [free_by_choice.treat_as_free, free_by_choice.treat_as_busy])
def test_nobody_else_decides_about_an_event(event, act):
    with pytest.raises(ChangeRefused):
        act(busy=event, actor=UserFactory())


def test_nobody_else_keeps_both(event, confirmed, provider):
    [conflict] = conflicts.undecided_conflicts(provider, now=NOW)
    with pytest.raises(ChangeRefused):
        conflicts.keep_both(appointment=confirmed, shown=conflict.shown, actor=UserFactory())


def test_the_page_of_the_connection_lists_what_is_free_by_choice(event, provider, studio):
    free_by_choice.treat_as_free(busy=event, actor=provider.user)
    google, busy_again = reverse("studio_google"), reverse("google_busy_again")
    event.refresh_from_db()
    assert "Free by your choice" in studio.get(google).text

    for said in ("makes you busy again", "Nothing changed."):
        assert said in studio.post(busy_again, {"event": event.key}, follow=True).text

    assert "Free by your choice" not in studio.get(google).text
    assert len(undecided(provider)) == 1


# --- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "name"), [("move", "studio_reschedule"), ("cancel", "studio_cancel")])
def test_other_ways_lead_to_their_own_pages(event, confirmed, studio, what, name):
    answer = choose(studio, confirmed, what)

    assert answer.url == reverse(name, args=[confirmed.reference])
    assert studio.get(answer.url).status_code == 200
    assert len(undecided(confirmed.provider)) == 1


def test_the_page_says_what_each_way_means(event, confirmed, studio):
    page = studio.get(page_of(confirmed))

    assert "Two things at the same time" in page.text
    assert "School play" in page.text and "09:45 to 10:15" in page.text and "Google, Personal" in page.text
    [cancel] = [each for each in page.context["ways"] if each.value == "cancel"]
    assert cancel.counts_as == "Does not count"


def test_the_page_says_that_a_busy_time_without_events_may_be_several(event, calendar, confirmed, studio):
    before = studio.get(page_of(confirmed)).text
    calendar.connection.profile = "private"
    calendar.connection.save(update_fields=["profile"])

    page = studio.get(page_of(confirmed)).text

    several = "All of this busy time, 09:45 to 10:15, counts as free then, also if it is several events"
    assert several not in before
    assert several in page


def test_the_page_says_that_cancelling_is_late(event, confirmed, studio):
    Appointment.objects.update(start=NOW + HOUR, end=NOW + 2 * HOUR)
    BusyInterval.objects.update(start=NOW + HOUR, end=NOW + 2 * HOUR)

    [cancel] = [each for each in studio.get(page_of(confirmed)).context["ways"] if each.value == "cancel"]

    assert cancel.counts_as == "1st of 3"
    assert cancel.does[0].pattern == "This is a late cancellation."


def test_a_form_without_a_choice_is_shown_again(event, confirmed, studio):
    answer = studio.post(page_of(confirmed), {})

    assert answer.status_code == 422
    assert "Choose what should happen." in answer.text
    assert len(undecided(confirmed.provider)) == 1


def test_a_choice_that_is_none_any_more_changes_nothing(event, confirmed, studio):
    answer = studio.post(page_of(confirmed), {"do": "free:0123"})

    assert answer.status_code == 422
    assert "That is not possible any more." in answer.text


def test_a_conflict_that_is_gone_is_calm(event, confirmed, studio):
    values, shown = options(studio.get(page_of(confirmed)))
    event.delete()

    for value in values:
        answer = studio.post(page_of(confirmed), {"do": value, "shown": shown}, follow=True)
        assert answer.status_code == 200
        assert "Nothing lies over this appointment any more. Nothing changed." in answer.text


def test_the_other_appointments_under_an_event_are_named(calendar, book, studio):
    first, second = book().appointment, book(start=ELEVEN).appointment
    put(calendar, TUESDAY_TEN, ELEVEN + HOUR)

    assert page_of(second) in studio.get(page_of(first)).text


def test_pages_name_the_conflict_until_it_is_decided(event, confirmed, studio):
    pages = [
        reverse("studio_today"),
        reverse("studio_google"),
        reverse("studio_appointment", args=[confirmed.reference]),
    ]
    said = "“Personal” is busy 09:45 to 10:15."
    assert [said in studio.get(each).text for each in pages] == [True] * 3
    assert not any("School play" in studio.get(each).text for each in pages)

    choose(studio, confirmed, "keep")

    assert [said in studio.get(each).text for each in pages] == [False] * 3


def test_the_line_of_the_inbox_says_how_it_stands(event, confirmed, provider, studio):
    conflicts.tell_new_conflicts(provider)
    inbox = reverse("my_inbox")
    title = f"Busy in Google at the time of the appointment with {confirmed.customer.name}"
    before = studio.get(inbox).text
    assert title in before and "Decide<" in before and "nothing left to decide" not in before

    choose(studio, confirmed, "keep")

    after = studio.get(inbox).text
    assert title in after and "nothing left to decide" in after


def test_another_providers_conflict_is_not_there(event, confirmed, client):
    client.force_login(ProviderFactory().user)

    assert client.get(page_of(confirmed)).status_code == 404
    assert client.post(page_of(confirmed), {"do": "keep"}).status_code == 404


@pytest.mark.parametrize("count", [1, 4])
def test_the_page_costs_the_same_for_many(calendar, book, studio, django_assert_num_queries, count):
    one = [book(start=TUESDAY_TEN + n * HOUR).appointment for n in range(count)][0]
    for n in range(count):
        put(calendar, TUESDAY_TEN + n * MINUTE, TUESDAY_TEN + count * HOUR)
    studio.get(page_of(one))

    with django_assert_num_queries(13):
        studio.get(page_of(one))
