"""Google Meet links: asked for with the event of an online appointment, pending at first, and then how one joins."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.urls import reverse

from appointments.models import Appointment
from appointments.outside import google
from appointments.services import join_links, proposals, transitions
from appointments.states import Role
from calendar_sync import queries
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.models import Connection, Note, WrittenEvent
from calendar_sync.services import connecting, edits, writing, written
from calendar_sync.states import Meet, NoteKind, State, WhenChanged
from core import clock
from notifications.models import Kind, SentMail
from outbox.models import Message
from outbox.testing import deliver
from providers.models import BookingPolicy
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .joining import asks, choose, link_of, look, make_ready, meets, tell, to_mina
from .pretend import MAYA, ROBIN
from .world import HOUR, book, cancel, connect_person, entries, read, starts, writes

pytestmark = pytest.mark.django_db
LINK = "https://meet.google.com/"


@pytest.fixture
def appointment(talk):
    return talk


# --- Made and told ----------------------------------------------------------------------------------------------------


def test_the_link_of_an_online_appointment_is_pending_first_and_then_how_one_joins(appointment, at_pretend_google):
    before = (link_of(appointment), WrittenEvent.objects.get().meet)
    make_ready(at_pretend_google)
    [link] = meets(at_pretend_google)
    assert before == ("", Meet.ASKED)
    assert link.startswith(LINK)
    assert link_of(appointment) == link
    assert WrittenEvent.objects.values_list("meet", "meet_link", "write_at", "must_look").get() == (
        Meet.READY, link, None, False,
    )  # fmt: skip
    assert len(asks(at_pretend_google)) == 1


def test_an_appointment_in_person_gets_no_link(provider, makes_meet, morning, at_pretend_google):
    made = book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    make_ready(at_pretend_google)
    assert (asks(at_pretend_google), meets(at_pretend_google), link_of(made)) == ([], [""], "")


def test_no_link_is_made_unless_the_provider_wants_it(online, morning, at_pretend_google):
    Connection.objects.update(makes_meet=False)
    made = book(online, morning)
    deliver()
    make_ready(at_pretend_google)
    assert (asks(at_pretend_google), link_of(made)) == ([], "")


def test_a_request_gets_its_link_once_it_is_confirmed(online, morning, at_pretend_google):
    BookingPolicy.objects.update(accepts_at_once=False)
    Connection.objects.update(writes_requests=True)
    made = book(online, morning)
    deliver()
    before = asks(at_pretend_google)
    transitions.accept_request(appointment=made, actor=made.provider.user)
    deliver()
    make_ready(at_pretend_google)
    assert before == []
    assert link_of(made).startswith(LINK)


def test_the_confirmation_goes_at_once_and_the_link_is_told_once_afterwards(appointment, at_pretend_google):
    [confirmed] = to_mina()
    make_ready(at_pretend_google)
    [told] = tell()
    look()
    link = link_of(appointment)
    assert "The link to join follows" in confirmed.body
    assert told.subject.startswith("Link to join: ")
    assert f"Join: {link}" in told.body
    assert f'href="{link}"' in told.alternatives[0][0]
    assert f"LOCATION:{link}" in str(told.attachments)
    assert tell() == []
    assert join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id) == 0
    assert SentMail.objects.filter(kind=Kind.JOIN).count() == 1


def test_the_links_of_several_appointments_are_told_in_one_mail(appointment, online, morning, at_pretend_google):
    second = book(online, morning + 2 * HOUR, appointment.customer)
    deliver()
    make_ready(at_pretend_google)
    [told] = tell()
    assert told.subject.startswith("Link to join: 2 appointments with ")
    assert all(f"Join: {link_of(each)}" in told.body for each in (appointment, second))


def test_a_link_that_another_mail_names_already_is_not_told_again(appointment, at_pretend_google):
    make_ready(at_pretend_google)
    later = clock.now() + HOUR
    SentMail.objects.filter(kind=Kind.CONFIRMED, user=appointment.customer).update(handed_over_at=later, sent_at=later)
    assert tell() == []
    assert SentMail.objects.get(kind=Kind.JOIN).reason == "another mail names the link"


def test_a_link_that_the_confirmation_itself_names_is_not_told_again(online, morning, at_pretend_google):
    mina = UserFactory(name="Mina Sato", email="mina@mail.example", email_confirmed_at=clock.now())
    made = book(online, morning, mina)
    for topic in ("appointments.write_to_calendars", "calendar_sync.write", "calendar_sync.hand_link"):
        deliver(topic)
    at_pretend_google.google.clock.advance(3)
    WrittenEvent.objects.exclude(write_at=None).update(write_at=clock.now())
    writing.write_due(Connection.objects.get().pk)
    deliver("calendar_sync.hand_link")
    link = link_of(made)
    deliver()
    [confirmed] = to_mina()
    assert f"Join: {link}" in confirmed.body
    assert tell() == []


def test_mails_and_files_written_after_it_have_the_link(appointment, morning, at_pretend_google, client):
    make_ready(at_pretend_google)
    tell()
    django_mail.outbox.clear()
    BookingPolicy.objects.update(accepts_at_once=True)
    row = Appointment.objects.with_people().get(pk=appointment.pk)
    proposals.propose_time(appointment=row, start=morning + 2 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    link = link_of(appointment)
    assert len(django_mail.outbox) == 2
    assert all(f"Join: {link}" in each.body for each in django_mail.outbox)
    client.force_login(appointment.customer)
    file = client.get(reverse("appointment_ics", args=[appointment.reference])).content.decode()
    assert f"LOCATION:{link}" in file.replace("\r\n ", "")


def test_both_sides_see_the_link_on_their_pages_and_before_it_that_it_is_coming(appointment, at_pretend_google, client):
    pages = [
        (appointment.customer, reverse("my_appointment", args=[appointment.reference])),
        (appointment.provider.user, reverse("studio_appointment", args=[appointment.reference])),
    ]

    def shown():
        texts = []
        for person, address in pages:
            client.force_login(person)
            texts.append(client.get(address).text)
        return texts

    before = shown()
    make_ready(at_pretend_google)
    link = link_of(appointment)
    assert "The link is on its way; we email it to you" in before[0]
    assert "Google is making the link; Mina gets it by mail" in before[1]
    assert all(f'href="{link}"' in text for text in shown())
    client.force_login(appointment.customer)
    assert f'href="{link}"' in client.get(reverse("my_appointments")).text


def test_the_calendar_of_the_customer_has_the_link_as_its_place_and_makes_none(
    appointment, makes_meet, at_pretend_google
):
    connect_person(appointment.customer, at_pretend_google, ROBIN)
    Connection.objects.update(makes_meet=True)
    deliver()
    make_ready(at_pretend_google)
    [theirs], [mine] = at_pretend_google.google.entries(ROBIN), entries(at_pretend_google)
    link = link_of(appointment)
    assert (theirs["location"], theirs.get("hangoutLink")) == (link, None)
    assert f"To join online: {link}" in theirs["description"]
    assert (mine["location"], mine["hangoutLink"]) == ("Online", link)
    assert len(asks(at_pretend_google)) == 1


# --- Written again ----------------------------------------------------------------------------------------------------


def test_a_link_causes_no_write_by_its_echo_and_stays_through_every_later_one(
    appointment, makes_meet, morning, at_pretend_google
):
    make_ready(at_pretend_google)
    [link] = meets(at_pretend_google)
    sent = len(writes(at_pretend_google))
    read(makes_meet)
    look()
    assert len(writes(at_pretend_google)) == sent
    BookingPolicy.objects.update(accepts_at_once=True)
    row = Appointment.objects.with_people().get(pk=appointment.pk)
    proposals.propose_time(appointment=row, start=morning + 2 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    assert starts(at_pretend_google) == [morning + 2 * HOUR]
    assert (meets(at_pretend_google), link_of(appointment)) == ([link], link)
    assert len(asks(at_pretend_google)) == 1


def test_a_reading_that_brings_the_link_counts_too(appointment, makes_meet, at_pretend_google):
    WrittenEvent.objects.update(write_at=None, must_look=False)
    at_pretend_google.google.clock.advance(3)
    read(makes_meet)
    deliver()
    assert link_of(appointment).startswith(LINK)


@pytest.mark.parametrize("fault", [{"status": 503}, {"close": True}])
def test_a_link_whose_answer_got_lost_is_one_link(online, morning, at_pretend_google, fault):
    at_pretend_google.google.faults.add("events.insert", after=True, **fault)
    made = book(online, morning)
    deliver()
    make_ready(at_pretend_google)
    make_ready(at_pretend_google)
    assert len(set(asks(at_pretend_google))) == 1
    assert [link_of(made)] == meets(at_pretend_google) != [""]


def test_a_link_that_is_asked_for_of_an_event_that_was_changed_there_is_made_all_the_same(
    online, morning, at_pretend_google
):
    Connection.objects.update(makes_meet=False)
    made = book(online, morning)
    deliver()
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"colorId": "5"})
    choose(Connection.objects.get())
    look()
    make_ready(at_pretend_google)
    [after] = entries(at_pretend_google)
    assert (after["colorId"], after["hangoutLink"]) == ("5", link_of(made))


def test_what_is_booked_gets_its_link_when_the_provider_chooses_so(online, morning, at_pretend_google):
    Connection.objects.update(makes_meet=False)
    made = book(online, morning)
    deliver()
    choose(Connection.objects.get())
    make_ready(at_pretend_google)
    assert link_of(made).startswith(LINK)


def test_events_known_again_after_connecting_anew_keep_their_link(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    link = link_of(appointment)
    Message.objects.all().delete()
    row = WrittenEvent.objects.get()
    WrittenEvent.objects.filter(pk=row.pk).update(meet="", meet_link="", etag="", content="", write_at=clock.now())
    look()
    assert (meets(at_pretend_google), link_of(appointment)) == ([link], link)


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_a_link_that_google_does_not_make_is_noted_and_not_asked_for_again(appointment, makes_meet, at_pretend_google):
    at_pretend_google.google.meets.fails = True
    make_ready(at_pretend_google)
    row = WrittenEvent.objects.get()
    written.compare(makes_meet.user, now=clock.now())
    look()
    assert (row.meet, row.write_at, link_of(appointment)) == (Meet.FAILED, None, "")
    assert Note.objects.filter(kind=NoteKind.NO_MEET).count() == 1
    assert len(asks(at_pretend_google)) == 1
    assert not queries.meet_links(makes_meet.user_id, source=google.name, keys=[appointment.uuid])[
        appointment.uuid
    ].is_coming


def test_the_provider_reads_with_the_appointment_that_google_made_no_link(appointment, at_pretend_google, client):
    at_pretend_google.google.meets.fails = True
    make_ready(at_pretend_google)
    client.force_login(appointment.provider.user)
    page = client.get(reverse("studio_appointment", args=[appointment.reference])).text
    client.force_login(appointment.customer)
    theirs = client.get(reverse("my_appointment", args=[appointment.reference])).text
    assert "Google made no Meet link: tell Mina how to join." in page
    assert "The link is on its way" not in theirs
    assert "Meet" not in theirs


def test_choosing_links_again_asks_for_one_that_failed(appointment, makes_meet, at_pretend_google):
    at_pretend_google.google.meets.fails = True
    make_ready(at_pretend_google)
    at_pretend_google.google.meets.fails = False
    choose(makes_meet)
    make_ready(at_pretend_google)
    assert link_of(appointment).startswith(LINK)
    assert len(set(asks(at_pretend_google))) == 2


def test_a_look_under_way_does_not_undo_that_links_were_chosen_again(
    appointment, makes_meet, at_pretend_google, monkeypatch
):
    at_pretend_google.google.meets.fails = True
    make_ready(at_pretend_google)
    at_pretend_google.google.meets.fails = False
    WrittenEvent.objects.update(must_look=True, write_at=clock.now())
    event, chosen = CalendarApi.event, []

    def meanwhile(self, *args, **kwargs):
        answer = event(self, *args, **kwargs)
        if not chosen:
            chosen.append(True)
            own = makes_meet.calendars.get(is_primary=True)
            connecting.choose_calendars(
                connection=makes_meet, busy=[own], write_to=own, makes_meet=True, when_stale="pause",
                actor=makes_meet.user,
            )  # fmt: skip
        return answer

    monkeypatch.setattr(CalendarApi, "event", meanwhile)
    writing.write_due(makes_meet.pk)
    look()
    make_ready(at_pretend_google)
    assert chosen
    assert link_of(appointment).startswith(LINK)


def test_an_account_that_may_make_none_has_its_appointments_written_without(online, morning, at_pretend_google):
    at_pretend_google.google.meets.refuses = True
    book(online, morning)
    deliver()
    row = WrittenEvent.objects.get()
    assert starts(at_pretend_google) == [morning]
    assert (row.meet, row.problem) == (Meet.FAILED, "")
    assert Note.objects.filter(kind=NoteKind.NO_MEET).exists()


def test_a_pending_link_is_looked_for_with_growing_pauses_and_not_for_ever(appointment, at_pretend_google):
    at_pretend_google.google.meets.takes = timedelta(days=9)
    at_pretend_google.google.meets._pending.clear()
    pauses = []
    with time_machine.travel(clock.now(), tick=False) as travel:
        while (at := WrittenEvent.objects.values_list("write_at", flat=True).get()) is not None:
            pauses.append(at - clock.now())
            travel.move_to(at)
            writing.write_due(Connection.objects.get().pk)
    assert pauses[0] < timedelta(seconds=6)
    assert pauses == sorted(pauses)
    assert max(pauses) == timedelta(minutes=30)
    assert sum(pauses, timedelta()) < timedelta(hours=7)
    assert WrittenEvent.objects.get().meet == Meet.FAILED
    assert len(asks(at_pretend_google)) == 1


def test_a_link_is_looked_for_also_where_somebody_asks_while_its_event_is_written(
    online, morning, at_pretend_google, monkeypatch
):
    made = book(online, morning)
    insert = CalendarApi.insert

    def meanwhile(self, *args, **kwargs):
        answer = insert(self, *args, **kwargs)
        google.write([made.pk])
        return answer

    monkeypatch.setattr(CalendarApi, "insert", meanwhile)
    deliver()
    row = WrittenEvent.objects.get()
    assert (row.meet, row.write_at is None, row.must_look) == (Meet.ASKED, False, True)


def test_a_link_is_looked_for_while_its_owner_is_asked_about_the_event(
    appointment, makes_meet, morning, at_pretend_google
):
    [event] = entries(at_pretend_google)
    new = {"dateTime": (morning + HOUR).isoformat()}, {"dateTime": (morning + 2 * HOUR).isoformat()}
    at_pretend_google.google.change(MAYA, event["id"], {"start": new[0], "end": new[1]})
    look()
    asked = edits.open_for(makes_meet.user).exists()
    make_ready(at_pretend_google)
    assert asked
    assert link_of(appointment).startswith(LINK)
    assert WrittenEvent.objects.get().write_at is None


def test_a_link_that_does_not_come_is_noted_while_there_is_time_to_say_how_to_join(online, provider, at_pretend_google):
    at_pretend_google.google.meets.takes = timedelta(days=9)
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=1)
    start = clock.wall_minute_to_instant(day, 8 * 60, provider.zone)
    with time_machine.travel(start - 2 * HOUR, tick=False) as travel:
        Connection.objects.update(access_until=start + timedelta(days=2))
        book(online, start)
        deliver()
        at_pretend_google.google.meets._pending.clear()
        while (at := WrittenEvent.objects.values_list("write_at", flat=True).get()) is not None:
            travel.move_to(at)
            writing.write_due(Connection.objects.get().pk)
        given_up = clock.now()
    assert WrittenEvent.objects.get().meet == Meet.FAILED
    assert Note.objects.filter(kind=NoteKind.NO_MEET).exists()
    assert timedelta(minutes=10) < start - given_up < timedelta(minutes=20)


# --- Gone -------------------------------------------------------------------------------------------------------------


def test_a_link_goes_when_the_provider_wants_none_any_more_and_the_customer_is_told(
    appointment, makes_meet, at_pretend_google
):
    make_ready(at_pretend_google)
    tell()
    choose(makes_meet, makes_meet=False)
    [told] = tell()
    assert (meets(at_pretend_google), link_of(appointment)) == ([""], "")
    assert told.subject.startswith("No link to join any more: ")
    assert "meet.google.com" not in told.body
    assert WrittenEvent.objects.get().meet == ""


def test_a_link_that_is_not_wanted_any_more_is_gone_here_before_google_has_taken_it_away(
    appointment, makes_meet, at_pretend_google
):
    make_ready(at_pretend_google)
    own = makes_meet.calendars.get(is_primary=True)
    connecting.choose_calendars(
        connection=makes_meet, busy=[own], write_to=own, makes_meet=False, when_stale="pause", actor=makes_meet.user
    )
    deliver("calendar_sync.hand_links")
    assert link_of(appointment) == ""
    assert meets(at_pretend_google) != [""]


def test_the_calendar_of_the_customer_changes_no_link(appointment, at_pretend_google):
    make_ready(at_pretend_google)
    link = link_of(appointment)
    google.take_link(appointment.uuid, owner=appointment.customer)
    assert link_of(appointment) == link != ""


def test_a_customer_who_knew_no_link_is_not_told_that_it_is_gone(appointment, makes_meet, at_pretend_google):
    Appointment.objects.update(link_promised_at=None)
    make_ready(at_pretend_google)
    choose(makes_meet, makes_meet=False)
    assert tell() == []


def test_a_link_of_a_mail_that_was_never_sent_is_not_called_gone(appointment, makes_meet, at_pretend_google):
    Appointment.objects.update(link_promised_at=None)
    make_ready(at_pretend_google)
    join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id)
    makes_meet.refresh_from_db()
    own = makes_meet.calendars.get(is_primary=True)
    connecting.choose_calendars(
        connection=makes_meet, busy=[own], write_to=own, when_stale="pause", actor=makes_meet.user
    )
    deliver("calendar_sync.hand_links")
    assert tell() == []
    assert set(SentMail.objects.filter(kind=Kind.JOIN).values_list("reason", flat=True)) == {"no mail named a link"}


def test_no_link_is_promised_where_the_event_can_not_be_written(online, morning, makes_meet, at_pretend_google):
    at_pretend_google.google.faults.add("events.insert", status=403, reason="forbiddenForNonOrganizer", times=99)
    made = book(online, morning)
    deliver()
    [link] = queries.meet_links(makes_meet.user_id, source=google.name, keys=[made.uuid]).values()
    assert not link.is_coming


def test_no_link_is_promised_of_a_calendar_that_is_gone(appointment, makes_meet):
    makes_meet.calendars.update(gone_since=clock.now())
    [link] = queries.meet_links(makes_meet.user_id, source=google.name, keys=[appointment.uuid]).values()
    assert not link.is_coming


def test_a_link_that_is_gone_is_told_where_the_next_one_can_not_come(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    at_pretend_google.google.add_calendar(MAYA, "Practice")
    connecting.read_list(makes_meet.pk)
    at_pretend_google.google.faults.add("events.insert", status=403, reason="forbiddenForNonOrganizer", times=99)
    choose(makes_meet, write_to=makes_meet.calendars.get(name="Practice"))
    look()
    [told] = tell()
    assert link_of(appointment) == ""
    assert told.subject.startswith("No link to join any more: ")


def test_another_calendar_brings_another_link_which_is_told_in_one_mail(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    first = link_of(appointment)
    at_pretend_google.google.add_calendar(MAYA, "Practice")
    connecting.read_list(makes_meet.pk)
    choose(makes_meet, write_to=makes_meet.calendars.get(name="Practice"))
    between = link_of(appointment)
    early = tell()
    make_ready(at_pretend_google)
    [told] = tell()
    assert (between, early) == ("", [])
    assert link_of(appointment) not in {"", first}
    assert told.subject.startswith("New link to join: ")
    assert f"Join: {link_of(appointment)}" in told.body


def test_a_link_ends_with_the_connection(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    connecting.disconnect(connection=makes_meet, actor=makes_meet.user)
    deliver("calendar_sync.hand_links")
    [told] = tell()
    assert link_of(appointment) == ""
    assert told.subject.startswith("No link to join any more: ")


def test_the_mail_about_several_links_that_are_gone_speaks_of_none(
    appointment, online, morning, makes_meet, at_pretend_google
):
    book(online, morning + 2 * HOUR, appointment.customer)
    deliver()
    make_ready(at_pretend_google)
    tell()
    choose(makes_meet, makes_meet=False)
    [told] = tell()
    assert told.subject.startswith("No link to join any more: 2 appointments with ")
    assert "The links to join are gone." in told.body
    assert "Each link" not in told.body
    assert "put them into the entries" not in told.body


def test_what_is_over_keeps_the_link_by_which_it_was_joined(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    link = link_of(appointment)
    with time_machine.travel(appointment.end + timedelta(days=40)):
        transitions.complete_by_itself(appointment=appointment)
        Message.objects.all().delete()
        connecting.choose_calendars(
            connection=makes_meet, busy=[], write_to=makes_meet.calendars.get(is_primary=True), when_stale="pause",
            actor=makes_meet.user,
        )  # fmt: skip
        jobs = Message.objects.filter(topic="calendar_sync.hand_link").count()
        google.take_links(owner=makes_meet.user)
        google.take_link(appointment.uuid, owner=makes_meet.user)
    assert (jobs, link_of(appointment)) == (0, link)


def test_a_cancelled_appointment_has_no_link_and_nobody_is_told_so(appointment, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    cancel(appointment)
    [told] = tell()
    look()
    assert "meet.google.com" not in told.body
    assert link_of(appointment) == ""
    assert tell() == []


def test_a_link_that_somebody_took_away_there_is_not_put_back(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"conferenceData": None})
    read(makes_meet)
    deliver()
    look()
    [told] = tell()
    assert (meets(at_pretend_google), link_of(appointment)) == ([""], "")
    assert WrittenEvent.objects.get().meet == Meet.REMOVED
    assert told.subject.startswith("No link to join any more: ")
    assert len(asks(at_pretend_google)) == 1


def test_a_conference_of_another_kind_is_the_persons_own(online, morning, at_pretend_google):
    Connection.objects.update(makes_meet=False)
    made = book(online, morning)
    deliver()
    [event] = entries(at_pretend_google)
    other = {"entryPoints": [{"entryPointType": "more", "uri": "https://video.example/1"}], "conferenceId": "1"}
    at_pretend_google.google.change(MAYA, event["id"], {"conferenceData": other})
    read(Connection.objects.get())
    choose(Connection.objects.get())
    look()
    assert (asks(at_pretend_google), link_of(made)) == ([], "")
    assert WrittenEvent.objects.get().meet == Meet.REMOVED


def test_an_event_deleted_there_keeps_its_link_until_its_owner_answers_and_gets_one_when_it_is_put_back(
    appointment, makes_meet, at_pretend_google
):
    make_ready(at_pretend_google)
    tell()
    link = link_of(appointment)
    [event] = entries(at_pretend_google)
    at_pretend_google.google.remove(MAYA, event["id"])
    read(makes_meet)
    deliver()
    asked = edits.open_for(makes_meet.user).get()
    while_asked = link_of(appointment)
    edits.put_back(event=asked, actor=makes_meet.user)
    deliver()
    make_ready(at_pretend_google)
    assert while_asked == link
    assert [link_of(appointment)] == meets(at_pretend_google) != [""]


def test_a_link_that_is_lost_with_its_event_is_asked_for_anew_and_told(appointment, makes_meet, at_pretend_google):
    Connection.objects.update(when_changed=WhenChanged.PUT_BACK)
    make_ready(at_pretend_google)
    tell()
    first = link_of(appointment)
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"conferenceData": None})
    at_pretend_google.google.remove(MAYA, event["id"])
    read(makes_meet)
    deliver()
    make_ready(at_pretend_google)
    [told] = tell()
    assert link_of(appointment) not in {"", first}
    assert told.subject.startswith("New link to join: ")


def test_a_link_that_came_with_a_move_at_google_is_taken_while_its_owner_is_asked(
    appointment, makes_meet, morning, at_pretend_google
):
    at_pretend_google.google.clock.advance(3)
    [event] = entries(at_pretend_google)
    new = {"dateTime": (morning + HOUR).isoformat()}, {"dateTime": (morning + 2 * HOUR).isoformat()}
    at_pretend_google.google.change(MAYA, event["id"], {"start": new[0], "end": new[1]})
    look()
    assert edits.open_for(makes_meet.user).exists()
    assert link_of(appointment).startswith(LINK)
    assert starts(at_pretend_google) == [morning + HOUR]


def test_an_appointment_that_takes_place_somewhere_now_shows_no_link(appointment, at_pretend_google, client):
    make_ready(at_pretend_google)
    link = link_of(appointment)
    Appointment.objects.update(venue="in_person")
    client.force_login(appointment.customer)
    page = client.get(reverse("my_appointment", args=[appointment.reference])).text
    google.write([appointment.pk])
    deliver()
    look()
    assert link not in page
    assert (meets(at_pretend_google), link_of(appointment)) == ([""], "")


def test_no_link_follows_while_google_asks_for_a_sign_in(appointment, makes_meet):
    Connection.objects.update(state=State.SIGN_IN_AGAIN)
    links = queries.meet_links(makes_meet.user_id, source=google.name, keys=[appointment.uuid])
    assert links == {appointment.uuid: queries.MeetLink(paused_since=makes_meet.state_since)}


# --- The choice -------------------------------------------------------------------------------------------------------


def test_a_provider_chooses_links_on_the_page_of_the_calendars(client, connected):
    page = reverse("google_calendars", args=[connected.uuid])
    own = connected.calendars.get(is_primary=True).google_id
    said = {"busy": [own], "write_to": own, "when_changed": "ask", "when_stale": "pause", "makes_meet": "on"}
    client.force_login(connected.user)
    before = client.get(page).text
    client.post(page, said)
    assert "Add a Google Meet link to online appointments" in before
    assert Connection.objects.get().makes_meet
    assert "A link for each online appointment" in client.get(reverse("studio_google")).text
    client.post(page, {name: value for name, value in said.items() if name != "makes_meet"})
    assert not Connection.objects.get().makes_meet


def test_a_provider_reads_that_no_links_are_made_where_nothing_is_written(client, connected):
    page = reverse("google_calendars", args=[connected.uuid])
    client.force_login(connected.user)
    said = {"busy": [], "write_to": "", "when_changed": "ask", "when_stale": "pause", "makes_meet": "on"}
    answer = client.post(page, said, follow=True).text
    assert "No Google Meet links are made, as nothing is written to this account." in answer
    assert "Nothing is written to this account, so no links are made." in answer
    assert "choose a calendar to write to, else no link is made" in client.get(page).text


def test_a_customer_is_not_asked_about_links(client, at_pretend_google):
    person = UserFactory()
    row = connect_person(person, at_pretend_google, ROBIN)
    client.force_login(person)
    assert "Google Meet" not in client.get(reverse("my_google_calendars", args=[row.uuid])).text
