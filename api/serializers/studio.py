"""A provider's own page, services, hours, rules and customers, as their programs write and read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from api.serializers.base import Day, Figure, Line, Moment, Paged, Price, Reads, Text, Writes, Zone, ZoneName
from api.serializers.providers import ProviderOut
from appointments.queries.customers import CustomerFigures
from providers import hours
from providers.hours import WEEKDAYS, Range, Week
from providers.models import (
    FEWEST_OCCURRENCES,
    MOST_OCCURRENCES,
    USUAL_OCCURRENCES,
    BookingPolicy,
    Confirmation,
    CustomerBlock,
    DateOverride,
    Listing,
    Pricing,
    Venue,
)
from providers.states import Step

LONGEST_REASON = 500
DAYS = tuple(day.lower() for day in WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of working hours in the wall-clock time of its zone."""

    time_zone: str
    week: Week


@dataclass(frozen=True, slots=True)
class OwnCustomer:
    """A customer as the provider may see them. `block` is the open one, None while they may book."""

    person: User
    figures: CustomerFigures
    can_be_reached: bool
    limits_lifted: bool
    block: CustomerBlock | None


class Partial(Reads):
    """A body that changes what it names and leaves the rest."""

    def __init__(self, *args: Any, **terms: Any) -> None:
        super().__init__(*args, **{**terms, "partial": True})


# --- The page ---------------------------------------------------------------------------------------------------------


class PageIn(Reads):
    """A page. It needs a venue; who meets people in person says in which place."""

    name = Line(max_length=120)
    trade = Line(max_length=80)
    category = serializers.CharField(max_length=60, help_text="The id of a category.")
    venues = serializers.ListField(child=serializers.ChoiceField(choices=Venue.choices), min_length=1, max_length=2)
    place = Line(max_length=80, required=False, allow_blank=True, help_text="Shown to everybody.")
    address = Line(max_length=200, required=False, allow_blank=True, help_text="Only for who has an appointment.")
    languages = Line(max_length=120, required=False, allow_blank=True)
    about = Text(max_length=2000, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not self.partial and Venue.IN_PERSON in attrs["venues"] and not attrs.get("place"):
            raise serializers.ValidationError({"place": ["Enter the district or town where you meet people."]})
        return attrs


class PageChange(PageIn, Partial):
    """What changes of a page."""


class MissingOut(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=Step.choices)
    detail = serializers.CharField(source="sentence")


class OwnPageOut(ProviderOut):
    """One's own page. `missing` is what it lacks to go live."""

    address = serializers.CharField()
    listing = serializers.ChoiceField(choices=Listing.choices)
    missing = MissingOut(many=True)


# --- Services ---------------------------------------------------------------------------------------------------------


class ServiceIn(Reads):
    """A service. Hourly prices are for an hour; `venue` is empty where the customer chooses among the page's."""

    name = Line(max_length=80)
    description = Text(max_length=600, required=False, allow_blank=True, default="")
    minutes = serializers.IntegerField(min_value=5, max_value=720, source="duration_minutes")
    price = Figure()
    currency = serializers.CharField(min_length=3, max_length=3)
    pricing = serializers.ChoiceField(choices=Pricing.choices, default=Pricing.FIXED)
    buffer_before = serializers.IntegerField(min_value=0, max_value=240, default=0, source="buffer_before_minutes")
    buffer_after = serializers.IntegerField(min_value=0, max_value=240, default=0, source="buffer_after_minutes")
    interval = serializers.IntegerField(
        min_value=5, max_value=720, allow_null=True, default=None, source="slot_interval_minutes"
    )
    venue = serializers.ChoiceField(choices=Venue.choices, allow_blank=True, default="")
    confirmation = serializers.ChoiceField(choices=Confirmation.choices, default=Confirmation.POLICY)
    repeats = serializers.BooleanField(default=False)
    max_occurrences = serializers.IntegerField(
        min_value=FEWEST_OCCURRENCES, max_value=MOST_OCCURRENCES, default=USUAL_OCCURRENCES
    )
    requests_beyond_window = serializers.BooleanField(default=False)


class ServiceChange(ServiceIn, Partial):
    """What changes of a service."""


class ServiceOut(serializers.Serializer[Any]):
    """One of one's own services. `active` is false while it is paused."""

    id = serializers.CharField(source="slug")
    name = serializers.CharField()
    description = serializers.CharField()
    minutes = serializers.IntegerField(source="duration_minutes")
    price = Price()
    pricing = serializers.ChoiceField(choices=Pricing.choices)
    buffer_before = serializers.IntegerField(source="buffer_before_minutes")
    buffer_after = serializers.IntegerField(source="buffer_after_minutes")
    interval = serializers.IntegerField(source="slot_interval_minutes", allow_null=True)
    venue = serializers.ChoiceField(choices=Venue.choices, allow_blank=True)
    confirmation = serializers.ChoiceField(choices=Confirmation.choices)
    repeats = serializers.BooleanField()
    max_occurrences = serializers.IntegerField()
    requests_beyond_window = serializers.BooleanField()
    active = serializers.BooleanField(source="is_active")


# --- Hours ------------------------------------------------------------------------------------------------------------

RANGES = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
    "example": [["09:00", "12:30"], ["13:30", "17:00"]],
}


@extend_schema_field(RANGES)
class Ranges(serializers.Field):
    """Ranges of wall-clock hours as pairs of HH:MM; 24:00 is the end of the day."""

    default_error_messages = {"invalid": 'Send pairs of times like [["09:00", "12:30"]].'}

    def to_internal_value(self, data: Any) -> list[Range]:
        if not isinstance(data, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in data):
            self.fail("invalid")
        return [self._range(pair) for pair in data]

    def _range(self, pair: Sequence[Any]) -> Range:
        if not all(isinstance(text, str) for text in pair):
            self.fail("invalid")
        start, end = hours.read_minute(pair[0]), hours.read_minute(pair[1], ends=True)
        if start is None or end is None:
            self.fail("invalid")
        return start, end

    def to_representation(self, value: Sequence[Sequence[int]]) -> list[list[str]]:
        return [[hours.minute_text(start), hours.minute_text(end)] for start, end in value]


class WeekIn(Reads):
    """The hours of a whole week. A day that is left out is closed."""

    time_zone = Zone(required=False, help_text="IANA name of the zone of these times; left out it stays.")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{day: Ranges(required=False) for day in DAYS}}


class WeekOut(serializers.Serializer[Any]):
    """The hours of a week, in the wall-clock time of its zone."""

    time_zone = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{day: Ranges() for day in DAYS}}

    def to_representation(self, instance: Hours) -> dict[str, Any]:
        ranges = Ranges()
        days = {day: ranges.to_representation(instance.week.get(at, ())) for at, day in enumerate(DAYS)}
        return {"time_zone": instance.time_zone, **days}


class OverrideIn(Reads):
    """Dates with hours of their own; without ranges they are closed. One date where `to_date` is left out."""

    from_date = Day(source="start_on")
    to_date = Day(source="end_on", required=False, help_text="The last date, included.")
    ranges = Ranges()
    note = Line(max_length=120, required=False, allow_blank=True, help_text="Only you see this.")


class OverrideChange(OverrideIn, Partial):
    """What changes of dates with hours of their own."""


class OverrideOut(serializers.Serializer[Any]):
    """Dates with hours of their own; the last one is included."""

    id = serializers.SerializerMethodField()
    from_date = Day(source="start_on")
    to_date = Day(source="end_on")
    ranges = Ranges()
    note = serializers.CharField()

    def get_id(self, override: DateOverride) -> str:
        return override.start_on.isoformat()


# --- Rules of booking -------------------------------------------------------------------------------------------------


def whole(least: int, most: int, **terms: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=least, max_value=most, required=False, **terms)


class PolicyIn(Reads):
    """The rules of booking, lengths in minutes. What is left out stays; null is no limit."""

    notice_minutes = whole(0, BookingPolicy.LONGEST_LEAD)
    window_days = whole(1, 365)
    max_per_day = whole(1, 500, allow_null=True)
    max_open = whole(1, 5000, allow_null=True)
    accepts_at_once = serializers.BooleanField(required=False)
    answer_minutes = whole(15, BookingPolicy.LONGEST_LEAD)
    cancellation_cutoff_minutes = whole(0, BookingPolicy.LONGEST_LEAD)
    reschedule_cutoff_minutes = whole(0, BookingPolicy.LONGEST_LEAD)
    max_waiting_per_customer = whole(1, 100)
    max_week_per_customer = whole(1, 100)
    no_show_limit = whole(1, 100, allow_null=True)
    waitlist_minutes = whole(10, 1440)
    waitlist_at_night = serializers.BooleanField(required=False)


class PolicyOut(serializers.Serializer[Any]):
    """The rules of booking, lengths in minutes; null is no limit."""

    notice_minutes = serializers.IntegerField()
    window_days = serializers.IntegerField()
    max_per_day = serializers.IntegerField(allow_null=True)
    max_open = serializers.IntegerField(allow_null=True)
    accepts_at_once = serializers.BooleanField()
    answer_minutes = serializers.IntegerField()
    cancellation_cutoff_minutes = serializers.IntegerField()
    reschedule_cutoff_minutes = serializers.IntegerField()
    max_waiting_per_customer = serializers.IntegerField()
    max_week_per_customer = serializers.IntegerField()
    no_show_limit = serializers.IntegerField(allow_null=True)
    waitlist_minutes = serializers.IntegerField()
    waitlist_at_night = serializers.BooleanField()


# --- Customers --------------------------------------------------------------------------------------------------------


class CustomersParams(Paged):
    q = Line(required=False, allow_blank=True, max_length=100, help_text="Words of a name.")


class CustomerRowOut(Writes):
    """A customer in the list. `last` is the last start, `next` the next confirmed one."""

    id = serializers.UUIDField(source="customer__uuid")
    name = serializers.CharField(source="customer__name")
    visits = serializers.IntegerField()
    last = Moment(allow_null=True)
    next = Moment(allow_null=True)
    time_zone = ZoneName()


class BlockIn(Reads):
    reason = Text(max_length=LONGEST_REASON, required=False, allow_blank=True, help_text="Only you see this.")


class BlockOut(Writes):
    """The block of a customer, who can't book with this provider since then."""

    since = Moment()
    reason = serializers.CharField()


class OwnCustomerOut(Writes):
    """A customer. `email` and `phone` are null from 90 days after the last appointment; `blocked` is null unless the
    provider takes no bookings of them."""

    id = serializers.UUIDField(source="person.uuid")
    name = serializers.CharField(source="person.name")
    email = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    visits = serializers.IntegerField(source="figures.visits")
    no_shows = serializers.IntegerField(source="figures.no_shows")
    late_cancellations = serializers.IntegerField(source="figures.late")
    first = Moment(source="figures.first", allow_null=True)
    next = Moment(source="figures.next", allow_null=True)
    contact_until = Moment(source="figures.until", allow_null=True)
    time_zone = ZoneName()
    limits_lifted = serializers.BooleanField()
    blocked = BlockOut(source="block", allow_null=True)

    def get_email(self, customer: OwnCustomer) -> str | None:
        return customer.person.mail_address or None if customer.can_be_reached else None

    def get_phone(self, customer: OwnCustomer) -> str | None:
        return str(customer.person.phone) if customer.can_be_reached else None
