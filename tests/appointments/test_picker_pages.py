"""The picker of a provider's page: whose time it shows, what its links keep, what it says when there is nothing."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.pages import month_picker
from calendar_sync.models import BusyInterval
from core import clock
from providers.models import BookingPolicy, DateOverride, WorkingHours
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, give_hours

from .conftest import NOW, move_to_london

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


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


def works_again_in_a_year(provider):
    close(provider, 350)


@pytest.mark.parametrize("happens", [stop_working, take_everything, works_again_in_a_year])
@pytest.mark.parametrize(("cap", "cost"), [(None, 9), (3, 11)])
def test_a_page_without_openings_costs_the_same_for_any_window(client, page, provider, happens, cap, cost):
    happens(provider)
    costs = {}
    for days in (1, 60, 62, 124, 365):
        BookingPolicy.objects.filter(provider=provider).update(window_days=days, max_per_day=cap, max_open=None)

        with CaptureQueriesContext(connection) as captured:
            found = client.get(page).context["picker"].has_times

        # Beside openings no word about time off is asked for.
        costs[days] = len(captured) + found
    assert costs == dict.fromkeys(costs, cost)


def test_an_opening_far_ahead_is_found_at_the_same_price(client, page, provider):
    BookingPolicy.objects.filter(provider=provider).update(window_days=365)
    close(provider, 350)

    with CaptureQueriesContext(connection) as captured:
        picker = client.get(page).context["picker"]

    # Two of them for the provider's caps.
    assert (len(captured), str(picker.month), picker.chosen) == (10, "2027-02", date(2027, 2, 16))


@pytest.mark.parametrize(
    ("theirs", "viewer", "month", "last"),
    [
        # Twenty-five hours ahead: 29 April from 23:00 in Niue is 1 May from midnight on in Kiritimati.
        ("Pacific/Niue", "Pacific/Kiritimati", "2026-05", "2026-04-30T10:00:00Z"),
        ("Pacific/Niue", "Pacific/Niue", "2026-04", "2026-04-30T10:00:00Z"),
        ("Europe/London", "America/New_York", "2026-04", "2026-04-30T22:00:00Z"),
        ("Pacific/Kiritimati", "Pacific/Niue", "2026-04", "2026-05-01T09:00:00Z"),
    ],
)
def test_the_last_month_has_the_last_time_of_the_window_in_any_zone(
    client, page, provider, service, theirs, viewer, month, last
):
    provider.time_zone = theirs
    provider.save()
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    today = NOW.astimezone(clock.zone(theirs)).date()
    end_on = {"Pacific/Niue": date(2026, 4, 29), "Pacific/Kiritimati": date(2026, 5, 1)}.get(theirs, date(2026, 4, 30))
    BookingPolicy.objects.filter(provider=provider).update(window_days=(end_on - today).days)
    query = {"tz": viewer, "month": "2026-03"}

    months = []
    while True:
        response = client.get(page, query)
        months.append(query["month"])
        if response.context["next_month"] is None:
            break
        query["month"] = str(response.context["next_month"])
    chosen = client.get(page, query | {"start": last})

    assert months[-1] == month
    assert chosen.context["chosen_start"] == month_picker.from_value(last)


def test_an_empty_last_month_is_not_called_fully_booked(client, page, provider):
    BookingPolicy.objects.filter(provider=provider).update(window_days=60)
    DateOverride.objects.create(provider=provider, start_on=date(2026, 4, 1), end_on=date(2026, 5, 31), ranges=[])

    text = text_of(client.get(page, {"month": "2026-05"}))

    assert "in May. The last day that can be booked now is 1 May." in text
    assert "fully booked" not in text


def form_of(response, which):
    """What `which` form sends, wherever on the page its fields stand."""
    fields = re.findall(r"<input[^>]*>", response.content.decode())
    found = [field for field in fields if f'form="{which}"' in field]
    return {re.search(r'name="(\w+)"', field)[1]: re.search(r'value="([^"]*)"', field)[1] for field in found}


CHOSEN = "2026-03-12T10:00:00+00:00"


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", {}),
        ("?day=2026-03-12", {"day": "2026-03-12"}),
        ("?month=2026-04", {"month": "2026-04"}),
        ("?start=2026-03-12T10:00:00Z", {"start": CHOSEN}),
        ("?start=2026-03-12T10:00:00Z&tz=Asia/Tokyo", {"tz": "Asia/Tokyo", "start": CHOSEN}),
        ("?start=2026-03-12T03:00:00Z", {"day": "2026-03-12"}),  # nobody works then, but that is the day they wanted
        ("?day=2026-03-12&view=month&tz=Asia/Tokyo", {"tz": "Asia/Tokyo", "day": "2026-03-12", "view": "month"}),
    ],
)
def test_another_service_is_asked_for_with_the_zone_the_day_and_the_time(client, page, query, sent):
    assert form_of(client.get(page + query), "services") == sent


def test_a_part_that_is_swapped_brings_along_what_the_services_send(client, page):
    response = client.get(page + "?tz=Asia/Tokyo&day=2026-03-12", headers={"HX-Request": "true", "HX-Target": "picker"})

    assert form_of(response, "services") == {"tz": "Asia/Tokyo", "day": "2026-03-12"}
    assert "hx-swap-oob" not in response.content.decode()


def test_a_time_stays_chosen_where_the_other_service_has_it_too(client, provider, service):
    longer = ServiceFactory(provider=provider, slug="longer", duration_minutes=120)
    page = reverse("provider_page", args=[provider.slug])

    def chosen(start):
        response = client.get(page, {"service": longer.slug, "start": f"2026-03-12T{start}:00Z"})
        return response.context["picker"].chosen, response.context["chosen_start"]

    thursday = date(2026, 3, 12)
    assert chosen("11:00") == (thursday, datetime(2026, 3, 12, 11, tzinfo=UTC))
    assert chosen("16:00") == (thursday, None)


def test_a_service_chosen_in_place_changes_what_is_said_of_it_and_leaves_the_services_alone(client, provider, service):
    other = ServiceFactory(provider=provider, name="Home visit", slug="home-visit", description="At your place.")
    response = client.get(
        reverse("provider_page", args=[provider.slug]),
        {"service": other.slug},
        headers={"HX-Request": "true", "HX-Target": "picker", "HX-Trigger": "services"},
    )

    part = response.content.decode()
    assert re.findall(r'id="([\w-]+)"[^>]* hx-swap-oob="true"', part) == ["service-said", "service-terms"]
    assert "At your place." in part
    assert 'data-announce="Home visit, £' in part
    assert 'type="radio" name="service"' not in part


@pytest.mark.parametrize(
    ("zone", "start", "there"),
    [
        ("America/New_York", "2026-03-03T16:00:00Z", " (16:00 for Maya in London)"),
        ("Pacific/Kiritimati", "2026-03-03T16:00:00Z", " (16:00, Tue 3 March for Maya in London)"),
        ("Europe/London", "2026-03-03T16:00:00Z", None),
    ],
)
def test_a_chosen_time_is_told_in_both_zones_where_they_differ(client, page, provider, zone, start, there):
    provider.user.name = "Maya Okafor"
    provider.user.save()
    written = client.get(page, {"tz": zone, "start": start}).content.decode()

    chosen = re.search(rf'<input type="radio" name="start" value="{start}"[^>]*>', written)[0]
    assert re.findall(r'data-there="([^"]*)"', chosen) == ([there] if there else [])
    assert re.findall(r'<span data-fill="there">([^<]*)</span>', written) == ([there] if there else [])


def test_before_a_time_is_chosen_nothing_is_said_of_the_other_zone(client, page):
    assert '<span data-fill="there"></span>' in client.get(page, {"tz": "America/New_York"}).content.decode()


def test_continue_without_a_time_is_answered_in_our_words(client, page, provider, service):
    assert re.search(r'class="picker__times"[^>]* novalidate>', client.get(page).content.decode())

    answer = client.post(
        reverse("keep_time", args=[provider.slug, service.slug]),
        {"day": "2026-03-12", "tz": "Asia/Tokyo"},
        follow=True,
    )

    assert answer.redirect_chain == [(f"{page}?day=2026-03-12&tz=Asia%2FTokyo", 302)]
    assert "Choose a time first." in text_of(answer)


@pytest.mark.parametrize("query", ["", "?month=2026-03", "?month=2026-04"])
def test_a_month_without_times_folds_to_a_week_all_the_same(client, page, provider, query):
    stop_working(provider)

    assert client.get(page + query).content.decode().count('<tr data-week="current">') == 1


def test_what_people_wrote_runs_in_its_own_direction(client, page, provider, service):
    provider.about = "أعالج الظهر والركبة."
    provider.save()
    service.description = "جلسة أولى."
    service.save()
    written = client.get(page).content.decode()

    assert f'dir="auto">{provider.about}</p>' in written
    assert f'dir="auto">{service.description}</p>' in written
    assert f"<bdi>{service.name}</bdi>" in written
    assert f"<bdi>{provider.name}</bdi></h1>" in written
