"""What a person is told about, as programs write and read it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.serializers.base import UNKNOWN, Reads
from notifications.boxes import HERE, boxes_on, much_of
from notifications.channels import channels
from notifications.models import LEAST_LEAD, MOST_LEAD, MOST_LEADS, TOPICS, Kind, Much
from notifications.preferences import Choice

# The names that programs know for many choices at once; a choice that has none of them has no level.
LEVELS = {"all": Much.ALL, "important": Much.NEEDED, "none": Much.ESSENTIAL}
ESSENTIAL = sorted(kind for kind in Kind if kind not in TOPICS)
CHOSEN = sorted(HERE)
ALWAYS_ON = "This is always told."


class KindsField(serializers.DictField):
    """By kind, which channels tell of it. Kinds that nobody can turn off stand among them."""

    child = serializers.DictField(child=serializers.BooleanField())

    def to_internal_value(self, data: Any) -> dict[str, dict[str, bool]]:
        if not isinstance(data, Mapping):
            self.fail("not_a_dict", input_type=type(data).__name__)
        known = {channel.name for channel in channels}
        wrong: dict[str, Any] = {}
        for kind, said in data.items():
            if kind not in CHOSEN and kind not in ESSENTIAL:
                wrong[kind] = [ErrorDetail("There is no such kind.", UNKNOWN)]
            elif not isinstance(said, Mapping):
                wrong[kind] = [ErrorDetail("Send an object of channels.", "invalid")]
            elif found := {name: error for name, on in said.items() if (error := _wrong(kind, name, on, known))}:
                wrong[kind] = found
        if wrong:
            raise ValidationError(wrong)
        return {kind: dict(said) for kind, said in data.items()}


def _wrong(kind: str, channel: str, on: Any, known: set[str]) -> list[ErrorDetail]:
    if channel not in known:
        return [ErrorDetail("There is no such channel.", UNKNOWN)]
    if not isinstance(on, bool):
        return [ErrorDetail("Send true or false.", "invalid")]
    if not on and kind in ESSENTIAL:
        return [ErrorDetail(ALWAYS_ON, "essential")]
    return []


class SettingsIn(Reads):
    """`level` chooses for all kinds at once; `kinds` then changes single ones."""

    level = serializers.ChoiceField(choices=list(LEVELS), required=False, allow_null=True)
    kinds = KindsField(required=False)
    reminder_minutes = serializers.ListField(
        child=serializers.IntegerField(min_value=LEAST_LEAD, max_value=MOST_LEAD),
        required=False,
        max_length=MOST_LEADS,
    )


class SettingsOut(serializers.Serializer[Any]):
    """What a person is told about. `level` is null where the choice is their own."""

    level = serializers.ChoiceField(choices=list(LEVELS), allow_null=True)
    kinds = serializers.DictField(child=serializers.DictField(child=serializers.BooleanField()))
    reminder_minutes = serializers.ListField(child=serializers.IntegerField())

    def to_representation(self, choice: Choice) -> dict[str, Any]:
        on, much = boxes_on(choice), much_of(boxes_on(choice))
        names = [channel.name for channel in channels]
        kinds = {str(kind): {name: (name, kind) in on for name in names} for kind in CHOSEN}
        kinds |= {str(kind): dict.fromkeys(names, True) for kind in ESSENTIAL}
        return {
            "level": next((level for level, each in LEVELS.items() if each is much), None),
            "kinds": kinds,
            "reminder_minutes": sorted(choice.leads, reverse=True),
        }
