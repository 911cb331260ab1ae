"""What a person who deletes their account leaves behind, and what of the waitlists and offers ends with it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.states import OPEN
from core import clock
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class Past:
    """The numbers of a person's appointments that do not lie ahead, on either side, and whether they have a page."""

    as_customer: int = 0
    as_provider: int = 0
    has_page: bool = False
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The numbers of a person's places on waitlists, of the times offered to them, and of those that they offer."""

    places: int = 0
    offered: int = 0
    offering: int = 0


def past_of(person: User) -> Past:
    """What the person leaves behind. Three queries."""
    page = Provider.objects.filter(user=person).first()
    if page is not None:
        page.user = person
    over = ~Q(status__in=OPEN) | Q(start__lte=clock.now())
    as_customer = Appointment.objects.filter(over, customer=person).count()
    as_provider = Appointment.objects.filter(over, provider=page).count() if page else 0
    return Past(as_customer, as_provider, page is not None, page is not None and page.is_public)


def waiting_of(person: User, *, now: datetime) -> Waiting:
    """What ends when the person leaves, besides what they have ahead. Two queries."""
    offers = Offer.objects.live(now).aggregate(
        offered=Count("pk", filter=Q(customer=person)), offering=Count("pk", filter=Q(provider__user=person))
    )
    return Waiting(places=WaitlistPlace.objects.waiting().filter(customer=person).count(), **offers)
