"""The filters of a search, read from an address and written to one. No text in an address can break a page.

`read` leaves out what makes no sense, since people mend an address by hand; `demand` refuses it, since a program would
take the answer for one to what it asked. Both use the same checks.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import QueryDict

from appointments.exceptions import Fault, Unreadable
from appointments.search.quarters import PARTS, Span, spans
from core import clock, money, wording
from core.money import Money
from core.text import clean_line
from providers.models import Venue

LONGEST_TEXT = 100
MOST_CATEGORIES = 20
LAST_PAGE = 100_000
HORIZON_DAYS = 60
PLACES = ("online", "person")
SORTS = ("price", "name")
# What programs call the places of an address, and the order that an address leaves out.
VENUES = {Venue.ONLINE.value: "online", Venue.IN_PERSON.value: "person"}
SOONEST = "soonest"
KEYS = ("q", "where", "from", "part", "category", "instant", "max", "sort", "tz", "page")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MONEY = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(?:-([A-Z]{3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search. `day` is None for 'from today', `parts` empty for any part of the day; `errors` by field name."""

    q: str = ""
    where: str = ""
    day: date | None = None
    parts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    instant: bool = False
    most: Money | None = None
    sort: str = ""
    tz: str = ""
    page: int = 1
    # The currency of a highest price without one, and of the prices sorted first.
    currency: str = field(default="GBP", compare=False)
    errors: dict[str, str] = field(default_factory=dict, compare=False)

    def query(self, **changes) -> str:
        """The query string of this search with `changes`, without defaults. Page 1 unless `changes` name another."""
        wanted = replace(self, **{"page": 1, **changes})
        pairs = [
            ("q", wanted.q),
            ("where", wanted.where),
            ("from", wanted.day.isoformat() if wanted.day else ""),
            *(("part", part) for part in wanted.parts),
            *(("category", slug) for slug in wanted.categories),
            ("instant", "1" if wanted.instant else ""),
            ("max", money_value(wanted.most) if wanted.most else ""),
            ("sort", wanted.sort),
            ("tz", wanted.tz),
            ("page", str(wanted.page) if wanted.page > 1 else ""),
        ]
        return urlencode([(name, value) for name, value in pairs if value])

    @property
    def is_narrowed_in_time(self) -> bool:
        """Whether only openings from a later day on, or in some parts of the day, count for this search."""
        return bool(self.day or self.parts)

    @property
    def filters_on(self) -> int:
        """The number of filters set beside the form."""
        return len(self.categories) + self.instant + (self.most is not None)

    @property
    def is_narrowed(self) -> bool:
        return self != Wanted(sort=self.sort, tz=self.tz, page=self.page)

    def spans(self, zone: ZoneInfo, now: datetime) -> list[Span]:
        """The UTC days and quarters in which an opening counts, for a viewer in `zone`."""
        start = max(now, clock.day_bounds(self.day or wording.today(zone, now), zone)[0])
        return spans(start, now + timedelta(days=62), zone=zone, parts=self.parts or PARTS)


def read(asked: QueryDict, *, zone: ZoneInfo, now: datetime, currency: str = "GBP") -> Wanted:
    """The search in a query string. Invalid values are left out; those that people type are reported in `errors`."""
    errors: dict[str, str] = {}
    parts = tuple(part for part in PARTS if part in asked.getlist("part"))
    return Wanted(
        q=_text(asked.get("q", ""), errors),
        where=_one_of(asked.get("where", ""), PLACES),
        day=_day(asked.get("from", "").strip(), wording.today(zone, now), errors),
        parts=() if len(parts) == len(PARTS) else parts,
        categories=tuple(sorted({slug for slug in asked.getlist("category") if _is_slug(slug)})[:MOST_CATEGORIES]),
        instant=asked.get("instant", "") in {"1", "on", "true"},
        most=_money(asked.get("max", "").strip(), currency, errors),
        sort=_one_of(asked.get("sort", ""), SORTS),
        tz=_zone(asked.get("tz", "")),
        page=_page(asked.get("page", "")),
        currency=currency,
        errors=errors,
    )


def demand(
    *,
    now: datetime,
    zone: ZoneInfo,
    known_categories: Collection[str],
    q: str = "",
    categories: Sequence[str] = (),
    place: str = "",
    venue: str = "",
    max_price: Decimal | None = None,
    currency: str = "",
    instant: bool = False,
    day: date | None = None,
    parts: Sequence[str] = (),
    sort: str = "",
    tz: str = "",
    page: int = 1,
    usual_currency: str = "GBP",
) -> Wanted:
    """The search that a program asks for; what is empty narrows nothing. Raises Unreadable with what makes no sense.

    `zone` is that of the dates where `tz` names none, `place` words that the provider says, as those of `q` are, and
    `venue` a `Venue`. `sort` is `soonest`, `price` or `name`; `parts` are those of the day, of `PARTS`. Where no
    `currency` is asked for, the prices in `usual_currency` are sorted first.
    """
    faults = [
        *_unknown("category", categories, known_categories, "Choose a category from the list."),
        *_unknown("venue", [venue] if venue else [], VENUES, f"Choose one of: {', '.join(VENUES)}."),
        *_unknown("part", parts, PARTS, f"Choose from: {', '.join(PARTS)}."),
        *_unknown("sort", [sort] if sort else [], (SOONEST, *SORTS), f"Choose one of: {', '.join((SOONEST, *SORTS))}."),
    ]
    if len(set(categories)) > MOST_CATEGORIES:
        faults.append(Fault("category", "too-many", f"Choose at most {MOST_CATEGORIES} categories."))
    if tz and not _zone(tz):
        faults.append(Fault("tz", "unknown", "Use the name of a time zone, like Europe/London."))
    errors: dict[str, str] = {}
    today = wording.today(clock.zone(_zone(tz)) if _zone(tz) else zone, now)
    words = [_text(text, errors, name) for name, text in (("q", q), ("place", place))]
    coming = _coming(day, today, errors) if day else None
    if day and day < today:
        errors["from"] = f"That day is over. Choose {today.isoformat()} or later."
    if max_price is None and currency:
        faults.append(Fault("max_price", "required", "A currency is asked for together with a highest price."))
    if max_price is not None and not currency:
        faults.append(Fault("currency", "required", "A price needs its currency, like GBP."))
    most = _amount(max_price, currency, errors, "max_price") if max_price is not None and currency else None
    faults += [Fault(name, "invalid", sentence) for name, sentence in errors.items()]
    if faults:
        raise Unreadable(faults)
    chosen = tuple(part for part in PARTS if part in parts)
    return Wanted(
        q=" ".join(filter(None, words)),
        where=VENUES.get(venue, ""),
        day=coming,
        parts=() if len(chosen) == len(PARTS) else chosen,
        categories=tuple(sorted(set(categories))),
        instant=instant,
        most=most,
        sort="" if sort == SOONEST else sort,
        tz=_zone(tz),
        page=page,
        currency=currency or usual_currency,
    )


def money_value(most: Money) -> str:
    """A highest price as written in addresses: "60-GBP"."""
    return f"{most.amount.normalize():f}-{most.currency}"


def _unknown(name: str, given: Sequence[str], known: Collection[str], sentence: str) -> list[Fault]:
    return [Fault(name, "unknown", sentence)] if any(each not in known for each in given) else []


def _text(typed: str, errors: dict[str, str], name: str = "q") -> str:
    if len(typed) > LONGEST_TEXT:
        errors[name] = f"Search for at most {LONGEST_TEXT} characters."
    try:
        return clean_line(" ".join(typed[:LONGEST_TEXT].split()))
    except ValidationError as error:
        errors[name] = error.messages[0]
        return ""


def _day(typed: str, today: date, errors: dict[str, str]) -> date | None:
    """The day typed, or None for today and earlier, so that an address from last week still works."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed) if _DAY.fullmatch(typed) else None
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < 2200:
        errors["from"] = f"Enter a date, like {today.isoformat()}."
        return None
    return _coming(day, today, errors)


def _coming(day: date, today: date, errors: dict[str, str]) -> date | None:
    """The day, or None for today and earlier, and for one too far ahead."""
    last = today + timedelta(days=HORIZON_DAYS)
    if day > last:
        errors["from"] = f"Choose a date up to {wording.date_text(last)}."
        return None
    return day if day > today else None


def _money(typed: str, currency: str, errors: dict[str, str]) -> Money | None:
    if not typed:
        return None
    fits = _MONEY.fullmatch(typed)
    if fits is None:
        errors["max"] = "Choose a price from the list, or enter an amount like 60."
        return None
    return _amount(Decimal(fits[1]), fits[2] or currency, errors, "max")


def _amount(amount: Decimal, code: str, errors: dict[str, str], name: str) -> Money | None:
    try:
        return Money(money.validate_amount(amount, code), code)
    except ValidationError as error:
        errors[name] = error.messages[0]
        return None


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else ""


def _is_slug(value: str) -> bool:
    return bool(re.fullmatch(r"[-a-zA-Z0-9_]{1,60}", value, re.ASCII))


def _zone(name: str) -> str:
    try:
        return clock.canonical_zone(name) if name else ""
    except ValueError:
        return ""


def _page(value: str) -> int:
    """The page number, 1 where it is invalid. A page beyond the last one is left for `results.find` to correct."""
    return min(max(int(value), 1), LAST_PAGE) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else 1
