"""Path converters for references, dates and link tokens. Malformed values match no address, so none is looked up."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from appointments.pages.calendar.periods import View
from appointments.rules.ledger_periods import Period, period_named
from providers.urls import DayConverter

from . import links
from .models import REFERENCE_ALPHABET, REFERENCE_LENGTH


class ReferenceConverter(StringConverter):
    """Eight letters and digits of the alphabet that survives the phone, in capitals."""

    regex = f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}"


register_converter(ReferenceConverter, "reference")
register_converter(DayConverter, "day")


class ViewConverter(StringConverter):
    """A view of a calendar: list, day, week or month."""

    regex = "|".join(View)

    def to_python(self, value: str) -> View:
        return View(value)


register_converter(ViewConverter, "view")


class PeriodConverter:
    """A month as `2026-11`, or a year as `2026`."""

    regex = r"20[0-9]{2}(?:-(?:0[1-9]|1[0-2]))?"

    def to_python(self, value: str) -> Period:
        period = period_named(value)
        if period is None:
            raise ValueError(value)
        return period

    def to_url(self, period: Period | str) -> str:
        return str(period)


class MonthConverter(PeriodConverter):
    """A month as `2026-11`."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"


class CurrencyConverter(StringConverter):
    """The three letters of a currency."""

    regex = "[A-Z]{3}"


register_converter(PeriodConverter, "period")
register_converter(MonthConverter, "month")
register_converter(CurrencyConverter, "currency")


class LinkConverter(StringConverter):
    """The signed token of a link in a mail."""

    regex = links.PATTERN


register_converter(LinkConverter, "link")


class FeedTokenConverter(StringConverter):
    """The token of a calendar link: 32 random bytes, written for addresses."""

    regex = "[0-9A-Za-z_-]{43}"


register_converter(FeedTokenConverter, "feed")


class WaitlistTokenConverter(StringConverter):
    """The token of the link in the mail of a time offered from a waitlist: 32 bytes as hexadecimal digits."""

    regex = "[0-9a-f]{64}"


register_converter(WaitlistTokenConverter, "waitlist")
