"""What the page shows on which a provider enters an appointment: what it comes to, and what it overrides."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.fair_use import LATE_WITHIN
from accounts.models import User
from appointments.models import Appointment
from appointments.pages.month_picker import to_value
from appointments.pages.places import place_of
from appointments.pages.zones import Zones, zones_told
from appointments.rules.overrides import Override, Rule
from appointments.services.adding import Found
from core import wording
from core.wording import duration_text
from providers.models import Service

ICONS = {
    Rule.PAGE: "eye",
    Rule.CALENDAR: "warn",
    Rule.NOTICE: "clock",
    Rule.WINDOW: "cal",
    Rule.HOURS: "hours",
    Rule.GRID: "clock",
    Rule.CAP: "users",
    Rule.CLASH: "warn",
    Rule.SHARE: "user",
    Rule.LENGTH: "clock",
    Rule.PRICE: "tag",
}


@dataclass(frozen=True, slots=True)
class Nearby:
    """A start that is open instead, with the value that chooses it."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the customer will have, and how it lies in the provider's day.

    `until` is the last moment at which they cancel freely, and `left` how soon it starts where that has passed.
    """

    appointment: Appointment
    place: str
    zones: Zones
    until: datetime | None
    left: str
    overrides: list[tuple[str, Override]]
    refusal: str
    taken: str
    nearby: list[Nearby]
    meets: bool

    @property
    def can_be_saved(self) -> bool:
        return not self.refusal and not self.taken

    @property
    def headline(self) -> str:
        number = len(self.overrides)
        return f"You override {'one' if number == 1 else number} of your rules"

    @property
    def button(self) -> str:
        number = len(self.overrides)
        if not number:
            return "Add appointment"
        return f"Add appointment, override {number} rule{'s' if number != 1 else ''}"


def summary_of(
    found: Found, service: Service, customer: User, *, start: datetime, venue: str, now: datetime, twelve: bool
) -> Summary:
    provider = service.provider
    one = Appointment(
        customer=customer,
        provider=provider,
        service=service,
        start=start,
        end=found.asked.end,
        price=found.quote.price,
        currency=found.quote.currency,
        venue=venue,
    )
    until = start - max(LATE_WITHIN, timedelta(minutes=provider.policy.cancellation_cutoff_minutes))
    return Summary(
        appointment=one,
        place=place_of(one),
        zones=zones_told(
            start,
            one.end,
            reader=provider.zone,
            other=customer.zone,
            whose=customer.first_name,
            place=provider.zone if one.is_in_person else None,
        ),
        until=until if until > now else None,
        left=duration_text(max(start - now, timedelta())),
        overrides=[(ICONS[each.rule], each) for each in found.overrides],
        refusal=" ".join(found.refusals),
        taken=str(found.taken) if found.taken else "",
        nearby=_nearby(found, provider.zone, twelve=twelve),
        meets=any(each.rule is Rule.CLASH for each in found.overrides),
    )


def _nearby(found: Found, zone: ZoneInfo, *, twelve: bool) -> list[Nearby]:
    starts = found.taken.nearest if found.taken else []
    return [Nearby(to_value(at), wording.moment_text(at, zone, twelve=twelve)) for at in starts]
