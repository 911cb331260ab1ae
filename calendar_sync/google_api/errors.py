"""What a call to Google can come to, by what is to be done about it, and Google's own words for that.

https://developers.google.com/workspace/calendar/api/guides/errors
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from googleapiclient.errors import HttpError

from calendar_sync.states import Problem


class GoogleError(Exception):
    """A call that did not do what was asked. Its text names the status and Google's reason, and nothing of anybody.

    `passes` says that it may go away by itself, `after` for how long Google asked to leave it alone.
    """

    passes = False
    after: timedelta | None = None

    def __init__(self, problem: Problem, reason: str = "") -> None:
        super().__init__(f"{problem.value}: {reason}" if reason else problem.value)
        self.problem = problem
        self.reason = reason


class TryLater(GoogleError):
    """A failure that passes by itself."""

    passes = True

    def __init__(self, problem: Problem, reason: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(problem, reason)
        self.after = after


class SignInNeeded(GoogleError):
    """The grant is gone or does not suffice: nothing works until the owner signs in to Google again."""


class CalendarGone(GoogleError):
    """The calendar was deleted, or is no longer shared."""


class FullReadingNeeded(GoogleError):
    """The sync token is no longer good: the calendar is to be read whole."""


class AlreadyThere(GoogleError):
    """An event with that id is there already, or was and is deleted: ids are taken for ever."""


class ChangedThere(GoogleError):
    """The event is another by now than the one that was to be changed."""


class EventGone(GoogleError):
    """There is no such event, any more or at all."""


class Refused(GoogleError):
    """Google will refuse this call whenever it is repeated."""


class TokenRefused(GoogleError):
    """The access token is not good any more; a new one may be."""


TOO_MUCH = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded", "calendarUsageLimitsExceeded"})
NOT_GRANTED = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})


def meaning_of(error: HttpError) -> GoogleError:
    """The meaning of an error answer. 410 and 403 mean different things: the reason decides, not the status alone."""
    status, reason, after = int(error.status_code), _reason(error), _retry_after(error.resp)
    if status == 401:
        return TokenRefused(Problem.SIGN_IN, reason)
    if status == 429 or reason in TOO_MUCH:
        return TryLater(Problem.BUSY, reason, after=after)
    if reason in USED_UP:
        return TryLater(Problem.LIMIT, reason, after=after)
    if reason in NOT_GRANTED:
        return SignInNeeded(Problem.SCOPES, reason)
    if reason == "notACalendarUser":
        return Refused(Problem.NO_CALENDAR, reason)
    if status == 410 and reason == "deleted":
        return EventGone(Problem.GONE, reason)
    if status == 409 and reason == "duplicate":
        return AlreadyThere(Problem.REFUSED, reason)
    if status == 412:
        return ChangedThere(Problem.REFUSED, reason)
    if status == 410:  # fullSyncRequired, or updatedMinTooLongAgo of a token that is too old
        return FullReadingNeeded(Problem.REFUSED, reason)
    if status == 404 or reason in {"requiredAccessLevel", "forbidden"}:
        return CalendarGone(Problem.GONE, reason)
    if status >= 500 or status == 408:
        return TryLater(Problem.SLOW, f"{status} {reason}".strip(), after=after)
    return Refused(Problem.REFUSED, f"{status} {reason}".strip())


def _reason(error: HttpError) -> str:
    """The first reason of an error answer; empty for an answer that is not Google's JSON."""
    try:
        said = json.loads(error.content)["error"]
        found = said["errors"][0]["reason"] if said.get("errors") else said.get("status", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return str(found)[:80]


def _retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    said = str(headers.get("retry-after", ""))
    return timedelta(seconds=min(int(said), 86_400)) if said.isdigit() else None
