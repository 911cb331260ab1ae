"""No topic keeps the others waiting, whatever its handlers wait for."""

from datetime import UTC, datetime, timedelta

import pytest

from outbox import dispatch, turns
from outbox.clock import database_now
from outbox.models import Message
from tests.outbox.probe.handlers import traces

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MAIL, GOOGLE, SEARCH = "mail", "google", "search"
DUE_SINCE = {MAIL: NOON, GOOGLE: NOON + timedelta(seconds=1), SEARCH: NOON + timedelta(seconds=2)}


@pytest.mark.parametrize(
    ("held", "taken", "share", "served"),
    [
        ({}, {}, 3, [MAIL, GOOGLE, SEARCH]),  # nobody works: as they fell due
        ({MAIL: 1}, {MAIL: 1}, 3, [GOOGLE, SEARCH, MAIL]),  # somebody is at the mails
        ({MAIL: 2, GOOGLE: 1}, {MAIL: 3, GOOGLE: 2}, 3, [SEARCH, GOOGLE, MAIL]),
        ({MAIL: 3}, {MAIL: 3}, 3, [GOOGLE, SEARCH]),  # the mails hold their share
        ({MAIL: 1, GOOGLE: 1, SEARCH: 1}, {}, 1, []),
        ({}, {MAIL: 1}, None, [GOOGLE, SEARCH, MAIL]),  # one thread alone serves them in turn
        ({}, {MAIL: 1, GOOGLE: 3, SEARCH: 2}, None, [MAIL, SEARCH, GOOGLE]),
        ({MAIL: 9}, {}, None, [GOOGLE, SEARCH, MAIL]),  # no share: no bound
    ],
)
def test_topics_are_served_in_turn_and_none_beyond_its_share(held, taken, share, served):
    assert turns.order(DUE_SINCE, held=held, taken=taken, share=share) == served


@pytest.mark.parametrize(("threads", "share"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 7)])
def test_a_topic_leaves_a_thread_to_the_others(threads, share):
    assert turns.share_of(threads) == share


@pytest.mark.django_db
def test_a_long_queue_of_one_topic_lets_the_others_pass(publish):
    now = database_now()
    for n in range(3):
        publish("probe.count", key=str(n), payload={"n": n}, due_at=now - timedelta(seconds=60 - n))
    publish("probe.affect", due_at=now - timedelta(seconds=1))

    order = [claim_and_handle() for _ in range(4)]

    assert order == ["0", "one", "1", "2"]
    assert dispatch.claim() is None
    assert traces("counted") == ["0", "1", "2"]


def claim_and_handle():
    message = dispatch.claim()
    dispatch.handle(message)
    return message.key


@pytest.mark.django_db
def test_what_another_thread_is_at_waits_beyond_its_share(publish, monkeypatch):
    publish("probe.count", payload={"n": 1})
    monkeypatch.setattr(turns, "_at", {Somebody(): "probe.count"})

    assert dispatch.claim(share=1) is None
    assert dispatch.claim(share=2).key == "one"


@pytest.mark.django_db
def test_a_thread_that_was_given_up_takes_no_room(publish, monkeypatch):
    publish("probe.count", payload={"n": 1})
    given_up = Somebody()
    given_up.replaced = True
    monkeypatch.setattr(turns, "_at", {given_up: "probe.count"})

    assert dispatch.claim(share=1).key == "one"
    assert not Message.objects.due().exists()


class Somebody(dispatch.liveness.WorkingThread):
    """Another thread of the worker."""
