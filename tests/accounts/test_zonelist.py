"""Looking through the zones: rules without a database."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import zonelist
from accounts.zones import ViewerZone

WINTER = datetime(2026, 1, 15, 11, 2, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "now", "there", "not_there"),
    [
        ("lisbon", SUMMER, "Europe/Lisbon", "Europe/Paris"),
        ("  PORTUGAL ", SUMMER, "Atlantic/Azores", "Europe/Paris"),
        ("são paulo", SUMMER, "America/Sao_Paulo", "America/Bahia"),
        ("sao", SUMMER, "America/Sao_Paulo", "America/Bahia"),
        ("st john's", SUMMER, "America/St_Johns", "America/Halifax"),
        ("new york", SUMMER, "America/New_York", "America/Chicago"),
        ("calcutta", SUMMER, "Asia/Kolkata", "Asia/Dhaka"),
        ("usa", SUMMER, "America/Chicago", "Europe/London"),
        ("uk", SUMMER, "Europe/London", "America/Chicago"),
        ("CET", WINTER, "Europe/Paris", "Europe/London"),
        ("cet", SUMMER, "Europe/Paris", "Europe/London"),
        ("CEST", WINTER, "Europe/Paris", "Africa/Algiers"),
        ("BST", SUMMER, "Europe/London", "Europe/Paris"),
        ("+5:45", SUMMER, "Asia/Kathmandu", "Asia/Kolkata"),
        ("+0530", SUMMER, "Asia/Kolkata", "Asia/Kathmandu"),
        ("GMT+1", WINTER, "Europe/Paris", "Europe/London"),
        ("gmt + 1", SUMMER, "Europe/London", "Europe/Paris"),
        ("UTC−5", WINTER, "America/New_York", "America/Chicago"),
        ("-3:30", WINTER, "America/St_Johns", "America/Halifax"),
        ("UTC", WINTER, "UTC", "Europe/Paris"),
    ],
)
def test_zones_are_found_by_city_country_abbreviation_and_offset(typed, now, there, not_there):
    found = zonelist.find(typed, now)

    assert there in found
    assert not_there not in found


@pytest.mark.parametrize("typed", ["", "  ", "atlantis", "+99", "\x00", "é" * 60, "%", "🕰"])
def test_what_fits_nothing_finds_nothing(typed):
    assert zonelist.find(typed, WINTER) == []


def a_request(cookie="", **person):
    request = RequestFactory().get("/", {"tz": "all", "tzq": "lisbon", "part": ["am", "pm"]})
    request.user = SimpleNamespace(**{"is_authenticated": False, **person})
    request.COOKIES["zones"] = cookie
    return request


def test_an_option_says_city_country_and_the_time_there():
    search = zonelist.searched(a_request(), SUMMER)

    assert search.found == [("Europe/Lisbon", "Lisbon, Portugal, now 11:02")]
    assert search.kept == [("tz", "all"), ("part", "am"), ("part", "pm")]


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("", []),
        ("Europe/Kiev|Asia/Tokyo", ["Europe/Kyiv", "Asia/Tokyo"]),
        ('"Europe/Rome"', ["Europe/Rome"]),
        ("Europe/Rome|x|Europe/Rome|Asia/Tokyo|Europe/Oslo|Europe/Paris", ["Europe/Rome", "Asia/Tokyo", "Europe/Oslo"]),
        ("|" * 9000, []),
    ],
)
def test_the_cookie_may_say_anything(cookie, expected):
    assert zonelist.recent(a_request(cookie)) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (ViewerZone("Europe/Oslo", chosen=True), "Europe/Oslo|Europe/Rome|Asia/Tokyo"),
        (ViewerZone("Asia/Tokyo", chosen=True), "Asia/Tokyo|Europe/Rome|Europe/Paris"),
        (ViewerZone("Europe/Rome", chosen=True), None),
        (ViewerZone("Europe/Oslo"), None),
        (ViewerZone("Asia/Kathmandu", chosen=True), None),
    ],
)
def test_only_a_choice_other_than_ones_own_is_noted(zone, expected):
    request = a_request("Europe/Rome|Asia/Tokyo|Europe/Paris", is_authenticated=True, time_zone="Asia/Kathmandu")
    response = HttpResponse()

    zonelist.remember(request, response, zone)

    assert (response.cookies["zones"].value if response.cookies else None) == expected
