"""The frame of staff's pages: the zone of their times, what waits in the menu, the search, the overview."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import Appeal, Ban, User
from appointments.models import Appointment
from core import clock
from providers.models import PageDecision
from tests.factories.accounts import UserFactory

from .conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db

OVERVIEW, LIST = reverse("admin:index"), reverse("admin:appointments_appointment_changelist")


@pytest.fixture
def staff(client):
    person = User.objects.create_superuser("staff@example.com", "x", name="Sam", time_zone="Europe/London")
    client.force_login(person)
    return person


def menu_of(page):
    return {item["title"]: item["waits"] for group in page.context["sidebar_navigation"] for item in group["items"]}


def test_times_are_in_the_zone_that_staff_chose_and_in_utc(client, staff, book):
    book(TUESDAY_TEN)

    own = client.get(LIST).text
    back = client.post(reverse("admin:zone"), {"zone": "Asia/Kathmandu", "back": LIST})
    chosen = client.get(LIST).text
    refused = client.post(reverse("admin:zone"), {"zone": "Nowhere", "back": "https://elsewhere.example/"})

    assert "Tue 3 March, 10:00</time>" in own and "UTC 10:00" in own
    assert back.url == LIST
    assert "Tue 3 March, 15:45</time>" in chosen and "UTC 10:00" in chosen and "Kathmandu time" in chosen
    assert refused.url == OVERVIEW
    assert "Choose a zone from the list." in client.get(OVERVIEW).text


def test_the_menu_counts_what_waits_and_shows_only_what_the_person_may_see(client, staff, book, provider):
    book(TUESDAY_TEN)
    Appointment.objects.update(status="requested", agreed_at=None, answer_by=clock.now() - timedelta(minutes=1))
    ban = Ban.objects.create(user=UserFactory(), since=clock.now())
    Appeal.objects.create(ban=ban, text="I was in hospital.", sent_at=clock.now())
    clerk = UserFactory(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_service", "view_category"]))

    all_of_it = menu_of(client.get(OVERVIEW))
    client.force_login(clerk)
    page = client.get(OVERVIEW)

    assert {title: number for title, number in all_of_it.items() if number} == {
        "Providers": 1,
        "Requests": 1,
        "Appeals": 1,
    }
    assert menu_of(page) == {"Categories": 0, "Services": 0}
    assert page.context["tiles"] == []
    assert "Waiting for somebody" in page.text and ban.user.name not in page.text


def test_the_overview_costs_the_same_queries_however_much_waits(
    client, staff, book, provider, django_assert_num_queries
):
    PageDecision.objects.create(provider=provider, decided="reviewed", decided_by=staff, at=clock.now(), reason="x")
    LogEntry.objects.log_actions(staff.pk, [provider], CHANGE, change_message="Asked by phone.")

    def cost():
        with django_assert_num_queries(11):
            return client.get(OVERVIEW)

    client.get(OVERVIEW)
    none = cost()
    for n in range(4):
        book(TUESDAY_TEN + n * timedelta(hours=1), customer=UserFactory())
    Appointment.objects.update(status="requested", agreed_at=None, answer_by=clock.now() - timedelta(minutes=1))
    many = cost()

    assert {tile.tone for tile in none.context["tiles"]} == {"none"}
    assert none.text.count("<b>None</b>") == 8 and "You are up to date." in none.text
    assert [(tile.number, tile.tone) for tile in many.context["tiles"][:2]] == [(0, "none"), (4, "brass")]
    assert len(many.context["todos"]) == 3
    assert "“Asked by phone.”" in many.text


def test_the_search_finds_by_reference_name_address_and_page(client, staff, book, provider):
    appointment = book(TUESDAY_TEN, customer=UserFactory(name="Noor Ali", email="noor@example.com")).appointment

    def found(text):
        return [one.title for one in client.get(reverse("admin:search"), {"q": text}).context["found"]]

    assert found(appointment.reference.lower()) == [f"Appointment {appointment.reference}"]
    assert found("noor a") == found("NOOR@example") == ["Noor Ali"]
    assert found(provider.slug) == [provider.name]
    assert found("nobody") == found("") == []
    assert client.get(reverse("admin:search"), {"q": "x" * 201}).status_code == 400


def test_only_staff_s_pages_let_scripts_read_expressions(client, staff):
    admin, home = (client.get(address)["Content-Security-Policy"] for address in (OVERVIEW, "/"))

    assert "script-src 'self' 'unsafe-eval'" in admin and "'unsafe-inline'" not in admin.partition("script-src")[2]
    assert "unsafe" not in home
