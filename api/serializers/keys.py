"""Keys of programs, as they are made and read."""

from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from api.models import ApiKey, Scope
from api.serializers.base import Day, Instant, Line, Moment, Reads, Secret, Writes, ZoneName


class KeyIn(Reads):
    name = Line(max_length=60)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=50)
    ends_at = Instant(required=False, help_text="A year from now unless said, five years at most.")
    password = Secret(required=False, help_text="Needed where the person signed in a while ago.")


class KeyOut(Writes):
    """A key. Of its text only the beginning is known."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    begins_with = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    version = serializers.CharField()
    created_at = Moment(source="made_at")
    ends_at = Moment()
    last_used_on = Day(source="used_on", allow_null=True)
    last_used_from = serializers.CharField(source="used_from")
    time_zone = ZoneName()

    def zone_of(self, instance: Any) -> ZoneInfo:
        return self.call.zone or self.call.person.zone


class NewKeyOut(KeyOut):
    """A key that was made. `key` is its text, shown this once: null where the request is sent again."""

    key = serializers.CharField(allow_null=True)

    def to_representation(self, instance: tuple[ApiKey, str]) -> dict[str, Any]:
        made, text = instance
        made.key = text or None  # type: ignore[attr-defined]
        return super().to_representation(made)
