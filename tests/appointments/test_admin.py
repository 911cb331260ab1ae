from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.urls import reverse

from appointments.models import Appointment, AppointmentEvent, Hold, LeftOutDate, Series
from appointments.services import proposals
from appointments.states import Role, Status
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ServiceFactory
from tests.factories.series import book_series, weekly
from tests.hardening.forms import hidden_values

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

LIST = reverse("admin:appointments_appointment_changelist")


@pytest.fixture
def staff(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def act(client, name, *appointments, reason="Asked by phone"):
    chosen = {"action": name, "_selected_action": [one.pk for one in appointments]}
    return client.post(LIST, {**chosen, "confirmed": "yes", "reason": reason}, follow=True)


def test_cancelling_in_admin_goes_through_the_service_with_a_reason_and_an_audit_entry(client, staff, book):
    appointment = book().appointment

    act(client, "cancel", appointment)

    appointment.refresh_from_db()
    entry = appointment.history.first()
    assert (appointment.status, appointment.ended_by) == (Status.CANCELLED, "staff")
    assert (entry.role, entry.actor, entry.reason) == ("staff", staff, "Asked by phone")
    assert not Hold.objects.exists()
    assert LogEntry.objects.get().object_id == str(appointment.pk)


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("accept", Status.REQUESTED, Status.CONFIRMED),
        ("decline", Status.REQUESTED, Status.DECLINED),
        ("cancel", Status.CONFIRMED, Status.CANCELLED),
        ("mark_completed", Status.CONFIRMED, Status.COMPLETED),
        ("mark_completed", Status.NO_SHOW, Status.COMPLETED),
        ("mark_no_show", Status.CONFIRMED, Status.NO_SHOW),
        ("mark_no_show", Status.COMPLETED, Status.NO_SHOW),
    ],
)
def test_the_reason_of_every_action_is_in_the_history_that_both_sides_read(client, staff, book, action, before, after):
    appointment = book().appointment
    fields = demanded_by(before, NOW) | {"answer_by": appointment.start}
    Appointment.objects.filter(pk=appointment.pk).update(status=before, **fields)
    during = appointment.start + timedelta(minutes=5) if action.startswith("mark") else NOW
    with time_machine.travel(during, tick=False):
        client.force_login(staff)
        act(client, action, appointment, reason="Asked by phone")
        client.force_login(appointment.customer)
        page = client.get(reverse("my_appointment", args=[appointment.reference])).content.decode()

    appointment.refresh_from_db()
    entry = appointment.history.first()
    assert (appointment.status, entry.to_status, entry.role, entry.reason) == (after, after, "staff", "Asked by phone")
    assert "Asked by phone" in page


def test_an_action_asks_first_and_names_what_it_would_change(client, staff, book, customer):
    chosen, other = book().appointment, book(TUESDAY_TEN + timedelta(hours=2)).appointment

    answer = client.post(LIST, {"action": "cancel", "_selected_action": [chosen.pk], "index": "0"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<h1>Cancel on behalf of both</h1>" in page
    assert chosen.reference in page and customer.name in page and other.reference not in page
    assert {one.status for one in Appointment.objects.all()} == {Status.CONFIRMED}
    client.post(LIST, {**hidden_values(answer), "reason": "Asked by phone"})
    assert [one.status for one in Appointment.objects.order_by("pk")] == [Status.CANCELLED, Status.CONFIRMED]


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "x" * 501])
def test_an_action_without_a_reason_changes_nothing(client, staff, book, reason):
    appointment = book().appointment

    answer = act(client, "cancel", appointment, reason=reason)

    assert answer.status_code == 422
    assert "Cancel on behalf of both" in answer.content.decode()
    assert Appointment.objects.get().status == Status.CONFIRMED


def test_an_action_that_the_rules_refuse_is_answered_in_words(client, staff, book):
    appointment = book().appointment

    answer = act(client, "mark_no_show", appointment)

    assert "It can be marked from its start on." in answer.content.decode()
    assert Appointment.objects.get().status == Status.CONFIRMED


def test_what_is_chosen_together_is_one_act_and_a_refusal_stops_none_of_the_others(client, staff, book, provider):
    at = [TUESDAY_TEN + number * timedelta(hours=2) for number in range(4)]
    made = [book(start, customer=UserFactory()).appointment for start in at]
    Message.objects.all().delete()
    with time_machine.travel(at[0] + timedelta(minutes=5), tick=False):
        client.force_login(staff)
        answer = act(client, "cancel", *made, reason="The house is closed.")

    page = answer.content.decode()
    assert f"{made[0].reference}: It has already started, so it can no longer be cancelled." in page
    assert "3 changed." in page
    assert [one.status for one in Appointment.objects.order_by("start")] == ["confirmed", *["cancelled"] * 3]
    cancelled = AppointmentEvent.objects.filter(verb="cancel")
    assert cancelled.count() == 3 and len({event.occasion for event in cancelled}) == 1
    assert set(LogEntry.objects.values_list("user", "object_id", "change_message")) == {
        (staff.pk, str(one.pk), "cancel: The house is closed.") for one in made[1:]
    }
    deliver("notifications.send_mail")
    told = [provider.user, *(one.customer for one in made[1:])]
    assert sorted(message.to[0] for message in mail.outbox) == sorted(f'"{who.name}" <{who.email}>' for who in told)


@pytest.mark.parametrize("rows", [1, 4])
def test_an_action_costs_the_same_queries_for_any_number(client, staff, book, rows, django_assert_num_queries):
    made = [book(TUESDAY_TEN + n * timedelta(hours=1), customer=UserFactory()).appointment for n in range(rows)]
    chosen = {"action": "cancel", "_selected_action": [one.pk for one in made]}
    client.get(LIST)
    ContentType.objects.get_for_model(Appointment)  # which Django remembers from the first time
    # eleven of them are the act's, one is the log's, one asks who waits for the time
    with django_assert_num_queries(17):
        client.post(LIST, {**chosen, "confirmed": "yes", "reason": "Asked by phone"})

    assert {one.status for one in Appointment.objects.all()} == {Status.CANCELLED}


def test_no_more_are_changed_together_than_fit_on_the_page_that_asks(client, staff, book, monkeypatch):
    monkeypatch.setattr("appointments.admin.AppointmentAdmin.most_at_once", 1)
    made = [book(TUESDAY_TEN + n * timedelta(hours=1)).appointment for n in range(2)]

    answer = act(client, "cancel", *made)

    assert "Choose at most 1 at a time." in answer.content.decode()
    assert {one.status for one in Appointment.objects.all()} == {Status.CONFIRMED}


def test_staff_who_may_only_look_have_no_actions(client, book):
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer)
    appointment = book().appointment

    act(client, "cancel", appointment)

    assert Appointment.objects.get().status == Status.CONFIRMED


@pytest.mark.parametrize("model", ["appointment", "appointmentevent", "hold"])
def test_nothing_is_edited_added_or_deleted_by_hand(client, staff, book, model):
    book()
    assert client.post(reverse(f"admin:appointments_{model}_add"), {}).status_code == 403
    row = {"appointment": Appointment, "hold": Hold}.get(model)
    if row:
        address = reverse(f"admin:appointments_{model}_change", args=[row.objects.get().pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"status": "completed"}).status_code == 403


@pytest.mark.parametrize("rows", [1, 6])
def test_the_list_costs_the_same_queries_at_any_length(client, staff, book, rows, django_assert_num_queries):

    for n in range(rows):
        book(TUESDAY_TEN + n * timedelta(hours=1), customer=UserFactory())
    client.get(LIST)

    with django_assert_num_queries(5):
        client.get(LIST)


@pytest.mark.parametrize("rows", [1, 6])
def test_an_appointment_s_page_costs_the_same_queries_however_much_happened(
    client, staff, book, rows, django_assert_num_queries
):
    appointment = book().appointment
    for n in range(rows):
        later = {"appointment": appointment, "start": TUESDAY_TEN + timedelta(days=n + 1)}
        proposals.propose_time(**later, actor=staff, role=Role.STAFF, message="Asked by phone")
    address = reverse("admin:appointments_appointment_change", args=[appointment.pk])
    client.get(address)

    with django_assert_num_queries(9):
        assert client.get(address).status_code == 200


def test_staff_read_money_and_zones_and_not_what_only_the_provider_sees(client, staff, book):
    appointment = book().appointment
    Appointment.objects.filter(pk=appointment.pk).update(note="My knee, since Tuesday.")
    one = reverse("admin:appointments_appointment_change", args=[appointment.pk])

    listed, shown = (client.get(address).content.decode() for address in (LIST, one))

    assert "£58" in listed and "58.000" not in listed
    assert "Tue 3 March, 10:00</time>" in listed and "UTC 10:00</span>" in listed
    assert "Tue 3 March 2026, 10:00 to" in shown and ", UTC</span>" in shown
    assert "My knee" not in shown
    assert "Dayline staff" in listed
    assert "AppointmentEvent object" not in shown and "Hold object" not in shown
    held = shown.partition('id="holds-data"')[2]
    for hour in ("10:00", "11:00"):
        assert f"Tue 3 March, {hour}</time>" in held and f"UTC {hour}</span>" in held


def test_a_series_is_shown_with_its_dates_and_each_date_leads_to_it(client, staff, provider, customer):
    provider.policy.window_days = 100
    provider.policy.save()
    service = ServiceFactory(provider=provider, duration_minutes=60, repeats=True)
    book_series(service, customer, weekly(TUESDAY_TEN, 3))
    series = Series.objects.get()
    LeftOutDate.objects.create(series=series, occurrence=4, start=TUESDAY_TEN + timedelta(days=21), reason="away")
    page = reverse("admin:appointments_series_change", args=[series.pk])

    shown = client.get(page).content.decode()

    for reference in series.appointments.values_list("reference", flat=True):
        assert reference in shown
    assert "Away" in shown
    assert f'<a href="{page}">Date 2</a>' in client.get(LIST).content.decode()
    assert series.customer.name in client.get(reverse("admin:appointments_series_changelist")).content.decode()
