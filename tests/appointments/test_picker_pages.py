"""The picker of a provider's page: whose time it shows, what its links keep, what it says when there is nothing."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from calendar_sync.models import BusyInterval
from providers.models import BookingPolicy, DateOverride, WorkingHours
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, give_hours

from .conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(service):
    return reverse("provider_service", args=[service.provider.slug, service.slug])


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def links_of(response):
    return re.findall(r'href="(\?[^"]*)"', response.content.decode())


def test_a_visitor_whose_zone_nobody_knows_is_told_whose_time_it_is(client, page, provider):
    words = f"Times are in London time, {provider.first_name}’s own time zone."

    first = client.get(page)
    client.cookies["tz"] = "Europe%2FLondon"

    assert words in text_of(first)
    assert 'data-assumed="Europe/London"' in first.content.decode()
    assert words not in text_of(client.get(page))
    assert "data-assumed" not in client.get(page).content.decode()


@pytest.mark.parametrize("query", ["?tz=Asia/Tokyo", "?tz=Mars/Olympus"])
def test_a_zone_that_was_asked_for_is_not_called_assumed(client, page, query):
    assert "data-assumed" not in client.get(page + query).content.decode()


def test_a_signed_in_person_has_a_zone_of_their_own(client, page):
    client.force_login(UserFactory(time_zone="Asia/Tokyo"))

    response = client.get(page)

    assert response.context["zone"] == "Asia/Tokyo"
    assert "data-assumed" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "kept"), [("", ""), ("?tz=Asia/Tokyo", "Asia/Tokyo"), ("?tz=x", ""), ("?tz=all", "")]
)
def test_links_and_forms_name_the_zone_only_where_somebody_chose_it(client, page, query, kept):
    response = client.get(page + query)
    days = [link for link in links_of(response) if "day=" in link]

    assert days
    assert {"tz=" in link for link in days} == {bool(kept)}
    assert re.findall(r'<input type="hidden" name="tz" value="([^"]*)"><input', response.content.decode()) == [kept]


def test_the_short_list_has_ones_own_zone_the_providers_and_the_last_three_chosen(client, page):
    client.cookies["tz"] = "America%2FNew_York"
    for zone in ("Asia/Tokyo", "Europe/Paris", "Europe/Rome", "Europe/Oslo"):
        client.get(page, {"tz": zone})

    assert client.get(page).context["zones"] == [
        ("America/New_York", "New York, now 03:00"),
        ("Europe/London", "London, now 08:00"),
        ("Europe/Oslo", "Oslo, now 09:00"),
        ("Europe/Rome", "Rome, now 09:00"),
        ("Europe/Paris", "Paris, now 09:00"),
        ("all", "All time zones…"),
    ]


def test_looking_for_a_zone_keeps_the_one_shown_and_the_chosen_moment(client, page):
    chosen = "2026-03-03T10:00:00Z"
    response = client.get(page, {"tz": "all,Asia/Tokyo", "tzq": "nepal", "start": chosen})

    assert response.context["zone"] == "Asia/Tokyo"
    assert response.context["zones"][-1][0] == "all,Asia/Tokyo"
    assert '<a href="?tz=Asia%2FKathmandu&amp;start=2026-03-03T10%3A00%3A00Z">Kathmandu, Nepal, now 13:45</a>' in (
        response.content.decode()
    )
    assert f'<input type="hidden" name="start" value="{chosen}">' in response.content.decode()


def test_a_zone_that_does_not_exist_is_answered_with_a_way_on(client, page):
    assert "No time zone fits “atlantis”. Try a country" in text_of(client.get(page, {"tz": "all", "tzq": "atlantis"}))


@pytest.mark.parametrize("query", ["lists=x&items=y", "tzq=%25%22", "tzq=" + "x" * 999])
def test_nonsense_beside_a_search_for_a_zone_is_an_ordinary_page(client, page, query):
    assert client.get(f"{page}?tz=all&{query}").status_code == 200


def test_changing_the_zone_keeps_the_service(client, provider, service):
    other = ServiceFactory(provider=provider, slug="home-visit")
    response = client.get(reverse("provider_page", args=[provider.slug]), {"service": other.slug})

    form = re.search(r'id="tzform".*?</form>', response.content.decode(), re.S)[0]
    assert '<input type="hidden" name="service" value="home-visit">' in form


def test_the_whole_month_has_an_address_that_every_link_keeps(client, page):
    folded, whole = client.get(page), client.get(page, {"view": "month"})

    assert ("data-whole" in folded.content.decode(), "data-whole" in whole.content.decode()) == (False, True)
    assert "?view=month" in links_of(folded)
    assert all("view=month" in link for link in links_of(whole) if "day=" in link)
    assert "Show one week" in text_of(whole)


def take_everything(provider):
    BusyInterval.objects.create(provider=provider, start=NOW, end=NOW + timedelta(days=500))


def close(provider, days):
    today = NOW.date()
    DateOverride.objects.create(provider=provider, start_on=today, end_on=today + timedelta(days=days), ranges=[])


def stop_working(provider):
    WorkingHours.objects.filter(provider=provider).delete()


def ask_for_too_much_notice(provider):
    BookingPolicy.objects.filter(provider=provider).update(notice_minutes=60 * 24 * 60, window_days=30)


def work_too_little(provider):
    stop_working(provider)
    give_hours(provider, {0: [("09:00", "09:30")]})


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (take_everything, "is fully booked until Fri 1 May, the last day to book for now."),
        (lambda provider: close(provider, 70), "is away until Tue 12 May."),
        (lambda provider: close(provider, 300), "is not open for booking right now."),
        (stop_working, "is not open for booking right now."),
        (ask_for_too_much_notice, "is not open for booking right now."),
        (work_too_little, "is not open for booking right now."),
    ],
)
def test_nothing_in_the_whole_window_is_said_once_with_the_reason(client, page, provider, happens, why):
    BookingPolicy.objects.filter(provider=provider).update(window_days=60)
    happens(provider)

    text = text_of(client.get(page))

    assert f"{provider.first_name} {why}" in text
    assert "See April" not in text


def test_an_empty_last_month_is_not_called_fully_booked(client, page, provider):
    BookingPolicy.objects.filter(provider=provider).update(window_days=60)
    DateOverride.objects.create(provider=provider, start_on=date(2026, 4, 1), end_on=date(2026, 5, 31), ranges=[])

    text = text_of(client.get(page, {"month": "2026-05"}))

    assert "in May. The last day that can be booked now is 1 May." in text
    assert "fully booked" not in text
