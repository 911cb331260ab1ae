"""Sign-up and tokens as programs write and read them."""

from typing import Any

from rest_framework import serializers

from api.drafts import CUSTOMERS, PROVIDERS
from api.serializers.base import Line, Reads, Secret, Zone


class SignUpIn(Reads):
    """A new account: under an address, a username, or both."""

    username = serializers.CharField(required=False, max_length=200)
    password = Secret()
    email = serializers.CharField(required=False, max_length=300)
    name = Line(required=False, max_length=120)
    time_zone = Zone(required=False)
    role = serializers.ChoiceField(
        choices=[*CUSTOMERS, *PROVIDERS], required=False, help_text="A provider gets the draft of a page."
    )


class SignedUpOut(serializers.Serializer[Any]):
    """The account. With an address nothing works before its link is opened; a known address is answered alike."""

    id = serializers.UUIDField()
    username = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    email_confirmed = serializers.SerializerMethodField()

    def get_email_confirmed(self, made: Any) -> bool:
        return False


class SignInIn(Reads):
    """A username, or a confirmed address, with its password."""

    username = serializers.CharField(max_length=300)
    password = Secret()
    code = Secret(required=False, max_length=32, help_text="Of the authenticator app, where the account asks for it.")


class RefreshIn(Reads):
    refresh = Secret(max_length=4096)


class RevokeIn(Reads):
    refresh = Secret(max_length=4096, required=False)


class PairOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds for which the access token is good.")
