"""Who is found, in which order, by every filter; the cards and what they cost."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.models import OpenDay, OpeningIndex
from appointments.search import results
from appointments.search.index import measure_figures, refresh_openings, refresh_stale
from calendar_sync.models import BusyInterval
from providers.models import Confirmation, Listing, Pricing, Provider
from tests.factories.providers import CategoryFactory, DateOverrideFactory, ProviderFactory, ServiceFactory

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WEEKDAYS = [("09:00", "12:00")]


@pytest.fixture
def town(offer, index):
    """Six providers who differ in all that can be asked for."""
    health, music = CategoryFactory(name="Health"), CategoryFactory(name="Music")
    offer(
        "Maya Okafor",
        category=health,
        trade="Physiotherapist",
        place="Camden",
        is_online=True,
        hours={1: [("09:00", "12:00")]},
        service={"price": 58, "duration_minutes": 45},
    )
    offer(
        "Jonas Lindqvist",
        category=music,
        trade="Cello and theory",
        place="Hackney",
        policy__accepts_at_once=False,
        hours={0: [("17:00", "20:00")]},
        service={"price": 40, "pricing": Pricing.HOURLY},
    )
    offer(
        "Zoë Müller",
        category=health,
        trade="Dietitian",
        is_in_person=False,
        is_online=True,
        hours={2: [("13:00", "17:00")]},
        service={"price": 65, "name": "Ernährung"},
    )
    offer(
        "Tomás Herrera",
        category=None,
        trade="Coach",
        place="Leith",
        about="Interviews, 100% honest.",
        hours={4: [("09:00", "19:00")]},
        service={"price": 9000, "currency": "JPY", "pricing": Pricing.HOURLY, "duration_minutes": 30},
    )
    offer(
        "Aoife Brennan",
        category=music,
        trade="Piano",
        place="Leith",
        policy__accepts_at_once=False,
        hours={0: [("09:00", "10:00")]},
        service={"price": 20, "confirmation": Confirmation.AT_ONCE},
    )
    offer("Bea Busy", category=health, trade="Osteopath", hours={}, service={"price": 10})
    index()  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "Jonas Maya Zoë Tomás Aoife Bea"),
        ("sort=name", "Aoife Bea Jonas Maya Tomás Zoë"),
        ("sort=price", "Bea Aoife Jonas Maya Zoë Tomás"),
        ("q=cello", "Jonas"),
        ("q=ZOE", "Zoë"),
        ("q=m%C3%BCller", "Zoë"),
        ("q=ernahrung", "Zoë"),
        ("q=leith", "Tomás Aoife"),
        ("q=leith+piano", "Aoife"),
        ("q=interviews", "Tomás"),
        ("q=%25", "Jonas Maya Zoë Tomás Aoife Bea"),
        ("q=100%25", "Tomás"),
        ("q=_____", "Jonas Maya Zoë Tomás Aoife Bea"),
        ("q=health", "Maya Zoë Bea"),
        ("q=therapist", "Maya"),
        ("q=nobody", ""),
        ("where=online", "Maya Zoë"),
        ("where=person", "Jonas Maya Tomás Aoife Bea"),
        ("category=music", "Jonas Aoife"),
        ("category=music&category=health", "Jonas Maya Zoë Aoife Bea"),
        ("category=gardening", ""),
        ("instant=1", "Maya Zoë Tomás Aoife Bea"),
        ("max=40-GBP", "Jonas Aoife Bea"),
        ("max=4500-JPY", "Tomás"),
        ("max=4499-JPY", ""),
        ("max=40-GBP&instant=1", "Aoife Bea"),
        ("part=am", "Maya Tomás Aoife"),
        ("part=eve", "Jonas Tomás"),
        ("part=pm&part=eve", "Jonas Zoë Tomás"),
        ("from=2026-03-04", "Zoë Tomás Aoife Jonas Maya"),
        ("from=2026-03-04&part=eve", "Tomás Jonas"),
        ("from=2026-03-04&part=eve&sort=name", "Jonas Tomás"),
        ("from=2026-04-30", "Tomás"),
        ("from=2026-04-30&part=am&category=music", ""),
    ],
)
def test_a_filter_finds_those_who_fit_soonest_first(town, names, query, found):
    assert [name.split()[0] for name in names(query)] == found.split()


def test_parts_of_the_day_are_the_viewers(town, names):
    # 17:00 to 20:00 in London is the morning in Kiritimati (+14), 07:00 of the next day.
    assert "Jonas Lindqvist" in names("part=am&tz=Pacific/Kiritimati")
    assert "Jonas Lindqvist" not in names("part=eve&tz=Pacific/Kiritimati")


def test_an_hourly_price_is_compared_as_the_appointment_costs(offer, index, names):
    offer("Ada", service={"price": "60.005", "pricing": Pricing.HOURLY, "duration_minutes": 60})  # £60.01
    offer("Ben", service={"price": "60.004", "pricing": Pricing.HOURLY, "duration_minutes": 60})  # £60.00
    index()

    assert names("max=60-GBP") == ["Ben"]
    assert names("max=60.01-GBP") == ["Ada", "Ben"]


@pytest.mark.parametrize(
    ("venue", "online", "in_person"), [("", ["Maya"], ["Maya"]), ("online", ["Maya"], []), ("in_person", [], ["Maya"])]
)
def test_a_service_is_found_where_it_takes_place(offer, index, names, venue, online, in_person):
    offer("Maya", is_online=True, service={"venue": venue})
    index()

    assert (names("where=online"), names("where=person")) == (online, in_person)


@pytest.mark.parametrize("listing", [Listing.DRAFT, Listing.PAUSED, Listing.HIDDEN])
def test_who_cannot_be_booked_is_not_found_even_before_the_index_knows(town, names, listing):
    Provider.objects.filter(name="Maya Okafor").update(listing=listing)

    assert "Maya Okafor" not in names()


def test_who_may_not_sign_in_any_more_is_not_found(town, names):
    User.objects.filter(provider__name="Maya Okafor").update(is_active=False)

    assert "Maya Okafor" not in names()


def test_a_service_that_was_withdrawn_counts_no_more(offer, index, names):
    person = offer("Ada", service={"price": 20})
    ServiceFactory(provider=person, price=90, slug="long", name="Long")
    index()
    person.services.filter(slug="main").update(is_active=False)

    assert names("max=40-GBP") == []
    assert names() == ["Ada"]


def test_pages_share_the_list_without_gap_or_double(db, client):
    for n in range(45):
        person = ProviderFactory(name=f"Person {n:02}")
        ServiceFactory(provider=person)
    refresh_stale()
    pages = [client.get(f"/providers/{query}").context for query in ("", "?page=2", "?page=3")]

    shown = [card.provider.name for page in pages for card in page["cards"]]
    assert [len(page["cards"]) for page in pages] == [20, 20, 5]
    assert sorted(shown) == [f"Person {n:02}" for n in range(45)]
    assert (pages[1]["page"].start_index(), pages[1]["page"].end_index(), pages[1]["page"].paginator.count) == (
        21,
        40,
        45,
    )


def test_names_are_sorted_as_people_read_them(offer, index, names):
    for name in ("zoe Adams", "Émile Zola", "eve Young", "Ben Young", "Åsa Berg"):
        offer(name)
    index()

    assert names("sort=name") == ["Åsa Berg", "Ben Young", "Émile Zola", "eve Young", "zoe Adams"]


def test_prices_in_the_usual_currency_come_first_and_others_by_currency(offer, index, names, client):
    for n in range(22):
        offer(f"Pound {n:02}", service={"price": 10 + n})
    for name, price, currency in [("Yen", 500, "JPY"), ("Euro", 9, "EUR"), ("Dollar", 9, "USD"), ("Cent", 1, "EUR")]:
        offer(name, service={"price": price, "currency": currency})
    index()

    assert names("sort=price") == [f"Pound {n:02}" for n in range(20)]
    assert names("sort=price&page=2") == ["Pound 20", "Pound 21", "Cent", "Euro", "Yen", "Dollar"]
    # Nobody has an opening at night, in any currency.
    assert names("sort=price&part=eve&tz=Europe/London") == []
    assert names("sort=price&max=9-EUR") == ["Cent", "Euro"]


def test_who_moved_to_another_category_is_not_found_in_the_old_one(town, names):
    Provider.objects.filter(name="Maya Okafor").update(category=CategoryFactory(name="Massage"))

    assert [name.split()[0] for name in names("category=health")] == ["Zoë", "Bea"]


@pytest.fixture
def short_list(monkeypatch):
    """A list of three a page that ends with its second page."""
    for name, value in {"PER_PAGE": 3, "LAST_PAGE": 2, "MOST_SHOWN": 6}.items():
        monkeypatch.setattr(results, name, value)


def words_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    "query", ["part=am", "from=2026-03-03", "q=person", "q=person&sort=name", "q=person&sort=price"]
)
@pytest.mark.parametrize(
    ("people", "headline", "pager"),
    [
        (6, "6 providers", "Showing 4 to 6 of 6 , page 2 of 2"),
        (7, "More than 6 providers", "Showing 4 to 6 of the first 6 , page 2 of 2"),
    ],
)
def test_the_list_ends_at_a_depth_nobody_reads_and_says_so(db, client, short_list, query, people, headline, pager):
    for n in range(people):
        ServiceFactory(provider=ProviderFactory(name=f"Person {n:02}"))
    refresh_stale()
    last, beyond = (client.get(f"/providers/?{query}&page={page}") for page in (2, 3))

    shown = [[card.provider.name for card in response.context["cards"]] for response in (last, beyond)]
    assert [len(names) for names in shown] == [3, 3]
    assert sorted(shown[0]) == sorted(shown[1])
    assert last.context["headline"].startswith(headline + " ")
    assert pager in words_of(last)
    assert ("The list ends here. Narrow the search" in words_of(last)) == (people > 6)
    assert "Next" not in words_of(last)


def test_all_providers_are_counted_as_they_were_last_measured(db, client, short_list):
    for _ in range(7):
        ServiceFactory(provider=ProviderFactory())
    refresh_stale()

    unmeasured = client.get("/providers/").context["headline"]
    measure_figures()
    measured = client.get("/providers/").context["headline"]

    assert (unmeasured, measured) == ("More than 6 providers", "7 providers")


def test_what_a_filter_keeps_away_is_counted_no_further_than_the_list_shows(db, client, short_list):
    for _ in range(7):
        ServiceFactory(provider=ProviderFactory())
    refresh_stale()

    relaxed = client.get("/providers/?q=nobody").context["relaxed"]

    assert relaxed == [("Without “nobody”", "/providers/", "6+")]


@pytest.mark.parametrize("page", ["99", "999999999"])
def test_a_page_beyond_the_end_is_the_last(town, client, page):
    assert client.get("/providers/", {"page": page}).context["page"].number == 1
    assert client.get("/providers/", {"page": page, "part": "am"}).context["page"].number == 1


def test_a_page_of_those_without_a_fitting_opening_is_none(offer, index, client):
    for n in range(25):
        offer(f"Person {n}", hours={1: [("09:00", "10:00")] if n < 3 else [("13:00", "14:00")]})
    index()
    response = client.get("/providers/?part=am&page=2")

    assert (response.context["page"].number, len(response.context["cards"])) == (1, 3)


# --- What it costs --------------------------------------------------------------------------------------------------


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    assert response.status_code == 200
    return len(captured), [card.provider.pk for card in response.context["cards"]]


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("", 6),
        ("part=am", 7),
        ("from=2026-03-03&part=am&max=100-GBP&instant=1&q=maya&where=person", 7),
        ("sort=price", 6),
        ("sort=name&part=am", 7),
    ],
)
def test_a_search_costs_the_same_at_one_and_at_many_providers(db, client, query, cost):
    ServiceFactory(provider=ProviderFactory(policy__max_per_day=3))
    refresh_stale()
    measure_figures()
    few, shown = queries_of(client, f"/providers/?{query}")
    assert len(shown) == 1
    for _ in range(24):
        person = ProviderFactory(policy__max_per_day=3, policy__max_open=500)
        ServiceFactory.create_batch(2, provider=person)
        BusyInterval.objects.bulk_create(
            BusyInterval(provider=person, start=NOW + timedelta(hours=n), end=NOW + timedelta(hours=n, minutes=20))
            for n in range(60)
        )
    refresh_stale()

    many, shown = queries_of(client, f"/providers/?{query}")

    assert len(shown) == 20
    assert (few, many) == (cost, cost)


def test_a_signed_in_search_costs_two_queries_more(town, client):
    measure_figures()
    visitor, _ = queries_of(client, "/providers/")
    client.force_login(User.objects.get(provider__name="Maya Okafor"))

    person, _ = queries_of(client, "/providers/")

    assert person <= visitor + 2


def test_far_openings_cost_no_further_query(town, client):
    measure_figures()
    usual, _ = queries_of(client, "/providers/")
    DateOverrideFactory(
        provider=Provider.objects.get(name="Maya Okafor"), start_on=NOW.date(), end_on=datetime(2026, 3, 20).date()
    )
    refresh_openings(provider_ids=Provider.objects.values_list("pk", flat=True))

    assert queries_of(client, "/providers/")[0] == usual


def test_the_index_has_no_rows_of_those_who_cannot_be_booked(town):
    Provider.objects.filter(name="Maya Okafor").update(listing=Listing.PAUSED)
    maya = Provider.objects.get(name="Maya Okafor")

    refresh_openings(provider_ids=[maya.pk])

    assert not OpeningIndex.objects.filter(provider=maya).exists()
    assert not OpenDay.objects.filter(provider=maya).exists()
