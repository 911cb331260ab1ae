"""The studio's page on which a provider enters an appointment for a customer."""

from datetime import timedelta

import pytest
from django.urls import reverse

from appointments.models import Appointment
from appointments.states import Status
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ServiceFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

ADDRESS = "/studio/appointments/new/"
SATURDAY = "2026-03-07"


def visit(service, customer, start=TUESDAY_TEN, status=Status.CONFIRMED):
    """An hour of the customer that is written without a service, so that no rule is asked."""
    return Appointment.objects.create(
        provider=service.provider,
        service=service,
        customer=customer,
        status=status,
        start=start,
        end=start + timedelta(hours=1),
        price=58,
        currency="GBP",
        booking_key=f"{start}",
        created_at=NOW,
        **demanded_by(status, NOW),
    )


@pytest.fixture
def service(service):
    service.name, service.slug = "First assessment", "first-assessment"
    service.save()
    return service


@pytest.fixture
def known(service, provider):
    """Tess Byrne, who came a month ago."""
    tess = UserFactory(name="Tess Byrne", email="tess@example.com", time_zone="Africa/Lagos")
    start = TUESDAY_TEN - timedelta(days=28)
    visit(service, tess, start, Status.COMPLETED)
    return tess


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


@pytest.fixture
def typed(service, known):
    """A function that gives what the form sends for Tuesday at ten, changed as said."""

    def typed(**changes):
        values = {"customer": known.uuid, "service": service.slug, "date": "2026-03-03", "time": "10:00"}
        return values | {"key": "7d7c3f60-3a35-4a6e-9c39-1f7bb0f2a4cd", "do": "save", "seen": ""} | changes

    return typed


def names(page):
    return [row.name for row, _ in page.context["page"].found]


def test_the_address_fills_in_the_form_and_the_page_says_what_it_comes_to(studio, known, service):
    page = studio.get(ADDRESS, {"customer": known.uuid, "service": service.slug, "start": "2026-03-03T18:15:00Z"})

    assert page.status_code == 200
    assert "Tess will have" in page.text and "also for Tess" not in page.text
    assert [each.line for _, each in page.context["summary"].overrides] == [
        "Outside working hours: Tue 3 March is open 09:00 to 17:00; it would be 18:15 to 19:15."
    ]
    assert "Add appointment, override 1 rule" in page.text


def test_customers_are_found_by_name_and_address_among_ones_own_alone_at_most_five(studio, service, known, provider):
    for n in range(6):
        visit(service, UserFactory(name=f"Tess Number {n}"))
    visit(ServiceFactory(), UserFactory(name="Tess Elsewhere", email="elsewhere@example.com"))

    assert names(studio.get(ADDRESS, {"words": "byrne TESS"})) == ["Tess Byrne"]
    assert names(studio.get(ADDRESS, {"words": "Tess@example.com"})) == ["Tess Byrne"]
    assert len(names(studio.get(ADDRESS, {"words": "tess"}))) == 5
    assert names(studio.get(ADDRESS, {"words": "elsewhere"})) == []
    assert names(studio.get(ADDRESS, {"words": "elsewhere@example.com"})) == []
    assert names(studio.get(ADDRESS, {"words": "number", "customer": known.uuid}))[0] == "Tess Byrne"


def test_who_is_found_is_shown_with_their_photo(studio, known):
    known.photo = "photos/tess.webp"
    known.save(update_fields=["photo"])

    page = studio.get(ADDRESS, {"words": "tess"})

    assert f'<img src="{known.photo.url}"' in page.text


def test_nobody_is_found_by_an_address_that_the_provider_no_longer_sees(studio, service, known):
    long_ago = UserFactory(name="Ina Longago", email="ina@example.com")
    visit(service, long_ago, TUESDAY_TEN - timedelta(days=120), Status.COMPLETED)

    page = studio.get(ADDRESS, {"words": "ina@example.com"})

    assert names(page) == []
    assert "Invite somebody new" in page.text
    assert names(studio.get(ADDRESS, {"words": "longago"})) == ["Ina Longago"]


def test_it_is_added_and_shown_to_provider_and_customer(studio, client, typed, known, provider):
    answer = studio.post(ADDRESS, typed(message="As agreed on the phone."), follow=True)

    made = Appointment.objects.get(entered_by="provider")
    assert (made.customer, made.start, made.status) == (known, TUESDAY_TEN, Status.CONFIRMED)
    assert answer.redirect_chain == [(reverse("studio_appointment", args=[made.reference]), 302)]
    assert "Added, confirmed straight away" in answer.text
    assert "As agreed on the phone." in answer.text
    again = studio.post(ADDRESS, typed(), follow=True)
    assert "That was already added." in again.text
    client.force_login(known)
    page = client.get(reverse("my_appointment", args=[made.reference])).text
    assert "Added, confirmed straight away" in page and "Overridden" not in page


def test_rules_are_named_before_they_are_overridden_with_all_that_was_typed(studio, client, typed, known):
    asked = studio.post(ADDRESS, typed(date=SATURDAY, price="50", message="Just this once."))

    page = asked.context["page"]
    assert asked.status_code == 200
    assert not Appointment.objects.filter(entered_by="provider").exists()
    assert [each.rule for _, each in page.summary.overrides] == ["hours", "price"]
    assert "Just this once." in asked.text and 'value="50"' in asked.text

    changed = studio.post(ADDRESS, typed(date=SATURDAY, price="40", seen=page.seen))
    assert changed.status_code == 409
    assert "Nothing is added yet." in changed.text
    done = studio.post(ADDRESS, typed(date=SATURDAY, price="40", seen=changed.context["page"].seen), follow=True)

    assert "Overridden: Outside working hours: Sat 7 March is closed; it would be 10:00 to 11:00." in done.text
    made = Appointment.objects.get(entered_by="provider")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    theirs = client.get(reverse("admin:appointments_appointment_change", args=[made.pk])).text
    assert "Added, confirmed straight away" in theirs
    assert "Overridden: Outside working hours: Sat 7 March is closed; it would be 10:00 to 11:00." in theirs
    client.force_login(known)
    assert "Sat 7 March is closed" not in client.get(reverse("my_appointment", args=[made.reference])).text


def test_a_taken_time_is_an_error_with_openings_nearby_that_can_be_picked(studio, typed, book):
    book(customer=UserFactory())

    refused = studio.post(ADDRESS, typed())

    assert refused.status_code == 409
    assert refused.context["form"].errors["time"] == ["That time is taken."]
    nearby = refused.context["summary"].nearby
    assert [each.text for each in nearby] == ["Tue 3 March, 09:00", "Tue 3 March, 11:00", "Tue 3 March, 12:00"]
    picked = studio.post(ADDRESS, typed(do="", pick=nearby[1].value))
    assert picked.context["summary"].appointment.start == TUESDAY_TEN + timedelta(hours=1)


def test_bad_input_is_answered_with_a_message_and_nothing_is_added(studio, typed, service):
    ServiceFactory(provider=service.provider, slug="another", price=10)
    for changes, field in [
        ({"customer": ""}, "words"),
        ({"customer": "no-uuid"}, "words"),
        ({"customer": "invite", "words": "no address"}, "words"),
        ({"customer": "invite", "words": "new@example.com"}, "name"),
        ({"customer": "invite" * 9}, "customer"),
        ({"customer": UserFactory().uuid}, "words"),
        ({"service": "elsewhere"}, "service"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "9999-01-01"}, "date"),
        ({"time": "25:00"}, "time"),
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "10000"}, "minutes"),
        ({"price": "-1"}, "price"),
        ({"price": "1.005"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"message": "x" * 501}, "message"),
        ({"key": ""}, "key"),
    ]:
        page = studio.post(ADDRESS, typed(**changes))
        assert (page.status_code, field in page.context["form"].errors) == (422, True), changes
    assert not Appointment.objects.filter(entered_by="provider").exists()


def test_someone_elses_customer_is_nobody_here(studio, typed, db):
    stranger = UserFactory(name="Ines Elsewhere")
    visit(ServiceFactory(), stranger)

    page = studio.get(ADDRESS, {"customer": stranger.uuid})

    assert "Ines" not in page.text and page.context["summary"] is None


def test_the_page_asks_as_many_questions_with_many_rows(studio, service, known, django_assert_max_num_queries):
    query = {"customer": known.uuid, "service": service.slug, "date": SATURDAY, "time": "10:00", "words": "t"}
    for n in range(12):
        visit(service, UserFactory(), TUESDAY_TEN + timedelta(hours=n))

    with django_assert_max_num_queries(32):
        assert studio.get(ADDRESS, query).context["summary"] is not None
