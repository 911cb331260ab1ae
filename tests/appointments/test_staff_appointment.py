"""Staff's list of appointments and the page of one: times in every zone that matters, acts that the rules allow."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.staff_appointment import times_below
from appointments.services import proposals
from appointments.states import Role, Status
from notifications.models import SentMail
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

LIST = reverse("admin:appointments_appointment_changelist")


@pytest.fixture
def staff(client):
    person = User.objects.create_superuser("staff@example.com", "x", name="Sam", time_zone="Europe/London")
    client.force_login(person)
    return person


def page_of(appointment):
    return reverse("admin:appointments_appointment_change", args=[appointment.pk])


def listed(client, **query):
    return [row.reference for row in client.get(LIST, query).context["cl"].result_list]


def test_the_list_is_narrowed_by_state_day_provider_and_search(client, staff, book, provider):
    first = book(TUESDAY_TEN, customer=UserFactory(name="Noor Ali", email="noor@example.com")).appointment
    second = book(TUESDAY_TEN + timedelta(days=1), customer=UserFactory(name="Ben Hall")).appointment
    asked = book(TUESDAY_TEN + timedelta(days=2), customer=UserFactory(name="Cy Lang")).appointment
    proposals.propose_time(
        appointment=second, start=TUESDAY_TEN + timedelta(days=5), actor=staff, role=Role.STAFF, message="Asked"
    )
    Appointment.objects.filter(pk=asked.pk).update(status=Status.REQUESTED, agreed_at=None, answer_by=NOW)

    assert listed(client, state="overdue") == listed(client, state="requested") == [asked.reference]
    assert listed(client, state="proposed") == [second.reference]
    assert listed(client, **{"from": "2026-03-04", "until": "2026-03-04"}) == [second.reference]
    assert listed(client, until="2026-03-03") == [first.reference]
    assert listed(client, q=first.reference) == listed(client, q="noor@") == listed(client, q="Noor A")
    assert len(listed(client, provider=provider.slug)) == len(listed(client, q=provider.slug)) == 3
    assert listed(client, provider="nobody") == []
    assert "Write a day like" in client.get(LIST, {"from": "tomorrow"}).text
    assert len(listed(client, until="9999-12-31")) == 3


def test_the_days_of_the_list_are_those_of_the_chosen_zone(client, staff, book):
    late = book(TUESDAY_TEN.replace(hour=16)).appointment
    client.post(reverse("admin:zone"), {"zone": "Pacific/Auckland"})

    assert listed(client, **{"from": "2026-03-04", "until": "2026-03-04"}) == [late.reference]
    assert "Wed 4 March, 05:00</time>" in client.get(LIST).text
    assert "UTC Tue 3 March, 16:00" in client.get(LIST).text


@pytest.mark.parametrize(
    ("place", "reader", "below"),
    [
        ("Europe/London", "Europe/London", "UTC 10:00"),
        ("Asia/Kathmandu", "Europe/London", "Kathmandu 15:45, UTC 10:00"),
        ("Pacific/Auckland", "America/New_York", "Auckland 23:00, UTC 10:00"),
        ("Pacific/Kiritimati", "America/New_York", "Kiritimati Wed 4 March, 00:00, UTC 10:00"),
    ],
)
def test_below_a_time_stands_the_place_s_where_its_clock_differs(book, provider, place, reader, below):
    appointment = book(TUESDAY_TEN).appointment
    appointment.provider.time_zone = place

    assert times_below(appointment, reader) == below


def test_the_page_says_all_that_stands_behind_an_appointment(client, staff, book, provider, customer):
    appointment = book(TUESDAY_TEN).appointment
    proposals.propose_time(
        appointment=appointment, start=TUESDAY_TEN + timedelta(days=1), actor=staff, role=Role.STAFF, message="Ill"
    )
    SentMail.objects.create(key="x", user=customer, kind="confirmed", about=appointment.reference, state="refused")

    page = client.get(page_of(appointment))

    assert [line.title.partition(":")[0] for line in page.context["past"]][0] == "New time proposed"
    assert page.context["past"][0].reason == "Ill" and "Sam, staff" in page.context["past"][0].by
    assert [(mail.key, label.label) for mail, label in page.context["mails"]] == [("x", "Failed")]
    assert [label.label for label in page.context["badges"]] == ["Confirmed", "New time proposed"]
    assert customer.email in page.text and provider.user.email in page.text and "£58" in page.text


def test_the_page_offers_the_acts_that_the_rules_allow_and_comes_back_to_itself(client, staff, book):
    appointment = book(TUESDAY_TEN).appointment
    offered = [act.name for act in client.get(page_of(appointment)).context["acts"]]
    form = client.get(page_of(appointment), {"act": "cancel_for_customer"}).text
    send = {"action": "cancel_for_customer", "_selected_action": appointment.pk, "confirmed": "yes", "from_page": "yes"}

    without = client.post(LIST, {**send, "reason": " "})
    done = client.post(LIST, {**send, "reason": "Train strike"})

    appointment.refresh_from_db()
    entry = appointment.history.first()
    assert offered == ["cancel_for_customer", "cancel_for_provider", "cancel"]
    assert "Cancel for the customer" in form and 'name="reason"' in form
    assert without.status_code == 422 and 'name="from_page"' in without.text
    assert done.url == page_of(appointment)
    assert (appointment.status, appointment.ended_by) == (Status.CANCELLED, "staff")
    assert entry.reason == "On behalf of the customer: Train strike"
    assert client.get(page_of(appointment)).context["acts"] == []


def test_the_export_has_what_the_list_has_as_text_and_is_in_the_audit(client, staff, book):
    first = book(TUESDAY_TEN, customer=UserFactory(name="=1+1", email="noor@example.com")).appointment
    book(TUESDAY_TEN + timedelta(days=1))
    address = reverse("admin:appointments_export")

    file = client.post(f"{address}?until=2026-03-03")
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client.force_login(viewer)

    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].startswith(f"{first.reference},Confirmed,2026-03-03T10:00+00:00,")
    assert ",'=1+1,noor@example.com," in lines[1]
    assert LogEntry.objects.get().change_message == "Exported: until=2026-03-03"
    assert client.post(address).status_code == 403
    assert "Export" not in client.get(LIST).text


def test_who_may_only_look_is_offered_no_act_and_no_mails_they_may_not_see(client, book):
    appointment = book(TUESDAY_TEN).appointment
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client.force_login(viewer)

    page = client.get(page_of(appointment), {"act": "cancel"})

    assert page.context["acts"] == [] and page.context["chosen_act"] is None
    assert "mails" not in page.context
    assert "Cancel for" not in page.text
