"""The rules of how much mail one person gets, and which of it goes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# So many mails go to one person within an hour: altogether, and about dealings with one other person.
PER_HOUR = 60
PER_HOUR_ABOUT_ONE = 20
# Mails that anybody can have sent by typing an address, all kinds together: to one address, and from one network.
ASKED_PER_HOUR = 6
ASKED_PER_DAY = 12
ASKED_PER_DAY_FROM_ONE = 100
# A counterpart's first mails within an hour go however full the hour is: about them, the person knows nothing yet.
FIRST = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was sent within the hour: how long ago, and the key of the other person it was about."""

    age: timedelta
    counterpart: int | None


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """How many mails were asked for earlier: to the same address within an hour and a day, from the same network."""

    to_them_in_an_hour: int
    to_them_in_a_day: int
    from_there_in_a_day: int


def used_up_budget(before: AskedBefore) -> str:
    """The budget that has no room for one more mail somebody asked for; empty where all have."""
    if before.to_them_in_an_hour >= ASKED_PER_HOUR:
        return "enough such mails to this address within the hour"
    if before.to_them_in_a_day >= ASKED_PER_DAY:
        return "enough such mails to this address within the day"
    if before.from_there_in_a_day >= ASKED_PER_DAY_FROM_ONE:
        return "enough such mails asked for from one network within the day"
    return ""


def time_until_a_place(sent: Sequence[Sent], counterpart: int | None) -> timedelta:
    """The time until one more mail about `counterpart` may go; zero where it may go now.

    Nobody's mails wait behind another person's noise: in a full hour, a mail still goes while its counterpart has had
    less than an equal share of it. So an hour has at most twice PER_HOUR mails, or FIRST for each counterpart. `sent`
    are the mails of the last hour to the same reader.
    """
    moments = sorted({timedelta(0), *(HOUR - mail.age for mail in sent)})
    return next(
        (
            moment
            for moment in moments
            if _has_a_place([mail for mail in sent if mail.age + moment < HOUR], counterpart)
        ),
        HOUR,
    )


def _has_a_place(sent: Sequence[Sent], counterpart: int | None) -> bool:
    about_them = sum(mail.counterpart == counterpart for mail in sent)
    if counterpart is not None and about_them >= PER_HOUR_ABOUT_ONE:
        return False
    counterparts = {mail.counterpart for mail in sent} | {counterpart}
    share = max(FIRST, PER_HOUR // len(counterparts))
    return len(sent) < PER_HOUR or about_them < share
