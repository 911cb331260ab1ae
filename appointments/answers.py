"""Answers of this app to the hooks of lower apps; registered in `apps`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse

from accounts import zones
from accounts.after_login import ChosenTime
from accounts.models import User
from accounts.personal_data import File
from appointments import visitor
from appointments.mail import ics
from appointments.models import Appointment
from appointments.pages import month_picker, waiting
from appointments.pages.conflicts import told
from appointments.pages.labels import badges
from appointments.pages.zones import zones_of_time
from appointments.queries.calendar_feed import all_appointments
from appointments.queries.offers import offers_to_customer
from appointments.queries.proposals import proposals_to
from appointments.queries.provider import left_outside
from appointments.queries.public import public_service
from appointments.queries.requests import first_waiting_for
from appointments.services import holds, waitlist, waitlist_offers
from appointments.services.conflicts import undecided_conflicts
from appointments.states import Role
from calendar_sync.hooks import Conflicts
from core import clock
from notifications.catalogue import View
from notifications.hooks import Waiting
from providers import queries as provider_queries
from providers.hooks import LeftOutside, Outside
from providers.hours import Week
from providers.models import Provider, Service


def start_page(user: User) -> str | None:
    """The studio's first page for a provider who has gone live, None for anybody else."""
    return "studio_today" if provider_queries.lives_in_the_studio(user) else None


def chosen_time(request: HttpRequest, address: str) -> ChosenTime | None:
    """The time chosen in the booking form at `address`; None for other pages, past times and providers not public.

    Two queries for a booking form, none for any other page.
    """
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    start, now = month_picker.from_value(asked.get("start", "")), clock.now()
    service = _service_booked_at(parts.path) if start and start > now else None
    if start is None or service is None:
        return None
    kept = holds.kept_time(visitor.known(request), now=now)
    is_this_one = kept is not None and kept.provider_id == service.provider_id and kept.start <= start < kept.end
    reader = zones.device_zone(request) or zones.canonical(asked.get("tz")) or service.provider.time_zone
    end = start + timedelta(minutes=service.duration_minutes)
    told = zones_of_time(service, start, end, reader=clock.zone(reader))
    return ChosenTime(
        provider=service.provider.name,
        service=service.name,
        start=start,
        kept_until=kept.expires_at if kept is not None and is_this_one else None,
        zone=told.first.key,
        chosen_in=reader,
        aside=told.aside(start, end),
    )


def outside_new_hours(provider: Provider, week: Week, time_zone: str, now: datetime) -> Outside:
    """What is booked or asked for with the provider and would lie outside this week. Three queries."""
    left, already = left_outside(provider, week, clock.zone(time_zone), now)
    return Outside([_left_outside(one, now) for one in left], already)


def _left_outside(one: Appointment, now: datetime) -> LeftOutside:
    return LeftOutside(
        start=one.start,
        end=one.end,
        name=one.customer.name,
        service=one.service.name,
        label=badges(one, Role.PROVIDER, now=now)[0],
        address=reverse("studio_appointment", args=[one.reference]),
    )


def conflicts(provider: Provider, now: datetime) -> Conflicts | None:
    """The provider's conflicts with their calendars that are undecided, None without one. Three queries at most."""
    return told(undecided_conflicts(provider, now=now), twelve=provider.user.uses_12h_clock)


def time_opened(provider: Provider) -> None:
    """Offer what has become open at the locked provider to those who wait for it."""
    waitlist_offers.offer_freed(provider.pk)


def customer_blocked(provider: Provider, customer: User) -> None:
    """End what waits for the locked provider's time or is offered of it to the customer, and offer that to the next."""
    waitlist.end_for_blocked(provider, customer)


def calendar_of(user: User) -> Iterator[File]:
    """The calendar file of the person's agreed appointments, on either side, for the copy of their data."""
    if found := all_appointments(user):
        yield File("appointments.ics", ics.calendar_of(found, user))


def waiting_for(view: View) -> list[Waiting]:
    """What waits for the person's answer: new times on either side, times offered to them, requests to them. Three
    queries."""
    instead, opened = offers_to_customer(view.reader, now=view.now)
    first, in_all = first_waiting_for(view.reader, now=view.now)
    return [
        *waiting.new_times(proposals_to(view.reader, now=view.now), view),
        *waiting.offered_instead(instead, view),
        *waiting.places(opened, view),
        *waiting.requests(first, in_all, view),
    ]


def _service_booked_at(path: str) -> Service | None:
    try:
        match = resolve(path)
        is_booking_form = match.url_name == "book"
        return public_service(match.kwargs["provider"], match.kwargs["service"]) if is_booking_form else None
    except (Resolver404, Service.DoesNotExist):
        return None
