"""The pages and mails of waitlists: joining, one's places, an offer behind both its doors, and the studio's list.

It is Monday 2 March 2026, 08:00 UTC in London; the provider is open on Tuesday from 10 to 11, and that is booked.
"""

import re
from datetime import date, timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from accounts.models import User
from appointments.mail.waitlist import PlaceOpened
from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.queries.waitlist import whole_offers
from appointments.services import booking, offers, proposals, transitions, waitlist
from appointments.services.time_off import Absence, take_time_off
from appointments.services.waitlist_offers import token_of
from appointments.states import OfferState, PlaceState, Role, Status
from notifications.models import EMAIL, Kind, SentMail, State, Topic
from notifications.preferences import save_choice
from notifications.rules import QuietHours
from outbox import dispatch
from outbox.exceptions import NotYet
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, give_hours
from tests.factories.waitlist import join, on

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("narrow")]

TUESDAY = date(2026, 3, 3)
WANTED = {"first_on": "2026-03-03", "last_on": "2026-03-03", "weekdays": range(7), "parts": range(3)}


@pytest.fixture
def narrow(in_london):
    give_hours(in_london, {1: [("10:00", "11:00")]})
    return in_london


@pytest.fixture
def person(db):
    return UserFactory(name="Amara Nwosu", time_zone="Europe/London")


@pytest.fixture
def place(confirmed, service, person):
    return join(service, person, **on(TUESDAY))


@pytest.fixture
def offer(confirmed, place):
    transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)
    return Offer.objects.get(place=place)


def page_of(service):
    return reverse("join_waitlist", args=[service.provider.slug, service.slug])


def hidden(response):
    """The hidden fields of the page's form, as a browser sends them."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- Joining ----------------------------------------------------------------------------------------------------------


def test_a_booked_up_page_leads_to_the_form_and_the_form_to_the_list(client, confirmed, service, person):
    client.force_login(person)
    shown = client.get(reverse("provider_page", args=[service.provider.slug]))
    assert page_of(service) in shown.content.decode()

    answer = client.post(page_of(service), WANTED, follow=True)

    assert answer.redirect_chain[-1][0] == reverse("my_waitlist")
    place = WaitlistPlace.objects.get()
    assert (place.customer, place.first_on, place.weekdays, place.parts) == (person, TUESDAY, 127, 7)
    assert f"1st of 1 for {service.name}: you are next" in text_of(answer) and "On the waitlist" in text_of(answer)


def test_a_visitor_signs_in_after_the_form_and_finds_it_filled_in(client, confirmed, service, person):
    answer = client.post(page_of(service), WANTED | {"weekdays": [1], "parts": [0]})

    assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))
    client.force_login(person)
    back = answer["Location"].partition("next=")[2]
    shown = client.get(unquote(back)).content.decode()
    assert 'value="2026-03-03"' in shown
    assert shown.count("checked") == 2


def test_a_wrong_form_says_what_is_wrong_and_loses_nothing(client, confirmed, service, person):
    client.force_login(person)

    answer = client.post(page_of(service), {"first_on": "2026-03-09", "last_on": "2026-03-03", "parts": [0]})

    assert answer.status_code == 422
    said = text_of(answer)
    assert "The last date is before the first one." in said and "Choose at least one day of the week." in said
    assert 'value="2026-03-09"' in answer.content.decode()


def test_a_time_that_is_open_is_shown_instead_of_a_place(client, service, person):
    client.force_login(person)

    answer = client.post(page_of(service), WANTED)

    assert answer.status_code == 409
    assert "A time that fits is open now" in text_of(answer)
    assert f"{reverse('book', args=[service.provider.slug, service.slug])}?start=2026-03-03T10%3A00%3A00Z" in (
        answer.content.decode()
    )


def test_sooner_than_an_appointment_is_a_place_for_it(client, confirmed, book, person):
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    client.force_login(person)
    address = reverse("sooner", args=[later.reference])
    assert address in client.get(reverse("my_appointment", args=[later.reference])).content.decode()
    assert client.get(address).status_code == 200

    answer = client.post(address, WANTED, follow=True)

    assert WaitlistPlace.objects.get().appointment == later
    assert "sooner than your appointment of" in text_of(answer)


def test_changing_a_place_keeps_its_number(client, place, service):
    join(service, UserFactory(), **on(TUESDAY))
    client.force_login(place.customer)
    address = reverse("waitlist_place", args=[place.uuid])
    assert client.get(address).status_code == 200

    answer = client.post(address, WANTED | {"parts": [0]}, follow=True)

    assert f"1st of 2 for {service.name}: you are next" in text_of(answer)
    place.refresh_from_db()
    assert place.parts == 1


def test_names_of_others_are_told_to_nobody(client, place, service):
    other = UserFactory(name="Somebody Else")
    join(service, other, **on(TUESDAY))
    client.force_login(other)

    said = text_of(client.get(reverse("my_waitlist")))

    assert f"2nd of 2 for {service.name}" in said and "Amara" not in said


def test_who_waits_already_sees_and_changes_what_they_wait_for(client, place, service, person):
    client.force_login(person)
    WaitlistPlace.objects.update(parts=0b010, weekdays=0b0000010)

    shown = client.get(page_of(service))

    said, markup = text_of(shown), shown.content.decode()
    assert f"You wait already: On Tue 3 March, afternoons. 1st of 1 for {service.name}: you are next." in said
    assert 'value="2026-03-03"' in markup and markup.count("checked") == 2 and "Change what you wait for" in said
    answer = client.post(page_of(service), WANTED | {"parts": [0]}, follow=True)
    assert "Changed. You wait with" in text_of(answer) and "for: On Tue 3 March, mornings." in text_of(answer)
    again = client.post(page_of(service), WANTED | {"parts": [0]}, follow=True)
    assert "already. Nothing changed." in text_of(again)
    assert WaitlistPlace.objects.get().parts == 0b001


def test_a_sooner_time_that_is_waited_for_already_is_shown_as_it_is(client, confirmed, book, person):
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    join(later.service, person, appointment=later, parts=0b001)
    client.force_login(person)

    shown = client.get(reverse("sooner", args=[later.reference]))

    assert "You wait already: Any day from" in text_of(shown) and shown.content.decode().count("checked") == 8


def test_a_day_without_its_weekday_is_refused_with_the_weekday(client, confirmed, service, person):
    client.force_login(person)

    answer = client.post(page_of(service), WANTED | {"weekdays": [6]})

    assert answer.status_code == 409 and not WaitlistPlace.objects.exists()
    assert "Tue 3 March is a Tuesday, and you chose Sundays only." in text_of(answer)


def test_dates_after_the_appointment_are_refused_with_its_date(client, confirmed, book, person):
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    client.force_login(person)
    after = {"first_on": "2026-03-11", "last_on": "2026-03-13"}

    answer = client.post(reverse("sooner", args=[later.reference]), WANTED | after)

    assert answer.status_code == 409 and not WaitlistPlace.objects.exists()
    assert "Your appointment is on Tue 10 March." in text_of(answer)


def test_who_turned_the_mails_off_reads_that_they_are_not_told(client, confirmed, service, person):
    client.force_login(person)
    pages = [page_of(service), reverse("my_waitlist")]
    settings = reverse("settings_notifications")
    assert not any("You will not be told by email." in text_of(client.get(page)) for page in pages)
    save_choice(actor=person, off=[(EMAIL, Topic.WAITLIST)], leads=[])

    for page in pages:
        shown = client.get(page)
        assert "You will not be told by email." in text_of(shown) and settings in shown.content.decode()
    answer = client.post(page_of(service), WANTED, follow=True)

    assert "We email you when a time opens" not in text_of(answer)


def test_the_order_counts_those_who_wait_for_the_same_service(client, place, person):
    other = ServiceFactory(provider=place.provider, duration_minutes=60, name="Short check")
    late = UserFactory()
    join(other, late, **on(TUESDAY))
    client.force_login(late)

    assert "1st of 1 for Short check: you are next" in text_of(client.get(reverse("my_waitlist")))
    client.force_login(UserFactory())
    assert "1 person waits for Short check now." in text_of(client.get(page_of(other)))


def test_the_order_counts_those_who_could_be_offered_the_same_time(client, place, service, person):
    """Before who waits for Tuesday afternoon come Amara and another, but none for the morning or for Wednesday."""
    for wanted in ({"parts": 0b001}, {"parts": 0b110}, on(date(2026, 3, 4))):
        join(service, UserFactory(), **(on(TUESDAY) | wanted))
    late = UserFactory()
    join(service, late, parts=0b010, **on(TUESDAY))
    client.force_login(late)

    assert f"3rd of 3 for {service.name}" in text_of(client.get(reverse("my_waitlist")))


def test_where_a_time_is_open_the_dates_are_narrowed_by_a_button(client, service, person):
    client.force_login(person)

    answer = client.post(page_of(service), WANTED | {"first_on": "2026-03-02", "last_on": "2026-03-09", "parts": [0]})

    [before, after] = re.findall(r'href="([^"]+)#join">Only dates (?:before|after)<', answer.content.decode())
    shown = client.get(before.replace("&amp;", "&")).content.decode()
    assert 'value="2026-03-02"' in shown and shown.count("checked") == 8
    assert "first_on=2026-03-04" in after and "last_on=2026-03-09" in after


def suggested(client, address):
    """The dates that the form suggests at this address."""
    form = client.get(address).context["form"]
    return form["first_on"].value(), form["last_on"].value()


def waitlist_link(client, service, **asked):
    """The address of the waitlist on the provider's page."""
    page = client.get(reverse("provider_service", args=[service.provider.slug, service.slug]), asked)
    [address] = set(re.findall(rf'href="({page_of(service)}[^"]*)"', page.content.decode()))
    return address.replace("&amp;", "&")


def test_the_booked_up_dates_around_the_day_that_the_providers_page_shows_are_suggested(client, confirmed, service):
    """Tuesday 3 March is booked, 10 March is open, and the 17th is booked."""
    booking.book_appointment(
        service=service,
        start=TUESDAY_TEN + timedelta(days=14),
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key="booked",
    )
    address = waitlist_link(client, service)

    assert address.endswith("?day=2026-03-10")
    # Sooner than the day that is shown, else the booked day itself, else the first that is booked.
    assert suggested(client, address) == (date(2026, 3, 3), date(2026, 3, 9))
    assert suggested(client, page_of(service) + "?day=2026-03-17") == (date(2026, 3, 11), date(2026, 3, 23))
    for wrong in ("2026-03-01", "nonsense"):
        assert suggested(client, page_of(service) + f"?day={wrong}") == (date(2026, 3, 3), date(2026, 3, 9))


def test_a_month_without_times_is_suggested_whole(client, service):
    give_hours(service.provider, {})

    assert suggested(client, waitlist_link(client, service, month="2026-04")) == (date(2026, 4, 1), date(2026, 4, 30))
    # Of the present month what is left of it.
    assert suggested(client, waitlist_link(client, service, month="2026-03")) == (date(2026, 3, 3), date(2026, 3, 31))


def test_what_is_suggested_can_be_waited_for(client, confirmed, service, person):
    client.force_login(person)
    first, last = suggested(client, waitlist_link(client, service))

    answer = client.post(page_of(service), WANTED | {"first_on": first.isoformat(), "last_on": last.isoformat()})

    assert answer.status_code == 302 and WaitlistPlace.objects.get().last_on == date(2026, 3, 9)


def test_where_no_whole_day_is_booked_up_the_booked_parts_of_one_are_suggested(client, confirmed, service, person):
    """Each Tuesday has an hour in the morning and one in the evening; the morning of the 3rd is booked."""
    give_hours(service.provider, {1: [("10:00", "11:00"), ("18:00", "19:00")]})
    client.force_login(person)
    values = client.get(waitlist_link(client, service)).context["form"].initial

    assert (values["first_on"], values["last_on"], values["parts"]) == (date(2026, 3, 3), date(2026, 3, 9), [0])
    answer = client.post(page_of(service), values)
    assert answer.status_code == 302 and WaitlistPlace.objects.get().parts == 0b001
    # Who asks for evenings alone finds them all open.
    evenings = client.get(page_of(service) + "?weekdays=1&parts=2")
    assert evenings.context["form"].initial["parts"] == ["2"]
    assert "A time that fits is open now: Tue 3 March, 18:00" in text_of(evenings)


def test_where_nothing_is_booked_up_the_form_says_what_is_open_before_it_is_sent(client, service):
    page = client.get(page_of(service))

    assert suggested(client, page_of(service)) == (date(2026, 3, 3), date(2026, 3, 24))
    assert "A time that fits is open now: Tue 3 March, 10:00" in text_of(page)
    assert "Book this time" in text_of(page) and "Error" not in text_of(page)


def test_sooner_than_an_appointment_is_suggested_for_the_booked_days_before_it(client, confirmed, book, person):
    """The Tuesday before next week's appointment is booked; then it is open."""
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    client.force_login(person)
    address = reverse("sooner", args=[later.reference])

    assert suggested(client, address) == (date(2026, 3, 3), date(2026, 3, 10))


def test_leaving_asks_first_and_names_what_is_lost(client, place, service, person):
    client.force_login(person)
    address = reverse("leave_waitlist", args=[place.uuid])
    assert f'href="{address}"' in client.get(reverse("my_waitlist")).content.decode()

    asked = text_of(client.get(address))

    assert f"You lose your place in the order: 1st of 1 for {service.name}" in asked
    place.refresh_from_db()
    assert place.is_waiting
    assert "You have left the waitlist" in text_of(client.post(address, follow=True))
    assert "You are not on this waitlist any more." in text_of(client.get(address, follow=True))


# --- The offer --------------------------------------------------------------------------------------------------------


def test_the_mail_leads_to_the_offer_which_is_booked_without_signing_in(client, offer, person):
    deliver()
    [told] = [each for each in mail.outbox if person.email in each.to[0]]
    assert told.subject.startswith("A place opened: Tue 3 March, 10:00 with")
    [token] = set(re.findall(r"/w/([0-9a-f]{64})/", told.body))
    assert token == token_of(offer) and token not in str(Offer.objects.values_list())
    address = reverse("link_waitlist_offer", args=[token])
    shown = client.get(address)
    assert "A place opened." in text_of(shown)

    answer = client.post(address, hidden(shown), follow=True)

    said, made = text_of(answer), Appointment.objects.get(status=Status.CONFIRMED)
    assert "You have taken this time." in said and made.customer == person
    assert said.startswith("Taken:") and "No longer offered" not in said
    [own] = re.findall(r'href="(/a/[^"]+)">See appointment', answer.content.decode())
    assert client.get(own).status_code == 200
    with time_machine.travel(made.end, tick=False):
        assert "See appointment" not in text_of(client.get(address))


def test_an_offer_is_booked_from_the_own_pages(client, offer, person):
    client.force_login(person)
    listed = client.get(reverse("my_waitlist"))
    assert "A place opened with" in text_of(listed)
    address = reverse("waitlist_offer", args=[offer.place.uuid])
    shown = client.get(address)

    answer = client.post(address, hidden(shown))

    made = Appointment.objects.get(status=Status.CONFIRMED)
    assert answer["Location"] == reverse("appointment_done", args=[made.reference])


def test_a_request_that_is_declined_leaves_the_place_and_no_page_calls_it_booked(client, offer, person, provider):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    client.force_login(person)
    address = reverse("waitlist_offer", args=[offer.place.uuid])
    client.post(address, hidden(client.get(address)))
    made = Appointment.objects.get(status=Status.REQUESTED)
    assert "You have taken this time." in text_of(client.get(address))

    transitions.decline_request(appointment=made, actor=provider.user)

    said, listed = text_of(client.get(address)), text_of(client.get(reverse("my_waitlist")))
    assert "nothing came of it. You keep your place on the waitlist." in said and "Taken:" not in said
    assert "You are waiting for" in listed and "Booked" not in listed


def test_passing_says_so_twice_calmly(client, offer, person):
    client.force_login(person)
    address = reverse("waitlist_offer", args=[offer.place.uuid])

    first, second = (client.post(address, {"pass": "1"}, follow=True) for _ in range(2))

    assert "Passed. You keep your place" in text_of(first)
    assert "That was already done" in text_of(second)


def test_what_is_over_is_shown_with_what_became_of_it(client, offer, person, service):
    client.force_login(person)
    address = reverse("waitlist_offer", args=[offer.place.uuid])
    form = hidden(client.get(address))
    with time_machine.travel(offer.expires_at, tick=False):
        answer = client.post(address, form)

    assert answer.status_code == 409
    assert "This time is no longer offered to you." in text_of(answer)
    assert not Appointment.objects.filter(status=Status.CONFIRMED).exists()


def test_changed_terms_are_shown_before_anything_is_booked(client, offer, person, service):
    client.force_login(person)
    address = reverse("waitlist_offer", args=[offer.place.uuid])
    form = hidden(client.get(address))
    service.price += 10
    service.save()

    answer = client.post(address, form)

    assert answer.status_code == 409 and "The terms changed" in text_of(answer)
    assert client.post(address, hidden(answer)).status_code == 302


def test_an_appointment_moves_by_its_offer(client, confirmed, book, person):
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    place = join(later.service, person, appointment=later)
    transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)
    client.force_login(person)
    address = reverse("waitlist_offer", args=[place.uuid])
    shown = client.get(address)
    assert "Move it to this time" in text_of(shown)

    answer = client.post(address, hidden(shown), follow=True)

    later.refresh_from_db()
    assert later.start == TUESDAY_TEN and "Your appointment has moved" in text_of(answer)
    after = text_of(client.get(address))
    assert "Instead of Tue 10 March, 10:00" in after and "Instead of Tue 3 March" not in after


def test_the_page_of_an_earlier_time_moves_nothing_but_what_it_showed(client, confirmed, book, person, provider):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    later = book(TUESDAY_TEN + timedelta(days=7), customer=person).appointment
    place = join(later.service, person, appointment=later, **on(TUESDAY))
    transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)
    client.force_login(person)
    address = reverse("waitlist_offer", args=[place.uuid])
    shown = hidden(client.get(address))
    later_still = TUESDAY_TEN + timedelta(days=9)
    proposals.propose_time(appointment=later, start=later_still, actor=person, role=Role.CUSTOMER)

    for sent in (shown, {name: value for name, value in shown.items() if name != "shown"}):
        answer = client.post(address, sent)
        assert answer.status_code == 409 and "has changed since the page was opened" in text_of(answer)
    later.refresh_from_db()
    assert later.start == later_still

    client.post(address, hidden(answer))
    later.refresh_from_db()
    assert later.start == TUESDAY_TEN


def test_the_inbox_has_the_offer_among_what_waits_for_an_answer(client, offer, person):
    client.force_login(person)

    [waiting] = client.get(reverse("my_inbox")).context["waiting"]

    assert waiting.address == reverse("waitlist_offer", args=[offer.place.uuid])
    assert (waiting.day, waiting.until) == (offer.start, offer.expires_at)


def test_waiting_for_you_has_the_offer_with_its_deadline(client, offer, person, book):
    client.force_login(person)

    said = text_of(client.get(reverse("my_appointments")))

    assert "Waiting for you" in said and "Yours until Mon 2 March, 08:30" in said


def test_who_wants_no_such_mail_gets_none_and_the_offer_all_the_same(offer, person):
    save_choice(actor=person, off=[(EMAIL, Topic.WAITLIST)], leads=[])
    deliver()

    assert not [each for each in mail.outbox if person.email in each.to[0]]


def test_a_mail_that_is_late_tells_of_no_offer_that_is_over(offer, person):
    offers.pass_one(offer=offer, actor=person)
    deliver()

    assert not [each for each in mail.outbox if person.email in each.to[0]]
    assert SentMail.objects.get(kind=Kind.PLACE_OPENED).reason == "the time is no longer offered"


def taken_back(offer):
    """The offer withdrawn a minute later, as its provider takes the time off."""
    absence = Absence(offer.start, offer.start + timedelta(hours=1))
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        take_time_off(provider=offer.provider, absence=absence, actor=offer.provider.user)
    offer.refresh_from_db()
    assert offer.state == OfferState.WITHDRAWN


def test_the_inbox_says_until_when_an_offer_holds_and_that_it_is_taken_back(client, offer, person):
    person.time_zone = "Asia/Kathmandu"
    person.save()
    client.force_login(person)
    when, keeps = "Tue 3 March, 10:00, London time.", "You keep your place on the waitlist."

    [before] = [line for _, line in client.get(reverse("my_inbox")).context["rows"]]
    taken_back(offer)
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        withdrawn, opened = [line for _, line in client.get(reverse("my_inbox")).context["rows"]]

    assert before.text == f"{when} Yours until Mon 2 March, 14:15."
    assert before.do == "See the time"
    gone = f"{when} This time is no longer offered to you. {keeps}"
    assert (opened.text, opened.do) == (gone, "")
    assert withdrawn.title == f"No longer offered: a place with {offer.provider.name}"
    assert (withdrawn.text, withdrawn.address) == (gone, reverse("my_waitlist"))


def letters_to(person):
    return [each.subject for each in mail.outbox if person.email in each.to[0]]


def test_who_was_offered_a_time_by_mail_is_told_that_it_is_taken_back(offer, person):
    deliver()
    taken_back(offer)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        deliver()

    assert [subject.partition(":")[0] for subject in letters_to(person)] == ["A place opened", "No longer offered"]


def test_who_got_no_mail_about_an_offer_gets_none_that_it_is_taken_back(offer, person):
    """The mail of the offer still waits for the end of quiet hours."""
    Offer.objects.filter(pk=offer.pk).update(expires_at=NOW + timedelta(hours=20))
    save_choice(actor=person, leads=[], quiet=QuietHours(7 * 60, 18 * 60))
    with pytest.raises(NotYet):
        deliver()
    assert SentMail.objects.get(kind=Kind.PLACE_OPENED).state == State.HELD
    # The worker puts it off.
    Message.objects.update(leased_until=None)
    taken_back(offer)
    with time_machine.travel(NOW + timedelta(hours=10, minutes=1), tick=False):
        deliver()

    assert letters_to(person) == []
    assert SentMail.objects.get(kind=Kind.WAITLIST).reason == "no mail offered this time"


def test_what_is_taken_back_while_its_mail_leaves_is_told_once_the_mail_has_left(offer, person):
    """The worker has found the offer open, and is about to hand the mail over."""
    [sending] = Message.objects.filter(key=f"appointments.place_opened:{offer.pk}")
    dispatch.lease(sending)
    taken_back(offer)
    later = NOW + timedelta(minutes=1)
    with time_machine.travel(later, tick=False), pytest.raises(NotYet):
        deliver()
    assert letters_to(person) == [] and not SentMail.objects.filter(kind=Kind.WAITLIST).exists()
    SentMail.objects.create(
        key=PlaceOpened(loaded(offer)).key, user=person, kind=Kind.PLACE_OPENED, message_id="<1@here>",
        state=State.SENT, handed_over_at=later, sent_at=later,
    )  # fmt: skip
    dispatch.finish(sending)
    Message.objects.filter(done_at=None).update(leased_until=None, due_at=NOW)
    with time_machine.travel(later, tick=False):
        deliver()

    assert [subject.partition(":")[0] for subject in letters_to(person)] == ["No longer offered"]


def loaded(offer):
    return whole_offers().get(pk=offer.pk)


def test_a_link_ends_with_the_address_it_was_mailed_to(client, offer, person):
    address = reverse("link_waitlist_offer", args=[token_of(offer)])
    assert client.get(address).headers["X-Robots-Tag"] == "noindex"
    sent = hidden(client.get(address))
    User.objects.filter(pk=person.pk).update(email="new@example.org")

    assert client.get(address).status_code == 404
    assert client.post(address, sent).status_code == 404
    assert not Appointment.objects.filter(customer=person).exists()


def test_a_mail_to_a_new_address_has_a_link_that_works(client, offer, person):
    person.email = "new@example.org"
    person.save()

    deliver()

    [letter] = [each for each in mail.outbox if "new@example.org" in each.to[0]]
    [address] = set(re.findall(r"https?://[^/]+(/w/\w+/)", letter.body))
    assert client.get(address).status_code == 200


def test_a_link_ends_a_month_after_the_time(client, offer, person):
    address = reverse("link_waitlist_offer", args=[token_of(offer)])
    with time_machine.travel(offer.end + timedelta(days=30), tick=False):
        answer = client.get(address)

    assert answer.status_code == 410 and answer.headers["X-Robots-Tag"] == "noindex"
    assert offer.provider.name not in text_of(answer)


def test_a_link_of_somebody_who_is_suspended_leads_nowhere(client, offer, person):
    User.objects.filter(pk=person.pk).update(banned_at=NOW)

    assert client.get(reverse("link_waitlist_offer", args=[token_of(offer)])).status_code == 404
    assert client.get(reverse("link_waitlist_offer", args=["0" * 64])).status_code == 404


# --- The studio -------------------------------------------------------------------------------------------------------


def test_the_studio_lists_who_waits_and_removes_them_with_a_reason(client, place, person):
    provider = place.provider
    client.force_login(provider.user)
    assert "Amara Nwosu" in text_of(client.get(reverse("studio_waitlist")))
    address = reverse("studio_waitlist_remove", args=[place.uuid])
    assert client.get(address).status_code == 200

    client.post(address, {"reason": "Please call us first"})

    place.refresh_from_db()
    assert (place.state, place.reason) == (PlaceState.REMOVED, "Please call us first")
    mail.outbox.clear()
    deliver()
    [told] = [each for each in mail.outbox if person.email in each.to[0]]
    assert "took you off the waitlist" in told.body and "Please call us first" in told.body


def test_the_studio_offers_an_open_time_by_hand(client, place):
    client.force_login(place.provider.user)
    address = reverse("studio_waitlist_offer", args=[place.uuid])
    shown = client.get(address).content.decode()
    assert "2026-03-10T10:00:00+00:00" in shown
    assert "None of these times fits what Amara asked for." in shown

    client.post(address, {"start": "2026-03-10T10:00:00+00:00"})

    made = Offer.objects.get()
    assert (made.place, made.by_hand, made.start) == (place, True, TUESDAY_TEN + timedelta(days=7))
    taken = client.post(address, {"start": "2026-03-17T10:00:00+00:00"})
    assert taken.status_code == 409 and "offered to Amara already" in text_of(taken)
    week = client.get(reverse("studio_today"), {"view": "week", "day": "2026-03-10"}).content.decode()
    assert reverse("studio_waitlist") in week


def test_the_studio_marks_what_fits_and_shows_another_day(client, place):
    client.force_login(place.provider.user)
    address = reverse("studio_waitlist_offer", args=[place.uuid])
    WaitlistPlace.objects.update(last_on=date(2026, 3, 10))

    first, other = text_of(client.get(address)), text_of(client.get(address, {"day": "2026-03-24"}))

    assert "Tue 10 March, 10:00 fits" in first and first.count(" fits") == 1 and "None of these" not in first
    assert "Tue 24 March, 10:00" in other and "Tue 10 March, 10:00" not in other and "None of these times fits" in other
    assert "None of your times of 25 March is open" in text_of(client.get(address, {"day": "2026-03-25"}))
    assert "Choose a day." in text_of(client.get(address, {"day": "soon"}))


def test_what_the_provider_chose_by_hand_is_told_as_such(client, place, person):
    waitlist.offer_by_hand(place=place, start=TUESDAY_TEN + timedelta(days=7), actor=place.provider.user)
    client.force_login(person)

    pages = [reverse("my_waitlist"), reverse("waitlist_offer", args=[place.uuid])]

    assert all("Maya chose this time for you." in text_of(client.get(page)) for page in pages)
    deliver()
    [told] = [each for each in mail.outbox if person.email in each.to[0]]
    assert "Maya chose this time for you." in told.body


@pytest.mark.parametrize("count", [1, 6])
def test_the_lists_cost_the_same_for_one_and_for_many(
    client, confirmed, service, person, count, django_assert_max_num_queries
):
    for _ in range(count):
        join(ServiceFactory(provider=service.provider, duration_minutes=60), person, **on(TUESDAY))
    client.force_login(person)
    with django_assert_max_num_queries(7):
        client.get(reverse("my_waitlist"))
    client.force_login(service.provider.user)
    with django_assert_max_num_queries(8):
        client.get(reverse("studio_waitlist"))


def test_an_ended_place_says_how_it_ended(client, offer, person):
    client.force_login(person)
    waitlist.leave(place=offer.place, actor=person)

    said = text_of(client.get(reverse("my_waitlist")))

    assert "1 earlier place" in said and "Left" in said
    assert Offer.objects.get().state == OfferState.WITHDRAWN
