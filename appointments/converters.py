"""How references stand in addresses. What cannot be one is no address at all, so no nonsense reaches the database."""

from django.urls import register_converter

from .models import REFERENCE_ALPHABET, REFERENCE_LENGTH


class ReferenceConverter:
    """Eight letters and digits of the alphabet that survives the phone, in capitals."""

    regex = f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")
