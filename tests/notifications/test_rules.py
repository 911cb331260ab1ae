from datetime import timedelta

import pytest

from notifications.rules import HOUR, Sent, time_until_a_place

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
NOW = timedelta(0)


def mails(count, *, about, youngest=NOW):
    """So many mails a second apart, the newest `youngest` old."""
    return [Sent(youngest + number * SECOND, about) for number in range(count)]


def noise(people, each):
    return [mail for person in range(people) for mail in mails(each, about=person, youngest=10 * MINUTE)]


@pytest.mark.parametrize(
    ("sent", "about", "wait"),
    [
        # nothing in the way
        ([], 1, NOW),
        (mails(19, about=1), 1, NOW),
        # twenty about one: until the oldest of them is an hour old
        (mails(20, about=1, youngest=10 * MINUTE), 1, 50 * MINUTE - 19 * SECOND),
        (mails(20, about=1, youngest=HOUR - 30 * SECOND), 1, 11 * SECOND),
        # of twenty-one, two have to leave
        (mails(21, about=1, youngest=10 * MINUTE), 1, 50 * MINUTE - 19 * SECOND),
        # mails about somebody else don't count as theirs
        (mails(20, about=2), 1, NOW),
        # nobody in particular: no such bound
        (mails(30, about=None), None, NOW),
        # an hour filled by three: they wait, whoever is new to it does not
        (noise(3, each=20), 0, 50 * MINUTE - 19 * SECOND),
        (noise(3, each=20), 9, NOW),
        (noise(3, each=20) + mails(14, about=9), 9, NOW),
        (noise(3, each=20) + mails(15, about=9, youngest=50 * MINUTE), 9, 10 * MINUTE - 14 * SECOND),
        # filled by eight: a share is 60 / 9
        (noise(8, each=8), 0, 50 * MINUTE - 7 * SECOND),
        (noise(8, each=8) + mails(5, about=9), 9, NOW),
        (noise(8, each=8) + mails(6, about=9, youngest=50 * MINUTE), 9, 10 * MINUTE - 5 * SECOND),
        # filled by a crowd: the first four of anybody go all the same
        (noise(100, each=1) + mails(3, about=999), 999, NOW),
        (noise(100, each=1) + mails(4, about=999, youngest=50 * MINUTE), 999, 10 * MINUTE - 3 * SECOND),
    ],
)
def test_the_time_until_a_mail_may_go(sent, about, wait):
    assert time_until_a_place(sent, about) == wait


def test_no_hour_holds_more_than_twice_what_it_should_whatever_eight_people_do():
    sent = []
    for turn in range(1000):
        about = turn % 8
        if not time_until_a_place(sent, about):
            sent.insert(0, Sent(NOW, about))

    assert len(sent) == 60


def test_first_come_noise_leaves_each_later_person_a_share():
    sent = noise(3, each=20)
    for turn in range(1000):
        about = 100 + turn % 5
        if not time_until_a_place(sent, about):
            sent.insert(0, Sent(NOW, about))

    got = [sum(mail.counterpart == about for mail in sent) for about in range(100, 105)]
    assert got == [7] * 5
