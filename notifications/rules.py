"""Limits on the mail that one person gets, which mail goes first, and what waits for the end of quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core import clock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# The most mails to one person within an hour: in all, and about dealings with one other person.
PER_HOUR = 60
PER_HOUR_ABOUT_ONE = 20
# Mails that anybody can have sent by typing an address, all kinds together: to one address, and from one network.
ASKED_PER_HOUR = 6
ASKED_PER_DAY = 12
ASKED_PER_DAY_FROM_ONE = 100
# The first mails about a counterpart go even in a full hour, for the person knows nothing of that counterpart yet.
FIRST = 4
# What happens, or ends, less than this after the end of quiet hours is told at once.
TIME_TO_ACT = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of a day in which a person is not to be disturbed, in minutes after midnight of their zone.

    They reach past midnight where `until` is not later than `start`.
    """

    start: int
    until: int

    def end_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """The end of the quiet hours in which `now` lies; None where it lies in none.

        Wall times that a clock change skips or repeats are those of `core.clock`: the first instant after a gap, and
        the first occurrence.
        """
        today = clock.local(now, zone).date()
        for day in (today - DAY, today):
            ends_on = day if self.until > self.start else day + DAY
            begins = clock.wall_minute_to_instant(day, self.start, zone)
            ends = clock.wall_minute_to_instant(ends_on, self.until, zone)
            if begins <= now < ends:
                return ends
        return None


def waits_until(quiet: QuietHours, now: datetime, zone: ZoneInfo, *, matters_at: datetime | None) -> datetime | None:
    """The moment until which something waits for the end of quiet hours; None where it is told at once.

    `matters_at` is the start of an appointment, or the end of a time to answer: what can still be acted upon, but not
    well after the quiet hours, does not wait.
    """
    end = quiet.end_at(now, zone)
    if end is None or (matters_at is not None and now < matters_at < end + TIME_TO_ACT):
        return None
    return end


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail sent within the hour: its age, and the key of the other person it was about."""

    age: timedelta
    counterpart: int | None


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """The counts of mails asked for earlier: to one address within an hour and a day, from one network within a day."""

    to_them_in_an_hour: int
    to_them_in_a_day: int
    from_there_in_a_day: int


def used_up_budget(before: AskedBefore) -> str:
    """The reason why one more mail may not be asked for, naming the budget; empty while every budget has room."""
    if before.to_them_in_an_hour >= ASKED_PER_HOUR:
        return "enough such mails to this address within the hour"
    if before.to_them_in_a_day >= ASKED_PER_DAY:
        return "enough such mails to this address within the day"
    if before.from_there_in_a_day >= ASKED_PER_DAY_FROM_ONE:
        return "enough such mails asked for from one network within the day"
    return ""


def time_until_a_place(sent: Sequence[Sent], counterpart: int | None) -> timedelta:
    """The time until one more mail about `counterpart` may go; zero where it may go now.

    No mail waits behind many mails about somebody else: in a full hour, a mail still goes while its counterpart has had
    less than an equal share. So an hour has at most twice PER_HOUR mails, or FIRST for each counterpart. `sent`
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
