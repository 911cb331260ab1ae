"""The demo's providers, with their pages, services and hours."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.text import slugify

from accounts.demo import make_person
from core import clock
from core.demo import PASSWORD, Size
from core.wording import date_text
from providers.models import (
    BookingPolicy,
    Category,
    Confirmation,
    DateOverride,
    Listing,
    Pricing,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)

from .people import CATEGORIES, PROVIDERS, WEEKS, Person

# The provider whose diary is full, and who can sign in.
PROVIDER = PROVIDERS[0].email
LIVE_FOR = timedelta(days=90)
HOLIDAY_IN = timedelta(days=25)
HOLIDAY = timedelta(days=2)
COURSE_IN = timedelta(days=12)


def is_seeded() -> bool:
    return Provider.objects.filter(user__email=PROVIDER).exists()


@transaction.atomic
def seed(size: Size) -> None:
    """Create the first `size.hosts` people as live providers, with services, a week of hours and a few days away."""
    password = make_password(PASSWORD)
    for person in PROVIDERS[: size.hosts]:
        _provider(person, password)


def providers() -> list[Provider]:
    """The demo's providers with policy and account, in the order of the people. One query."""
    rows = Provider.objects.select_related("policy", "user")
    return list(rows.filter(user__email__in=[person.email for person in PROVIDERS]).order_by("pk"))


def working_hours(provider: Provider, week: str) -> Iterator[WorkingHours]:
    """The unsaved hours of the week with this name."""
    for weekday, day in enumerate(WEEKS[week].split("|")):
        for one in day.split() if day != "-" else []:
            start, end = ((int(text[:2]) * 60 + int(text[3:])) for text in one.split("-"))
            yield WorkingHours(provider=provider, weekday=weekday, start_minute=start, end_minute=end)


def _provider(person: Person, password: str) -> None:
    category, _ = Category.objects.get_or_create(
        name=CATEGORIES[person.category],
        defaults={"slug": slugify(CATEGORIES[person.category]), "position": person.category},
    )
    provider = Provider.objects.create(
        user=make_person(person.email, person.name, person.zone, password),
        slug=slugify(person.name),
        name=person.name,
        trade=person.trade,
        category=category,
        about=person.about,
        is_online=person.online,
        is_in_person=bool(person.address),
        place=person.place,
        address=person.address,
        time_zone=person.zone,
        listing=Listing.LIVE,
        live_since=clock.now() - LIVE_FOR,
        created_at=clock.now() - LIVE_FOR - timedelta(days=10),
    )
    BookingPolicy.objects.create(provider=provider, accepts_at_once=person.at_once)
    WorkingHours.objects.bulk_create(working_hours(provider, person.week))
    for position, offered in enumerate(person.services):
        Service.objects.create(
            provider=provider,
            name=offered.name,
            slug=slugify(offered.name),
            duration_minutes=offered.minutes,
            buffer_after_minutes=offered.after,
            slot_interval_minutes=offered.step,
            pricing=Pricing.HOURLY if offered.rate else Pricing.FIXED,
            price=Decimal(offered.price),
            currency=person.currency,
            confirmation=Confirmation(offered.answer),
            venue=offered.venue,
            repeats=offered.repeats,
            position=position,
        )
    if person.email == PROVIDER:
        _take_time_off(provider)
    away_on = (clock.now() + HOLIDAY_IN).date()
    DateOverride.objects.create(
        provider=provider, start_on=away_on, end_on=away_on + HOLIDAY, ranges=[], note="A few days away"
    )


def _take_time_off(provider: Provider) -> None:
    """Two whole days of a course, with the word that customers read."""
    first = clock.local(clock.now() + COURSE_IN, provider.zone).date()
    last = first + timedelta(days=1)
    back_on = date_text(last + timedelta(days=1))
    TimeOff.objects.create(
        provider=provider,
        start=clock.day_bounds(first, provider.zone)[0],
        end=clock.day_bounds(last, provider.zone)[1],
        all_day=True,
        reason="A course in Leeds",
        public_word=f"Back on {back_on}",
    )
