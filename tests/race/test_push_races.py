"""Push messages at once, against disconnecting, and two workers that look after the same channels: real processes."""

from datetime import timedelta
from uuid import UUID

import pytest

from calendar_sync.models import Channel, Connection, GoogleCalendar
from calendar_sync.services import channels, pushes, reading
from calendar_sync.states import ChannelState, Profile
from core import clock
from outbox.models import Message
from tests.factories.providers import ProviderFactory
from tests.processes import meet

from .test_calendar_races import disconnect, untick, values

ADDRESS = "https://dayline.example.com/google/push/"
DAY = timedelta(days=1)


@pytest.fixture
def calendar(transactional_db, settings, monkeypatch):
    """A calendar that is not due, of a connection that works."""
    settings.GOOGLE_PUSH_ADDRESS = ADDRESS
    monkeypatch.setenv("GOOGLE_PUSH_ADDRESS", ADDRESS)
    connection = Connection.objects.create(
        user=ProviderFactory().user, account="1", email="m@example.com", profile=Profile.FULL, refresh_token="r"
    )
    return connection.calendars.create(
        google_id="m@example.com", name="Own", is_owned=True, counts_as_busy=True, next_read_at=clock.now() + DAY
    )


@pytest.fixture
def channel(calendar):
    return Channel.objects.create(
        connection=calendar.connection,
        calendar=calendar,
        address=ADDRESS,
        token_hash=pushes.hash_of("token"),
        resource_id="resource",
        state=ChannelState.OPEN,
        expires_at=clock.now() + 7 * DAY,
        next_at=clock.now() + 6 * DAY,
    )


# --- What the processes do --------------------------------------------------------------------------------------------


def push(uuid, numbers, folder, size):
    """Take these messages of one channel, one after another; returns how many of them were news."""
    message = [pushes.Push(UUID(uuid), "token", "resource", number) for number in numbers]
    meet(folder, size)
    return sum(pushes.take(each, now=clock.now()) for each in message)


def commit(calendar_pk, folder, size):
    calendar = GoogleCalendar.objects.select_related("connection").get(pk=calendar_pk)
    meet(folder, size)
    return channels._commit(calendar.connection, calendar, "hash") is not None


# --- What holds afterwards --------------------------------------------------------------------------------------------


def test_twenty_messages_at_once_make_one_reading(run_calls, tmp_path, calendar, channel):
    values(run_calls([(push, str(channel.uuid), [number], str(tmp_path), 20) for number in range(1, 21)]))

    channel.refresh_from_db()
    assert (channel.state, channel.last_number) == (ChannelState.VERIFIED, 20)
    assert Message.objects.filter(topic=reading.READ).exists()
    assert [reading._take_turn(calendar.pk) is not None for _ in range(3)] == [True, False, False]


def test_a_message_that_comes_eight_times_at_once_is_news_once(run_calls, tmp_path, channel):
    outcomes = run_calls([(push, str(channel.uuid), [7], str(tmp_path), 8)] * 8)

    assert sorted(values(outcomes)) == [0] * 7 + [1]


@pytest.mark.parametrize("end", [untick, disconnect])
def test_messages_while_their_calendar_ends_leave_nothing_to_be_read(run_calls, tmp_path, calendar, channel, end):
    calls = [(push, str(channel.uuid), list(range(10 * n, 10 * n + 10)), str(tmp_path), 4) for n in (1, 2, 3)]

    values(run_calls([*calls, (end, calendar.connection_id, str(tmp_path), 4)]))

    assert reading._take_turn(calendar.pk) is None
    assert Channel.objects.filter(pk=channel.pk).exists()  # so that it is stopped


def test_of_six_workers_one_asks_for_a_channel(run_calls, tmp_path, calendar):
    outcomes = run_calls([(commit, calendar.pk, str(tmp_path), 6)] * 6)

    assert sorted(values(outcomes)) == [False] * 5 + [True]
    assert Channel.objects.count() == 1


def test_a_channel_asked_for_while_its_connection_ends_is_known_or_not_asked_for(run_calls, tmp_path, calendar):
    asked, left = run_calls(
        [(commit, calendar.pk, str(tmp_path), 2), (disconnect, calendar.connection_id, str(tmp_path), 2)]
    )

    assert values([asked, left]) == [Channel.objects.exists(), True]
    assert Channel.objects.filter(calendar=None).count() == Channel.objects.count()
