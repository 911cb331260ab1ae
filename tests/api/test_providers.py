"""Programs find providers and read what they offer, as visitors do on pages."""

import pytest

from appointments.search.index import refresh_openings
from providers.models import Category, Provider
from tests.factories.providers import ProviderFactory, ServiceFactory

PROVIDERS = "/api/providers/"


@pytest.fixture
def index():
    return lambda: refresh_openings(provider_ids=Provider.objects.values_list("pk", flat=True))


def test_categories_stand_in_the_order_of_the_pages(visitor):
    Category.objects.all().delete()
    for position, name in ((2, "Music"), (1, "Yoga")):
        Category.objects.create(name=name, slug=name.lower(), position=position)

    answer = visitor.get("/api/categories/", {"limit": 1})

    assert answer.json()["results"] == [{"id": "yoga", "name": "Yoga"}]
    assert visitor.get(answer.json()["next"]).json()["results"] == [{"id": "music", "name": "Music"}]
    assert visitor.get("/api/categories/", if_none_match=visitor.get("/api/categories/")["ETag"]).status_code == 304


def test_a_search_tells_who_can_be_booked_with_the_next_openings(visitor, service, index):
    index()

    answer = visitor.get(PROVIDERS, {"venue": "in_person", "category": service.provider.category.slug, "sort": "name"})

    [card] = answer.json()["results"]
    assert (card["id"], card["category"]["id"]) == (service.provider.slug, service.provider.category.slug)
    assert card["service"] == {
        "id": service.slug,
        "name": service.name,
        "minutes": 60,
        "price": {"amount": "58.00", "currency": "GBP"},
    }
    assert (len(card["next_openings"]), card["time_zone"]) == (5, "Asia/Kathmandu")
    assert card["next_openings"][0].endswith("+05:45")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["ETag"]


def test_a_search_goes_on_page_by_page_and_back(visitor, index):
    for _ in range(3):
        ServiceFactory()
    index()

    first = visitor.get(PROVIDERS, {"limit": 2, "sort": "name"}).json()
    second = visitor.get(first["next"]).json()

    assert (first["previous"], second["next"]) == (None, None)
    assert len({card["id"] for card in [*first["results"], *second["results"]]}) == 3
    assert visitor.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"category": "nonsense"}, "category"),
        ({"venue": "moon"}, "venue"),
        ({"part": "am,noon"}, "part"),
        ({"from": "2020-01-01"}, "from"),
        ({"max_price": "50"}, "currency"),
        ({"max_price": "5e3", "currency": "GBP"}, "max_price"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"sort": "best"}, "sort"),
        ({"colour": "blue"}, "colour"),
        ({"cursor": "made-up"}, "cursor"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_by_the_name_of_its_parameter(visitor, asked, field):
    answer = visitor.get(PROVIDERS, asked)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_search_costs_the_same_queries_for_one_and_for_many(visitor, index, django_assert_max_num_queries):
    ServiceFactory()
    index()
    visitor.get(PROVIDERS)
    with django_assert_max_num_queries(20) as for_one:
        visitor.get(PROVIDERS)
    for _ in range(4):
        ServiceFactory()
    index()

    with django_assert_max_num_queries(len(for_one)):
        found = visitor.get(PROVIDERS)

    assert len(found.json()["results"]) == 5


def test_a_provider_is_read_by_everybody_without_the_address(visitor, service):
    provider = service.provider

    told = visitor.get(f"{PROVIDERS}{provider.slug}/")

    assert told.status_code == 200
    assert (told.json()["id"], told.json()["place"], told.json()["takes_bookings"]) == (provider.slug, "Camden", True)
    assert provider.address.encode() not in told.content
    services = visitor.get(f"{PROVIDERS}{provider.slug}/services/").json()["results"]
    assert [(one["id"], one["minutes"], one["rate"], one["venues"]) for one in services] == [
        (service.slug, 60, None, ["in_person"])
    ]


def test_a_draft_is_nobodys_but_its_own(visitor, program):
    draft = ProviderFactory(listing="draft")

    for who in (visitor, program):
        for path in (f"{PROVIDERS}{draft.slug}/", f"{PROVIDERS}{draft.slug}/services/", f"{PROVIDERS}nobody/"):
            answer = who.get(path)
            assert (answer.status_code, answer.json()["type"]) == (404, "/developers/problems/not-found/")
