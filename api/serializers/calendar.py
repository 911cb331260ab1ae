"""A provider's connections to Google Calendar as their programs read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework import serializers

from api.serializers.base import InZone, Moment, Reads, Writes, ZoneName
from calendar_sync.models import Connection, GoogleCalendar
from calendar_sync.states import Problem, Profile, State
from providers.models import CalendarState, Provider

STATES = [(state.value or "none", state.label) for state in CalendarState]


@dataclass(frozen=True, slots=True)
class Connected:
    """A provider's connections, the oldest first; `is_available` says whether this site can connect any."""

    provider: Provider
    rows: Sequence[Connection]
    is_available: bool

    @property
    def state(self) -> str:
        return self.provider.calendar_state or "none"

    @property
    def accounts(self) -> list["Account"]:
        return [Account(row, list(row.calendars.all())) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Account:
    """A connection with its calendars, and when those that count were and will be read."""

    row: Connection
    calendars: Sequence[GoogleCalendar]

    @property
    def last_success(self) -> datetime | None:
        """The age of the whole copy, that of its oldest part; None until every calendar was read."""
        read = [each.last_read_at for each in self._busy]
        return min((at for at in read if at), default=None) if all(read) else None

    @property
    def next_try(self) -> datetime | None:
        if not self.row.is_working:
            return None
        planned = min((each.next_read_at for each in self._busy), default=None)
        wait = self.row.wait_until
        return max(planned, wait) if planned and wait else planned

    @property
    def _busy(self) -> list[GoogleCalendar]:
        return [each for each in self.calendars if each.counts_as_busy]


class ReconnectIn(Reads):
    account = serializers.CharField(required=False, max_length=100, help_text="The id of one to sign in to again.")
    profile = serializers.ChoiceField(choices=Profile.choices, required=False)


class DisconnectParams(InZone):
    account = serializers.CharField(required=False, max_length=100, help_text="The id of the only one to disconnect.")


class ReconnectOut(serializers.Serializer[Any]):
    authorization_url = serializers.URLField()


class OneCalendarOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    counts_as_busy = serializers.BooleanField()
    is_written_to = serializers.BooleanField()
    problem = serializers.ChoiceField(choices=Problem.choices, allow_blank=True)


class AccountOut(Writes):
    """A connected Google account. `last_success` is null until every calendar that counts was read."""

    id = serializers.UUIDField(source="row.uuid")
    account = serializers.CharField(source="row.email")
    profile = serializers.ChoiceField(choices=Profile.choices, source="row.profile")
    state = serializers.ChoiceField(choices=State.choices, source="row.state")
    problem = serializers.ChoiceField(choices=Problem.choices, source="row.problem", allow_blank=True)
    calendars = OneCalendarOut(many=True)
    last_success = Moment(allow_null=True)
    next_try = Moment(allow_null=True)


class CalendarOut(Writes):
    """How a provider's calendar stands; `stopped_at` is since when nobody can book because of it, else null.

    Nothing can be connected where it is not `available`, as the site has no client at Google.
    """

    state = serializers.ChoiceField(choices=STATES)
    available = serializers.BooleanField(source="is_available")
    stopped_at = Moment(source="provider.calendar_stopped_at", allow_null=True)
    time_zone = ZoneName()
    accounts = AccountOut(many=True)
