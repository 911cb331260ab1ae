"""Doors: the ways by which somebody comes to the pages that change an appointment's time.

A customer comes by their own pages, a provider by the studio, and either by the link of a mail. The pages behind the
doors are the same; a door says who acts and in which role, and where its pages are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts.models import User
from appointments.links import Link
from appointments.models import Appointment, AppointmentEvent
from appointments.pages.standing import Standing, standing_of
from appointments.queries.customer import appointment_for_customer
from appointments.queries.provider import appointment_for_provider
from appointments.states import Role
from core import clock
from core.wording import date_text
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the appointment's own page, of those that change its time, and, for its customer, of the times
    offered instead, of saying that they will come, and of cancelling."""

    home: str
    reschedule: str
    answer: str
    withdraw: str
    offers: str = ""
    come: str = ""
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """An entered door: the appointment, and the person who acts on it for `side`.

    `frame` is the template around its pages, `crumbs` the way to them as pairs of words and address.
    """

    appointment: Appointment
    side: Role
    actor: User
    frame: str
    addresses: Addresses
    crumbs: Sequence[tuple[str, str]]
    is_link: bool = False

    @property
    def is_customers(self) -> bool:
        return self.side is Role.CUSTOMER

    @property
    def other(self) -> User | Provider:
        """The other side, a person or a provider: both have names and a zone."""
        return self.appointment.provider if self.is_customers else self.appointment.customer

    @property
    def other_photo(self) -> Any:
        return self.appointment.provider.user.photo if self.is_customers else self.appointment.customer.photo

    @property
    def reader(self) -> ZoneInfo:
        """The zone of the person who reads; for a provider that of their calendar."""
        return self.actor.zone if self.is_customers else self.appointment.provider.zone

    def standing(self, *, now: datetime, history: Sequence[AppointmentEvent] = ()) -> Standing:
        return standing_of(self.appointment, self.side, reader=self.reader, now=now, history=history)

    def context(self, standing: Standing) -> dict[str, Any]:
        """The context of every page behind the door. No query."""
        appointment = self.appointment
        return {
            "door": self,
            "frame": self.frame,
            "standing": standing,
            "appointment": appointment,
            "provider": appointment.provider,
            "customer": appointment.customer,
            "service": appointment.service,
            "other": self.other.first_name,
            "zone": standing.zones.first.key,
            "twelve_hour": self.actor.uses_12h_clock,
            "now": standing.now,
        }


def customers_door(request: HttpRequest, reference: str) -> Door:
    """The door of the customer signed in; 404 for anybody else's appointment."""
    me = cast(User, request.user)
    try:
        appointment = appointment_for_customer(me, reference)
    except Appointment.DoesNotExist:
        raise Http404 from None
    at = [reference]
    addresses = Addresses(
        home=reverse("my_appointment", args=at),
        reschedule=reverse("reschedule_appointment", args=at),
        answer=reverse("answer_time", args=at),
        withdraw=reverse("withdraw_time", args=at),
        offers=reverse("offered_times", args=at),
        come=reverse("say_coming", args=at),
        cancel=reverse("cancel_appointment", args=at),
    )
    crumbs = [("Your appointments", reverse("my_appointments")), (appointment.service.name, addresses.home)]
    return Door(appointment, Role.CUSTOMER, me, "base.html", addresses, crumbs)


def providers_door(request: HttpRequest, provider: Provider, reference: str) -> Door:
    """The studio's door; 404 for another provider's appointment."""
    try:
        appointment = appointment_for_provider(provider, reference)
    except Appointment.DoesNotExist:
        raise Http404 from None
    at = [reference]
    addresses = Addresses(
        home=reverse("studio_appointment", args=at),
        reschedule=reverse("studio_reschedule", args=at),
        answer=reverse("studio_answer_time", args=at),
        withdraw=reverse("studio_withdraw_time", args=at),
    )
    day = clock.local(appointment.start, provider.zone).date()
    to_day = f"{reverse('studio_today')}?day={day.isoformat()}"
    crumbs = [(date_text(day), to_day), (appointment.customer.name, addresses.home)]
    return Door(appointment, Role.PROVIDER, cast(User, request.user), "studio.html", addresses, crumbs)


def links_door(link: Link) -> Door:
    """The door of a mail's link, by which its reader acts without signing in."""
    at = [link.token]
    addresses = Addresses(
        home=reverse("link", args=at),
        reschedule=reverse("link_reschedule", args=at),
        answer=reverse("link_answer_time", args=at),
        withdraw=reverse("link_withdraw_time", args=at),
        offers=reverse("link_offered_times", args=at),
        come=reverse("link_come", args=at),
        cancel=reverse("link_act", args=[*at, "cancel"]),
    )
    crumbs = [(link.appointment.service.name, addresses.home)]
    return Door(link.appointment, link.side, link.reader, "base.html", addresses, crumbs, is_link=True)
