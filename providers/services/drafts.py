"""The first draft of a page, for somebody who wants to be a provider and has said nothing of it yet."""

from decimal import Decimal

from django.conf import settings
from django.db import transaction

from accounts.models import User
from core import clock, money
from providers.models import Category, Provider

from .catalogue import save_service
from .page import start_page

# What the page says until its owner says more.
TRADE, SERVICE, MINUTES = "Appointments", "Appointment", 60
OTHER = "Other"


@transaction.atomic
def draft_page(*, person: User) -> Provider:
    """Make the draft of the person's page with a first service, free and of an hour, online. Nobody else sees it.

    A draft that is there gets this profile, and keeps its services. Raises what `start_page` does.
    """
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
    provider = start_page(actor=person, values=values)
    if not provider.services.exists():
        service = {
            "name": SERVICE,
            "duration_minutes": MINUTES,
            "price": Decimal(0),
            "currency": money.currency_of_country(clock.country_code(person.time_zone)) or settings.DEFAULT_CURRENCY,
        }
        save_service(provider=provider, actor=person, values=service)
    return provider
