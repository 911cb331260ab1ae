"""Providers and their services as everybody reads them."""

from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.base import Amount, Day, Figure, Line, Paged, Writes, ZoneName, photo_of, price, told
from appointments.rules.pricing import quote
from appointments.search.cards import Card
from appointments.search.quarters import PARTS
from appointments.search.wanted import LONGEST_TEXT, SOONEST, SORTS
from providers.models import Pricing, Provider, Service, Venue

MOST_NEXT = 5


class Named(serializers.ListField):
    """Several names in one parameter, parted by commas."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=60), required=False, **terms)

    def to_internal_value(self, data: Any) -> list[str]:
        parts = data.split(",") if isinstance(data, str) else data
        return super().to_internal_value(parts)


class CategoryOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="slug")
    name = serializers.CharField()


class SearchParams(Paged):
    """Parameters of the search; what is left out narrows nothing."""

    q = Line(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    place = Line(required=False, allow_blank=True, max_length=LONGEST_TEXT, help_text="Words of the place.")
    category = Named(source="categories", help_text="Ids of categories, parted by commas.")
    venue = serializers.ChoiceField(choices=Venue.choices, required=False)
    max_price = Figure(required=False, help_text="The highest price of an appointment, together with currency.")
    currency = serializers.CharField(required=False, min_length=3, max_length=3)
    instant = serializers.BooleanField(required=False, help_text="Only what is confirmed at once.")
    part = Named(source="parts", help_text=f"Parts of the day, parted by commas: {', '.join(PARTS)}.")
    sort = serializers.ChoiceField(choices=[SOONEST, *SORTS], required=False)
    tz = serializers.CharField(required=False, help_text="IANA name of the zone of days, parts of the day and times.")
    from_ = Day(required=False, source="day", help_text="Openings from that day.")


class OfferedOut(serializers.Serializer[Any]):
    """The service of a card. `price` is that of an appointment."""

    id = serializers.CharField(source="slug")
    name = serializers.CharField()
    minutes = serializers.IntegerField(source="duration_minutes")
    price = serializers.SerializerMethodField()

    @extend_schema_field(Amount)
    def get_price(self, service: Service) -> dict[str, str]:
        return price(quote(service).price, service.currency)


class CardOut(Writes):
    """A provider in a search, with the first openings that fit it."""

    id = serializers.CharField(source="provider.slug")
    name = serializers.CharField(source="provider.name")
    trade = serializers.CharField(source="provider.trade")
    category = CategoryOut(source="provider.category", allow_null=True)
    venues = serializers.ListField(child=serializers.ChoiceField(choices=Venue.choices), source="provider.venues")
    place = serializers.CharField(source="provider.place")
    languages = serializers.CharField(source="provider.languages")
    photo = serializers.SerializerMethodField()
    time_zone = ZoneName()
    confirms_at_once = serializers.BooleanField()
    answers_within_minutes = serializers.IntegerField(source="provider.policy.answer_minutes")
    service = OfferedOut(allow_null=True)
    next_openings = serializers.SerializerMethodField()

    def zone_of(self, instance: Card) -> ZoneInfo:
        return self.call.zone_of(instance.provider.time_zone)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_photo(self, card: Card) -> str | None:
        return photo_of(card.provider.user)

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField(), max_length=MOST_NEXT))
    def get_next_openings(self, card: Card) -> list[str]:
        starts = card.starts[:MOST_NEXT] or ([card.first] if card.first else [])
        return [told(at, self.zone_of(card)) for at in starts]


class ProviderOut(serializers.Serializer[Any]):
    """A provider's public page. `takes_bookings` is false while it is paused; `away` is what they say of an absence."""

    id = serializers.CharField(source="slug")
    name = serializers.CharField()
    trade = serializers.CharField()
    category = CategoryOut(allow_null=True)
    about = serializers.CharField()
    languages = serializers.CharField()
    venues = serializers.ListField(child=serializers.ChoiceField(choices=Venue.choices))
    place = serializers.CharField()
    time_zone = serializers.CharField()
    photo = serializers.SerializerMethodField()
    takes_bookings = serializers.BooleanField()
    away = serializers.CharField()
    notice_minutes = serializers.IntegerField(source="policy.notice_minutes")
    window_days = serializers.IntegerField(source="policy.window_days")
    answer_minutes = serializers.IntegerField(source="policy.answer_minutes")
    cancellation_cutoff_minutes = serializers.IntegerField(source="policy.cancellation_cutoff_minutes")
    reschedule_cutoff_minutes = serializers.IntegerField(source="policy.reschedule_cutoff_minutes")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_photo(self, provider: Provider) -> str | None:
        return photo_of(provider.user)


class PublicServiceOut(OfferedOut):
    """A service as customers read it. `rate` is the price of an hour where it is charged by the hour, else null."""

    description = serializers.CharField()
    pricing = serializers.ChoiceField(choices=Pricing.choices)
    rate = serializers.SerializerMethodField()
    venues = serializers.ListField(child=serializers.ChoiceField(choices=Venue.choices))
    confirms_at_once = serializers.SerializerMethodField()
    cancellation_cutoff_minutes = serializers.IntegerField(source="provider.policy.cancellation_cutoff_minutes")
    repeats = serializers.BooleanField()
    max_occurrences = serializers.IntegerField()

    @extend_schema_field(Amount(allow_null=True))
    def get_rate(self, service: Service) -> dict[str, str] | None:
        return price(service.price, service.currency) if service.pricing == Pricing.HOURLY else None

    def get_confirms_at_once(self, service: Service) -> bool:
        return service.confirms_at_once(service.provider.policy)
