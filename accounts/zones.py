"""The zone in which a page shows its times."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from core import clock

COOKIE = "tz"  # the device's zone, set by the script of every page
PARAMETER = "tz"
EVERY_ZONE = "all"  # 'All time zones…': a choice of the list, not a zone


@dataclass(frozen=True)
class ViewerZone:
    """The zone of a page. `unknown` says that the address or device named one that does not exist; the page says so.

    `lists_all` asks for the search through every zone, `chosen` says that the address names this one, `assumed` that
    neither the address nor the person's settings nor their device named any. A page says that, too.
    """

    name: str
    unknown: bool = False
    lists_all: bool = False
    chosen: bool = False
    assumed: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.name)

    @property
    def in_links(self) -> str:
        """The zone for links to other pages, empty unless it was chosen, so that other pages may follow the device."""
        return self.name if self.chosen else ""

    @property
    def every_zone(self) -> str:
        """The value of the choice 'All time zones…', which keeps a chosen zone during the search for another."""
        return f"{EVERY_ZONE},{self.name}" if self.chosen else EVERY_ZONE

    def __str__(self) -> str:
        return self.name


def canonical(name: str | None) -> str | None:
    """Our name for the zone that an address or a cookie names, or None where there is no such zone."""
    if not name:
        return None
    try:
        return clock.canonical_zone(name)
    except ValueError:
        return None


def device_zone(request: HttpRequest) -> str | None:
    """The zone in the cookie of the device, or None. The cookie may hold a percent-encoded slash."""
    return canonical(request.COOKIES.get(COOKIE, "").strip('"').replace("%2F", "/").replace("%2f", "/"))


def zone_named(request: HttpRequest, default: str) -> ViewerZone:
    """The zone for this page: that of the address, else `default`, the name of a known zone."""
    asked = request.GET.get(PARAMETER, "")
    head, _, before = asked.partition(",")
    lists_all = head == EVERY_ZONE
    if named := canonical(before if lists_all else asked):
        return ViewerZone(named, lists_all=lists_all, chosen=True)
    return ViewerZone(default, unknown=bool(asked) and not lists_all, lists_all=lists_all)


def viewer_zone(request: HttpRequest, fallback: str) -> ViewerZone:
    """The zone for this page: that of the address, of the person's settings, of the device, else `fallback`.

    `fallback` is the name of a known zone, as a rule the provider's. Costs no query of its own.
    """
    page = zone_named(request, fallback)
    if page.chosen:
        return page
    if request.user.is_authenticated:
        return replace(page, name=request.user.time_zone)
    if device := device_zone(request):
        return replace(page, name=device)
    unknown = page.unknown or COOKIE in request.COOKIES
    return replace(page, unknown=unknown, assumed=not unknown)


def zone_to_ask_about(request: HttpRequest) -> str | None:
    """The device's zone where it differs from the person's and they have not declined it, else None."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    device = device_zone(request)
    if device is None or device in {canonical(user.time_zone) or user.time_zone, user.declined_time_zone}:
        return None
    return device
