"""Places on waitlists as programs write and read them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.appointments import NamedOut, TermsIn
from api.serializers.base import Day, Moment, Paged, Reads, Text, Writes, Zone, write
from appointments.models import Offer, WaitlistPlace
from appointments.rules.wishes import numbers
from appointments.states import OfferState, PlaceState
from providers.models import Venue

PARTS = ("morning", "afternoon", "evening")
A_DAY = timedelta(days=1)


class PlacesParams(Paged):
    """Parameters of the list of places."""

    state = serializers.ChoiceField(choices=PlaceState.choices, required=False)


class JoinIn(Reads):
    """What somebody waits for: days from `from` to `to`, the day after the last, on some weekdays (Monday is 0) and in
    some parts of the day, all meant in `time_zone`, else in the provider's zone.

    It is a time of a service, or an earlier time of their `appointment`.
    """

    provider = serializers.CharField(max_length=100, required=False)
    service = serializers.CharField(max_length=100, required=False)
    appointment = serializers.CharField(
        max_length=100, required=False, help_text="Instead of provider and service: the one to get an earlier time."
    )
    from_ = Day(source="from_date")
    to = Day(source="to_date", help_text="The day after the last one.")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, allow_empty=False, max_length=7
    )
    parts = serializers.ListField(
        child=serializers.ChoiceField(choices=PARTS), required=False, allow_empty=False, max_length=3
    )
    venue = serializers.ChoiceField(choices=Venue.choices, required=False)
    time_zone = Zone(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        of_service = {"provider", "service"} & attrs.keys()
        if "appointment" in attrs and of_service:
            raise serializers.ValidationError({"appointment": ["Send either this, or provider and service."]})
        if "appointment" not in attrs and (missing := {"provider", "service"} - of_service):
            raise serializers.ValidationError({name: ["Send this, or an appointment."] for name in sorted(missing)})
        if attrs["to_date"] <= attrs["from_date"]:
            raise serializers.ValidationError({"to": ["This is the day after the last one, so it is after from."]})
        return attrs


class ClaimIn(Reads):
    """The offered time is booked on these terms; what is left out is as in force."""

    venue = serializers.ChoiceField(choices=Venue.choices, required=False)
    note = Text(max_length=1000, required=False, allow_blank=True)
    terms = TermsIn(required=False)


class OfferOut(Writes):
    """A time that is offered, and until when it can be taken."""

    start = Moment()
    end = Moment()
    answer_by = Moment(source="expires_at")
    state = serializers.ChoiceField(choices=OfferState.choices)


class PlaceOut(Writes):
    """A place on a waitlist: what it waits for, how many are `ahead` of it, and the last time that was offered to it.

    With `appointment` it waits for an earlier time of that.
    """

    id = serializers.CharField(source="uuid")
    provider = NamedOut()
    service = NamedOut()
    appointment = serializers.CharField(source="appointment.reference", allow_null=True, default=None)
    from_ = Day(source="first_on")
    to = serializers.SerializerMethodField()
    weekdays = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    venue = serializers.ChoiceField(choices=Venue.choices, allow_blank=True)
    time_zone = serializers.CharField()
    state = serializers.ChoiceField(choices=PlaceState.choices)
    reason = serializers.CharField()
    ahead = serializers.IntegerField(allow_null=True, default=None)
    in_line = serializers.IntegerField(allow_null=True, default=None)
    offer = serializers.SerializerMethodField()
    created_at = Moment()
    closed_at = Moment(allow_null=True)

    def zone_of(self, instance: WaitlistPlace) -> ZoneInfo:
        return self.call.zone_of(instance.time_zone)

    @extend_schema_field(serializers.DateField())
    def get_to(self, place: WaitlistPlace) -> str:
        return (place.last_on + A_DAY).isoformat()

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_weekdays(self, place: WaitlistPlace) -> list[int]:
        return numbers(place.weekdays)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=PARTS)))
    def get_parts(self, place: WaitlistPlace) -> list[str]:
        return [PARTS[number] for number in numbers(place.parts)]

    @extend_schema_field(OfferOut(allow_null=True))
    def get_offer(self, place: WaitlistPlace) -> dict[str, Any] | None:
        offer: Offer | None = place.last_offer  # type: ignore[attr-defined]
        return write(OfferOut, offer, replace(self.call, zone=self.zone_of(place))) if offer else None
