"""Events of ours that somebody moves or deletes in the stand-in for Google: nothing of ours ends by it, or silently."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Appointment, AppointmentEvent, Proposal
from appointments.services import proposals, transitions
from appointments.states import ProposalState, Role
from calendar_sync.models import Connection, Note, WrittenEvent
from calendar_sync.services import connecting, edits, writing
from calendar_sync.states import Edit, NoteKind, WhenChanged
from core import clock
from core.exceptions import DomainError
from core.wording import date_text
from notifications.models import InboxItem
from outbox.testing import deliver
from providers.models import BookingPolicy, Provider, TimeOff
from tests.factories.providers import ProviderFactory

from .pretend import MAYA
from .world import DAY, HOUR, book, cancel, entries, hour_from, read, starts, take_off, writes

pytestmark = pytest.mark.django_db


def choose(choice):
    Connection.objects.update(when_changed=choice)


def move(server, start, **more):
    """Move the one event in Maya's calendar, as she does there, and have it read and judged."""
    [event] = entries(server)
    server.google.change(MAYA, event["id"], {**hour_from(start), **more})
    settle()


def delete(server):
    [event] = entries(server)
    server.google.remove(MAYA, event["id"])
    settle()


def settle():
    read(Connection.objects.get())
    deliver()


def as_it_is(appointment):
    """What of the appointment an edit at Google could have changed."""
    appointment.refresh_from_db()
    return appointment.status, appointment.start, AppointmentEvent.objects.count(), Proposal.objects.count()


def questions(appointment):
    return list(edits.open_for(appointment.provider.user))


# --- Asked ------------------------------------------------------------------------------------------------------------


def test_a_moved_event_is_asked_about_and_changes_nothing(appointment, morning, at_pretend_google, mailoutbox):
    before = as_it_is(appointment)
    move(at_pretend_google, morning + 2 * HOUR)
    sent = len(writes(at_pretend_google))
    settle()
    [row] = questions(appointment)
    assert (row.edit, row.start, row.edit_start) == (Edit.MOVED, morning, morning + 2 * HOUR)
    assert as_it_is(appointment) == before
    assert starts(at_pretend_google) == [morning + 2 * HOUR]
    assert len(writes(at_pretend_google)) == sent
    assert InboxItem.objects.filter(reader=appointment.provider.user, name=edits.NOTICE).count() == 1
    [mail] = [each for each in mailoutbox if each.subject.startswith("Moved in Google")]
    assert appointment.provider.user.email in mail.to[0]
    assert "Mina Sato: Massage" in mail.subject


def test_a_deleted_event_is_asked_about_and_cancels_nothing(appointment, at_pretend_google, mailoutbox):
    before = as_it_is(appointment)
    delete(at_pretend_google)
    settle()
    [row] = questions(appointment)
    assert row.edit == Edit.DELETED
    assert as_it_is(appointment) == before
    assert entries(at_pretend_google) == []
    assert [each.subject for each in mailoutbox if "Google" in each.subject] == [
        "Deleted in Google: Mina Sato: Massage"
    ]


def test_put_back_restores_a_moved_and_a_deleted_event(appointment, morning, at_pretend_google):
    for change in (lambda: move(at_pretend_google, morning + 2 * HOUR), lambda: delete(at_pretend_google)):
        change()
        [row] = questions(appointment)
        assert edits.put_back(event=row, actor=appointment.provider.user)
        deliver()
        assert starts(at_pretend_google) == [morning]
        assert questions(appointment) == []
        assert not edits.put_back(event=row, actor=appointment.provider.user)


def test_following_a_move_proposes_the_time_and_puts_the_event_back_until_it_is_accepted(
    appointment, morning, at_pretend_google
):
    move(at_pretend_google, morning + 2 * HOUR)
    [row] = questions(appointment)
    said = edits.follow(event=row, actor=appointment.provider.user)
    deliver()
    proposal = Proposal.objects.get(state=ProposalState.OPEN)
    put_back = starts(at_pretend_google)
    proposal.appointment = Appointment.objects.with_people().get()
    proposals.accept_time(proposal=proposal, actor=appointment.customer, role=Role.CUSTOMER)
    deliver()
    assert said.startswith("The new time is proposed.")
    assert (proposal.start, put_back) == (morning + 2 * HOUR, [morning])
    assert starts(at_pretend_google) == [morning + 2 * HOUR]
    assert edits.follow(event=row, actor=appointment.provider.user) == ""


def test_what_was_moved_back_is_asked_about_no_more(appointment, morning, at_pretend_google):
    move(at_pretend_google, morning + 2 * HOUR)
    move(at_pretend_google, morning)
    assert questions(appointment) == []


def test_what_was_moved_again_is_asked_about_as_it_is_now(appointment, morning, at_pretend_google):
    move(at_pretend_google, morning + 2 * HOUR)
    [first] = questions(appointment)
    move(at_pretend_google, morning + 3 * HOUR)
    [row] = questions(appointment)
    assert row.edit_start == morning + 3 * HOUR
    assert not edits.put_back(event=first, actor=appointment.provider.user)
    assert InboxItem.objects.filter(name=edits.NOTICE).count() == 2


def test_a_change_here_ends_the_question_and_wins(appointment, morning, at_pretend_google):
    delete(at_pretend_google)
    row = Appointment.objects.with_people().get()
    BookingPolicy.objects.update(accepts_at_once=True)
    proposals.propose_time(appointment=row, start=morning + 4 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    assert questions(appointment) == []
    assert starts(at_pretend_google) == [morning + 4 * HOUR]


def test_an_appointment_cancelled_here_ends_the_question_and_takes_its_event_away(
    appointment, morning, at_pretend_google
):
    move(at_pretend_google, morning + 2 * HOUR)
    cancel(appointment)
    deliver()
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


@pytest.mark.django_db(transaction=True)  # as in a worker, outside any transaction
def test_moved_in_google_and_here_at_once_the_time_here_stands(appointment, morning, at_pretend_google):
    BookingPolicy.objects.update(accepts_at_once=True)
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], hour_from(morning + 2 * HOUR))
    row = Appointment.objects.with_people().get()
    proposals.propose_time(appointment=row, start=morning + 4 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    settle()
    assert starts(at_pretend_google) == [morning + 4 * HOUR]
    assert questions(appointment) == []


def test_what_is_over_may_be_moved_in_the_diary(appointment, morning, at_pretend_google):
    with clock.pretended(morning + 3 * HOUR):
        move(at_pretend_google, morning + DAY)
        assert questions(appointment) == []
        assert starts(at_pretend_google) == [morning + DAY]


# --- As chosen --------------------------------------------------------------------------------------------------------


def test_who_chose_so_has_it_put_back(appointment, morning, at_pretend_google, mailoutbox):
    choose(WhenChanged.PUT_BACK)
    before = as_it_is(appointment)
    mails = len(mailoutbox)
    move(at_pretend_google, morning + 2 * HOUR)
    delete(at_pretend_google)
    assert starts(at_pretend_google) == [morning]
    assert as_it_is(appointment) == before
    assert len(mailoutbox) == mails
    assert Note.objects.filter(kind=NoteKind.PUT_BACK).count() == 2


def test_who_chose_so_has_a_moved_time_proposed(appointment, morning, at_pretend_google, mailoutbox):
    choose(WhenChanged.PROPOSE)
    move(at_pretend_google, morning + 2 * HOUR)
    assert Proposal.objects.get().start == morning + 2 * HOUR
    assert starts(at_pretend_google) == [morning]
    assert appointment.customer.email in mailoutbox[-1].to[0]
    assert Note.objects.filter(kind=NoteKind.PROPOSED).exists()
    assert questions(appointment) == []


def test_a_time_that_cannot_be_proposed_is_asked_about_and_says_why(appointment, service, morning, at_pretend_google):
    choose(WhenChanged.PROPOSE)
    book(service, morning + 2 * HOUR)
    move(at_pretend_google, morning + 2 * HOUR)
    [row] = questions(appointment)
    assert row.refusal
    assert Proposal.objects.count() == 0


def test_a_longer_event_is_asked_about_and_never_proposed(appointment, morning, at_pretend_google):
    choose(WhenChanged.PROPOSE)
    move(at_pretend_google, morning, end={"dateTime": (morning + 3 * HOUR).isoformat()})
    [row] = questions(appointment)
    with pytest.raises(DomainError, match="Only another time can be proposed"):
        edits.follow(event=row, actor=appointment.provider.user)
    assert (row.edit_start, row.edit_end) == (morning, morning + 3 * HOUR)
    assert Proposal.objects.count() == 0


def test_a_moved_event_that_gets_another_colour_is_the_same_question(appointment, morning, at_pretend_google):
    move(at_pretend_google, morning + 2 * HOUR)
    [before] = questions(appointment)
    [event] = entries(at_pretend_google)

    at_pretend_google.google.change(MAYA, event["id"], {"colorId": "3"})
    settle()

    [row] = questions(appointment)
    assert (row.edited_at, row.etag != before.etag) == (before.edited_at, True)
    assert InboxItem.objects.filter(reader=appointment.provider.user, name=edits.NOTICE).count() == 1


def test_a_proposed_time_whose_event_could_not_be_put_back_is_not_proposed_again(
    appointment, morning, at_pretend_google
):
    choose(WhenChanged.PROPOSE)
    at_pretend_google.google.faults.add("events.patch", status=400, reason="invalid")
    move(at_pretend_google, morning + 2 * HOUR)
    proposal = Proposal.objects.get()
    proposal.appointment = Appointment.objects.with_people().get()
    proposals.decline_time(proposal=proposal, actor=appointment.customer, role=Role.CUSTOMER)
    deliver()
    WrittenEvent.objects.update(write_at=clock.now())
    writing.write_due(Connection.objects.get().pk)
    assert Proposal.objects.count() == 1
    assert starts(at_pretend_google) == [morning]


@pytest.mark.parametrize("choice", WhenChanged)
def test_who_ends_the_connection_while_an_edit_is_judged_is_not_asked(
    choice, appointment, morning, at_pretend_google, monkeypatch, mailoutbox
):
    choose(choice)
    decide = edits.decide

    def ended_meanwhile(connection, *args):
        connecting.disconnect(connection=connection, actor=connection.user)
        Connection.objects.all().delete()
        return decide(connection, *args)

    monkeypatch.setattr(edits, "decide", ended_meanwhile)
    mailoutbox.clear()
    move(at_pretend_google, morning + 2 * HOUR)
    assert not Note.objects.exists()
    assert not InboxItem.objects.filter(name=edits.NOTICE).exists()


def test_a_question_ends_with_what_it_is_about(appointment, morning, at_pretend_google):
    move(at_pretend_google, morning + 2 * HOUR)
    with clock.pretended(morning + 3 * HOUR):
        transitions.complete_appointment(appointment=appointment, actor=appointment.provider.user)
        deliver()
    assert questions(appointment) == []


# --- Time off ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def time_off(connected, provider, morning):
    row = take_off(Provider.objects.select_related("user").get(pk=provider.pk), morning, morning + 2 * HOUR)
    deliver()
    return row


def test_a_deleted_time_off_is_asked_about_and_removed_only_when_that_is_said(
    time_off, provider, at_pretend_google, service
):
    delete(at_pretend_google)
    [row] = edits.open_for(provider.user)
    stood = TimeOff.objects.count()
    said = edits.follow(event=row, actor=provider.user)
    deliver()
    assert stood == 1
    assert said == "The time off is removed. Customers can book you then."
    assert not TimeOff.objects.exists()
    assert not WrittenEvent.objects.exists()


def test_a_time_off_in_whole_days_is_not_moved_by_another_zone_of_its_calendar(
    connected, provider, morning, at_pretend_google
):
    midnight = clock.wall_minute_to_instant(clock.local(morning, provider.zone).date(), 0, provider.zone)
    take_off(Provider.objects.select_related("user").get(pk=provider.pk), midnight, midnight + DAY, all_day=True)
    deliver()
    [event] = entries(at_pretend_google)
    settle()
    at_pretend_google.google.calendar(MAYA).zone = "America/New_York"

    at_pretend_google.google.change(MAYA, event["id"], {"colorId": "3"})
    settle()
    seen = [each.edit for each in WrittenEvent.objects.all()]
    days = [{"date": f"{midnight.astimezone(provider.zone).date() + n * DAY}"} for n in (1, 2)]
    at_pretend_google.google.change(MAYA, event["id"], {"start": days[0], "end": days[1]})
    settle()

    assert connected.calendars.get(counts_as_busy=True).time_zone == "America/New_York"
    assert seen == [""]
    assert [each.edit for each in WrittenEvent.objects.all()] == [Edit.MOVED]


def test_a_moved_time_off_is_asked_about_and_put_back(time_off, provider, morning, at_pretend_google):
    choose(WhenChanged.PROPOSE)
    move(at_pretend_google, morning + DAY)
    [row] = edits.open_for(provider.user)
    edits.put_back(event=row, actor=provider.user)
    deliver()
    assert TimeOff.objects.get().start == morning
    assert starts(at_pretend_google) == [morning]


# --- The page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(client, appointment, morning, at_pretend_google):
    """The address of the question about a moved appointment; its provider is signed in."""
    move(at_pretend_google, morning + 2 * HOUR)
    client.force_login(appointment.provider.user)
    return reverse("google_edit", args=[WrittenEvent.objects.get().uuid])


def press(client, page, what):
    return client.post(page, {"press": what, "seen": WrittenEvent.objects.get().edited_at.isoformat()}, follow=True)


def test_the_page_says_both_times_and_the_connection_leads_to_it(client, page):
    shown = client.get(page).text
    assert "Moved in Google: Mina Sato: Massage" in shown
    assert "Propose the new time" in shown
    assert "Mina Sato is asked." in shown
    assert f'href="{page}"' in client.get(reverse("studio_google")).text


def test_each_question_stands_on_the_page_of_the_connection_with_both_times(
    client, page, provider, service, morning, at_pretend_google
):
    day = clock.local(morning, provider.zone).date()
    # Her account at Google has London days, wherever she is.
    whole = [clock.day_bounds(day + n * DAY, provider.zone)[0] for n in (5, 7)]
    row = take_off(Provider.objects.select_related("user").get(pk=provider.pk), *whole, all_day=True)
    deliver()
    event = WrittenEvent.objects.get(key=row.uuid)
    times = {name: {"date": str(day + n * DAY)} for name, n in (("start", 6), ("end", 7))}
    at_pretend_google.google.change(MAYA, event.event_id, times)
    settle()
    shown = [(each.what, each.was, each.now) for each in client.get(reverse("studio_google")).context["edited"]]
    first, moved, last = (date_text(day + n * DAY) for n in (0, 6, 5))
    assert shown == [
        ("Appointment moved", f"{first}, 10:00 to 11:00", f"{first}, 12:00 to 13:00"),
        ("Time off moved", f"{last} to {moved}, all day", f"{moved}, all day"),
    ]
    asked = client.get(reverse("google_edit", args=[event.uuid])).text
    assert "an agreement of two" not in asked
    assert "Agreed here" not in asked


def test_a_press_proposes_or_puts_back_and_a_second_one_finds_it_settled(client, page, appointment, morning):
    seen = {"press": "follow", "seen": WrittenEvent.objects.get().edited_at.isoformat()}
    first, second = (client.post(page, seen, follow=True) for _ in range(2))
    assert "The new time is proposed." in first.text
    assert "That is settled already." in second.text
    assert Proposal.objects.count() == 1


def test_a_press_on_an_old_page_does_nothing(client, page, morning, at_pretend_google):
    old = {"press": "follow", "seen": WrittenEvent.objects.get().edited_at.isoformat()}
    move(at_pretend_google, morning + 3 * HOUR)
    answer = client.post(page, old, follow=True)
    assert "It was changed in Google again." in answer.text
    assert Proposal.objects.count() == 0


def test_a_refusal_changes_nothing_and_says_why(client, page, service, morning):
    book(service, morning + 2 * HOUR)
    answer = press(client, page, "follow")
    assert "Nothing has changed." in answer.text
    assert WrittenEvent.objects.filter(edit=Edit.MOVED).exists()


def test_somebody_else_finds_no_such_page(client, page, provider):
    client.force_login(ProviderFactory().user)
    assert client.get(page).status_code == 404


def test_the_connections_page_costs_the_same_with_many_questions(client, page, service, morning, at_pretend_google):
    def cost():
        with CaptureQueriesContext(database) as queries:
            client.get(reverse("studio_google"))
        return len(queries)

    client.get(reverse("studio_google"))
    one = cost()
    for n in range(3, 6):
        book(service, morning + n * HOUR)
    deliver()
    for event in entries(at_pretend_google):
        at_pretend_google.google.remove(MAYA, event["id"])
    settle()
    assert edits.open_for(Connection.objects.get().user).count() == 4
    assert cost() == one
