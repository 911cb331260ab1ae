"""Staff's pages of providers."""

import pytest
from django.urls import reverse

from accounts.models import User
from outbox.models import Message
from providers import queries
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
    answer = change(client, maya, **{"working_hours-0-end_minute": "690", "listing": "hidden"})

    assert answer.status_code == 302
    maya.refresh_from_db()
    assert maya.listing == "hidden"
    assert queries.week_of(maya) == {0: [(540, 690), (780, 1020)]}
    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 1


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


def test_ranges_that_overlap_are_refused(client, staff, maya):
    answer = change(client, maya, **{"working_hours-0-end_minute": "800"})

    assert answer.status_code == 200
    assert "Monday’s second range starts at 13:00, before the first one ends at 13:20." in answer.content.decode()
    assert queries.week_of(maya) == {0: [(540, 720), (780, 1020)]}


@pytest.mark.parametrize(
    "ranges", ["[[600, 540]]", "[[540, 600], [600, 700]]", '{"a": 1}', "[[540]]", "[[0, 1441]]", '["x"]']
)
def test_ranges_of_a_date_that_make_no_sense_are_refused(client, staff, ranges):
    override = DateOverrideFactory(start_on="2027-01-01")

    answer = change(client, override, ranges=ranges)

    assert answer.status_code == 200
    assert "Enter pairs of minutes after midnight" in answer.content.decode()
    override.refresh_from_db()
    assert override.ranges == []


def test_a_price_has_the_digits_of_its_currency_here_too(client, staff, maya):
    service = ServiceFactory(provider=maya)

    answer = change(client, service, price="58.505")

    assert answer.status_code == 200
    assert "GBP has at most 2 digits after the point." in answer.content.decode()


def test_a_providers_own_note_stays_their_own_and_survives_a_staff_edit(client, staff):
    override = DateOverrideFactory(start_on="2027-01-01", note="Surgery")

    answer = change(client, override, end_on="2027-01-02")

    assert answer.status_code == 302
    override.refresh_from_db()
    assert (str(override.end_on), override.note) == ("2027-01-02", "Surgery")
    for name in ("changelist", "change"):
        address = reverse(f"admin:providers_dateoverride_{name}", args=[override.pk] if name == "change" else [])
        assert "Surgery" not in client.get(address).content.decode()


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


def test_two_entries_for_one_date_are_refused(client, staff, maya):
    DateOverrideFactory(provider=maya, start_on="2027-01-01", end_on="2027-01-05")
    override = DateOverrideFactory(provider=maya, start_on="2027-02-01")

    answer = change(client, override, start_on="2027-01-04")

    assert answer.status_code == 200
    assert "Fri 1 January" in answer.content.decode()
    assert change(client, override, end_on="2027-02-03").status_code == 302
