"""Whether a service takes bookings at all, whatever the time."""

from enum import StrEnum

from providers.models import Service


class Shut(StrEnum):
    """The reasons why a service takes no bookings."""

    PERSON = "person"
    PAGE = "page"
    CALENDAR = "calendar"
    SERVICE = "service"


def what_is_shut(service: Service) -> list[Shut]:
    """All that keeps `service`, which comes with its provider and user, from being booked; nothing where it can be."""
    provider = service.provider
    shut = {
        Shut.PERSON: not provider.user.takes_part,
        Shut.PAGE: not provider.is_live,
        Shut.CALENDAR: provider.calendar_stopped_at is not None,
        Shut.SERVICE: not service.is_active,
    }
    return [reason for reason, stands in shut.items() if stands]


def shut_words(reason: Shut, service: Service) -> str:
    """The sentence for customers; it never says why a provider takes no bookings."""
    name = service.provider.first_name
    if reason is Shut.SERVICE:
        return f"{name} no longer offers {service.name}."
    return f"{name} is not taking bookings right now."
