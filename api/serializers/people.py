"""People as programs write and read them."""

from typing import Any

from rest_framework import serializers


class WelcomeOut(serializers.Serializer[Any]):
    message = serializers.CharField()
    username = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
