"""Series as programs write and read them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.appointments import BookingIn, CancelIn, NamedOut
from api.serializers.base import Amount, Day, Instant, Moment, Reads, Writes, ZoneName, price, told, write_all
from api.serializers.looking import TermsOut
from appointments.models import Appointment
from appointments.queries.series import WholeSeries
from appointments.rules.series import Outcome, SettledDate
from appointments.rules.stopping import Scope
from appointments.states import HOLDING, Frequency, LeftOut, Status
from providers.models import FEWEST_OCCURRENCES, MOST_OCCURRENCES


class RepeatIn(Reads):
    """How often it comes again, and until when: after `count` dates, or with the date `until`, which is included."""

    every = serializers.ChoiceField(choices=Frequency.choices)
    count = serializers.IntegerField(min_value=FEWEST_OCCURRENCES, max_value=MOST_OCCURRENCES, required=False)
    until = Day(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("count" in attrs) == ("until" in attrs):
            raise serializers.ValidationError({"count": ["Send either count or until."]})
        return attrs


class ShiftIn(Reads):
    """Another start for one date, which goes by its number."""

    number = serializers.IntegerField(min_value=1, max_value=MOST_OCCURRENCES)
    start = Instant()


class SeriesIn(BookingIn):
    """A booking that repeats. `skip` are the numbers of dates to leave out, `shift` other starts for some."""

    repeat = RepeatIn()
    skip = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_OCCURRENCES),
        max_length=MOST_OCCURRENCES,
        required=False,
    )
    shift = ShiftIn(many=True, required=False)

    def validate_shift(self, shifts: list[dict[str, Any]]) -> dict[int, datetime]:
        found = {each["number"]: each["start"] for each in shifts}
        if len(found) != len(shifts):
            raise serializers.ValidationError("Each date can be shifted once.")
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if set(attrs.get("skip", ())) & attrs.get("shift", {}).keys():
            raise serializers.ValidationError({"skip": ["A date is either skipped or shifted."]})
        return attrs


class StopIn(CancelIn):
    """Which dates end: `one`, or it and those `following`, with its reference in `from`; or `all` that lie ahead."""

    which = serializers.ChoiceField(choices=[scope.value for scope in Scope])
    from_ = serializers.CharField(max_length=100, required=False, source="since")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["which"] != Scope.ALL and "since" not in attrs:
            raise serializers.ValidationError({"from": ["Say from which appointment on."]})
        return attrs


class DateOut(serializers.Serializer[Any]):
    """A date of a series before it is booked: its own start, what would become of it, and `new_start` where it would be
    booked at another. `reason` says why its own start is not open, `nearest` what is around it."""

    number = serializers.IntegerField()
    start = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    new_start = serializers.DateTimeField(allow_null=True)
    reason = serializers.ChoiceField(choices=LeftOut.choices, allow_null=True)
    price = Amount(allow_null=True)
    nearest = serializers.ListField(child=serializers.DateTimeField())


class SeriesLookOut(serializers.Serializer[Any]):
    """The dates of a series before it is booked. With `open` it could be booked whole; `without` are the first days of
    months that have no such date."""

    open = serializers.BooleanField()
    refusal = serializers.CharField(allow_null=True)
    terms = TermsOut()
    count = serializers.IntegerField()
    total = Amount()
    time_zone = serializers.CharField()
    dates = DateOut(many=True)
    without = serializers.ListField(child=serializers.DateField())


def date_told(one: SettledDate, zone: ZoneInfo, *, each: dict[str, str] | None = None) -> dict[str, Any]:
    """A date of a series as a look tells it; `each` is its price."""
    own = one.occurrence.start
    return {
        "number": one.number,
        "start": told(own, zone),
        "outcome": one.outcome.value,
        "new_start": told(one.start, zone) if one.start not in {None, own} else None,
        "reason": one.left_out.value if one.obstacle else None,
        "price": each if one.start else None,
        "nearest": [told(at, zone) for at in one.offers],
    }


class OccurrenceOut(Writes):
    """An appointment of a series; `number` is that of its date in the rule."""

    number = serializers.IntegerField(source="occurrence")
    id = serializers.CharField(source="reference")
    status = serializers.ChoiceField(choices=Status.choices)
    start = Moment()
    end = Moment()

    def zone_of(self, instance: Appointment) -> ZoneInfo:
        return self.call.zone_of(instance.provider.time_zone)


class LeftOutOut(Writes):
    """A date of the rule that was not booked."""

    number = serializers.IntegerField(source="occurrence")
    start = Moment()
    reason = serializers.ChoiceField(choices=LeftOut.choices)


class SeriesPersonOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()


class SeriesOut(Writes):
    """A series, as its customer or its provider reads it. `total` is what its dates cost that were not called off."""

    id = serializers.CharField(source="series.uuid")
    provider = NamedOut(source="series.provider")
    service = NamedOut(source="series.service")
    customer = SeriesPersonOut(source="series.customer")
    every = serializers.ChoiceField(choices=Frequency.choices, source="series.frequency")
    first = Moment(source="series.first")
    count = serializers.IntegerField(source="series.count", allow_null=True)
    until = Day(source="series.until", allow_null=True)
    time_zone = ZoneName()
    total = serializers.SerializerMethodField()
    appointments = OccurrenceOut(many=True)
    left_out = serializers.SerializerMethodField()
    created_at = Moment(source="series.created_at")

    def zone_of(self, instance: WholeSeries) -> ZoneInfo:
        return self.call.zone_of(instance.series.provider.time_zone)

    @extend_schema_field(Amount)
    def get_total(self, whole: WholeSeries) -> dict[str, str]:
        costs = [one.price for one in whole.appointments if one.status in HOLDING]
        return price(sum(costs, Decimal(0)), whole.appointments[0].currency)

    @extend_schema_field(LeftOutOut(many=True))
    def get_left_out(self, whole: WholeSeries) -> list[dict[str, Any]]:
        return write_all(LeftOutOut, whole.left_out, replace(self.call, zone=self.zone_of(whole)))
