"""The draft of a page that somebody gets who signed up as a provider.

Nobody becomes staff by asking, and nobody holds an address that is not theirs by asking to be a provider: where the
account works only once its address is confirmed, the wish waits for that.
"""

from decimal import Decimal

from django.conf import settings
from django.db import transaction

from accounts.models import User
from api.models import PageWish
from core import clock, money
from providers import services
from providers.models import Category, Provider

CUSTOMER = "customer"
CUSTOMERS = (CUSTOMER, "client", "patient")
PROVIDERS = ("provider", "doctor", "staff")
# What the page says until its owner says more.
TRADE, SERVICE, MINUTES = "Appointments", "Appointment", 60
OTHER = "Other"


def wants_page(role: str) -> bool:
    return role in PROVIDERS


def wish_for_page(*, person: User, works: bool) -> None:
    """Make the draft of the person's page: now where their account works already, else once it is confirmed."""
    if works:
        make_draft(person=person)
    else:
        PageWish.objects.get_or_create(person=person)


def grant_wish(person: User) -> None:
    """Make the draft that the person wished for when they signed up, if they did."""
    if PageWish.objects.filter(person=person).delete()[0]:
        make_draft(person=person)


@transaction.atomic
def make_draft(*, person: User) -> Provider:
    """The draft of a page with a first service, free and of an hour, online. Nobody else sees it."""
    category = Category.objects.filter(name__iexact=OTHER).first()
    if category is None:
        last = Category.objects.order_by("position").last()
        category, _ = Category.objects.get_or_create(
            slug=OTHER.lower(), defaults={"name": OTHER, "position": last.position + 1 if last else 0}
        )
    values = {
        "name": person.name,
        "trade": TRADE,
        "category_id": category.pk,
        "is_online": True,
        "is_in_person": False,
    }
    provider = services.start_page(actor=person, values=values)
    if not provider.services.exists():
        service = {
            "name": SERVICE,
            "duration_minutes": MINUTES,
            "price": Decimal(0),
            "currency": money.currency_of_country(clock.country_code(person.time_zone)) or settings.DEFAULT_CURRENCY,
        }
        services.save_service(provider=provider, actor=person, values=service)
    return provider
