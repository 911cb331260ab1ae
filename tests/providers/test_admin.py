"""Staff's pages of providers."""

import pytest
from django.urls import reverse

from accounts.models import User
from outbox.models import Message
from providers import queries
from providers.models import DateOverride
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory
from tests.providers.pages import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("staff@example.com", "x", name="Sam"))


@pytest.fixture
def maya():
    return ProviderFactory(name="Maya Okafor", hours={0: [("09:00", "12:00"), ("13:00", "17:00")]})


def change(client, row, **typed):
    address = reverse(f"admin:providers_{row._meta.model_name}_change", args=[row.pk])
    page = client.get(address)
    fields = fields_of(page, next(iter(page.context["adminform"].form.fields)))
    return client.post(address, {**fields, **typed})


def test_a_saved_provider_refreshes_the_openings(client, staff, maya):
    answer = change(client, maya, trade="Baker")

    assert answer.status_code == 302
    maya.refresh_from_db()
    assert maya.trade == "Baker"
    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 1


@pytest.mark.parametrize("how", ["page", "list"])
def test_a_deleted_service_refreshes_the_openings(client, staff, maya, how):
    service = ServiceFactory(provider=maya)

    if how == "page":
        client.post(reverse("admin:providers_service_delete", args=[service.pk]), {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": service.pk, "post": "yes"}
        client.post(reverse("admin:providers_service_changelist"), chosen)

    assert not maya.services.exists()
    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 1


@pytest.mark.parametrize("how", ["change", "delete", "list"])
def test_dates_with_hours_of_their_own_are_not_edited_by_hand(client, staff, maya, how):
    override = DateOverrideFactory(provider=maya, start_on="2027-01-01", ranges=[[540, 600]])
    address, sent = {
        "change": (
            reverse("admin:providers_dateoverride_change", args=[override.pk]),
            {"provider": maya.pk, "start_on": "2027-01-04", "end_on": "2027-01-04", "ranges": "[]"},
        ),
        "delete": (reverse("admin:providers_dateoverride_delete", args=[override.pk]), {"post": "yes"}),
        "list": (
            reverse("admin:providers_dateoverride_changelist"),
            {"action": "delete_selected", "_selected_action": override.pk, "post": "yes"},
        ),
    }[how]

    assert client.post(address, sent).status_code == 403
    assert DateOverride.objects.filter(pk=override.pk, start_on="2027-01-01", ranges=[[540, 600]]).exists()


def test_hours_rules_listing_and_prices_are_not_edited_by_hand(client, staff, maya):
    service = ServiceFactory(provider=maya, price=58)

    change(client, maya, listing="hidden", **{"working_hours-0-end_minute": "690", "policy-0-notice_minutes": "0"})
    change(client, service, price="1", currency="USD", pricing="hourly")

    maya.refresh_from_db()
    service.refresh_from_db()
    shown = client.get(reverse("admin:providers_provider_change", args=[maya.pk])).text
    assert (maya.listing, queries.week_of(maya)) == ("live", {0: [(540, 720), (780, 1020)]})
    assert maya.policy.notice_minutes != 0
    assert (service.price, service.currency, service.pricing) == (58, "GBP", "fixed")
    assert "09:00 to 12:00" in shown and 'name="working_hours-0-end_minute"' not in shown


def test_another_place_has_what_is_said_of_appointments_follow(client, staff, maya):
    change(client, maya, trade="Baker")
    before = Message.objects.filter(topic="appointments.page_changed").count()
    change(client, maya, trade="Baker", address="7 Chalk Farm Road")

    [message] = Message.objects.filter(topic="appointments.page_changed")
    assert before == 0
    assert message.payload == {"provider": maya.pk}


def test_another_zone_has_the_connected_calendar_compared(client, staff, maya):
    User.objects.filter(pk=maya.user_id).update(keeps_calendar=True)

    change(client, maya, trade="Baker")
    assert not Message.objects.filter(topic="calendar_sync.compare_person").exists()
    change(client, maya, time_zone="Europe/Berlin")

    [message] = Message.objects.filter(topic="calendar_sync.compare_person")
    assert message.payload == {"person": maya.user_id}


def test_a_providers_own_note_stays_their_own(client, staff):
    override = DateOverrideFactory(start_on="2027-01-01", note="Surgery", ranges=[[540, 600]])
    list_page = client.get(reverse("admin:providers_dateoverride_changelist")).text
    page = client.get(reverse("admin:providers_dateoverride_change", args=[override.pk])).text

    assert "Surgery" not in list_page + page
    assert "09:00 to 10:00" in list_page and "09:00 to 10:00" in page


def test_customers_have_no_admin(client, maya):
    client.force_login(UserFactory())

    assert client.get(reverse("admin:providers_provider_changelist")).status_code in {302, 403}


def test_a_draft_is_told_on_the_account_page(client):
    provider = ProviderFactory(listing="draft", steps_done=["about", "service", "hours", "rules"])
    client.force_login(provider.user)

    assert "Your page is a draft, 2 steps left." in client.get(reverse("settings_profile")).content.decode()
    provider.listing = "live"
    provider.save()
    assert "Your page is a draft" not in client.get(reverse("settings_profile")).content.decode()
