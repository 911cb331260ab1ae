"""Context of the account pages and of the frame of every page."""

from django.http import HttpRequest
from django.utils.http import urlencode

from accounts import after_login, google_oauth, zones
from core import clock


def device_zone(request: HttpRequest) -> dict[str, object]:
    """The texts of the question whether to follow the device's time zone; empty where it is not asked."""
    asked = zones.zone_to_ask_about(request)
    if asked is None or not request.user.takes_part:  # type: ignore[union-attr]
        return {}
    return {
        "device_zone": {
            "name": asked,
            "city": clock.city_name(asked),
            "own_city": clock.city_name(request.user.time_zone),  # type: ignore[union-attr]
        }
    }


def chosen_time(request: HttpRequest) -> dict[str, object]:
    """The way back for the pages of signing in, and the time chosen before, if the way back leads to its booking.

    `way_back_query` is appended by links from one such page to another; forms send `way_back` as `next`. `chosen_time`
    is an `after_login.ChosenTime`.
    """
    if not request.path.startswith("/accounts/"):
        return {}
    back = after_login.way_back(request)
    return {
        "offers_google": google_oauth.is_offered(),
        "way_back": back,
        "way_back_query": "?" + urlencode({"next": back}) if back else "",
        "chosen_time": after_login.chosen_time_of(request),
    }
