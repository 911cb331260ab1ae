"""Where an appointment takes place: offered by the provider, narrowed by the service, chosen by the customer, kept."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from icalendar import Calendar

from appointments.exceptions import TermsChanged
from appointments.models import Appointment
from outbox.testing import deliver

from .test_booking_pages import START, hidden_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(provider):
    provider.is_online = True
    provider.save()
    return provider


@pytest.fixture
def me(client, customer):
    client.force_login(customer)
    return client


@pytest.fixture
def form_page(service):
    return reverse("book", args=[service.provider.slug, service.slug])


def test_of_two_venues_the_customer_chooses_one_and_everybody_is_told_that_one(me, both, form_page, customer):
    shown = me.get(form_page, {"start": START})
    me.post(form_page, hidden_values(shown) | {"venue": "online"})

    appointment = Appointment.objects.get()
    page = me.get(reverse("my_appointment", args=[appointment.reference])).content.decode()
    deliver("notifications.send_mail")
    entry = Calendar.from_ical(me.get(reverse("appointment_ics", args=[appointment.reference])).content)
    assert appointment.venue == "online"
    assert f"{both.first_name} expects you online." in page
    assert "<dt>Place</dt><dd>Online</dd>" in page
    assert both.address not in page
    assert {"Place: Online" in letter.body for letter in mail.outbox} == {True}
    assert entry.walk("VEVENT")[0]["LOCATION"] == "Online"


def test_a_venue_that_nobody_chose_is_asked_for(me, both, form_page):
    shown = me.get(form_page, {"start": START})

    response = me.post(form_page, hidden_values(shown) | {"note": "Left knee"})

    assert response.status_code == 422
    assert response.content.decode().count("Choose where to meet: in Camden or online.") == 2
    assert "Left knee" in response.content.decode()
    assert not Appointment.objects.exists()


def test_a_chosen_venue_survives_a_time_that_went(me, both, form_page, book):
    values = hidden_values(me.get(form_page, {"start": START})) | {"venue": "online"}
    book(customer=both.user.__class__.objects.create(email="faster@example.com", email_confirmed_at=both.created_at))

    taken = me.post(form_page, values)
    picked = me.post(form_page, values | {"pick": "2026-03-03T11:00:00Z"})

    for response in (taken, picked):
        assert response.context["form"]["venue"].value() == "online"


def test_a_chosen_venue_survives_a_session_that_ended(me, client, both, form_page, customer):
    values = hidden_values(me.get(form_page, {"start": START})) | {"venue": "online"}
    client.logout()
    client.post(form_page, values)
    client.force_login(customer)

    page = client.get(form_page, {"start": START}).content.decode()
    assert re.search(r'<input type="radio" name="venue" value="online"[^>]* checked', page)


def test_where_there_is_one_venue_nothing_is_asked_and_it_is_kept(me, service, both, form_page):
    service.venue = "in_person"
    service.save()
    shown = me.get(form_page, {"start": START})

    me.post(form_page, hidden_values(shown))

    assert 'type="radio"' not in shown.content.decode()
    assert Appointment.objects.get().venue == "in_person"


def test_a_place_that_changed_while_reading_is_said_and_asked_again(me, service, both, form_page):
    values = hidden_values(me.get(form_page, {"start": START})) | {"venue": "in_person"}
    service.venue = "online"
    service.save()

    response = me.post(form_page, values)

    assert response.status_code == 409
    assert "It now takes place online." in response.content.decode()
    assert not Appointment.objects.exists()
    me.post(form_page, hidden_values(response))
    assert Appointment.objects.get().venue == "online"


def test_an_agreed_venue_stays_when_the_service_changes(book, service, both, me):
    appointment = book(venue="in_person").appointment
    service.venue = "online"
    service.save()

    page = me.get(reverse("my_appointment", args=[appointment.reference])).content.decode()

    assert f"{both.first_name} expects you at {both.address}, {both.place}." in page


def test_nobody_books_a_venue_that_is_not_offered(book, service):
    with pytest.raises(TermsChanged):
        book(venue="online")

    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("venue", "place", "words"),
    [
        ("", "Camden", "1 h, in Camden or online"),
        ("", "", "1 h, in person or online"),
        ("online", "Camden", "1 h, online"),
        ("in_person", "Camden", "1 h, in Camden"),
    ],
)
def test_each_service_says_where(client, both, service, venue, place, words):
    both.place, service.venue = place, venue
    both.save()
    service.save()

    page = client.get(reverse("provider_page", args=[both.slug])).content.decode()

    assert f'<span class="service__detail">{words}</span>' in page
