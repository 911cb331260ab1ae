"""Public pages are kept by caches for as long as they are true, and by nobody who may not see them."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from appointments.services import booking
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db

SHARED = ["/help/", "/help/privacy/", "/developers/", "/developers/problems/"]
TIMES = ["/", "/providers/"]


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(datetime(2026, 3, 2, 8, tzinfo=UTC), tick=False):
        yield


def times_of(answer):
    return [time.start for _part, times in answer.context["picker"].groups for time in times]


def kept(answer):
    return set(answer.get("Cache-Control", "").split(", "))


def test_pages_without_a_time_are_shared_among_visitors_who_brought_nothing(client):
    for address in SHARED:
        alone = client.get(address)

        assert kept(alone) == {"public", "max-age=300"}, address
        assert "Cookie" in alone["Vary"]
        assert dict(alone.cookies) == {}


def test_a_visitor_who_chose_a_theme_gets_the_page_alone_and_a_signed_in_person_s_is_not_kept(client):
    client.cookies["theme"] = "dark"
    chosen = {address: kept(client.get(address)) for address in [*SHARED, *TIMES]}
    client.force_login(UserFactory())
    own = {address: kept(client.get(address)) for address in [*SHARED, *TIMES]}

    assert chosen == dict.fromkeys([*SHARED, *TIMES], {"private", "no-cache"})
    assert own == dict.fromkeys([*SHARED, *TIMES], {"private", "no-store"})


@pytest.mark.parametrize("address", [*SHARED, *TIMES])
def test_a_page_that_did_not_change_is_not_sent_again(client, address):
    first = client.get(address)

    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    other = client.get(address, headers={"If-None-Match": '"another"'})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert kept(again) == kept(first)
    assert (other.status_code, other.content) == (200, first.content)


def test_a_compressed_page_is_known_again_too(client):
    first = client.get("/help/", headers={"Accept-Encoding": "gzip"})

    again = client.get("/help/", headers={"Accept-Encoding": "gzip", "If-None-Match": first["ETag"]})

    assert first["Content-Encoding"] == "gzip"
    assert first["ETag"].startswith("W/")
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture
def page():
    service = ServiceFactory(provider=ProviderFactory(time_zone="Asia/Kathmandu"))
    return service, f"/providers/{service.provider.slug}/{service.slug}/"


def test_a_provider_s_page_is_asked_for_each_time_and_a_taken_time_leaves_it(client, page):
    service, address = page
    first = client.get(address)
    same = client.get(address, headers={"If-None-Match": first["ETag"]})
    start = times_of(first)[0]

    booking.book_appointment(
        service=service, customer=UserFactory(), start=start, booking_key="k", terms=booking.terms_of(service)
    )
    after = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert kept(first) == {"private", "no-cache"}
    assert (same.status_code, same.content) == (304, b"")
    assert after.status_code == 200
    assert start not in times_of(after)


def test_the_key_of_forms_is_masked_anew_and_a_page_with_another_visitor_s_is_another(client, page):
    _service, address = page
    first, second = client.get(address), client.get(address)

    other = Client().get(address, headers={"If-None-Match": first["ETag"]})

    assert first.content != second.content
    assert first["ETag"] == second["ETag"]
    assert other.status_code == 200
    assert other.cookies["csrftoken"].value != client.cookies["csrftoken"].value
