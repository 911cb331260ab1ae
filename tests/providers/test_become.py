"""Becoming a provider, as the pages do it."""

import pytest
from django.urls import reverse

from providers.models import Confirmation, Listing, Pricing, Provider, Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import CategoryFactory, ProviderFactory
from tests.providers.pages import fields_of, send

pytestmark = pytest.mark.django_db


def address(step):
    return reverse("become_provider_step", args=[step])


@pytest.fixture
def zoe(client):
    CategoryFactory(name="Physiotherapy")
    user = UserFactory(name="Zoë Müller", time_zone="Asia/Kathmandu")
    client.force_login(user)
    return user


ABOUT = {
    "name": "Zoë Müller",
    "trade": "Physiotherapist",
    "category": "physiotherapy",
    "where": ["in_person", "online"],
    "place": "Camden",
    "address": "18 Arlington Road",
    "languages": "",
    "about": "",
}
SERVICE = {
    "name": "First assessment",
    "description": "",
    "duration_minutes": "45",
    "pricing": "hourly",
    "price": "84",
    "currency": "GBP",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "10",
    "slot_interval_minutes": "",
    "confirmation": "policy",
}


def test_six_steps_make_a_live_page(client, zoe):
    assert client.get(reverse("become_provider")).headers["Location"] == address("about")
    assert client.get(address("service")).headers["Location"] == address("about")

    page = client.get(address("about"))
    assert fields_of(page, "trade")["name"] == ["Zoë Müller"]
    assert client.post(address("about"), ABOUT).headers["Location"] == address("service")
    # In the money of where she is, until she says otherwise.
    page = client.get(address("service"))
    assert page.context["form"].initial["currency"] == "NPR"
    # Nobody who gets here has made rules yet.
    assert "As in my rules, step 4" in page.content.decode()
    assert client.post(address("service"), SERVICE).headers["Location"] == address("hours")
    # Left here, and resumed.
    assert client.get(reverse("become_provider")).headers["Location"] == address("hours")
    page = client.get(address("hours"))
    assert [name for name in fields_of(page, "time_zone") if name.startswith("open-")] == [
        f"open-{n}" for n in range(5)
    ]
    assert fields_of(page, "time_zone")["time_zone"] == ["Asia/Kathmandu"]
    assert send(client, address("hours"), "time_zone").headers["Location"] == address("rules")
    assert send(client, address("rules"), "window_days", window_days="30").headers["Location"] == address("calendar")
    not_connected = '<span class="badge" data-kind="ruby">'
    assert all(not_connected in client.get(address(step)).content.decode() for step in ("calendar", "check"))
    assert client.post(address("calendar")).headers["Location"] == address("check")
    check = client.get(address("check")).content.decode()
    for words in ("First assessment", "£84 an hour", "Monday to Friday", "09:00 to 17:00", "at most 30 days ahead"):
        assert words in check
    assert client.post(address("check")).headers["Location"] == reverse("studio_today")

    provider = Provider.objects.get()
    assert (provider.slug, provider.listing, provider.user) == ("zoe-muller", Listing.LIVE, zoe)
    assert (provider.place, provider.is_online, provider.is_in_person) == ("Camden", True, True)
    assert provider.policy.window_days == 30
    service = Service.objects.get()
    assert (service.pricing, service.price, service.confirmation) == (Pricing.HOURLY, 84, Confirmation.POLICY)
    assert client.get(reverse("become_provider")).headers["Location"] == reverse("studio_profile")
    assert client.get(address("about")).headers["Location"] == reverse("studio_profile")


def test_going_live_early_says_what_is_missing(client, zoe):
    client.post(address("about"), ABOUT)

    page = client.post(address("check"))

    assert page.status_code == 409
    words = page.content.decode()
    assert "2 things missing" in words
    assert "Add a service that customers can book." in words
    assert "Set at least one range of working hours." in words
    assert Provider.objects.get().listing == Listing.DRAFT


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(client, zoe):
    page = client.post(address("about"), {**ABOUT, "trade": "", "place": "", "about": "Long <b>story</b>"})

    assert page.status_code == 422
    words = page.content.decode()
    assert "There are 2 things to fix" in words
    assert 'href="#id_trade"' in words
    assert "Enter what you do." in words
    assert "Enter the district or town where you meet people." in words
    assert "Long &lt;b&gt;story&lt;/b&gt;" in words
    assert not Provider.objects.exists()


def test_a_draft_changed_in_another_tab_is_told(client, zoe):
    client.post(address("about"), ABOUT)
    old = fields_of(client.get(address("about")), "trade")
    client.post(address("about"), {**old, "trade": "Osteopath"})

    page = client.post(address("about"), {**old, "trade": "Masseur"})

    assert page.status_code == 409
    assert "Osteopath" in page.content.decode()
    assert fields_of(page, "trade")["trade"] == ["Masseur"]
    assert client.post(address("about"), fields_of(page, "trade")).status_code == 302
    assert Provider.objects.get().trade == "Masseur"


def test_the_first_service_sent_twice_is_one_service(client, zoe):
    client.post(address("about"), ABOUT)

    client.post(address("service"), SERVICE)
    client.post(address("service"), SERVICE)

    assert Service.objects.count() == 1


def test_a_draft_is_nobody_elses(client, zoe):
    client.post(address("about"), ABOUT)
    client.force_login(UserFactory())

    assert client.get(address("service")).headers["Location"] == address("about")
    assert "Arlington" not in client.get(address("about")).content.decode()


def test_a_provider_is_past_these_steps(client):
    provider = ProviderFactory()
    client.force_login(provider.user)

    assert client.post(address("about"), ABOUT).headers["Location"] == reverse("studio_profile")
    provider.refresh_from_db()
    assert provider.trade == "Physiotherapist"


def test_an_unknown_step_is_no_page(client, zoe):
    assert client.get(address("payment")).status_code == 404


def test_a_visitor_signs_in_and_comes_back(client):
    answer = client.get(address("about"))

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("?next=/become-a-provider/about/")
