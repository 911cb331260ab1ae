"""The list in which people choose a time zone: a short one on every page, and a search through all of them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.http import HttpRequest, HttpResponse

from accounts.zones import ViewerZone, canonical, device_zone
from core import clock, wording

RECENT = "zones"  # the cookie with the zones chosen on this device, the latest first
RECENT_SHOWN = 3
TYPED = "tzq"
LONGEST = 60
_OFFSET = re.compile(r"(?:gmt|utc)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)
_ALSO_CALLED = {"United Kingdom": "UK Britain England Scotland Wales", "United States": "USA", "Netherlands": "Holland"}
_HALF_A_YEAR = timedelta(days=182)


@dataclass(frozen=True, slots=True)
class ZoneSearch:
    """A search through every zone: `found` holds (name, label) pairs, `kept` the other parameters of the address."""

    text: str
    found: Sequence[tuple[str, str]]
    kept: Sequence[tuple[str, str]]


def own_zone(request: HttpRequest) -> str | None:
    """The zone in the person's settings, for visitors that of their device, if known."""
    return request.user.time_zone if request.user.is_authenticated else device_zone(request)


def short_list(names: Iterable[str | None], now: datetime, *, twelve: bool = False) -> list[tuple[str, str]]:
    """Pairs of name and label ("London, now 11:02"), one for each zone in `names`."""
    known = dict.fromkeys(name for name in names if name)
    return [(name, f"{wording.zone_city(name)}, now {wording.clock_text(now, name, twelve=twelve)}") for name in known]


def searched(request: HttpRequest, now: datetime, *, twelve: bool = False) -> ZoneSearch:
    """The zones that match the typed text, or all of them, each as "Lisbon, Portugal, now 11:02"."""
    text = request.GET.get(TYPED, "")[:LONGEST].strip()
    names = find(text, now) if text else [name for name, _ in clock.zone_choices()]
    return ZoneSearch(
        text=text,
        found=[(name, clock.zone_label_now(name, now, twelve_hour=twelve)) for name in names],
        kept=[(name, value) for name, values in request.GET.lists() if name != TYPED for value in values],
    )


def find(text: str, now: datetime) -> list[str]:
    """The names of zones found by city, country, former name, abbreviation or present offset.

    "CET" is found in summer, too; offsets read "GMT+1" or "+5:45".
    """
    offset = _offset(text)
    if offset is not None:
        return [name for name, _ in clock.zone_choices() if clock.local(now, clock.zone(name)).utcoffset() == offset]
    words = _fold(text).split()
    if not words:
        return []
    short = {name for name, _ in clock.zone_choices() if words[0] in _abbreviations(name, now.date().isoformat())}
    if short and len(words) == 1:
        return [name for name, _ in clock.zone_choices() if name in short]
    return [name for name, _ in clock.zone_choices() if all(f" {word}" in _words(name) for word in words)]


def _offset(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text.casefold().replace("−", "-").replace(" ", ""))
    if found is None:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -length if found[1] == "-" else length


@lru_cache(maxsize=1024)
def _abbreviations(name: str, day: str) -> frozenset[str]:
    """The zone's abbreviations on this day and half a year later."""
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return frozenset(
        (clock.local(at, clock.zone(name)).tzname() or "").casefold() for at in (noon, noon + _HALF_A_YEAR)
    )


@lru_cache(maxsize=1024)
def _words(name: str) -> str:
    label = clock.zone_label(name)
    country = _ALSO_CALLED.get(label.rpartition(", ")[2], "")
    return _fold(" ".join([label, country, name, *clock.other_names(name)]))


def _fold(text: str) -> str:
    """Lower case without accents, a space before each word."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "").replace("'", ""))
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return f" {' '.join(''.join(letters).split())}"


def recent(request: HttpRequest) -> list[str]:
    """The last zones that were chosen on this device, the newest first."""
    names = request.COOKIES.get(RECENT, "")[:200].strip('"').split("|")
    known = dict.fromkeys(filter(None, map(canonical, names)))
    return list(known)[:RECENT_SHOWN]


def remember(request: HttpRequest, response: HttpResponse, zone: ViewerZone) -> None:
    """Add a chosen zone to the cookie of the short list, unless it is the person's own, which is listed anyway."""
    before = recent(request)
    if not zone.chosen or zone.name == own_zone(request) or before[:1] == [zone.name]:
        return
    names = [zone.name, *(name for name in before if name != zone.name)][:RECENT_SHOWN]
    response.set_cookie(
        RECENT,
        "|".join(names),
        max_age=365 * 24 * 3600,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
