"""People as programs write and read them."""

from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from accounts.models import LANGUAGES, LONGEST_ADDRESS, LONGEST_NAME, Theme, User, Weekday
from api.serializers.base import Line, Moment, Reads, Secret, Writes, Zone, ZoneName, photo_of

NO_PHONE = "Send a phone number with its country, like +44 20 7946 0011."


class WelcomeOut(serializers.Serializer[Any]):
    message = serializers.CharField()
    username = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)


class MeIn(Reads):
    """Changes of profile and preferences; what is left out stays."""

    name = Line(max_length=LONGEST_NAME, required=False)
    phone = PhoneNumberField(required=False, allow_blank=True, error_messages={"invalid": NO_PHONE})
    time_zone = Zone(required=False, max_length=64)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    uses_12h_clock = serializers.BooleanField(required=False)
    first_weekday = serializers.ChoiceField(choices=Weekday.choices, required=False)
    theme = serializers.ChoiceField(choices=Theme.choices, required=False)


class OwnWrites(Writes):
    """An answer about the person who asks, with times in their own zone."""

    def zone_of(self, instance: Any) -> ZoneInfo:
        return self.call.zone or self.call.person.zone


class MeOut(OwnWrites):
    """Profile and preferences. `new_email` is the address that they want to move to, until its link is opened."""

    id = serializers.UUIDField(source="uuid")
    username = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    email_confirmed = serializers.BooleanField()
    new_email = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    phone = serializers.CharField()
    photo = serializers.SerializerMethodField()
    time_zone = serializers.CharField()
    language = serializers.ChoiceField(choices=LANGUAGES)
    uses_12h_clock = serializers.BooleanField()
    first_weekday = serializers.ChoiceField(choices=Weekday.choices)
    theme = serializers.ChoiceField(choices=Theme.choices)
    joined_at = Moment()

    def get_photo(self, person: User) -> str | None:
        return photo_of(person)


@extend_schema_field(OpenApiTypes.BINARY)
class Upload(serializers.FileField):
    """A file of a multipart body."""


class PhotoIn(Reads):
    photo = Upload(max_length=None)


class PhotoOut(serializers.Serializer[Any]):
    photo = serializers.CharField()


class EmailIn(Reads):
    email = Line(max_length=LONGEST_ADDRESS)
    password = Secret(required=False)


class PasswordIn(Reads):
    old_password = Secret()
    new_password = Secret()


class CopyIn(Reads):
    password = Secret(required=False, help_text="Needed where the person signed in a while ago.")


class LateOut(OwnWrites):
    at = Moment()
    counts_until = Moment()


class NoShowsOut(Writes):
    """How often the person did not come to one provider's appointments, and from how many times on that stops them."""

    provider = serializers.SerializerMethodField()
    number = serializers.IntegerField(source="no_shows.count")
    limit = serializers.IntegerField(source="no_shows.limit", allow_null=True)
    stops_booking = serializers.BooleanField(source="no_shows.stop")

    def get_provider(self, row: Any) -> dict[str, str]:
        return {"id": row.provider.slug, "name": row.provider.name}


class StandingOut(OwnWrites):
    """How the person stands by the rules of fair use. `counted` are the late cancellations that count now, of which
    number `limit` suspends them."""

    suspended = serializers.BooleanField()
    number = serializers.IntegerField()
    limit = serializers.IntegerField()
    counted = LateOut(many=True)
    no_shows = NoShowsOut(many=True)
    time_zone = ZoneName()


class CopyOut(OwnWrites):
    """A copy of the person's data that is being made. A mail says when it can be fetched on its page."""

    id = serializers.UUIDField(source="uuid")
    asked_at = Moment()
    status = serializers.SerializerMethodField()
    time_zone = ZoneName()

    def get_status(self, copy: Any) -> str:
        return "being_made" if copy.is_being_made else "made"


class LeaveIn(Reads):
    """The yes to deleting one's account: the password, or the code that the page mails in the same session.

    `accept` is the consequence that a refusal `late-cancellation` named.
    """

    password = Secret(required=False)
    code = Secret(required=False, max_length=20)
    accept = serializers.CharField(required=False, max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("password" in attrs) == ("code" in attrs):
            raise serializers.ValidationError({"password": ["Send either password or code."]})
        return attrs


class EndedOut(serializers.Serializer[Any]):
    """Counts of what lies ahead: cancelled, taken back or declined, and what nobody can end any more."""

    cancelled = serializers.IntegerField()
    requests_ended = serializers.IntegerField()
    staying = serializers.IntegerField()


class ConsequenceOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    of = serializers.IntegerField()
    would_ban = serializers.BooleanField()
    accept = serializers.CharField()


class LeavingOut(serializers.Serializer[Any]):
    """What deleting the account would do, in counts."""

    as_customer = EndedOut()
    as_provider = EndedOut()
    waitlist_places_ended = serializers.IntegerField()
    places_on_your_waitlist_ended = serializers.IntegerField()
    offers_given_up = serializers.IntegerField()
    offers_taken_back = serializers.IntegerField()
    past_as_customer = serializers.IntegerField()
    past_as_provider = serializers.IntegerField()
    page_comes_down = serializers.BooleanField()
    late_cancellation = ConsequenceOut(allow_null=True)
    days_to_undo = serializers.IntegerField()


class LeftOut(OwnWrites):
    undo_until = Moment(source="departure.erase_at")
    time_zone = ZoneName()
