"""Open starts as programs read them."""

from typing import Any

from rest_framework import serializers

from api.serializers.base import Day, Days, InZone


class SlotParams(Days, InZone):
    """Parameters of the open starts: `date`, or `from` and `to`, the day after the last."""

    provider = serializers.CharField(required=False, max_length=100)
    service = serializers.CharField(required=False, max_length=100)
    date = Day(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "date" in attrs and ("from_date" in attrs or "to_date" in attrs):
            raise serializers.ValidationError({"date": ["Send either date, or from and to."]})
        if "service" in attrs and "provider" not in attrs:
            raise serializers.ValidationError({"provider": ["Say whose service it is."]})
        return super().validate(attrs)


class SlotOut(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class OfProviderOut(serializers.Serializer[Any]):
    provider = serializers.CharField()
    service = serializers.CharField()
    minutes = serializers.IntegerField()
    time_zone = serializers.CharField()
    slots = SlotOut(many=True)


class SlotsOut(serializers.Serializer[Any]):
    """The open starts of one service; without a provider those of several, in `providers`."""

    time_zone = serializers.CharField()
    provider = serializers.CharField(required=False)
    service = serializers.CharField(required=False)
    minutes = serializers.IntegerField(required=False)
    slots = SlotOut(many=True, required=False)
    next_opening = serializers.DateTimeField(required=False, allow_null=True)
    providers = OfProviderOut(many=True, required=False)
