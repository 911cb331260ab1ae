"""The account menu offers the studio to whoever has one."""

import pytest
from django.test import Client

from providers.models import Listing
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

pytestmark = pytest.mark.django_db

SETTINGS = "/my/settings/"
STUDIO, BEGIN = ">Your studio<", ">Offer your time<"


def offered(client: Client) -> set[str]:
    page = client.get(SETTINGS).text
    return {link for link in (STUDIO, BEGIN) if link.strip("<>") in page}


def test_a_provider_is_offered_the_studio_from_signing_in_on(client):
    client.force_login(ProviderFactory().user)

    assert offered(client) == {STUDIO}


def test_a_customer_is_offered_to_begin(client):
    client.force_login(UserFactory())

    assert offered(client) == {BEGIN}


def test_somebody_who_went_live_on_another_device_is_offered_it_after_a_visit_there(client):
    person = UserFactory()
    client.force_login(person)
    ProviderFactory(user=person)
    before = offered(client)

    client.get("/studio/")

    assert (before, offered(client)) == ({BEGIN}, {STUDIO})


@pytest.mark.parametrize("listing", [None, Listing.DRAFT])
def test_a_visit_that_finds_no_studio_changes_nothing(client, listing):
    person = UserFactory()
    client.force_login(person)
    if listing is not None:
        ProviderFactory(user=person, listing=listing)

    client.get("/studio/")

    assert offered(client) == {BEGIN}
