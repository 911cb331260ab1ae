"""The same fact is told alike in every place: both zones and the address, on pages, in lists, in mails and files.

It is Monday 2 March 2026, 08:00, in London; the appointment is on Tuesday, 10:00 to 11:00.
"""

import re

import pytest
from django.core import mail
from django.urls import reverse
from icalendar import Calendar

from appointments import links
from appointments.models import Appointment
from appointments.services import transitions
from appointments.states import Role
from outbox.testing import deliver

from .conftest import NOW, TUESDAY_TEN, move_to_london
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER
START = "2026-03-03T10:00:00Z"
TEN, FIVE, MIDNIGHT = "Tue 3 March, 10:00", "Tue 3 March, 05:00", "Wed 4 March, 00:00"

# venue, the customer's zone -> what the customer is told first and second, and what the provider is told second: a time
# and the city of its zone. Lisbon and London show the same time in March.
NEW_YORK, KIRITIMATI = (FIVE, "New York"), (MIDNIGHT, "Kiritimati")
LONDON, LISBON, NOTHING = (TEN, "London"), (TEN, "Lisbon"), (None, None)
CASES = [
    ("in_person", "America/New_York", LONDON, NEW_YORK, NEW_YORK),
    ("in_person", "Pacific/Kiritimati", LONDON, KIRITIMATI, KIRITIMATI),
    ("in_person", "Europe/Lisbon", LONDON, NOTHING, NOTHING),
    ("in_person", "Europe/London", LONDON, NOTHING, NOTHING),
    ("online", "America/New_York", NEW_YORK, LONDON, NEW_YORK),
    ("online", "Pacific/Kiritimati", KIRITIMATI, LONDON, KIRITIMATI),
    ("online", "Europe/Lisbon", LISBON, NOTHING, NOTHING),
    ("online", "Europe/London", LONDON, NOTHING, NOTHING),
]


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def amara(customer):
    customer.name = "Amara Nwosu"
    customer.save()
    return customer


@pytest.fixture
def maya(provider):
    provider.name = provider.user.name = "Maya Okafor"
    provider.is_online = True
    provider.save()
    provider.user.save()
    return provider


def facts_line(first, whose, second):
    """The list of facts as a page without its markup writes it, from the zone to the length."""
    time, city = second
    return squeezed(f"Time zone {first[1]} time {f'For {whose} {time}, {city} time' if time else ''} Length")


@pytest.mark.parametrize(("venue", "zone", "first", "second", "providers_second"), CASES)
def test_every_place_tells_the_same_zones_in_the_same_order(
    client, maya, amara, service, book, venue, zone, first, second, providers_second
):
    amara.time_zone, service.venue = zone, venue
    amara.save()
    service.save()
    whose = "you" if venue == "in_person" else "Maya"
    client.force_login(amara)
    form = text_of(client.get(reverse("book", args=[maya.slug, service.slug]), {"start": START}))
    appointment = book(venue=venue).appointment
    own, listed = own_pages(client, appointment), text_of(client.get(reverse("my_appointments")))
    [entry] = Calendar.from_ical(own_file(client, appointment)).walk("VEVENT")
    client.logout()
    by_link = text_of(client.get(reverse("link", args=[links.token_for(appointment, C, now=NOW)])))
    provider_by_link = text_of(client.get(reverse("link", args=[links.token_for(appointment, P, now=NOW)])))
    client.force_login(maya.user)
    in_studio = text_of(client.get(reverse("studio_appointment", args=[appointment.reference])))

    line, studio_line = facts_line(first, whose, second), facts_line(LONDON, "Amara", providers_second)
    told = {name: line in squeezed(said) for name, said in {**own, "form": form, "link": by_link}.items()}
    told |= {"studio": studio_line in squeezed(in_studio), "provider": studio_line in squeezed(provider_by_link)}

    assert told == dict.fromkeys(["done", "detail", "form", "link", "studio", "provider"], True)
    assert re.findall(r"([A-Z]\w+(?: [A-Z]\w+)?) time, (\d\d:\d\d) to .*? for (\w+) in", listed) == (
        [(first[1], second[0].partition(", ")[2], whose)] if second[0] else []
    )
    assert re.findall(r", (\d\d:\d\d) to .*, (.*) time \(GMT", entry["DESCRIPTION"]) == [
        (first[0].partition(", ")[2], first[1])
    ]
    assert mailed(amara) == subject_and_aside(first, whose, second)
    assert mailed(maya.user) == subject_and_aside(LONDON, "Amara", providers_second)


def own_file(client, appointment):
    return client.get(reverse("appointment_ics", args=[appointment.reference])).content


def squeezed(text):
    return re.sub(r"\s+", "", text)


def own_pages(client, appointment):
    pages = {"done": "appointment_done", "detail": "my_appointment"}
    return {name: text_of(client.get(reverse(page, args=[appointment.reference]))) for name, page in pages.items()}


def mailed(user):
    """Of the mail to this person: the time in its subject, and for whom and where a second time stands in its text."""
    deliver("notifications.send_mail")
    [letter] = [each for each in mail.outbox if user.email in each.to[0]]
    when = re.search(r"Confirmed: (.*) with ", letter.subject)[1]
    return when, re.findall(r"^.*\d\d:\d\d to .* for (\w+) in ([\w ]+) \(GMT", letter.body, re.M)


def subject_and_aside(first, whose, second):
    """The same as it should be: the subject names the city where there are two zones."""
    if not second[0]:
        return first[0], []
    return f"{first[0]} {first[1]} time", [(whose, second[1])]


@pytest.mark.parametrize(
    ("venue", "said"),
    [
        ("in_person", "Tue 3 March, 10:00, London time (05:00 to 06:00 for you in New York) with Maya"),
        ("online", "Tue 3 March, 05:00, New York time (10:00 to 11:00 for Maya in London) with Maya"),
    ],
)
def test_the_sign_in_page_tells_the_chosen_time_as_the_form_will(client, maya, service, venue, said):
    service.venue = venue
    service.save()
    client.cookies["tz"] = "America/New_York"
    form = reverse("book", args=[maya.slug, service.slug]) + f"?start={START}"

    page = client.get(reverse("account_login"), {"next": form})

    assert said in text_of(page)


# --- The address ----------------------------------------------------------------------------------------------------


def told_places(client, appointment, reader, side):
    """Whether each place says the address, by name."""
    client.force_login(appointment.customer)
    said = own_pages(client, appointment) if side is C else {}
    client.logout()
    said["link"] = text_of(client.get(reverse("link", args=[links.token_for(appointment, side, now=NOW)])))
    if side is P:
        client.force_login(appointment.provider.user)
        page = client.get(reverse("studio_appointment", args=[appointment.reference]), follow=True)
        said["studio"] = text_of(page)
    deliver("notifications.send_mail")
    said["mail"] = [each for each in mail.outbox if reader.email in each.to[0]][-1].body
    return {name: "18 Arlington Road, Camden" in text for name, text in said.items()}


def test_a_customer_learns_the_address_everywhere_once_the_time_is_agreed(client, maya, amara, requested):
    before = told_places(client, requested, amara, C)
    transitions.accept_request(appointment=requested, actor=maya.user)
    after = told_places(client, Appointment.objects.get(), amara, C)
    transitions.cancel_appointment(appointment=Appointment.objects.get(), actor=amara, role=C)
    cancelled = told_places(client, Appointment.objects.get(), amara, C)

    places = {"done", "detail", "link", "mail"}
    assert before == dict.fromkeys(places, False)
    assert after == cancelled == dict.fromkeys(places, True)


def test_a_declined_request_tells_the_customer_no_address(client, maya, amara, requested):
    transitions.decline_request(appointment=requested, actor=maya.user)

    declined = told_places(client, Appointment.objects.get(), amara, C)
    assert declined == dict.fromkeys({"done", "detail", "link", "mail"}, False)


def test_a_provider_reads_their_own_address_in_every_place(client, maya, amara, requested):
    assert told_places(client, requested, maya.user, P) == {"link": True, "studio": True, "mail": True}


def test_the_calendar_file_says_the_place_that_the_page_says(client, maya, amara, book):
    appointment = book(venue="in_person").appointment
    client.force_login(amara)

    entry = Calendar.from_ical(own_file(client, appointment))
    page = text_of(client.get(reverse("my_appointment", args=[appointment.reference])))

    assert str(entry.walk("VEVENT")[0]["LOCATION"]) == "18 Arlington Road, Camden"
    assert "Place18 Arlington Road, Camden" in page
    assert (appointment.start, f"Maya expects you at {entry.walk('VEVENT')[0]['LOCATION']}." in page) == (
        TUESDAY_TEN,
        True,
    )
