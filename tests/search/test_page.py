"""The page around the results: addresses, fragments, the form that keeps what was asked, what is said of nothing."""

import re
from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from appointments.search import results
from appointments.search.index import measure_figures
from tests.factories.accounts import UserFactory

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}


@pytest.fixture
def maya(offer, index):
    person = offer("Maya", hours={1: [("09:00", "11:00")]}, is_online=True)
    index()
    measure_figures()
    return person


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("q=&where=&from=2026-03-02&part=am&part=pm&part=eve&max=&sort=&tz=", "/providers/"),
        (
            "q=maya&where=online&from=2026-03-04&part=am&sort=",
            "/providers/?q=maya&where=online&from=2026-03-04&part=am",
        ),
        ("page=1", "/providers/"),
        ("page=-1&q=maya", "/providers/?q=maya"),
        ("where=anywhere&sort=soonest", "/providers/"),
    ],
)
def test_what_a_form_sends_of_itself_leaves_the_address(maya, client, asked, address):
    response = client.get(f"/providers/?{asked}")

    assert (response.status_code, response["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_the_home_page_cleans_its_own_address(maya, client):
    assert client.get("/?where=&page=1")["Location"] == "/"


def test_an_address_of_somebody_elses_making_is_left_alone(maya, client):
    assert client.get("/providers/?utm_source=mail&q=maya").status_code == 200


def test_the_form_keeps_what_was_asked(maya, client):
    text = client.get(
        "/providers/?q=maya&where=online&part=am&category=physiotherapy&instant=1&max=77&sort=name"
    ).content.decode()

    assert 'name="q" type="search" value="maya"' in text
    assert '<option value="online" selected>' in text
    assert re.findall(r'name="part" value="(\w+)" checked', text) == ["am"]
    assert 'name="category" value="physiotherapy" checked' in text
    assert 'name="instant" value="1" checked' in text
    assert '<option value="77-GBP" selected>£77</option>' in text
    assert '<option value="name" selected>' in text


@pytest.mark.parametrize("query", ["from=12/03/2026", "max=cheap", "q=" + "x" * 300])
def test_a_fault_is_said_at_its_field(maya, client, query):
    response = client.get(f"/providers/?{query}")
    text = response.content.decode()

    assert response.status_code == 200
    field = query.partition("=")[0]
    assert f'aria-describedby="{field}-error"' in text and f'id="{field}-error"' in text


@pytest.mark.parametrize(
    "query",
    ["page=1e9&from=9999-12-31", "tz=../../etc/passwd", "tz=" + "x" * 500, "q=%ff%fe", "q=%F0%9F%92%A9", "part=%00",
     "category=" + "&category=".join(f"c{n}" for n in range(400)), "from=0001-01-01&max=1e309&page=NaN",
     "q='; drop table", "q=<script>alert(1)</script>", "sort=user__password", "q=" + "%2525" * 40],
)  # fmt: skip
def test_no_address_breaks_the_page(maya, client, query):
    response = client.get(f"/providers/?{query}", follow=True)

    assert response.status_code == (400 if "%00" in query else 200)
    assert "<script>alert" not in response.content.decode()


def test_a_script_gets_the_results_alone(maya, client):
    response = client.get("/providers/?q=maya&where=&part=am&part=pm&part=eve", **PART)
    text = response.content.decode()

    assert response.status_code == 200
    assert "<html" not in text and "finder" not in text.partition('form="finder"')[0]
    assert 'data-announce="1 provider for “maya”"' in text
    assert response["HX-Push-Url"] == "/providers/?q=maya"
    assert "HX-Request" in response["Vary"]


def test_the_page_itself_varies_too(maya, client):
    assert "HX-Request" in client.get("/providers/")["Vary"]


def test_other_requests_of_scripts_get_the_whole_page(maya, client):
    assert "<html" in client.get("/providers/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="main").content.decode()


def test_nothing_found_says_what_each_filter_costs(maya, client):
    response = client.get("/providers/?q=maya&part=eve&from=2026-03-05")

    assert response.context["relaxed"] == [
        ("Any part of the day", "/providers/?q=maya&from=2026-03-05", "1"),
    ]
    assert "No provider has an opening that fits" in text_of(response)
    assert "Any part of the day 1" in text_of(response)


def test_nothing_found_at_all_offers_to_clear(maya, client):
    response = client.get("/providers/?q=nobody&part=eve&tz=Asia/Kathmandu")

    assert response.context["relaxed"] == []
    assert response.context["everything"] == "/providers/?tz=Asia%2FKathmandu"
    assert "Try any part of the day, or a later date." in text_of(response)


def test_an_empty_place_says_so(db, client):
    assert "Nobody offers their time here yet" in text_of(client.get("/providers/"))


@pytest.mark.parametrize(
    ("query", "headline"),
    [
        ("", "1 provider"),
        ("part=am", "1 provider with openings in the morning"),
        ("from=2026-03-09", "1 provider with openings from Mon 9 March"),
        ("q=maya", "1 provider for “maya”"),
        ("q=nobody", "0 providers for “nobody”"),
    ],
)
def test_the_headline_says_what_is_listed(maya, client, query, headline):
    assert client.get(f"/providers/?{query}").context["headline"] == headline


def test_a_failing_search_keeps_the_form_and_says_so(maya, client, monkeypatch):
    def fail(*_, **__):
        raise OperationalError

    monkeypatch.setattr(results, "find", fail)

    response = client.get("/providers/?q=maya&part=am")

    assert response.status_code == 503
    assert "The search did not work." in text_of(response)
    assert 'value="maya"' in response.content.decode()


def test_the_zone_is_the_persons_own_else_the_devices_else_the_usual_one_here(maya, client):
    def zone():
        return client.get("/providers/").context["zone"]

    usual = zone()
    client.cookies["tz"] = "Asia%2FKathmandu"
    device = zone()
    client.force_login(UserFactory(time_zone="Pacific/Niue"))

    assert (usual, device, zone()) == ("Europe/London", "Asia/Kathmandu", "Pacific/Niue")


def test_a_zone_nobody_knows_is_said_in_words(maya, client):
    response = client.get("/providers/?tz=Mars/Olympus")

    assert "We don’t know that time zone. Times are in London time." in text_of(response)


def test_every_zone_is_listed_when_asked_for(maya, client):
    text = client.get("/providers/?tz=all&q=maya").content.decode()

    assert '<a href="?tz=Asia%2FKathmandu&amp;q=maya">Kathmandu, Nepal, now 13:45</a>' in text
    assert '<option value="" selected>London, now 08:00</option>' in text


def test_zones_are_searched_with_the_rest_of_the_search_kept(maya, client):
    response = client.get("/providers/?q=maya&part=am&tz=all,Europe/Paris&tzq=lisbon")
    text = response.content.decode()

    assert response.context["zone_search"].found == [("Europe/Lisbon", "Lisbon, Portugal, now 08:00")]
    assert '<a href="?q=maya&amp;part=am&amp;tz=Europe%2FLisbon">' in text
    assert '<a href="?q=maya&amp;part=am&amp;tz=Europe%2FParis">Keep Paris time</a>' in text
    assert response.context["zone"] == "Europe/Paris"


def test_a_zone_nobody_told_is_said_in_words(maya, client):
    words = "Times are in London time. You can choose yours above."

    first = client.get("/")
    client.cookies["tz"] = "Europe%2FLondon"

    assert words in text_of(first)
    assert 'data-assumed="Europe/London"' in first.content.decode()
    assert words not in text_of(client.get("/"))


def test_zones_chosen_lately_are_in_the_short_list(maya, client):
    for zone in ("Asia/Tokyo", "Europe/Paris", "Asia/Tokyo", "Europe/Rome", "Europe/Oslo"):
        client.get(f"/providers/?tz={zone}")

    options = client.get("/providers/").context["zones"]

    assert [value for value, _, _ in options] == ["", "Europe/Oslo", "Europe/Rome", "Asia/Tokyo", "all"]


def test_a_person_who_reads_12_hours_sees_them(maya, client):
    client.force_login(UserFactory(uses_12h_clock=True))
    (card,) = client.get("/providers/").context["cards"]

    assert [time.text for time in card.days[1].times] == ["9:00 am", "10:00 am"]


def test_the_pager_leads_on_with_the_search_kept(db, client, offer, index):
    for n in range(21):
        offer(f"Person {n}", is_online=True)
    index()
    text = client.get("/providers/?where=online").content.decode()

    assert 'href="/providers/?where=online&amp;page=2"' in text
    assert "Showing 1 to 20 of 21" in text
