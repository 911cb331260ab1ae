"""The filters of a search, read from an address and written to one. No text in an address can break a page."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import QueryDict

from appointments.search.quarters import PARTS, Span, spans
from core import clock, money, wording
from core.money import Money
from core.text import clean_line

LONGEST_TEXT = 100
MOST_CATEGORIES = 20
LAST_PAGE = 100_000
HORIZON_DAYS = 60
PLACES = ("online", "person")
SORTS = ("price", "name")
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


def money_value(most: Money) -> str:
    """A highest price as written in addresses: "60-GBP"."""
    return f"{most.amount.normalize():f}-{most.currency}"


def _text(typed: str, errors: dict[str, str]) -> str:
    if len(typed) > LONGEST_TEXT:
        errors["q"] = f"Search for at most {LONGEST_TEXT} characters."
    try:
        return clean_line(" ".join(typed[:LONGEST_TEXT].split()))
    except ValidationError as error:
        errors["q"] = error.messages[0]
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
    code = fits[2] or currency
    try:
        return Money(money.validate_amount(Decimal(fits[1]), code), code)
    except ValidationError as error:
        errors["max"] = error.messages[0]
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
