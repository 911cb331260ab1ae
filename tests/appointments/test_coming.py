"""What a customer says of coming: by their own pages or a mail's link, for one time only, and where it is read.

It is Monday 2 March 2026, 08:00 UTC, and everybody is in London; the appointment is on Tuesday from 10:00 to 11:00.
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from appointments import links, tasks
from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused
from appointments.mail.context import MailContext
from appointments.models import Appointment, AppointmentEvent
from appointments.services import personal_data, proposals, transitions
from appointments.states import Role, Status, Verb
from outbox.models import Message
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.invariants import check_all

from .conftest import NOW, TUESDAY_TEN, move_to_london
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


@pytest.fixture
def provider(provider):
    return move_to_london(provider)


def at(moment):
    return time_machine.travel(moment, tick=False)


def fresh(appointment):
    return Appointment.objects.with_people().get(pk=appointment.pk)


def say(appointment, **changes):
    one = fresh(appointment)
    return transitions.say_coming(appointment=one, actor=one.customer, **changes)


def move(appointment, start):
    one = fresh(appointment)
    proposals.propose_time(appointment=one, start=start, actor=one.customer, role=C)


def browser_of(person):
    client = Client()
    client.force_login(person)
    return client


class Door:
    """One of the customer's two ways to the page that asks, with their browser."""

    def __init__(self, is_link, appointment):
        self.browser = Client() if is_link else browser_of(appointment.customer)
        token = links.token_for(fresh(appointment), C, now=NOW)
        names = {"ask": "link_come", "home": "link"} if is_link else {"ask": "say_coming", "home": "my_appointment"}
        args = [token] if is_link else [appointment.reference]
        self.ask, self.home = (reverse(names[name], args=args) for name in ("ask", "home"))

    def shown(self):
        page = self.browser.get(self.ask).content.decode()
        return re.search(r'name="shown" value="([^"]+)"', page)[1]


@pytest.fixture(params=[False, True], ids=["own page", "link"])
def door(request, confirmed):
    return Door(request.param, confirmed)


def said_after(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


# --- The act ----------------------------------------------------------------------------------------------------------


def test_it_is_noted_once_for_this_time_and_changes_nothing_else(confirmed, customer):
    before = fresh(confirmed)
    mails = Message.objects.count()

    first, second = say(confirmed), say(confirmed)

    after = fresh(confirmed)
    assert (first.changed, second.changed) == (True, False)
    assert (after.will_come_at, after.will_come) == (TUESDAY_TEN, True)
    assert (after.status, after.start, after.end) == (before.status, before.start, before.end)
    entry = AppointmentEvent.objects.get(verb=Verb.COME)
    assert (entry.role, entry.actor, entry.start, entry.at) == (C, customer, TUESDAY_TEN, NOW)
    assert (entry.from_status, entry.to_status) == (Status.CONFIRMED, Status.CONFIRMED)
    assert Message.objects.count() == mails


def test_after_a_move_it_counts_no_more_not_even_back_at_the_old_time(confirmed):
    say(confirmed)

    move(confirmed, TUESDAY_TEN + DAY)
    assert (fresh(confirmed).will_come, fresh(confirmed).will_come_at) == (False, None)
    move(confirmed, TUESDAY_TEN)

    assert not fresh(confirmed).will_come
    assert say(confirmed).changed


def test_a_new_time_that_comes_to_nothing_leaves_it_said(confirmed, provider):
    say(confirmed)
    one = fresh(confirmed)
    proposals.propose_time(appointment=one, start=TUESDAY_TEN + DAY, actor=provider.user, role=P)
    proposal = fresh(confirmed).open_proposal
    assert fresh(confirmed).will_come

    proposals.decline_time(proposal=proposal, actor=one.customer, role=C)

    assert fresh(confirmed).will_come


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (timedelta(), "It has already started."),
        (-26 * HOUR, "It has already started."),
        (WEEK + timedelta(seconds=1), "You can say that from 7 days before it starts."),
    ],
)
def test_it_can_be_said_only_in_the_week_before_the_start(book, before, sentence):
    far = book(start=TUESDAY_TEN + 2 * WEEK).appointment
    with at(far.start - before), pytest.raises(PolicyRefused, match=re.escape(sentence)):
        say(far)

    assert not fresh(far).will_come
    with at(far.start - WEEK):
        assert say(far).changed


def test_who_saw_another_time_promises_nothing(confirmed):
    shown = fresh(confirmed).as_shown
    move(confirmed, TUESDAY_TEN + DAY)

    with pytest.raises(ChangedSince):
        say(confirmed, shown=shown)

    assert not fresh(confirmed).will_come


def test_of_what_is_over_or_only_asked_for_nobody_says_it(confirmed, customer, book, by_hand):
    asked = book(start=TUESDAY_TEN + 2 * HOUR).appointment
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=C)

    for one in (confirmed, asked):
        with pytest.raises(MoveRefused):
            say(one)


def test_nobody_says_it_for_the_customer(confirmed, provider):
    for actor, role in ((UserFactory(), C), (provider.user, C)):
        with pytest.raises(PermissionDenied):
            transitions.say_coming(appointment=confirmed, actor=actor, role=role)
    for actor, role in ((provider.user, P), (UserFactory(is_staff=True), Role.STAFF)):
        with pytest.raises(MoveRefused, match="That is not yours to do"):
            transitions.say_coming(appointment=confirmed, actor=actor, role=role)

    assert not fresh(confirmed).will_come


# --- The page, behind both doors --------------------------------------------------------------------------------------


def test_opening_the_page_says_nothing_and_one_press_does(confirmed, door, provider):
    page = door.browser.get(door.ask)
    assert "Will you come?" in text_of(page)
    assert not fresh(confirmed).will_come

    answer = door.browser.post(door.ask, {"shown": door.shown()})

    assert (answer.status_code, answer["Location"]) == (302, door.home)
    assert said_after(answer) == [f"Good. {provider.first_name} sees that you will come."]
    assert fresh(confirmed).will_come
    home = text_of(door.browser.get(door.home))
    assert "You said that you will come." in home
    assert "I will come" not in re.sub("“I will come”", "", home)


def test_the_page_leads_to_moving_and_cancelling(door):
    page = door.browser.get(door.ask).content.decode()

    found = re.findall(r'<a class="btn" href="([^"]+)"', page)
    assert [address.rstrip("/").rsplit("/", 1)[1] for address in found] == ["reschedule", "cancel"]
    assert {door.browser.get(address).status_code for address in found} == {200}


def test_a_second_press_and_a_second_visit_say_so(door):
    shown = door.shown()
    door.browser.post(door.ask, {"shown": shown})

    for answer in (door.browser.post(door.ask, {"shown": shown}), door.browser.get(door.ask)):
        assert answer["Location"] == door.home
        assert said_after(answer)[-1] == "You have said that you will come."
    assert AppointmentEvent.objects.filter(verb=Verb.COME).count() == 1


def test_an_old_page_comes_back_with_the_time_that_holds_now(confirmed, door):
    shown = door.shown()
    move(confirmed, TUESDAY_TEN + DAY)

    answer = door.browser.post(door.ask, {"shown": shown})

    assert answer.status_code == 409
    said = text_of(answer)
    assert "Nothing is done yet." in said
    assert "Wednesday 4 March 2026, 10:00" in said
    assert not fresh(confirmed).will_come
    assert door.browser.post(door.ask, {"shown": fresh(confirmed).as_shown}).status_code == 302
    assert fresh(confirmed).will_come


@pytest.mark.parametrize("method", ["get", "post"])
def test_where_it_was_cancelled_meanwhile_the_page_leads_back_with_the_reason(confirmed, door, provider, method):
    shown = door.shown()
    transitions.cancel_appointment(appointment=confirmed, actor=provider.user, role=P)

    answer = getattr(door.browser, method)(door.ask, {"shown": shown})

    assert answer["Location"] == door.home
    assert said_after(answer) == ["This appointment was cancelled."]


def test_the_providers_link_has_no_such_page(client, confirmed):
    token = links.token_for(fresh(confirmed), P, now=NOW)

    for answer in (client.get(reverse("link_come", args=[token])), client.post(reverse("link_come", args=[token]))):
        assert answer.status_code == 404
    assert not fresh(confirmed).will_come


def test_who_is_signed_in_comes_from_the_mail_to_the_page_of_the_button(confirmed, customer):
    token, me = links.token_for(fresh(confirmed), C, now=NOW), browser_of(customer)

    for name, args, page in (
        ("link_come", [], "say_coming"),
        ("link_reschedule", [], "reschedule_appointment"),
        ("link_act", ["cancel"], "cancel_appointment"),
        ("link", [], "my_appointment"),
    ):
        answer = me.get(reverse(name, args=[token, *args]))
        assert answer["Location"] == reverse(page, args=[confirmed.reference])


def test_while_a_new_time_waits_no_page_offers_it(confirmed, provider, customer):
    proposals.propose_time(appointment=confirmed, start=TUESDAY_TEN + DAY, actor=provider.user, role=P)

    for is_link in (False, True):
        door = Door(is_link, confirmed)
        assert "I will come" not in text_of(door.browser.get(door.home))


def test_two_weeks_before_no_page_offers_it(book, customer):
    far = book(start=TUESDAY_TEN + 2 * WEEK).appointment

    for is_link in (False, True):
        door = Door(is_link, far)
        assert "I will come" not in text_of(door.browser.get(door.home))
        assert said_after(door.browser.get(door.ask))[0] == "You can say that from 7 days before it starts."


def test_the_next_appointment_offers_it_in_the_list(confirmed, customer):
    me = browser_of(customer)
    assert reverse("say_coming", args=[confirmed.reference]) in me.get(reverse("my_appointments")).content.decode()

    say(confirmed)

    page = me.get(reverse("my_appointments"))
    assert reverse("say_coming", args=[confirmed.reference]) not in page.content.decode()
    assert "You said that you will come." in text_of(page)


# --- Where it is read -------------------------------------------------------------------------------------------------


def test_the_provider_reads_it_on_the_day_the_week_and_the_appointment(confirmed, provider, customer):
    studio, one = browser_of(provider.user), [confirmed.reference]
    pages = [reverse("studio_today"), reverse("studio_appointment", args=one)]
    assert not any("ill come" in text_of(studio.get(page)) for page in pages)

    say(confirmed)

    today, appointment = (text_of(studio.get(page)) for page in pages)
    assert today.count("Will come") == 2  # beside the next one, and in the key of the week
    assert ", confirmed, will come" in today.lower()
    assert f"{customer.first_name} will come." in appointment
    assert "“I will come” for Tue 3 March, 10:00" in appointment
    assert f"by {customer.name}" in appointment
    with at(TUESDAY_TEN + timedelta(minutes=1)):
        assert "will come" not in text_of(studio.get(pages[0])).lower()


def test_the_customers_own_history_says_it(confirmed, customer):
    say(confirmed)

    said = text_of(browser_of(customer).get(reverse("my_appointment", args=[confirmed.reference])))

    assert "“I will come” for Tue 3 March, 10:00" in said
    assert "by you" in said


def test_staff_read_it_and_change_it_not(confirmed):
    say(confirmed)
    staff = browser_of(UserFactory(is_staff=True, is_superuser=True))

    page = staff.get(reverse("admin:appointments_appointment_change", args=[confirmed.pk])).content.decode()

    assert "Will come at" in page
    assert 'name="will_come_at' not in page


def test_the_copy_of_ones_data_has_it(confirmed, customer):
    say(confirmed)

    [booked] = [section for section in personal_data.sections(customer) if section.name == "appointments"]

    assert [booked.write(row)["will_come"] for row in booked.rows] == [TUESDAY_TEN]


# --- The reminder -----------------------------------------------------------------------------------------------------


def reminders(moment):
    """The reminders that are sent at this moment, by reader."""
    deliver()
    mail.outbox.clear()
    with at(moment):
        tasks.remind()
        deliver("notifications.send_mail")
    return {each.to[0].partition("<")[2].rstrip(">"): each for each in mail.outbox}


@pytest.fixture
def ahead(book):
    tasks.remind()
    return book(start=TUESDAY_TEN + DAY).appointment


def leads_to(message):
    """The button and the links of the mail: words and page."""
    pairs = re.findall(r"^([A-Z][^\n]*):\nhttp://testserver/a/[^/]+/(\S*)$", message.body, re.MULTILINE)
    html = message.alternatives[0].content
    assert all(f">{words}</a>" in html for words, _ in pairs)
    return pairs


def test_a_reminder_lets_the_customer_come_move_or_cancel_by_one_press_each(ahead, customer, provider):
    told = reminders(ahead.start - DAY)

    assert leads_to(told[customer.email]) == [
        ("I will come", "come/"),
        ("Choose another time", "reschedule/"),
        ("Cancel appointment", "cancel/"),
    ]
    assert f"Will you come? {provider.first_name} sees your answer." in told[customer.email].body
    assert leads_to(told[provider.user.email]) == [("See appointment", "")]


def test_a_reminder_after_it_was_said_tells_both_and_asks_no_more(ahead, customer, provider):
    say(ahead)

    told = reminders(ahead.start - DAY)

    assert leads_to(told[customer.email])[0] == ("See appointment", "")
    assert "You said that you will come." in told[customer.email].body
    assert f"{customer.first_name} will come." in told[provider.user.email].body


def test_past_the_cutoffs_a_reminder_leads_to_nothing_that_is_refused(ahead, customer, provider):
    policy = provider.policy
    policy.cancellation_cutoff_minutes = policy.reschedule_cutoff_minutes = 2 * 24 * 60
    policy.save()

    assert leads_to(reminders(ahead.start - DAY)[customer.email]) == [("I will come", "come/")]


def test_a_reminder_is_about_the_appointment_as_agreed_not_about_what_was_said(ahead, customer):
    say(ahead)

    event = AppointmentEvent.objects.filter(appointment=ahead).exclude(verb=Verb.COME).first()
    body = reminders(ahead.start - DAY)[customer.email].body

    assert MailContext(event, C, now=NOW).badge in body


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("by", [C, P])
def test_while_a_new_time_waits_the_page_leads_back_with_the_reason(confirmed, door, provider, by_hand, method, by):
    shown = door.shown()
    actor = provider.user if by is P else confirmed.customer
    proposals.propose_time(appointment=fresh(confirmed), start=TUESDAY_TEN + DAY, actor=actor, role=by)

    answer = getattr(door.browser, method)(door.ask, {"shown": shown})

    assert answer["Location"] == door.home
    assert said_after(answer) == ["A new time waits for an answer, and that comes first."]
    assert not fresh(confirmed).will_come
    with at(fresh(confirmed).open_proposal.answer_by):
        assert say(confirmed).changed
