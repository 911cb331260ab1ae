"""What of a page and its services may and may not change once somebody has booked."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Appointment
from appointments.services import booking
from providers import edit_stamps, hooks, queries, services
from providers.exceptions import ChangeRefused
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory
from tests.providers.pages import fields_of, send

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)
TUESDAY_AT_NINE = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def march():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def service():
    return ServiceFactory(provider=ProviderFactory(name="Maya Okafor"), duration_minutes=60)


def book(service, start):
    return booking.book_appointment(
        service=service,
        start=start,
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key=str(start),
    ).appointment


def test_a_booked_service_is_paused_not_deleted(client, service):
    book(service, TUESDAY_AT_NINE)

    with pytest.raises(ChangeRefused, match="Pause it"):
        services.delete_service(service=service, actor=service.provider.user)
    client.force_login(service.provider.user)
    page = client.post(reverse("studio_service_delete", args=[service.slug]))

    assert page.status_code == 409
    assert "Pause it instead" in page.content.decode()
    service.refresh_from_db()
    assert service.is_active


def test_a_new_price_changes_no_appointment(service):
    appointment = book(service, TUESDAY_AT_NINE)

    values = {"price": Decimal(99), "duration_minutes": 30, "currency": "EUR"}
    services.save_service(
        provider=service.provider,
        actor=service.provider.user,
        service=service,
        values=values,
        seen=edit_stamps.of_service(type(service).objects.get()),
    )

    before = (appointment.price, appointment.currency, appointment.end)
    appointment.refresh_from_db()
    assert (appointment.price, appointment.currency, appointment.end) == before == (58, "GBP", before[2])


def test_the_form_says_that_a_new_price_leaves_what_is_booked_and_it_does(client, service):
    appointment = book(service, TUESDAY_AT_NINE)
    client.force_login(service.provider.user)
    address = reverse("studio_service", args=[service.slug])
    page = client.get(address)
    typed = {name: "" if value is None else value for name, value in page.context["form"].initial.items()}

    assert "Changing the price or the length changes no appointment that exists" in page.text
    saved = client.post(address, typed | {"price": "99"})

    assert saved.status_code == 302
    service.refresh_from_db()
    appointment.refresh_from_db()
    assert (service.price, appointment.price) == (99, 58)


def test_appointments_outside_the_new_hours_are_counted_and_stay(client, service):
    provider = service.provider
    for hour in (9, 11, 16):
        book(service, TUESDAY_AT_NINE.replace(hour=hour))
    assert hooks.count_outside_hours(provider, MONDAY) == 0
    client.force_login(provider.user)

    send(client, "/studio/hours/", "time_zone", start__1__0="10:00", end__1__0="16:30")

    page = client.get("/studio/hours/").content.decode()
    assert "2 confirmed appointments fall outside the new hours. They stay." in page
    assert Appointment.objects.filter(status="confirmed").count() == 3


# --- The effect of typed hours, before they are saved ---------------------------------------------------------------

HOURS = reverse("studio_hours")


@pytest.fixture
def studio(client, service):
    client.force_login(service.provider.user)
    return client


def check(client, part="", **typed):
    """Press Check, or with `part` let scripts ask for that part of the page, with these fields changed."""
    fields = fields_of(client.get(HOURS), "time_zone")
    changed = {name.replace("__", "-"): value for name, value in typed.items()}
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    return client.post(HOURS, fields | {"do": "check"} | changed, headers=headers)


def words(page):
    return " ".join(re.sub("<[^>]*>", " ", page.content.decode()).split())


def test_checking_names_what_would_lie_outside_and_cancels_and_saves_nothing(studio, service):
    early, late = book(service, TUESDAY_AT_NINE), book(service, TUESDAY_AT_NINE + dt.timedelta(hours=6))

    page = check(studio, start__1__0="11:00", end__4__0="12:00")

    said = words(page)
    assert page.status_code == 200
    assert "−7 h a week: 33 h instead of 40 h. Nothing is saved yet." in said
    assert [day.name for day in page.context["effect"].days] == ["Tuesday", "Friday"]
    assert [row.start for row in page.context["effect"].rows] == [early.start]
    assert early.customer.name in said and "09:00 to 10:00" in said and "It stays as agreed." in said
    assert f'href="{reverse("studio_appointment", args=[early.reference])}"' in page.content.decode()
    assert late.customer.name not in said
    assert 'value="11:00"' in page.content.decode()
    assert queries.week_of(service.provider)[1] == [(540, 1020)]
    assert set(Appointment.objects.values_list("status", flat=True)) == {"confirmed"}


def test_what_lies_outside_already_is_counted_and_not_named(studio, service):
    outside, inside = book(service, TUESDAY_AT_NINE), book(service, TUESDAY_AT_NINE + dt.timedelta(hours=7))
    services.set_working_hours(provider=service.provider, actor=service.provider.user, week={1: [(600, 1020)]})

    effect = check(studio, end__1__0="16:00").context["effect"]
    none = check(studio, end__1__0="17:30").context["effect"]

    assert ([row.name for row in effect.rows], effect.already) == ([inside.customer.name], 1)
    assert effect.outside == "It stays as agreed. 1 other lies outside already."
    assert (none.rows, none.outside) == ([], "1 lies outside already.")
    assert outside.customer.name not in words(check(studio, end__1__0="16:00"))


def test_a_request_is_named_as_one_and_dates_of_their_own_keep_their_hours(studio, service):
    service.provider.policy.accepts_at_once = False
    service.provider.policy.save()
    asked = book(service, TUESDAY_AT_NINE)

    assert "Awaiting your answer" in words(check(studio, start__1__0="11:00"))
    DateOverrideFactory(provider=service.provider, start_on=asked.start.date(), ranges=[[540, 1020]])
    assert check(studio, start__1__0="11:00").context["effect"].rows == []


def test_another_zone_is_weighed_as_the_hours_will_be_then(studio, service):
    one = book(service, TUESDAY_AT_NINE)

    effect = check(studio, time_zone="America/New_York").context["effect"]

    assert [row.start for row in effect.rows] == [one.start]
    assert (effect.zone, effect.change) == ("New York time", "Same length")


def test_hours_that_change_nothing_show_the_week_as_saved(studio, service):
    page = check(studio)

    assert page.context["effect"] is None and "Your week as saved" in words(page)


def test_hours_that_can_not_be_read_are_told_without_scripts_and_left_alone_while_they_are_typed(studio, service):
    pressed, typed = check(studio, start__1__0="noon"), check(studio, "effect", start__1__0="noon")

    assert (pressed.status_code, typed.status_code) == (422, 200)
    assert "Enter when Tuesday’s range starts" in words(pressed)
    assert "Enter when" not in words(typed) and "<html" not in typed.content.decode()


def test_with_scripts_the_effect_alone_comes_back_and_with_the_editor_after_its_buttons(studio, service):
    book(service, TUESDAY_AT_NINE)

    part = check(studio, "effect", start__1__0="11:00").content.decode()
    both = check(studio, "hours-editor", start__1__0="11:00", do="add-1").content.decode()

    assert part.strip().startswith('<section class="card effect"')
    said = "−2 h a week: 38 h instead of 40 h. 1 booked lies outside the new hours. Nothing is saved yet."
    assert f'data-announce="{said}"' in part
    assert both.strip().startswith('<div id="hours-editor"')
    assert 'hx-swap-oob="innerHTML:#effect"' in both and "Booked outside the new hours" in both
    assert both.count("data-announce") == 1


def test_checking_costs_the_same_for_one_and_for_many(studio, service):
    costs = []
    for hour in (0, 1, 2, 3):
        book(service, TUESDAY_AT_NINE + dt.timedelta(hours=hour))
        if hour in {0, 3}:
            with CaptureQueriesContext(connection) as found:
                check(studio, start__1__0="16:00")
            costs.append(len(found))

    assert costs[0] == costs[1]


def test_a_long_list_is_cut_and_counted(studio, service, monkeypatch):
    monkeypatch.setattr("providers.views.effect.MOST_ROWS", 1)
    for hour in range(3):
        book(service, TUESDAY_AT_NINE + dt.timedelta(hours=hour))

    page = check(studio, start__1__0="16:00")

    assert "And 2 more." in words(page) and "They stay as agreed." in words(page)


# --- Counting what lies outside the saved hours -----------------------------------------------------------------------


def test_a_closed_date_counts_and_other_hours_may_hold(service):
    provider = service.provider
    book(service, TUESDAY_AT_NINE)
    book(service, TUESDAY_AT_NINE + dt.timedelta(days=1))

    DateOverrideFactory(provider=provider, start_on=dt.date(2026, 3, 10), end_on=dt.date(2026, 3, 20))
    assert hooks.count_outside_hours(provider, MONDAY) == 2
    provider.date_overrides.update(ranges=[[540, 600]])
    assert hooks.count_outside_hours(provider, MONDAY) == 0


def test_an_appointment_across_midnight_lies_in_two_ranges_that_meet(service):
    provider = service.provider
    services.set_working_hours(
        provider=provider, actor=provider.user, week={1: [(1320, 1440)], 2: [(0, 120)]}, time_zone="Europe/Paris"
    )
    provider.refresh_from_db()
    book(service, dt.datetime(2026, 3, 10, 23, tzinfo=dt.UTC))

    assert hooks.count_outside_hours(provider, MONDAY) == 0
    services.set_working_hours(provider=provider, actor=provider.user, week={1: [(1320, 1430)], 2: [(0, 120)]})
    # It began at 00:00 on Wednesday in Paris.
    assert hooks.count_outside_hours(provider, MONDAY) == 0
    services.set_working_hours(provider=provider, actor=provider.user, week={1: [(1320, 1440)]})
    assert hooks.count_outside_hours(provider, MONDAY) == 1


def test_counting_costs_three_queries_for_any_number(service, django_assert_num_queries):
    for n in range(4):
        book(service, TUESDAY_AT_NINE + dt.timedelta(hours=n))

    with django_assert_num_queries(3):
        hooks.count_outside_hours(service.provider, MONDAY)
