"""What an answer of Google says of a Meet link, and what follows: facts in, a decision out."""

from datetime import timedelta

import pytest

from calendar_sync.rules.meet import Conference, Stands, Step, after_answer, conference_of, request_of, step_of
from calendar_sync.rules.pauses import LINK_PATIENCE, until_next_look
from calendar_sync.states import Meet

LINK = "https://meet.google.com/abc-defg-hij"
EVENT, OTHER = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def asked(status):
    return {"createRequest": {"requestId": "1", "status": {"statusCode": status}}}


@pytest.mark.parametrize(
    ("event", "stands", "link"),
    [
        ({}, Stands.NONE, ""),
        ({"conferenceData": None}, Stands.NONE, ""),
        ({"conferenceData": asked("pending")}, Stands.PENDING, ""),
        ({"conferenceData": asked("pending"), "hangoutLink": LINK}, Stands.PENDING, ""),
        ({"conferenceData": asked("success"), "hangoutLink": LINK}, Stands.READY, LINK),
        ({"hangoutLink": LINK}, Stands.READY, LINK),
        ({"conferenceData": asked("failure")}, Stands.FAILED, ""),
        ({"conferenceData": {"conferenceId": "1"}}, Stands.OTHER, ""),
        ({"conferenceData": {"conferenceId": "1"}, "hangoutLink": "https://meet.example/abc"}, Stands.OTHER, ""),
        ({"conferenceData": {"conferenceId": "1"}, "hangoutLink": "javascript:alert(1)"}, Stands.OTHER, ""),
        ({"conferenceData": {"conferenceId": "1"}, "hangoutLink": LINK + "x" * 200}, Stands.OTHER, ""),
        ({"conferenceData": {"conferenceId": "1"}, "hangoutLink": LINK + "\n"}, Stands.OTHER, ""),
    ],
)
def test_what_an_event_says_of_its_conference(event, stands, link):
    assert conference_of(event) == Conference(stands, link)


N, X, P, R, F = Stands.NONE, Stands.OTHER, Stands.PENDING, Stands.READY, Stands.FAILED
ALL = ("", Meet.ASKED, Meet.READY, Meet.FAILED, Meet.REMOVED)


@pytest.mark.parametrize(
    ("wanted", "has_asked", "found", "after"),
    [
        # What a link is after the answer, by what it was: nothing, asked for, ready, failed, taken away.
        (True, False, N, ("", Meet.REMOVED, Meet.REMOVED, Meet.FAILED, Meet.REMOVED)),
        (True, False, X, (Meet.REMOVED,) * 5),
        (True, False, P, (Meet.ASKED, Meet.ASKED, Meet.ASKED, Meet.FAILED, Meet.ASKED)),
        (True, False, R, (Meet.READY,) * 5),
        (True, False, F, (Meet.FAILED,) * 5),
        (True, True, N, (Meet.FAILED,) * 5),
        (True, True, P, (Meet.ASKED,) * 5),
        (True, True, R, (Meet.READY,) * 5),
        (False, False, N, ("",) * 5),
        (False, False, X, ("",) * 5),
        (False, False, P, ("", Meet.ASKED, Meet.READY, "", "")),
        (False, False, R, ("", Meet.ASKED, Meet.READY, "", "")),
        (None, False, N, ALL),
        (None, False, R, ALL),
    ],
)
def test_what_a_link_is_after_an_answer(wanted, has_asked, found, after):
    answers = tuple(after_answer(was, Conference(found), wanted=wanted, has_asked=has_asked) for was in ALL)
    assert answers == after


def test_what_is_to_be_done_about_a_link():
    said = {wanted: [step_of(was, wanted=wanted) for was in ALL] for wanted in (True, False, None)}
    nothing = Step.NOTHING
    assert said == {
        True: [Step.ASK, nothing, nothing, nothing, nothing],
        False: [nothing, Step.TAKE_AWAY, Step.TAKE_AWAY, nothing, nothing],
        None: [nothing] * 5,
    }


def test_a_request_is_the_same_for_one_event_and_attempt_alone():
    asks = [(EVENT, 1, 1), (EVENT, 1, 2), (EVENT, 2, 1), (OTHER, 1, 1)]
    ids = [request_of(*each)["conferenceData"]["createRequest"]["requestId"] for each in asks * 2]
    assert ids[:4] == ids[4:]
    assert len(set(ids)) == 4


def test_a_pending_link_is_looked_for_after_as_long_as_it_was_waited_for():
    waits = [timedelta(), timedelta(seconds=5), timedelta(minutes=4), timedelta(hours=5), LINK_PATIENCE]
    assert [until_next_look(each) for each in waits] == [
        timedelta(seconds=5), timedelta(seconds=5), timedelta(minutes=4), timedelta(minutes=30), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("waited", "left", "pause"),
    [
        (timedelta(minutes=4), timedelta(hours=9), timedelta(minutes=4)),
        (timedelta(minutes=20), timedelta(minutes=25), timedelta(minutes=10)),
        (timedelta(minutes=30), timedelta(minutes=15), None),
        (timedelta(), timedelta(minutes=2), timedelta(seconds=5)),
        (timedelta(seconds=40), timedelta(minutes=1), timedelta(seconds=20)),
        (timedelta(minutes=1), timedelta(minutes=1), None),
    ],
)
def test_a_pending_link_is_not_waited_for_until_it_is_too_late_to_say_so(waited, left, pause):
    assert until_next_look(waited, left=left) == pause
