"""Time off as its provider's programs write and read it."""

from typing import Any

from rest_framework import serializers

from api.serializers.base import Day, Instant, Line, Moment, Reads, Text, Writes, ZoneName

LONGEST_MESSAGE = 500
DECISIONS = ["keep", "cancel", "offer"]


class TimeOffIn(Reads):
    """Time off: `start` and `end`, or whole dates from `from_date` to `to_date`, the last one included."""

    start = Instant(required=False)
    end = Instant(required=False)
    from_date = Day(required=False)
    to_date = Day(required=False, help_text="The last date; left out it is from_date.")
    reason = Line(max_length=500, required=False, allow_blank=True, help_text="Only you see this.")
    public_word = Line(max_length=120, required=False, allow_blank=True, help_text="On the public page.")
    message = Text(max_length=LONGEST_MESSAGE, required=False, allow_blank=True, help_text="To the customers.")
    decisions = serializers.DictField(
        child=serializers.ChoiceField(choices=DECISIONS), required=False, help_text="By the id of each appointment."
    )
    accept = serializers.CharField(
        required=False, max_length=20, help_text="What cancelling counts as, where it would suspend you."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        times, dates = {"start", "end"} & attrs.keys(), {"from_date", "to_date"} & attrs.keys()
        if times and dates or not (times or dates):
            raise serializers.ValidationError({"start": ["Send either start and end, or from_date and to_date."]})
        for name in {"start", "end"} if times else {"from_date"}:
            if name not in attrs:
                raise serializers.ValidationError({name: ["Send this, too."]})
        return attrs


class TimeOffOut(Writes):
    """Time off. `all_day` says that it was given as whole dates."""

    id = serializers.UUIDField(source="uuid")
    start = Moment()
    end = Moment()
    time_zone = ZoneName()
    all_day = serializers.BooleanField()
    reason = serializers.CharField()
    public_word = serializers.CharField()
