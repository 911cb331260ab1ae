"""Push channels: opening, renewing and stopping them, and the messages that they bring."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendar_sync import tasks
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.models import Channel, Connection, GoogleCalendar, Note
from calendar_sync.services import channels, connecting, pushes, reading
from calendar_sync.states import ChannelState, NoteKind, Profile
from core import clock
from outbox import services as outbox
from outbox.models import Message
from outbox.testing import deliver

from .pretend import MAYA
from .test_reading import calls_to
from .world import HOUR, busy_times, connect, put, read

pytestmark = pytest.mark.django_db

PUSH = reverse("google_push")
MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)


@pytest.fixture(autouse=True)
def _address(settings):
    """An address that the stand-in sends nothing to: `arriving` brings its messages here, one after another."""
    settings.GOOGLE_PUSH_ADDRESS = "https://dayline.example.com/google/push/"


@pytest.fixture
def channel(connected):
    """A channel of Maya's own calendar that was opened, with its first message still on its way."""
    look()
    return Channel.objects.get()


def look(after=timedelta()):
    """Do what the job does once a minute, `after` from now on."""
    Channel.objects.update(next_at=F("next_at") - after)
    tasks.look_for_channels()
    deliver(channels.LOOK)


def arriving(server):
    """The messages that Google has sent and that were not taken here, in order, as headers."""
    server.wait_for_pushes()
    sent = server.google.channels.delivered
    found = [push.headers for push, _status in sent]
    sent.clear()
    return found


def bring(client, server):
    """Let the messages arrive; returns the statuses they were answered with."""
    return [send(client, headers).status_code for headers in arriving(server)]


def send(client, headers):
    """Send a message as Google does: no body, and a type for it all the same."""
    return client.post(PUSH, b"", content_type="application/json; utf-8", headers=headers)


def rest(row):
    """Let the calendars be read, and nothing be due for an hour."""
    read(row)
    Message.objects.filter(topic=reading.READ).delete()
    row.calendars.update(next_read_at=clock.now() + HOUR)


def due(row):
    return row.calendars.filter(counts_as_busy=True, next_read_at__lte=clock.now()).count()


def at_google(server):
    return sorted(each.id for each in server.google.channels.live())


# --- Opening ----------------------------------------------------------------------------------------------------------


def test_a_channel_is_opened_for_the_calendar_that_counts(channel, connected, at_pretend_google):
    own = connected.calendars.get(counts_as_busy=True)

    assert (channel.calendar, channel.state, channel.failures) == (own, ChannelState.OPEN, 0)
    assert at_google(at_pretend_google) == [str(channel.uuid)]
    [asked] = calls_to(at_pretend_google, "events.watch")
    assert (asked.body["id"], asked.body["address"]) == (str(channel.uuid), "https://dayline.example.com/google/push/")
    assert len(asked.body["token"]) >= 43 and asked.body["token"] not in str(Channel.objects.values())
    assert abs(channel.expires_at - clock.now() - WEEK) < MINUTE
    assert abs(channel.next_at - clock.now() - timedelta(days=6)) < MINUTE


def test_connecting_and_choosing_have_it_looked_at_at_once(connected, provider, at_pretend_google):
    deliver(channels.LOOK)
    assert len(at_google(at_pretend_google)) == 1
    [calendar] = connected.calendars.all()
    for calendars in ([], [calendar]):
        choose(connected, calendars)
        deliver(channels.LOOK)
        assert len(at_google(at_pretend_google)) == len(calendars)


def choose(row, calendars):
    connecting.choose_calendars(connection=row, busy=calendars, write_to=None, when_stale="pause", actor=row.user)


def test_looking_again_asks_for_nothing_more(channel, at_pretend_google):
    look()
    look()
    assert len(calls_to(at_pretend_google, "events.watch")) == 1


@pytest.mark.parametrize("without", ["address", "events", "owner", "calendar"])
def test_no_channel_is_opened_where_there_is_nothing_to_tell(connected, at_pretend_google, settings, without):
    if without == "address":
        settings.GOOGLE_PUSH_ADDRESS = ""
    elif without == "events":
        Connection.objects.update(profile=Profile.PRIVATE)
    elif without == "owner":
        GoogleCalendar.objects.update(is_owned=False)
    else:
        GoogleCalendar.objects.update(counts_as_busy=False, is_written_to=False)
    look()
    assert not Channel.objects.exists()
    assert calls_to(at_pretend_google, "events.watch") == []


def test_a_worker_that_was_killed_before_the_answer_leaves_no_unknown_channel(
    client, connected, at_pretend_google, monkeypatch
):
    """Google opened one and nobody wrote it down: its first message makes it known, and no other is opened."""
    monkeypatch.setattr(channels, "_opened", lambda *args: 1 / 0)
    monkeypatch.setattr(channels, "_failed", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        look()
    lost = Channel.objects.get()
    assert (lost.state, lost.resource_id) == (ChannelState.ASKED, "")
    assert at_google(at_pretend_google) == [str(lost.uuid)]
    monkeypatch.undo()
    Message.objects.all().delete()

    assert bring(client, at_pretend_google) == [204]
    look(after=2 * MINUTE)

    lost.refresh_from_db()
    assert lost.state == ChannelState.VERIFIED and lost.resource_id
    assert at_google(at_pretend_google) == [str(lost.uuid)]


def test_a_channel_of_which_nothing_was_heard_is_given_up_for_another(client, connected, at_pretend_google):
    at_pretend_google.google.faults.add("events.watch", after=True, close=True, times=2)
    look()
    lost = Channel.objects.get()
    assert (lost.state, lost.failures) == (ChannelState.ASKED, 1)
    late = arriving(at_pretend_google)

    look(after=2 * MINUTE)

    new = Channel.objects.exclude(pk=lost.pk).get()
    assert (new.state, new.failures) == (ChannelState.OPEN, 0)
    # The one that was given up speaks after all, and is stopped for it.
    for headers in late:
        send(client, headers)
    look()
    assert list(Channel.objects.all()) == [new]
    assert at_google(at_pretend_google) == [str(new.uuid)]


def test_pauses_grow_while_google_does_not_answer(connected, at_pretend_google):
    at_pretend_google.google.faults.add("events.watch", status=503, reason="backendError", times=9)
    pauses = []
    for _ in range(6):
        look(after=2 * HOUR)
        latest = Channel.objects.order_by("-pk").first()
        pauses.append(latest.next_at - clock.now())
    assert [row.failures for row in Channel.objects.order_by("pk")] == [1, 2, 3, 4, 5, 6]
    assert pauses[-1] > 4 * MINUTE
    look()
    assert len(calls_to(at_pretend_google, "events.watch")) == 6


def test_an_address_that_google_refuses_is_noted_once_and_reading_goes_on(
    client, connected, provider, morning, at_pretend_google, settings
):
    settings.GOOGLE_PUSH_ADDRESS = "http://dayline.example.com/google/push/"
    for _ in range(3):
        look(after=2 * HOUR)
    assert Note.objects.filter(kind=NoteKind.NOT_TOLD).count() == 1
    assert Channel.objects.get().state == ChannelState.REFUSED
    put(at_pretend_google, morning)
    read(connected)
    assert busy_times(provider) == [(morning, morning + HOUR)]
    client.force_login(provider.user)
    page = client.get(reverse("studio_google")).text
    assert "Google will not tell us of changes" in page
    assert "Read again every 12 minutes or so" in page


# --- Renewing and stopping --------------------------------------------------------------------------------------------


def test_a_channel_is_renewed_a_day_before_its_end_and_the_old_one_stopped(client, channel, at_pretend_google):
    bring(client, at_pretend_google)

    look(after=timedelta(days=6))

    new = Channel.objects.get()
    assert new.pk != channel.pk
    assert at_google(at_pretend_google) == [str(new.uuid)]
    assert [call.method for call in at_pretend_google.google.calls if call.method.endswith(("watch", "stop"))] == [
        "events.watch",
        "events.watch",
        "channels.stop",
    ]


def test_the_old_channel_stays_while_the_new_one_is_not_there(client, channel, connected, at_pretend_google):
    bring(client, at_pretend_google)
    at_pretend_google.google.faults.add("events.watch", status=503, reason="backendError")
    look(after=timedelta(days=6))
    rest(connected)
    assert at_google(at_pretend_google) == [str(channel.uuid)]
    at_pretend_google.google.put(MAYA, {"summary": "x", **one_hour()})
    bring(client, at_pretend_google)
    assert due(connected) == 1


def one_hour():
    at = clock.now() + timedelta(days=2)
    return {"start": {"dateTime": at.isoformat()}, "end": {"dateTime": (at + HOUR).isoformat()}}


def test_a_calendar_that_counts_no_more_has_its_channel_stopped(channel, connected, at_pretend_google):
    choose(connected, [])
    deliver(channels.LOOK)
    assert not Channel.objects.exists()
    assert at_google(at_pretend_google) == []


@pytest.mark.parametrize("address", ["", "https://other.example.com/google/push/"])
def test_another_address_replaces_the_channels_of_the_one_before(channel, at_pretend_google, settings, address):
    settings.GOOGLE_PUSH_ADDRESS = address
    look()
    assert list(Channel.objects.values_list("address", flat=True)) == ([address] if address else [])
    assert at_google(at_pretend_google) == [str(uuid) for uuid in Channel.objects.values_list("uuid", flat=True)]


def test_a_channel_that_google_does_not_know_any_more_is_no_failure(channel, connected, at_pretend_google):
    at_pretend_google.google.channels.stop(str(channel.uuid), channel.resource_id, **owner(at_pretend_google, channel))
    choose(connected, [])
    deliver(channels.LOOK)
    assert [call.status for call in calls_to(at_pretend_google, "channels.stop")] == [404]
    assert not Channel.objects.exists()


def owner(server, channel):
    one = server.google.channels._channels[str(channel.uuid)]
    return {"sub": one.sub, "client_id": one.client_id}


def test_a_stop_that_fails_is_tried_again_after_a_pause(channel, connected, at_pretend_google):
    at_pretend_google.google.faults.add("channels.stop", status=503, reason="backendError")
    choose(connected, [])
    deliver(channels.LOOK)
    channel.refresh_from_db()
    assert (channel.state, channel.failures) == (ChannelState.STOPPING, 1)
    look()
    assert len(calls_to(at_pretend_google, "channels.stop")) == 1
    look(after=HOUR)
    assert at_google(at_pretend_google) == []
    assert not Channel.objects.exists()


def test_channels_that_ended_are_forgotten(channel):
    Channel.objects.update(expires_at=clock.now() - MINUTE)
    assert channels.forget_ended(now=clock.now()) == 1


def test_disconnecting_stops_the_channels_before_the_grant_is_gone(channel, connected, at_pretend_google):
    connecting.disconnect(connection=connected, actor=connected.user)
    deliver()
    assert at_google(at_pretend_google) == []
    ends = [(call.method, call.status) for call in at_pretend_google.google.calls]
    assert [each for each in ends if each[0] in {"channels.stop", "revoke"}] == [
        ("channels.stop", 204),
        ("revoke", 200),
    ]
    assert not Channel.objects.exists() and not Connection.objects.exists()


def test_disconnecting_waits_for_a_channel_that_is_being_opened(connected, at_pretend_google):
    calendar = connected.calendars.get(counts_as_busy=True)
    channel = channels._commit(connected, calendar, "x")
    connecting.disconnect(connection=connected, actor=connected.user)
    with pytest.raises(outbox.NotYet):
        deliver("calendar_sync.revoke")
    assert channels._commit(connected, calendar, "y") is None
    Channel.objects.filter(pk=channel.pk).update(asked_at=clock.now() - 2 * MINUTE)
    Message.objects.update(leased_until=None)
    connecting.revoke(connected.pk, is_last_try=False)
    assert not Connection.objects.exists()


def test_a_channel_that_cannot_be_stopped_delays_the_end_of_the_grant_for_ten_minutes(
    channel, connected, at_pretend_google
):
    at_pretend_google.google.faults.add("channels.stop", status=503, reason="backendError", times=9)
    connecting.disconnect(connection=connected, actor=connected.user)
    with pytest.raises(outbox.Retry):
        deliver("calendar_sync.revoke")
    Connection.objects.update(state_since=clock.now() - 11 * MINUTE)
    connecting.revoke(connected.pk, is_last_try=False)
    assert not Connection.objects.exists()
    assert [call.status for call in calls_to(at_pretend_google, "revoke")] == [200]


def test_disconnecting_what_google_ended_already_has_no_channel_to_stop(channel, connected, at_pretend_google):
    at_pretend_google.google.revoke(MAYA)
    connecting.disconnect(connection=connected, actor=connected.user)
    deliver()
    assert not Connection.objects.exists()


# --- Messages ---------------------------------------------------------------------------------------------------------


def test_the_first_message_verifies_the_channel_and_the_page_says_so(
    client, channel, connected, provider, at_pretend_google
):
    rest(connected)
    client.force_login(provider.user)
    page = reverse("studio_google")
    assert "Google tells us of changes" not in client.get(page).text

    assert bring(client, at_pretend_google) == [204]

    channel.refresh_from_db()
    assert (channel.state, channel.last_number) == (ChannelState.VERIFIED, 1)
    deliver("calendar_sync.read")
    assert "Google tells us of changes at once" in client.get(page).text


def test_a_change_at_google_closes_its_time_without_a_poll(
    client, channel, connected, provider, morning, at_pretend_google
):
    bring(client, at_pretend_google)
    rest(connected)
    put(at_pretend_google, morning)
    assert bring(client, at_pretend_google) == [204]
    deliver("calendar_sync.read")
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_the_first_message_may_come_before_the_answer(client, connected, at_pretend_google, monkeypatch):
    watch = CalendarApi.watch

    def answered_late(api, *args, **values):
        watched = watch(api, *args, **values)
        assert bring(client, at_pretend_google) == [204]
        return watched

    monkeypatch.setattr(CalendarApi, "watch", answered_late)
    look()
    channel = Channel.objects.get()
    assert (channel.state, channel.last_number) == (ChannelState.VERIFIED, 1)
    assert abs(channel.next_at - clock.now() - timedelta(days=6)) < MINUTE


def test_however_many_messages_come_it_is_read_once(client, channel, connected, morning, at_pretend_google):
    bring(client, at_pretend_google)
    rest(connected)
    at_pretend_google.google.channels.copies = 2
    for number in range(10):
        put(at_pretend_google, morning + number * HOUR)
    before = len(calls_to(at_pretend_google, "events.list"))
    assert bring(client, at_pretend_google) == [204] * 20
    deliver("calendar_sync.read")
    assert len(calls_to(at_pretend_google, "events.list")) == before + 1


def test_a_message_during_a_reading_has_the_calendar_read_once_more(
    client, channel, connected, morning, at_pretend_google
):
    bring(client, at_pretend_google)
    rest(connected)
    connected.calendars.update(next_read_at=clock.now())
    taken = reading._take_turn(connected.calendars.get(counts_as_busy=True).pk)
    put(at_pretend_google, morning)
    bring(client, at_pretend_google)
    reading._release(taken)
    assert due(connected) == 1


def test_doubled_and_late_messages_do_nothing(client, channel, connected, morning, at_pretend_google):
    bring(client, at_pretend_google)
    google = at_pretend_google.google
    google.channels.held = True
    put(at_pretend_google, morning)
    put(at_pretend_google, morning + HOUR)
    google.channels.release()
    [newer, older] = arriving(at_pretend_google)
    rest(connected)
    assert send(client, newer).status_code == 204
    assert due(connected) == 1
    rest(connected)
    for headers in (newer, older):
        assert send(client, headers).status_code == 204
    assert due(connected) == 0


def test_a_lost_message_is_made_good_by_the_next_poll(client, channel, connected, provider, morning, at_pretend_google):
    bring(client, at_pretend_google)
    rest(connected)
    at_pretend_google.google.channels.drop = 1
    put(at_pretend_google, morning)
    assert bring(client, at_pretend_google) == []
    read(connected)
    assert len(busy_times(provider)) == 1


def forged(headers, what):
    """A message of Google's with one thing wrong with it."""
    wrong = {
        "token": {"X-Goog-Channel-Token": "x" * 43},
        "no token": {"X-Goog-Channel-Token": ""},
        "strange token": {"X-Goog-Channel-Token": "\xe9\xff"},
        "resource": {"X-Goog-Resource-ID": "x" * 27},
        "no resource": {"X-Goog-Resource-ID": ""},
        "long resource": {"X-Goog-Resource-ID": "x" * 9000},
        "channel": {"X-Goog-Channel-ID": str(uuid4())},
        "no channel": {"X-Goog-Channel-ID": "' OR 1=1"},
        "number": {"X-Goog-Message-Number": "-1"},
        "endless number": {"X-Goog-Message-Number": "9" * 400},
        "other number": {"X-Goog-Message-Number": "²"},
    }
    return headers | wrong[what]


FORGERIES = [
    "token", "no token", "strange token", "resource", "no resource", "long resource", "channel", "no channel", "number",
    "endless number", "other number",
]  # fmt: skip


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_message_is_answered_alike_and_does_nothing(
    client, channel, connected, morning, at_pretend_google, what
):
    bring(client, at_pretend_google)
    rest(connected)
    put(at_pretend_google, morning)
    [headers] = arriving(at_pretend_google)
    before = Channel.objects.values().get()
    with CaptureQueriesContext(database) as asked:
        answer = send(client, forged(headers, what))
    assert (answer.status_code, answer.content, answer.cookies.keys()) == (204, b"", set())
    assert len(asked) <= 1
    assert Channel.objects.values().get() == before
    assert due(connected) == 0
    assert not Message.objects.filter(topic=reading.READ).exists()


def test_a_message_of_a_channel_that_ended_or_was_refused_does_nothing(
    client, channel, connected, morning, at_pretend_google
):
    bring(client, at_pretend_google)
    rest(connected)
    put(at_pretend_google, morning)
    [headers] = arriving(at_pretend_google)
    for change in ({"expires_at": clock.now()}, {"expires_at": clock.now() + WEEK, "state": ChannelState.REFUSED}):
        Channel.objects.update(**change)
        assert send(client, headers).status_code == 204
    assert due(connected) == 0


def test_a_message_for_a_connection_that_was_ended_does_nothing(client, channel, connected, at_pretend_google):
    messages = arriving(at_pretend_google)
    connecting.disconnect(connection=connected, actor=connected.user)
    for headers in messages:
        assert send(client, headers).status_code == 204
    deliver()
    assert calls_to(at_pretend_google, "events.list") == []
    assert not Channel.objects.exists()


def test_what_failed_keeps_its_pause(client, channel, connected, morning, at_pretend_google):
    bring(client, at_pretend_google)
    rest(connected)
    connected.calendars.update(failures=3)
    put(at_pretend_google, morning)
    bring(client, at_pretend_google)
    assert due(connected) == 0


def test_bodies_are_ignored_and_bounded_and_only_post_is_taken(client):
    assert client.post(PUSH, b"{" * 9_000, content_type="application/json").status_code == 204
    assert client.post(PUSH, b"{" * 20_000, content_type="application/json").status_code == 413
    assert client.get(PUSH).status_code == 405


def test_a_message_asks_nothing_of_session_or_person(client, provider, channel, connected, morning, at_pretend_google):
    client.force_login(provider.user)
    with CaptureQueriesContext(database) as asked:
        answer = send(client, {"X-Goog-Channel-ID": str(uuid4())})
    assert (answer.status_code, len(asked)) == (204, 0)
    bring(client, at_pretend_google)
    rest(connected)
    put(at_pretend_google, morning)
    put(at_pretend_google, morning + HOUR)
    first, second = arriving(at_pretend_google)
    costs = []
    for headers in (first, second):
        with CaptureQueriesContext(database) as asked:
            send(client, headers)
        costs.append(len([each for each in asked if not each["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]))
    assert costs[0] <= 7 and costs[1] <= 4


def test_real_pushes_reach_a_real_server(transactional_db, live_server, settings, provider, morning, at_pretend_google):
    """Google's own messages, from its own thread, over the network."""
    settings.GOOGLE_PUSH_ADDRESS = live_server.url + PUSH
    row = connect(provider, at_pretend_google)
    deliver(channels.LOOK)
    at_pretend_google.wait_for_pushes()
    assert Channel.objects.get().state == ChannelState.VERIFIED
    rest(row)
    put(at_pretend_google, morning)
    at_pretend_google.wait_for_pushes()
    assert [status for _push, status in at_pretend_google.google.channels.delivered] == [204, 204]
    deliver("calendar_sync.read")
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_hash_is_kept_of_a_token_and_never_the_token(channel, at_pretend_google):
    [headers] = arriving(at_pretend_google)
    assert channel.token_hash == pushes.hash_of(headers["X-Goog-Channel-Token"])
