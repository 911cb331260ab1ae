"""What account pages and the frame of every page know about the visitor. None of it asks the database."""

from datetime import datetime

from django.http import HttpRequest

from accounts import zones
from accounts.forms import SIGN_UP_NEXT
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
    """The time a visitor chose before being asked to sign in, on the pages where they do so.

    The booking page leaves it in the session as `chosen_time`: provider and service (names), start and kept_until (ISO
    instants, kept_until may be None), zone (a name, may be missing).
    """
    if not request.path.startswith("/accounts/"):
        return {}
    chosen = request.session.get("chosen_time")
    back = request.POST.get("next") or request.GET.get("next") or request.session.get(SIGN_UP_NEXT) or ""
    if not isinstance(chosen, dict) or not back.startswith("/book/"):
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
