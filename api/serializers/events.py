"""Own events as programs write and read them."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.base import Day, Days, Instant, InZone, Line, Moment, Paged, Reads, Text, Writes, told
from appointments.models import OwnEvent
from appointments.rules.own_events import (
    LONGEST_DESCRIPTION,
    LONGEST_PLACE,
    LONGEST_TITLE,
    MOST_DATES,
    last_day,
    rule_of,
)
from appointments.rules.stopping import Scope
from appointments.states import Frequency
from core import clock
from providers.models import FEWEST_OCCURRENCES

MICROSECOND = timedelta(microseconds=1)
A_DAY = timedelta(days=1)


class EventsParams(Days, Paged):
    """Parameters of the list of own events: those that meet the days from `from` to `to`, the day after the last, in
    the zone `tz`, else in the person's own. These are at most 62 days."""


class EventScope(InZone):
    """Parameters of a change of an own event: of one that repeats, `which` dates are meant: `one`, that of the address,
    which is so unless said; it and those `following`; or `all`."""

    which = serializers.ChoiceField(choices=[scope.value for scope in Scope], required=False)


class EventRepeatIn(Reads):
    """How often an own event comes again, by the person's own clocks, and until when: after `count` dates, or with the
    date `until`, which is included."""

    every = serializers.ChoiceField(choices=Frequency.choices)
    count = serializers.IntegerField(min_value=FEWEST_OCCURRENCES, max_value=MOST_DATES, required=False)
    until = Day(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("count" in attrs) == ("until" in attrs):
            raise serializers.ValidationError({"count": ["Send either count or until."]})
        return attrs


class EventRepeatOut(serializers.Serializer[OwnEvent]):
    """How an own event repeats, with the last date by its rule, and the number that this date has in it."""

    every = serializers.ChoiceField(choices=Frequency.choices)
    until = serializers.DateField()
    number = serializers.IntegerField()


@extend_schema_field(OpenApiTypes.STR)
class DayOrInstant(serializers.Field):
    """An instant with its offset; of an event that lasts whole days a date."""

    def to_internal_value(self, data: Any) -> date | datetime:
        is_date = isinstance(data, str) and "T" not in data.upper() and " " not in data and len(data) <= 10
        return (Day() if is_date else Instant()).to_internal_value(data)


class EventIn(Reads):
    """An own event. One that lasts whole days has `all_day`, and dates of the person's zone as `start` and `end`, the
    day after the last. With `repeat` each of its dates is an event; of a change it is only read with `which` other
    than `one`, or where the event does not repeat yet."""

    title = Line(max_length=LONGEST_TITLE)
    start = DayOrInstant()
    end = DayOrInstant()
    all_day = serializers.BooleanField(required=False)
    description = Text(max_length=LONGEST_DESCRIPTION, required=False, allow_blank=True)
    location = Line(max_length=LONGEST_PLACE, required=False, allow_blank=True, source="place")
    is_free = serializers.BooleanField(required=False)
    repeat = EventRepeatIn(required=False)


class EventPatchIn(EventIn):
    """What is to change of an own event; what is left out stays."""

    title = Line(max_length=LONGEST_TITLE, required=False)
    start = DayOrInstant(required=False)
    end = DayOrInstant(required=False)


class EventOut(Writes):
    """An own event, which only its person reads. With `all_day`, `start` and `end` are dates of the person's zone,
    `end` the day after the last. While it is not `is_free`, nobody can book a provider in it."""

    id = serializers.CharField(source="uuid")
    title = serializers.CharField()
    start = serializers.SerializerMethodField()
    end = serializers.SerializerMethodField()
    all_day = serializers.BooleanField(source="is_all_day")
    time_zone = serializers.SerializerMethodField()
    description = serializers.CharField()
    location = serializers.CharField(source="place")
    is_free = serializers.BooleanField()
    repeat = serializers.SerializerMethodField()
    created_at = Moment()
    changed_at = Moment()

    def zone_of(self, instance: OwnEvent) -> ZoneInfo:
        return self.call.zone_of(self.call.person.time_zone)

    def get_start(self, event: OwnEvent) -> str:
        if event.is_all_day:
            return clock.local(event.start, self.call.person.zone).date().isoformat()
        return told(event.start, self.zone_of(event))

    def get_end(self, event: OwnEvent) -> str:
        if event.is_all_day:
            return (clock.local(event.end - MICROSECOND, self.call.person.zone).date() + A_DAY).isoformat()
        return told(event.end, self.zone_of(event))

    @extend_schema_field(EventRepeatOut(allow_null=True))
    def get_repeat(self, event: OwnEvent) -> dict[str, Any] | None:
        rule = rule_of(event)
        if rule is None:
            return None
        return {"every": rule.frequency.value, "until": last_day(rule).isoformat(), "number": event.occurrence}

    def get_time_zone(self, event: OwnEvent) -> str:
        return (self.call.person.zone if event.is_all_day else self.zone_of(event)).key
