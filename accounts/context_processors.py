"""What account pages and the frame of every page know about the visitor. None of it asks the database."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.http import urlencode

from accounts import after_login, zones
from core import clock


def device_zone(request: HttpRequest) -> dict[str, object]:
    """What the question about the device's zone needs, where it is to be asked."""
    asked = zones.zone_to_ask_about(request)
    if asked is None:
        return {}
    return {
        "device_zone": {
            "name": asked,
            "city": clock.city_name(asked),
            "own_city": clock.city_name(request.user.time_zone),  # type: ignore[union-attr]
        }
    }


def chosen_time(request: HttpRequest) -> dict[str, object]:
    """The way back on the pages where people sign in, and the time they chose, if that is where it leads.

    `way_back_query` is what links from one such page to another append. The booking page leaves `chosen_time` in the
    session: provider and service (names), start and kept_until (ISO instants, kept_until may be None), zone (a name,
    may be missing).
    """
    if not request.path.startswith("/accounts/"):
        return {}
    back = after_login.way_back(request)
    chosen = _chosen_time(request) if back.startswith("/book/") else {}
    return {"way_back_query": "?" + urlencode({"next": back}) if back else "", **chosen}


def _chosen_time(request: HttpRequest) -> dict[str, object]:
    chosen = request.session.get("chosen_time")
    if not isinstance(chosen, dict):
        return {}
    try:
        start = datetime.fromisoformat(chosen["start"])
        kept_until = datetime.fromisoformat(chosen["kept_until"]) if chosen.get("kept_until") else None
    except (KeyError, TypeError, ValueError):
        return {}
    now = clock.now()
    if start <= now:
        return {}
    zone = zones.device_zone(request) or zones.canonical(chosen.get("zone")) or "UTC"
    return {
        "chosen_time": {
            "provider": chosen.get("provider", ""),
            "service": chosen.get("service", ""),
            "start": start,
            "kept_until": kept_until if kept_until and kept_until > now else None,
            "zone": zone,
        }
    }
