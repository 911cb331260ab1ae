"""The cards of the search: a provider, a price, and the openings of five days, taken from the calendar as it is now.

The index only chooses the providers and how far ahead to look. Every time on a card can be booked at that moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from appointments.pages.month_picker import to_value
from appointments.rules.parts import part_of
from appointments.rules.pricing import quote
from appointments.rules.slots import Facts, open_slots, would_be_open
from appointments.search.quarters import PARTS
from appointments.search.results import suits
from appointments.search.wanted import Wanted
from appointments.services import availability
from core import clock, wording
from core.compiled_queries import prepared
from core.folding import fold, terms
from core.intervals import Interval
from core.money import Money, price_words
from core.shortcuts import slug_address, with_query
from providers.models import Pricing, Provider, Service

DAYS = 5
SHOWN = 3
ONE_DAY = timedelta(days=1)
PART_WORDS = {"am": "morning", "pm": "afternoon", "eve": "evening"}


@dataclass(frozen=True, slots=True)
class Time:
    href: str
    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    short: str
    times: list[Time]
    more: int
    href: str


@dataclass(frozen=True, slots=True)
class Next:
    """The first opening after the five days of a card."""

    at: datetime
    day: date
    href: str
    book: str


@dataclass(frozen=True, slots=True)
class Card:
    """A provider's card.

    Without an opening in the five days, `days` is empty, `reason` says why, and `next` is the first one after.
    """

    provider: Provider
    service: Service | None
    href: str
    price: str
    confirms_at_once: bool
    answers_within: str
    days: list[Day]
    first: datetime | None
    # The openings of the five days.
    starts: Sequence[datetime] = ()
    reason: str = ""
    next: Next | None = None
    # The page of the waitlist, for the days on which nothing is open.
    waitlist: str = ""


@dataclass(frozen=True)
class View:
    """A viewer's search, with the zone and the clock in which they read times."""

    wanted: Wanted
    zone: ZoneInfo
    now: datetime
    twelve: bool = False

    @cached_property
    def today(self) -> date:
        return wording.today(self.zone, self.now)

    @cached_property
    def first_day(self) -> date:
        return self.wanted.day or self.today

    @cached_property
    def days(self) -> list[date]:
        return [self.first_day + n * ONE_DAY for n in range(DAYS)]

    @cached_property
    def names(self) -> list[tuple[str, str]]:
        """The two parts of each day's heading: "Today" or the weekday, and the date, like "10 Mar"."""
        return [
            ("Today" if day == self.today else wording.date_part(day, "D"), wording.date_part(day, "j M"))
            for day in self.days
        ]

    @cached_property
    def span(self) -> Interval:
        return clock.day_bounds(self.days[0], self.zone)[0], clock.day_bounds(self.days[-1], self.zone)[1]

    @cached_property
    def chosen_zone(self) -> dict[str, str]:
        """The zone parameter for links; empty for the zone of the device or person, which every page knows."""
        return {"tz": self.wanted.tz} if self.wanted.tz else {}

    def means(self, at: datetime) -> bool:
        """Whether a start lies in a part of the day that the search includes."""
        return not self.wanted.parts or PARTS[part_of(clock.local(at, self.zone).hour)] in self.wanted.parts


def cards(providers: Sequence[Provider], hints: Mapping[int, datetime], view: View) -> list[Card]:
    """The cards of these providers, in their order. Four queries, five where a provider has a cap.

    `providers` must come with policy and user; `hints` has the first opening of each by the index.
    """
    if not providers:
        return []
    offers = _offers(providers)
    start, end = view.span
    later = {pk: _around(at) for pk, at in hints.items() if at >= end}
    facts = availability.load_facts(providers, start, end, now=view.now, also=later)
    return [_card(each, offers[each.pk], facts[each.pk], later.get(each.pk), view) for each in providers]


def _around(at: datetime) -> Interval:
    """The range to look through for the opening that the index has at `at`, or a later one if that was taken."""
    return at - timedelta(minutes=15), at + 7 * ONE_DAY


def _offers(providers: Iterable[Provider]) -> dict[int, list[Service]]:
    known = {provider.pk: provider for provider in providers}
    found: dict[int, list[Service]] = defaultdict(list)
    for service in _active_services(ids=list(known)):
        service.provider = known[service.provider_id]
        found[service.provider_id].append(service)
    return found


@prepared
def _active_services(ids: Sequence[int]) -> QuerySet[Service]:
    return Service.objects.filter(provider__in=ids, is_active=True).order_by("position", "id")


def _card(provider: Provider, services: list[Service], facts: Facts, later: Interval | None, view: View) -> Card:
    chosen, starts = _first_with_openings(_fitting(services, view.wanted), facts, view.span, view)
    after = None
    if not starts and later is not None:
        last, found = _first_with_openings(_fitting(services, view.wanted), facts, later, view)
        if last is not None and found:
            chosen, after = last, found[0]
    page = _page_of(provider, chosen)
    return Card(
        provider=provider,
        service=chosen,
        href=_name_link(provider, page, starts[0] if starts else after, view),
        price=price_of(chosen) if chosen else "",
        confirms_at_once=bool(chosen and chosen.confirms_at_once(provider.policy)),
        answers_within=wording.words_for_minutes(provider.policy.answer_minutes),
        days=_days(provider, chosen, starts, view) if chosen and starts else [],
        first=starts[0] if starts else after,
        starts=starts,
        reason="" if starts else _reason(_fitting(services, view.wanted), facts, view),
        next=_next(provider, chosen, after, page, view) if chosen and after else None,
        waitlist=_waitlist(provider, chosen, after, view) if chosen and not starts else "",
    )


def _fitting(services: list[Service], wanted: Wanted) -> list[Service]:
    """The services that the search includes, those named in its text first, else in the provider's order."""
    fitting = [each for each in services if suits(each, wanted, _price(each))]
    words = terms(wanted.q)
    return sorted(fitting, key=lambda each: -sum(word in fold(each.name) for word in words)) if words else fitting


def _price(service: Service) -> Money:
    price = quote(service)
    return Money(price.price, price.currency)


def _first_with_openings(
    services: Sequence[Service], facts: Facts, span: Interval, view: View
) -> tuple[Service | None, list[datetime]]:
    """The first service with openings in the span, and these openings; else the first service and none."""
    for service in services:
        slots = open_slots(facts, availability.shape_of(service), *span, now=view.now)
        if starts := [at for at in slots if view.means(at)]:
            return service, starts
    return (services[0] if services else None), []


def price_of(service: Service) -> str:
    """The price of an appointment: "£58 for 45 min", "£40 an hour", "Free for 45 min"."""
    amount = price_words(_price(service).amount, service.currency)
    if service.price and service.pricing == Pricing.HOURLY and service.duration_minutes == 60:
        return f"{amount} an hour"
    return f"{amount} for {wording.duration_text(service.duration_minutes)}"


def _page_of(provider: Provider, service: Service | None) -> str:
    if service is None:
        return slug_address("provider_page", provider.slug)
    return slug_address("provider_service", provider.slug, service.slug)


def _name_link(provider: Provider, page: str, first: datetime | None, view: View) -> str:
    """The link to the provider's page; on the first fitting day where the search names a day or parts of days."""
    if first is None or not view.wanted.is_narrowed_in_time:
        return with_query(slug_address("provider_page", provider.slug), view.chosen_zone)
    return with_query(page, {"day": clock.local(first, view.zone).date().isoformat(), **view.chosen_zone})


def _days(provider: Provider, service: Service, starts: Iterable[datetime], view: View) -> list[Day]:
    first, last = view.days[0], view.days[-1]
    by_day: dict[date, list[tuple[datetime, datetime]]] = {day: [] for day in view.days}
    for at in starts:
        there = clock.local(at, view.zone)
        # Where clocks go back over midnight, the second run of the late evening belongs to the new day.
        by_day[min(max(there.date(), first), last)].append((at, there))
    book = f"{slug_address('book', provider.slug, service.slug)}?start="
    page, zone = _page_of(provider, service), f"&{urlencode(view.chosen_zone)}" if view.chosen_zone else ""
    return [
        Day(
            name=name,
            short=short,
            times=[
                Time(f"{book}{to_value(at)}{zone}", there.isoformat(timespec="minutes"), _clock(at, there, view))
                for at, there in found[:SHOWN]
            ],
            more=max(len(found) - SHOWN, 0),
            href=f"{page}?day={day.isoformat()}{zone}",
        )
        for (day, found), (name, short) in zip(by_day.items(), view.names, strict=True)
    ]


def _clock(at: datetime, there: datetime, view: View) -> str:
    if view.twelve or clock.occurrence(there):
        return wording.clock_text(at, view.zone, twelve=view.twelve)
    return f"{there:%H:%M}"


def _reason(services: Iterable[Service], facts: Facts, view: View) -> str:
    """The reason for a card without openings: none in that part of the day, all taken, or not working."""
    if view.wanted.parts:
        parts = [PART_WORDS[part] for part in view.wanted.parts]
        return f"Nothing open in the {' or '.join(parts)}"
    is_full = any(would_be_open(facts, availability.shape_of(each), *view.span, now=view.now) for each in services)
    return "Fully booked" if is_full else "Nothing open"


def _waitlist(provider: Provider, service: Service, after: datetime | None, view: View) -> str:
    """The link to the waitlist of the service: for the days of the card, and those until the next opening."""
    until = clock.local(after, view.zone).date() - ONE_DAY if after else view.days[-1]
    parts = [("parts", str(PARTS.index(part))) for part in view.wanted.parts]
    asked = [("day", view.days[0].isoformat()), ("until", until.isoformat()), *parts]
    return f"{slug_address('join_waitlist', provider.slug, service.slug)}?{urlencode(asked)}"


def _next(provider: Provider, service: Service, at: datetime, page: str, view: View) -> Next:
    day = clock.local(at, view.zone).date()
    zone = view.chosen_zone
    return Next(
        at=at,
        day=day,
        href=f"{page}?{urlencode({'day': day.isoformat(), **zone})}",
        book=f"{slug_address('book', provider.slug, service.slug)}?{urlencode({'start': to_value(at), **zone})}",
    )
