"""Pages and mails of times offered instead of an appointment: the check, the choice behind each door, the lists.

It is Monday 2 March 2026, 08:00 UTC, in London; appointments are on Tuesday 3 March.
"""

import re
from datetime import timedelta
from decimal import Decimal
from email.utils import parseaddr

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import links
from appointments.models import Appointment, Offer
from appointments.services import offers
from appointments.states import OfferState, Role, Status
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ServiceFactory
from tests.invariants import check_all

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN
from .test_customer_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
TUESDAY = {"start_on": "2026-03-03", "end_on": "2026-03-03"}
CHECK = reverse("studio_time_off_check")
DEADLINE = NOW + ANSWER_TIME


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


@pytest.fixture
def me(customer):
    client = Client()
    client.force_login(customer)
    return client


@pytest.fixture
def two(book, customer):
    """Ann, who is the customer, at 10:00 and Ben at 12:00, both confirmed."""
    customer.name = "Ann Doe"
    customer.save()
    return [
        book(TUESDAY_TEN, customer=customer).appointment,
        book(TUESDAY_TEN + 2 * HOUR, customer=UserFactory(name="Ben Doe")).appointment,
    ]


def sent_back(page):
    """What the form of the page sends back: its hidden fields and the radios that are checked."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    fields |= dict(re.findall(r'name="(way-[A-Z0-9]+)" value="([a-z-]+)" checked', page.text))
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}


def save(studio, address=CHECK, **changes):
    page = studio.post(address, TUESDAY)
    return studio.post(address, TUESDAY | sent_back(page) | {"do": "save"} | changes)


def offers_of(appointment):
    return list(Offer.objects.filter(instead_of=appointment))


def states():
    return {each.state for each in Offer.objects.all()}


# --- The check --------------------------------------------------------------------------------------------------------


def test_the_check_offers_three_times_for_each_and_says_until_when_they_are_held(studio, two):
    page = studio.post(CHECK, TUESDAY)

    text = text_of(page)
    assert page.text.count('value="offer" checked') == 2
    assert "Ann is offered" in text and "Ben is offered" in text
    assert "Holds 6 times until Mon 2 March, 15:23" in text
    assert "Cancels 2 appointments: Ann, Ben" in text
    assert "Save and cancel 2" in text


def test_saving_holds_what_the_page_showed_and_tells_it(studio, two):
    page = studio.post(CHECK, TUESDAY)
    shown = page.context["check"].rows

    saved = studio.post(CHECK, TUESDAY | sent_back(page) | {"do": "save"}, follow=True)

    assert "2 appointments cancelled, 6 other times offered. We tell Ann, Ben." in text_of(saved)
    for row in shown:
        assert [each.start for each in offers_of(row.appointment)] == list(row.offered)


def test_a_form_without_scripts_that_asks_for_times_it_did_not_see_shows_them_first(studio, two):
    page = studio.post(CHECK, TUESDAY)
    unseen = TUESDAY | sent_back(page) | {"do": "save", "offered": ""}

    asked = studio.post(CHECK, unseen)
    saved = studio.post(CHECK, TUESDAY | sent_back(asked) | {"do": "save"})

    assert asked.status_code == 409
    assert "Nothing is cancelled yet. The times that you offer are not those you saw." in text_of(asked)
    assert (saved.status_code, Offer.objects.count()) == (302, 6)


@pytest.mark.parametrize("offered", ["rubbish", "K7QFMR2W:1", "K7QFMR2W:99999999999", "x:1,2,3,4", ":", "K7QFMR2W:"])
def test_what_no_page_sends_is_left_out(studio, two, offered):
    assert save(studio, offered=offered).status_code == 409
    assert not Offer.objects.exists()


def test_other_times_can_be_asked_for_and_stay_for_the_others(studio, two):
    page = studio.post(CHECK, TUESDAY)
    before = {row.name: row.offered for row in page.context["check"].rows}

    other = studio.post(CHECK, TUESDAY | sent_back(page) | {"do": f"others:{two[0].reference}"})

    after = {row.name: row.offered for row in other.context["check"].rows}
    assert min(after["Ann Doe"]) > max(before["Ann Doe"])
    assert after["Ben Doe"] == before["Ben Doe"]


def test_where_no_other_time_is_open_the_choice_is_not_offered(studio, provider, two):
    provider.policy.window_days = 1
    provider.policy.save()
    whole = TUESDAY | {"start_on": "2026-03-02"}

    page = studio.post(CHECK, whole)

    assert "No other time is open." in text_of(page)
    assert 'value="offer"' not in page.text
    assert page.text.count('value="cancel" checked') == 2


def test_all_are_offered_times_by_one_button(studio, two):
    page = studio.post(CHECK, TUESDAY | {"do": "end-all"})
    assert page.text.count('value="cancel" checked') == 2

    page = studio.post(CHECK, TUESDAY | {"do": "offer-all"})
    assert page.text.count('value="offer" checked') == 2


def test_time_off_over_offered_times_says_that_it_takes_them_back(studio, two):
    save(studio)
    first = offers_of(two[0])[0]
    day = {"start_on": f"{first.start:%Y-%m-%d}", "end_on": f"{first.start:%Y-%m-%d}"}
    inside = sum(each.start.date() == first.start.date() for each in Offer.objects.all())

    asked = studio.post(CHECK, day)
    saved = studio.post(CHECK, day | sent_back(asked) | {"do": "save"}, follow=True)

    assert f"Takes back {inside} offered times: Ann, Ben" in text_of(asked)
    assert f"{inside} times no longer offered." in text_of(saved)
    assert Offer.objects.filter(state=OfferState.WITHDRAWN).count() == inside


@pytest.mark.parametrize("count", [1, 5])
def test_the_check_costs_the_same_whatever_lies_inside(studio, provider, book, count):
    for n in range(count):
        book(TUESDAY_TEN + (n - 1) * HOUR, customer=UserFactory())

    studio.post(CHECK, TUESDAY)
    with CaptureQueriesContext(connection) as queries:
        studio.post(CHECK, TUESDAY)

    assert len(queries) == 15


# --- The choice, behind each door -------------------------------------------------------------------------------------


@pytest.fixture(params=["own", "link"])
def door(request, two, studio, me, client):
    """The address of the times offered to Ann instead of her appointment, and who opens it."""
    save(studio)
    one = Appointment.objects.with_people().get(pk=two[0].pk)
    if request.param == "own":
        return me, reverse("offered_times", args=[one.reference])
    client.logout()
    token = links.token_for(one, Role.CUSTOMER, now=NOW)
    return client, reverse("link_offered_times", args=[token])


def chosen(page, number=0):
    values = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page.text))
    return values | {"offer": re.findall(r'name="offer" value="([^"]+)"', page.text)[number]}


def test_the_page_shows_the_times_and_their_terms(door):
    browser, address = door

    text = text_of(browser.get(address))

    assert "Maya offers you three other times" in text
    assert "Held for you until Mon 2 March, 15:23" in text
    assert "Wednesday 4 March, 09:00 to 10:00" in text
    assert "Instead ofTue 3 March, 10:00" in text
    assert "It is confirmed straight away." in text


def test_the_list_tells_in_the_readers_zone_until_when_times_are_held(studio, two, me, customer):
    customer.time_zone = "Asia/Kathmandu"
    customer.save()
    save(studio)

    listed = text_of(me.get("/my/appointments/"))

    assert "Held for you until Mon 2 March, 21:08, instead of Tue 3 March, 10:00 London time." in listed


def test_taking_one_books_it_and_the_second_press_is_told_so(door, two):
    browser, address = door
    values = chosen(browser.get(address), 1)

    first = browser.post(address, values, follow=True)
    second = browser.post(address, values, follow=True)

    made = Appointment.objects.get(status=Status.CONFIRMED)
    assert made.start == offers_of(two[0])[1].start
    assert "You are booked: " in text_of(first)
    assert "That was already done: you are booked" in text_of(second)
    assert "You chose" in text_of(browser.get(address))


def test_a_time_at_which_its_customer_is_busy_says_so_but_not_by_a_link(door, two, book):
    browser, address = door
    elsewhere = ServiceFactory(duration_minutes=60, name="Tax advice")
    first = offers_of(two[0])[0]
    Appointment.objects.create(
        customer=two[0].customer, provider=elsewhere.provider, service=elsewhere, status=Status.CONFIRMED, price=1,
        currency="GBP", start=first.start, end=first.end, agreed_at=NOW, booking_key="elsewhere",
    )  # fmt: skip

    text = text_of(browser.get(address))

    assert ("overlaps your Tax advice" in text) == ("my/appointments" in address)
    Appointment.objects.filter(service=elsewhere).delete()


def test_an_own_event_at_an_offered_time_warns_but_not_by_a_link(door, two):
    browser, address = door
    first = offers_of(two[0])[0]
    OwnEventFactory(user=two[0].customer, title="Dentist", start=first.start, end=first.end)

    text = text_of(browser.get(address))

    assert ("You have an event of your own" in text) == ("my/appointments" in address)


def test_a_form_without_a_time_asks_for_one(door):
    browser, address = door
    values = {name: value for name, value in chosen(browser.get(address)).items() if name != "offer"}

    answer = browser.post(address, values)

    assert answer.status_code == 422
    assert "Choose one of these times." in text_of(answer)


def test_none_of_these_opens_them_all(door, two):
    browser, address = door

    first = browser.post(address, {"pass": "1"}, follow=True)
    second = browser.post(address, {"pass": "1"}, follow=True)

    assert "These times are open to others again." in text_of(first)
    assert "That was already done." in text_of(second)
    assert {each.state for each in offers_of(two[0])} == {OfferState.PASSED}
    assert "You passed these times." in text_of(browser.get(address))


def test_what_was_withdrawn_or_expired_meanwhile_is_refused_and_explained(door, two, provider):
    browser, address = door
    values = chosen(browser.get(address))
    offers.withdraw_offers(appointment=two[0], actor=provider.user)

    answer = browser.post(address, values)

    assert answer.status_code == 409
    assert "This time is no longer offered to you." in text_of(answer)
    assert "Maya no longer offers another time." in text_of(answer)
    with time_machine.travel(DEADLINE, tick=False):
        assert "Maya no longer offers" in text_of(browser.get(address))


def test_changed_terms_are_asked_again(door, service):
    browser, address = door
    values = chosen(browser.get(address))
    service.price = Decimal(99)
    service.save()

    asked = browser.post(address, values)
    booked = browser.post(address, chosen(asked), follow=True)

    assert asked.status_code == 409
    assert "The price is now £99." in text_of(asked)
    assert Appointment.objects.get(status=Status.CONFIRMED, start__gt=TUESDAY_TEN + 10 * HOUR).price == 99
    assert "You are booked" in text_of(booked)


def test_a_service_that_became_longer_is_offered_at_the_length_that_is_booked(door, service):
    browser, address = door
    service.duration_minutes = 90
    service.save()

    shown = text_of(browser.get(address))

    assert "09:00 to 10:30" in shown
    assert "09:00 to 10:00" not in shown


def test_after_the_deadline_the_page_says_so(door):
    browser, address = door
    with time_machine.travel(DEADLINE, tick=False):
        assert "Nobody answered by Mon 2 March, 15:23." in text_of(browser.get(address))


def test_an_appointment_without_offers_has_no_such_page(me, confirmed):
    assert me.get(reverse("offered_times", args=[confirmed.reference])).status_code == 404


def test_the_customers_pages_lead_to_the_times(studio, two, me):
    save(studio)

    own = text_of(me.get(reverse("my_appointment", args=[two[0].reference])))
    listed = text_of(me.get(reverse("my_appointments")))

    assert "Maya offers you three other times" in own
    assert "Waiting for you" in listed and "Maya offers you three other times" in listed


def test_the_booking_form_has_an_offered_time_for_its_customer_alone(studio, two, me, client):
    save(studio)
    offer = offers_of(two[0])[0]
    form = reverse("book", args=[offer.provider.slug, offer.service.slug]) + f"?start={offer.start:%Y-%m-%dT%H:%M:%SZ}"
    stranger = UserFactory()

    mine = me.get(form)
    client.force_login(stranger)
    theirs = client.get(form)

    assert (mine.status_code, theirs.status_code) == (200, 409)


def test_the_provider_sees_them_and_withdraws_them(studio, two):
    save(studio)
    address = reverse("studio_appointment", args=[two[0].reference])

    before = text_of(studio.get(address))
    after = studio.post(reverse("studio_withdraw_offers", args=[two[0].reference]), follow=True)

    assert "Offered instead Wed 4 March, 09:00 to 10:00" in before
    assert "Held for Ann until" in before
    assert "Withdrawn: these times are open again." in text_of(after)
    assert "You no longer offer another time." in text_of(after)


def test_the_week_and_the_line_of_a_day_show_what_is_offered(studio, two):
    save(studio)
    offer = offers_of(two[0])[0]

    page = studio.get(reverse("studio_today"), {"day": f"{offer.start:%Y-%m-%d}"})

    text = text_of(page)
    assert page.text.count('data-state="offered"') == sum(
        each.start.isocalendar()[1] == 10 for each in Offer.objects.all()
    )
    assert "time offered until Mon 2 March, 15:23" in text
    assert "Offered to somebody" in text


def test_the_history_tells_what_was_offered_and_what_became_of_it(studio, two, me):
    save(studio)
    address = reverse("my_appointment", args=[two[0].reference])

    assert "Three other times offered" in text_of(me.get(address))
    offers.pass_offers(appointment=two[0], actor=two[0].customer)

    text = text_of(studio.get(reverse("studio_appointment", args=[two[0].reference])))
    assert text.index("Other times passed") < text.index("Three other times offered")


def test_who_asks_why_a_time_is_not_offered_reads_to_whom_it_is(studio, two, service):
    save(studio)
    offer = offers_of(two[0])[0]
    asked = {"service": service.slug, "date": f"{offer.start:%Y-%m-%d}", "time": f"{offer.start:%H:%M}"}

    text = text_of(studio.get(reverse("studio_why_not"), asked))

    assert "Offered to Ann Doe until Mon 2 March, 15:23" in text


# --- Mails ------------------------------------------------------------------------------------------------------------


def last_mail_to(person):
    return [each for each in mail.outbox if parseaddr(each.to[0])[1] == person.email][-1]


def test_the_mail_tells_the_times_and_leads_to_them(studio, two, client):
    save(studio, word="I am ill.")
    mail.outbox.clear()
    deliver()

    letter = last_mail_to(two[0].customer)
    first, second, third = offers_of(two[0])
    assert letter.subject == "Cancelled by Maya: Tue 3 March, 10:00. Three other times"
    assert "Maya offers you three other times, held for you until Mon 2 March 2026, 15:23, London time:" in letter.body
    assert "- Wed 4 March 2026, 09:00 to 10:00, London time (GMT)" in letter.body
    address = re.search(r"Choose a time:\n\S+?(/a/\S+)", letter.body)[1]
    client.logout()
    assert "Maya offers you three other times" in text_of(client.get(address))


def test_the_mail_of_a_declined_request_tells_them_too(studio, by_hand, book):
    one = book(service=ServiceFactory(provider=by_hand, duration_minutes=60)).appointment
    save(studio)
    mail.outbox.clear()
    deliver()

    letter = last_mail_to(one.customer)
    assert letter.subject == "Not confirmed: Tue 3 March, 10:00. Three other times"


def test_a_mail_that_leaves_after_the_deadline_offers_nothing(studio, two):
    save(studio)
    mail.outbox.clear()
    with time_machine.travel(DEADLINE, tick=False):
        deliver()

    letter = last_mail_to(two[0].customer)
    assert letter.subject.startswith("Cancelled: Tue 3 March, 10:00 with Maya Okafor")


def test_a_customer_elsewhere_reads_both_clocks(studio, two, client):
    person = two[0].customer
    person.time_zone = "America/New_York"
    person.save()
    save(studio)
    mail.outbox.clear()
    deliver()

    letter = last_mail_to(person)
    client.logout()
    page = client.get(re.search(r"Choose a time:\n\S+?(/a/\S+)", letter.body)[1])
    assert "- Wed 4 March 2026, 09:00 to 10:00, London time (GMT) (04:00 for you in New York)" in letter.body
    assert "Wednesday 4 March, 09:00 to 10:00 (04:00 for you in New York)" in text_of(page)


def test_two_that_were_called_off_in_one_act_are_told_in_one_letter_with_a_way_to_each(studio, book, customer):
    for n in (0, 2):
        book(TUESDAY_TEN + n * HOUR)
    save(studio)
    mail.outbox.clear()
    deliver()

    letter = last_mail_to(customer)
    assert letter.subject.startswith("Cancelled: 2 appointments with Maya")
    assert letter.body.count("Held for you until Mon 2 March 2026, 15:23, London time: ") == 2
    assert letter.body.count("Choose a time: ") == 2
