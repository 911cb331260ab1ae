"""A look before booking, and times that are kept, as programs write and read them."""

from typing import Any

from rest_framework import serializers

from api.serializers.base import Amount, Moment, Reads, Writes, ZoneName, price
from appointments.models import Hold
from appointments.services import holds
from appointments.services.booking import Terms
from appointments.services.own_day import APPOINTMENT, CALENDAR, EVENT


class TermsOut(serializers.Serializer[Any]):
    """The terms of a booking."""

    price = Amount()
    minutes = serializers.IntegerField()
    confirms_at_once = serializers.BooleanField()
    cancellation_cutoff_minutes = serializers.IntegerField()


def terms_told(terms: Terms) -> dict[str, Any]:
    """Terms as a booking takes them."""
    return {
        "price": price(terms.price, terms.currency),
        "minutes": terms.minutes,
        "confirms_at_once": terms.confirms_at_once,
        "cancellation_cutoff_minutes": terms.cutoff_minutes,
    }


class ClashOut(serializers.Serializer[Any]):
    """What the person has in their own day then."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=[APPOINTMENT, EVENT, CALENDAR])


class LookOut(serializers.Serializer[Any]):
    """Whether a start could be booked now, and what speaks against it."""

    open = serializers.BooleanField()
    time_zone = serializers.CharField()
    terms = TermsOut()
    clash = serializers.BooleanField()
    clashes = ClashOut(many=True)
    refusal = serializers.CharField(allow_null=True)
    refusals = serializers.ListField(child=serializers.CharField())
    nearest = serializers.ListField(child=serializers.DateTimeField())


class HoldOut(Writes):
    """A time that is kept until `expires_at`."""

    hold = serializers.SerializerMethodField()
    expires_at = Moment()
    time_zone = ZoneName()

    def get_hold(self, kept: Hold) -> str:
        return str(holds.id_of_kept(kept, self.call.person))


class HoldIn(Reads):
    hold = serializers.UUIDField()
