"""Providers for tests: `ProviderFactory()` is live and works Monday to Friday from 09:00 to 17:00, London time."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import factory

from providers.models import (
    BookingPolicy,
    Category,
    DateOverride,
    Listing,
    Pricing,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)
from tests.factories.accounts import UserFactory

OFFICE_HOURS = {weekday: [("09:00", "17:00")] for weekday in range(5)}


def minute(text: str) -> int:
    """The minutes after midnight: 540 for "09:00", 1440 for "24:00"."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def give_hours(provider: Provider, hours: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    """Replace the provider's week: `give_hours(provider, {0: [("09:00", "17:00")]})`; Monday is 0."""
    WorkingHours.objects.filter(provider=provider).delete()
    add_hours(provider, hours)


def add_hours(provider: Provider, hours: Mapping[int, Iterable[tuple[str, str]]]) -> None:
    WorkingHours.objects.bulk_create(
        WorkingHours(provider=provider, weekday=weekday, start_minute=minute(start), end_minute=minute(end))
        for weekday, ranges in hours.items()
        for start, end in ranges
    )


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    name = "Physiotherapy"
    slug = factory.LazyAttribute(lambda category: category.name.lower().replace(" ", "-"))


class ProviderFactory(factory.django.DjangoModelFactory):
    """A live provider; `hours={}` makes one that never works, `policy__notice_minutes=0` changes the policy."""

    class Meta:
        model = Provider
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory, name=factory.SelfAttribute("..name"))
    name = factory.Sequence(lambda n: f"Maya Okafor{n}")
    slug = factory.Sequence(lambda n: f"maya-okafor-{n}")
    trade = "Physiotherapist"
    category = factory.SubFactory(CategoryFactory)
    about = "Helps people move without pain."
    is_in_person = True
    place = "Camden"
    address = "18 Arlington Road"
    time_zone = "Europe/London"
    listing = Listing.LIVE

    @factory.post_generation
    def hours(self, create, given, **_):
        if create:
            add_hours(self, OFFICE_HOURS if given is None else given)

    policy = factory.RelatedFactory("tests.factories.providers.BookingPolicyFactory", factory_related_name="provider")


class BookingPolicyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BookingPolicy

    provider = factory.SubFactory(ProviderFactory, policy=None)


class ServiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Service

    provider = factory.SubFactory(ProviderFactory)
    name = factory.Sequence(lambda n: f"First assessment {n}")
    slug = factory.Sequence(lambda n: f"first-assessment-{n}")
    duration_minutes = 45
    pricing = Pricing.FIXED
    price = Decimal("58.00")
    currency = "GBP"


class DateOverrideFactory(factory.django.DjangoModelFactory):
    """A date override: closed on `start_on`, unless `ranges` has open ranges in minutes after midnight."""

    class Meta:
        model = DateOverride

    provider = factory.SubFactory(ProviderFactory)
    end_on = factory.SelfAttribute("start_on")


class TimeOffFactory(factory.django.DjangoModelFactory):
    """Time off from `start` to `end`, two instants."""

    class Meta:
        model = TimeOff

    provider = factory.SubFactory(ProviderFactory)
