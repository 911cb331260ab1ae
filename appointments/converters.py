"""Path converters for references, dates and link tokens. Malformed values match no address, so none is looked up."""

from django.urls import register_converter

from providers.urls import DayConverter

from . import links
from .models import REFERENCE_ALPHABET, REFERENCE_LENGTH


class ReferenceConverter:
    """Eight letters and digits of the alphabet that survives the phone, in capitals."""

    regex = f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")
register_converter(DayConverter, "day")


class LinkConverter:
    """The signed token of a link in a mail."""

    regex = links.PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LinkConverter, "link")


class FeedTokenConverter:
    """The token of a calendar link: 32 random bytes, written for addresses."""

    regex = "[0-9A-Za-z_-]{43}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FeedTokenConverter, "feed")
