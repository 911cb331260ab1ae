"""The pages that change an appointment's time, alike behind each door: own pages, studio, and the links of both mails.

It is Monday 2 March 2026, 08:00 UTC, and everybody is in London; the appointment is on Tuesday from 10:00 to 11:00.
"""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import links
from appointments.models import Appointment, Hold, Proposal
from appointments.pages import month_picker
from appointments.services import booking, proposals, transitions
from appointments.states import Role, Status
from providers.services import block_customer, lift_limits
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.invariants import check_all

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN, move_to_london
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

C, P = Role.CUSTOMER, Role.PROVIDER
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
WEDNESDAY_TEN = TUESDAY_TEN + DAY
PAGES = {"reschedule", "answer", "withdraw"}
NAMES = {
    C: {
        "home": "my_appointment",
        "reschedule": "reschedule_appointment",
        "answer": "answer_time",
        "withdraw": "withdraw_time",
    },
    P: {
        "home": "studio_appointment",
        "reschedule": "studio_reschedule",
        "answer": "studio_answer_time",
        "withdraw": "studio_withdraw_time",
    },
}
LINK_NAMES = {
    "home": "link",
    "reschedule": "link_reschedule",
    "answer": "link_answer_time",
    "withdraw": "link_withdraw_time",
}


class Door:
    """One way to an appointment, and the browser of the person who comes by it."""

    def __init__(self, name, appointment):
        self.side = C if name.startswith("customer") else P
        self.is_link = name.endswith("link")
        self.appointment = appointment
        self.person = appointment.customer if self.side is C else appointment.provider.user
        self.other = appointment.provider if self.side is C else appointment.customer
        self.browser = Client()
        if not self.is_link:
            self.browser.force_login(self.person)

    def address(self, page):
        if self.is_link:
            token = links.token_for(self.appointment, self.side, now=NOW)
            return reverse(LINK_NAMES[page], args=[token])
        return reverse(NAMES[self.side][page], args=[self.appointment.reference])

    def get(self, page, **query):
        return self.browser.get(self.address(page), query)

    def post(self, page, **data):
        return self.browser.post(self.address(page), data)

    def send(self, start=WEDNESDAY_TEN, **changes):
        """Send the form as the page shows it for this start."""
        value = month_picker.to_value(start)
        page = self.get("reschedule", start=value)
        data = hidden_in(page, "moveform") | {"start": value} | changes
        return self.post("reschedule", **data)

    def propose(self, start=WEDNESDAY_TEN, message=""):
        """Propose by the service, without a page."""
        return proposals.propose_time(
            appointment=self.appointment, start=start, actor=self.person, role=self.side, message=message
        )

    def answer(self, what, proposal=None):
        proposal = proposal or Proposal.objects.latest("pk")
        return self.post("answer", answer=what, proposal=str(proposal.uuid))


def hidden_in(response, form):
    """The hidden fields of a form of the page, by name."""
    html = re.search(rf'<form[^>]*id="{form}".*?</form>', response.content.decode(), re.DOTALL)[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def apart(response):
    """The page as it reads, with a space where a tag stood."""
    main = response.content.decode().split("<main", 1)[1].split("</main>")[0]
    return re.sub(r" (?=[,.])", "", " ".join(re.sub(r"<[^>]*>", " ", main).split()))


def said_after(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def at(moment):
    return time_machine.travel(moment, tick=False)


def now_of(appointment):
    found = Appointment.objects.get(pk=appointment.pk)
    return found.start, found.status


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


@pytest.fixture
def provider(provider):
    return move_to_london(provider)


@pytest.fixture
def agreed(by_hand, book, provider):
    """A confirmed appointment at a provider who answers by hand, so that either side only proposes."""
    appointment = book().appointment
    transitions.accept_request(appointment=appointment, actor=provider.user)
    return Appointment.objects.with_people().get(pk=appointment.pk)


@pytest.fixture
def customers(agreed):
    return Door("customer's page", agreed)


@pytest.fixture
def providers(agreed):
    return Door("studio", agreed)


DOORS = ["customer's page", "studio", "customer's link", "provider's link"]


@pytest.fixture(params=DOORS)
def door(request, agreed):
    return Door(request.param, agreed)


@pytest.fixture
def opposite(door):
    """The door of the other side, by its own pages."""
    return Door("studio" if door.side is C else "customer's page", door.appointment)


# --- Choosing another time ------------------------------------------------------------------------------------------


def test_the_present_time_is_marked_in_the_month_and_not_among_the_times(door):
    page = door.get("reschedule", day="2026-03-03")

    html = page.content.decode()
    assert page.status_code == 200
    marked = re.findall(r'<a [^>]*data-present[^>]*aria-label="([^"]*)"', html)
    assert len(marked) == 1
    assert marked[0].startswith("Tuesday 3 March, ")
    assert marked[0].endswith(", your present appointment")
    times = re.findall(r'name="start" value="([^"]*)" required', html)
    assert month_picker.to_value(TUESDAY_TEN) not in times
    # What the appointment itself takes is open to it: half an hour later would overlap its own time.
    assert month_picker.to_value(TUESDAY_TEN + HOUR) in times
    assert "Ringed: the present time, Tue 3 March, 10:00. It stays for now." in text_of(page)


def test_the_picker_opens_near_the_present_time_and_explains_the_ring_where_it_is_seen(door):
    near, later = door.get("reschedule"), door.get("reschedule", month="2026-04")

    assert str(near.context["picker"].chosen) == "2026-03-03"
    assert "Ringed: the present time" in text_of(near)
    assert "Ringed: the present time" not in text_of(later)


def test_a_present_day_without_other_times_is_ringed_all_the_same(door, book, provider):
    provider.policy.max_per_day = None
    provider.policy.save()
    for hour in (9, 11, 12, 13, 14, 15, 16):
        book(TUESDAY_TEN.replace(hour=hour), customer=UserFactory())

    html = door.get("reschedule", month="2026-03").content.decode()

    assert '<span class="day" data-present>3<span class="visually-hidden"> no times, your present appointment<' in html


def test_before_a_time_is_chosen_there_is_no_button(door):
    page = door.get("reschedule")

    assert "Choose a new time" in text_of(page)
    assert "data-empty" in page.content.decode()
    assert not re.search(r'data-kind="primary"[^>]*>(Request|Propose) this time', page.content.decode())


def test_a_chosen_time_stands_beside_the_old_one_with_what_it_means(door):
    page = door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))

    said, other = text_of(page), door.other.first_name
    assert "Tuesday 3 March, 10:00 to 11:00" in said
    assert "Wednesday 4 March, 10:00 to 11:00" in said
    # The answer time is over before either start.
    assert NOW + ANSWER_TIME < TUESDAY_TEN
    assert (
        f"{other} must accept by Mon 2 March, 15:23, London time. Without an answer, Tue 3 March, 10:00 stays." in said
    )
    assert "The price stays £58." in said
    assert ("does not affect your standing" in said) == (door.side is C)


def test_the_time_is_proposed_with_the_note_and_the_original_stays(door):
    answer = door.send(message="My train is late.")

    made = Proposal.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, door.address("home"))
    assert (made.start, made.message, made.side) == (WEDNESDAY_TEN, "My train is late.", door.side)
    assert now_of(door.appointment) == (TUESDAY_TEN, Status.CONFIRMED)
    other = door.other.first_name
    assert said_after(answer) == [
        f"{other} has your proposal: Wed 4 March, 10:00, London time. The present time stays until {other} accepts."
    ]


def test_pressing_twice_proposes_once_and_says_so(door):
    door.send()

    again = door.send()

    assert said_after(again)[-1] == "That was already done. Nothing changed."
    assert Proposal.objects.count() == 1


def test_a_time_taken_meanwhile_is_told_with_the_nearest_and_the_note_kept(door, book):
    data = hidden_in(door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN)), "moveform")
    book(WEDNESDAY_TEN, customer=UserFactory())

    answer = door.post("reschedule", **data, message="<b>My train</b> is late.")

    html, said = answer.content.decode(), text_of(answer)
    assert answer.status_code == 409
    assert "Your present time and your note are kept. The nearest openings, London time:" in said
    assert "&lt;b&gt;My train&lt;/b&gt; is late.</textarea>" in html
    chips = re.findall(r'name="pick" value="([^"]*)" form="moveform" formnovalidate>', html)
    assert len(chips) == 3
    assert "<title>Error: " in html
    picked = door.post("reschedule", **data | {"pick": chips[0], "message": "My train is late."})
    assert picked.status_code == 200
    assert "My train is late.</textarea>" in picked.content.decode()
    assert hidden_in(picked, "moveform")["start"] == month_picker.to_value(month_picker.from_value(chips[0]))
    assert not Proposal.objects.exists()


def test_the_nearest_openings_say_where_the_customer_is_busy_but_not_by_a_link(door, book):
    data = hidden_in(door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN)), "moveform")
    book(WEDNESDAY_TEN, customer=UserFactory())
    at = WEDNESDAY_TEN - 2 * HOUR
    OwnEventFactory(user=door.person, title="All of it", start=at, end=at + 6 * HOUR)

    said = text_of(door.post("reschedule", **data, message="My train is late."))

    warns = "You have an event of your own" in said and "You can choose a time then all the same." in said
    assert warns == (door.side is C and not door.is_link)


@pytest.mark.parametrize(
    "start", ["", "soon", "2026-03-04T10:00:00", "2026-03-04T10:00:00Z\x00", "9999-01-01T00:00:00Z"]
)
def test_a_malformed_start_is_asked_for_again_with_the_note_kept(door, start):
    answer = door.post("reschedule", start=start, message="My train is late.")

    assert answer.status_code == 422
    assert "My train is late.</textarea>" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_a_note_that_is_too_long_is_refused_with_every_letter_kept(door):
    answer = door.send(message="x" * 501)

    assert answer.status_code == 422
    assert "x" * 501 in answer.content.decode()
    assert not Proposal.objects.exists()


def test_who_saw_another_present_time_is_shown_the_new_one_first(door):
    data = hidden_in(door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN)), "moveform")
    data["shown"] = f"{int((TUESDAY_TEN + 5 * HOUR).timestamp())}."

    answer = door.post("reschedule", **data, message="My train is late.")

    assert answer.status_code == 409
    assert "Something changed while you were reading. Nothing is sent yet" in text_of(answer)
    assert "My train is late.</textarea>" in answer.content.decode()
    assert not Proposal.objects.exists()
    # What is shown now can be sent.
    again = door.post("reschedule", **hidden_in(answer, "moveform"), message="My train is late.")
    assert (again.status_code, Proposal.objects.get().start) == (302, WEDNESDAY_TEN)


def test_who_was_told_that_it_must_be_agreed_does_not_move_it_at_once(customers, provider):
    data = hidden_in(customers.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN)), "moveform")
    provider.policy.accepts_at_once = True
    provider.policy.save()

    answer = customers.post("reschedule", **data)

    assert answer.status_code == 409
    assert "It changes straight away." in text_of(answer)
    assert now_of(customers.appointment) == (TUESDAY_TEN, Status.CONFIRMED)
    moved = customers.post("reschedule", **hidden_in(answer, "moveform"))
    assert now_of(customers.appointment) == (WEDNESDAY_TEN, Status.CONFIRMED)
    assert said_after(moved)[-1].startswith("Rescheduled: it is now Wed 4 March, 10:00, London time.")


@pytest.mark.parametrize("name", ["customer's page", "customer's link"])
def test_where_another_time_counts_at_once_every_word_that_leads_to_it_says_so(confirmed, provider, name):
    Door("studio", confirmed).propose()
    door, chosen = Door(name, confirmed), month_picker.to_value(WEDNESDAY_TEN + HOUR)

    pages = [door.get("answer"), door.get("reschedule", start=chosen)]
    if not door.is_link:
        pages.append(door.browser.get("/my/appointments/"))

    for page in pages:
        assert "Reschedule to another time" in text_of(page)
        assert "Suggest" not in text_of(page)
    assert re.search(r'data-kind="primary"[^>]*>Reschedule to this time<', pages[1].content.decode())
    assert "<title>Reschedule to another time: " in pages[1].content.decode()


@pytest.mark.parametrize("name", ["customer's page", "studio", "customer's link"])
def test_where_another_time_is_a_suggestion_it_is_called_one(agreed, name):
    door = Door(name, agreed)
    Door("customer's page" if door.side is P else "studio", agreed).propose()

    assert "Suggest another time" in text_of(door.get("answer"))
    assert "Reschedule to another time" not in text_of(door.get("answer"))


@pytest.mark.parametrize("side", ["customer's page", "customer's link", "studio", "provider's link"])
def test_the_title_of_a_page_says_that_a_new_time_waits(agreed, side):
    door = Door(side, agreed)
    assert "<title>Confirmed: " in door.get("home").content.decode()

    door.propose()

    page = door.get("home").content.decode()
    assert "<title>New time proposed: " in page
    assert not re.search(r'class="badge[^>]*>(<svg.*?</svg>)?Confirmed<', page)


# --- The own kept time ----------------------------------------------------------------------------------------------


def kept_by(door, start=WEDNESDAY_TEN):
    """Keep a time for a booking in the browser behind the door, as the account that is signed in there."""
    address = reverse("keep_time", args=[door.appointment.provider.slug, door.appointment.service.slug])
    door.browser.post(address, {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}"})
    return Hold.objects.get(kind="kept")


@pytest.mark.parametrize("name", ["customer's page", "customer's link"])
def test_the_time_that_one_keeps_for_a_booking_can_be_chosen_and_is_taken_over(agreed, name):
    door = Door(name, agreed)
    kept = kept_by(door)

    page = door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))
    sent = door.send()

    assert page.context["chosen_start"] == WEDNESDAY_TEN
    assert (sent.status_code, Proposal.objects.get().start) == (302, WEDNESDAY_TEN)
    assert not Hold.objects.filter(pk=kept.pk).exists()
    check_all()


def test_a_move_at_once_takes_over_the_kept_time_too(confirmed):
    door = Door("customer's page", confirmed)
    kept_by(door)

    assert door.send().status_code == 302
    assert now_of(confirmed) == (WEDNESDAY_TEN, Status.CONFIRMED)
    assert not Hold.objects.filter(kind="kept").exists()
    check_all()


def test_a_time_that_one_keeps_elsewhere_in_the_day_stays_kept(agreed):
    door = Door("customer's page", agreed)
    kept = kept_by(door, WEDNESDAY_TEN + 3 * HOUR)

    assert door.send().status_code == 302
    assert Hold.objects.filter(pk=kept.pk).exists()


def test_the_time_that_somebody_else_keeps_is_not_offered(agreed):
    stranger, door = Door("customer's page", agreed), Door("customer's page", agreed)
    stranger.browser.force_login(UserFactory())
    kept_by(stranger)

    page = door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))
    data = hidden_in(page, "moveform") | {"start": month_picker.to_value(WEDNESDAY_TEN)}

    assert page.context["chosen_start"] is None
    assert door.post("reschedule", **data).status_code == 409


# --- Who may choose no new time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["customer's page", "customer's link"])
def test_a_blocked_customer_reads_so_before_they_choose_a_time(agreed, provider, name):
    block_customer(provider=provider, actor=provider.user, customer=agreed.customer, reason="Rude.")
    door = Door(name, agreed)

    page, answer = door.get("reschedule"), door.post("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))

    assert (page.status_code, answer.status_code) == (200, 409)
    for shown in (page, answer):
        assert "The time can’t be changed here" in text_of(shown)
        assert "You can’t change this time online. The appointment stays as it is." in text_of(shown)
        assert "Choose a new day" not in text_of(shown) and "Rude" not in shown.content.decode()
        assert provider.user.email in text_of(shown)


def test_a_blocked_customer_reads_so_of_a_request_and_gets_no_address_that_nothing_agreed_gives(requested, provider):
    move_to_london(provider)
    block_customer(provider=provider, actor=provider.user, customer=requested.customer)

    said = text_of(Door("customer's page", requested).get("reschedule"))

    assert "You can’t change this time online." in said and "This has been settled" not in said
    assert provider.user.email not in said


def test_a_block_keeps_the_provider_from_no_new_time(agreed, provider):
    block_customer(provider=provider, actor=provider.user, customer=agreed.customer)

    assert "Choose a new day and time" in text_of(Door("studio", agreed).get("reschedule"))


def test_who_has_not_confirmed_the_address_reads_so_before_they_choose_a_time(agreed):
    agreed.customer.email_confirmed_at = None
    agreed.customer.save()

    said = text_of(Door("customer's page", agreed).get("reschedule"))

    assert "Confirm your email address first" in said and "Choose a new day" not in said


def test_where_it_changes_at_once_the_page_says_so_and_the_button_is_called_that(confirmed, customer):
    door = Door("customer's page", confirmed)

    page = door.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))

    said = text_of(page)
    assert "It changes straight away." in said
    assert "Tue 3 March, 10:00 opens for others." in said
    assert "must accept" not in said
    assert re.search(r'data-kind="primary"[^>]*>Reschedule<', page.content.decode())
    assert door.send().status_code == 302
    assert now_of(confirmed) == (WEDNESDAY_TEN, Status.CONFIRMED)


@pytest.mark.parametrize("name", ["customer's page", "customer's link"])
def test_up_to_the_cutoff_the_customer_can_change_it_and_not_an_instant_longer(agreed, provider, name):
    door, last = Door(name, agreed), TUESDAY_TEN - 2 * HOUR
    with at(last):
        door = Door(name, agreed)
        assert "You can reschedule until Tue 3 March, 08:00, London time." in text_of(door.get("reschedule"))
    with at(last + SECOND):
        door = Door(name, agreed)
        page = door.get("reschedule")
        answer = door.post("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))

    for said in (text_of(page), text_of(answer)):
        assert "The time can no longer be changed here" in said
        assert "It starts in less than 2 hours, so its time can no longer be changed here. Only Maya can" in said
        assert provider.user.email in said
    assert (page.status_code, answer.status_code) == (200, 409)
    assert not Proposal.objects.exists()


def test_a_closed_account_of_the_other_side_is_no_matter_of_time(customers, provider):
    provider.user.is_active = False
    provider.user.save()

    said = text_of(customers.get("reschedule"))

    assert "This provider's account is closed." in said.replace("&#x27;", "'")
    assert "can change it now" not in said


def test_what_has_ended_is_told_as_settled(door):
    appointment = door.appointment
    transitions.cancel_appointment(appointment=appointment, actor=appointment.customer, role=C)

    page, answer = door.get("reschedule"), door.post("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))

    assert (page.status_code, answer.status_code) == (200, 409)
    for said in (text_of(page), text_of(answer)):
        assert "This has been settled. This appointment was cancelled." in said


def test_opening_the_pages_changes_nothing(door, opposite):
    opposite.propose()
    before = Proposal.objects.get()

    for page in ("reschedule", "answer"):
        assert door.get(page).status_code == 200
        assert door.browser.head(door.address(page)).status_code == 200
    button = door.get("withdraw")
    assert button.status_code == 405
    assert f'href="{door.address("home")}">See how it stands now</a>' in button.content.decode()

    assert Proposal.objects.get().state == before.state == "open"


def test_asking_over_and_over_is_slowed_down(door, settings):
    settings.LIMITS = settings.LIMITS | {"change_time": (2, 600)}

    answers = [door.send(WEDNESDAY_TEN + n * HOUR).status_code for n in range(3)]

    assert answers == [302, 302, 429]


def test_by_a_mails_link_its_reader_is_counted_and_not_the_address(agreed, settings):
    settings.LIMITS = settings.LIMITS | {"change_time": (2, 600)}
    mine, theirs, at_home = (Door(f"{who}'s link", agreed) for who in ("customer", "provider", "customer"))
    for _ in range(3):
        mine.post("reschedule")
    at_home.browser = Client(REMOTE_ADDR="203.0.113.7")
    own_pages = Door("customer", agreed)

    answers = [each.post("reschedule").status_code for each in (mine, theirs, at_home, own_pages)]

    assert answers == [429, 422, 429, 429]


# --- A provider's own time ------------------------------------------------------------------------------------------

SUNDAY = {"on": "2026-03-08", "at": "18:30"}
SUNDAY_EVENING = TUESDAY_TEN.replace(day=8, hour=18, minute=30)


@pytest.fixture(params=["studio", "provider's link"])
def own_time(request, agreed):
    return Door(request.param, agreed)


def test_a_provider_may_propose_a_time_outside_the_hours_and_says_why(own_time):
    page = own_time.get("reschedule", **SUNDAY)
    data = hidden_in(page, "moveform")
    silent = own_time.post("reschedule", **data, message=" ")
    told = own_time.post("reschedule", **data, message="The only free hour that week.")

    assert "That is outside your working hours. Say why" in text_of(page)
    assert silent.status_code == 422
    assert "Say why: " in text_of(silent)
    assert told.status_code == 302
    made = Proposal.objects.get()
    assert (made.start, made.message) == (SUNDAY_EVENING, "The only free hour that week.")


def test_a_provider_never_proposes_a_time_that_somebody_else_has(own_time, book):
    book(WEDNESDAY_TEN, customer=UserFactory())

    page = own_time.get("reschedule", on="2026-03-04", at="10:30")
    answer = own_time.post("reschedule", start="2026-03-04T10:30:00Z", message="All the same.")

    assert not hidden_in(page, "moveform").get("start")
    assert "That time is taken." in text_of(page)
    assert answer.status_code == 409
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    "typed", [{"on": "", "at": ""}, {"on": "8 March", "at": "25:00"}, {"on": "0001-01-01", "at": "00:00"}]
)
def test_a_date_or_time_that_is_none_is_told(own_time, typed):
    page = own_time.get("reschedule", **typed)

    assert page.status_code == 200
    assert not hidden_in(page, "moveform").get("start")


def test_a_customer_has_no_time_but_the_openings(customers):
    page = customers.get("reschedule", **SUNDAY)
    chosen = customers.get("reschedule", start=month_picker.to_value(SUNDAY_EVENING))
    answer = customers.post("reschedule", start=month_picker.to_value(SUNDAY_EVENING), message="Please.")

    assert "A time that is not among your openings" not in text_of(page)
    assert not hidden_in(chosen, "moveform").get("start")
    assert answer.status_code == 409
    assert not Proposal.objects.exists()


# --- Answering ------------------------------------------------------------------------------------------------------


def test_both_times_stand_side_by_side_with_deadline_and_message(door, opposite):
    opposite.propose(message="<i>Sunday is quiet.</i>")

    page = door.get("answer")

    said, other = text_of(page), door.other.first_name
    assert page.status_code == 200
    assert f"{other} asks for another time" in said
    assert (
        "Answer by Mon 2 March, 15:23, London time, 7 h 23 min from now. Without an answer, the original time stays."
        in said
    )
    assert "Tuesday 3 March, 10:00 to 11:00" in said
    assert "Wednesday 4 March, 10:00 to 11:00" in said
    assert "“&lt;i&gt;Sunday is quiet.&lt;/i&gt;”" in said
    for button in ("Accept new time", "Keep original time", "Suggest another time"):
        assert button in said


def test_accepting_moves_it(door, opposite):
    opposite.propose()

    answer = door.answer("accept")

    assert (answer.status_code, answer["Location"]) == (302, door.address("home"))
    assert now_of(door.appointment) == (WEDNESDAY_TEN, Status.CONFIRMED)
    other = door.other.first_name
    assert said_after(answer) == [f"Accepted: it is now Wed 4 March, 10:00, London time. We email you and {other}."]
    again = door.answer("accept")
    assert said_after(again)[-1] == "That was already done. Nothing changed."


def test_keeping_the_original_time_keeps_it(door, opposite):
    opposite.propose()

    answer = door.answer("keep")

    assert answer["Location"] == door.address("home")
    assert now_of(door.appointment) == (TUESDAY_TEN, Status.CONFIRMED)
    assert Proposal.objects.get().state == "declined"
    other = door.other.first_name
    assert said_after(answer) == [f"The original time stays: Tue 3 March, 10:00, London time. We tell {other}."]


def test_suggesting_another_time_takes_the_place_of_the_one_asked_for(door, opposite):
    opposite.propose()

    page = door.get("reschedule")
    answer = door.send(WEDNESDAY_TEN + 2 * HOUR)

    said = text_of(page)
    assert "Suggest another time" in said
    assert f"{door.other.first_name} asks for Wed 4 March, 10:00. Your suggestion takes its place" in said
    assert answer.status_code == 302
    assert list(Proposal.objects.order_by("pk").values_list("state", "start")) == [
        ("replaced", WEDNESDAY_TEN),
        ("open", WEDNESDAY_TEN + 2 * HOUR),
    ]


@pytest.mark.parametrize("what", ["accept", "keep"])
def test_nobody_answers_their_own_new_time(door, what):
    door.propose()

    page, answer = door.get("answer"), door.answer(what)

    assert "Accept new time" not in text_of(page)
    assert f"{door.other.first_name} has your new time" in text_of(page)
    assert answer.status_code == 409
    assert Proposal.objects.get().state == "open"
    assert now_of(door.appointment) == (TUESDAY_TEN, Status.CONFIRMED)


def test_ones_own_new_time_is_taken_back(door):
    door.propose()

    answer = door.post("withdraw")

    assert answer["Location"] == door.address("home")
    assert Proposal.objects.get().state == "withdrawn"
    assert said_after(answer)[0].startswith("You took it back, so it stays Tue 3 March, 10:00, London time.")


def test_nobody_takes_back_the_other_sides_new_time(door, opposite):
    opposite.propose()

    answer = door.post("withdraw")

    assert answer.status_code == 409
    assert Proposal.objects.get().state == "open"


@pytest.mark.parametrize("data", [{}, {"answer": "accept"}, {"answer": "maybe"}, {"proposal": "x", "answer": "accept"}])
def test_an_answer_that_names_no_new_time_or_none_of_the_answers_changes_nothing(door, opposite, data):
    opposite.propose()

    assert door.post("answer", **data).status_code == 409
    assert door.post("answer", proposal=str(uuid4()), answer="accept").status_code == 409
    assert Proposal.objects.get().state == "open"


def test_the_answer_of_an_old_page_is_no_answer_to_what_is_asked_now(door, opposite):
    opposite.propose()
    seen = Proposal.objects.get()
    opposite.propose(WEDNESDAY_TEN + 2 * HOUR)

    answer = door.answer("accept", seen)

    assert answer.status_code == 409
    assert "Wednesday 4 March, 12:00 to 13:00" in text_of(answer)
    assert now_of(door.appointment) == (TUESDAY_TEN, Status.CONFIRMED)


def test_at_the_deadline_it_can_no_longer_be_answered_even_while_the_job_is_late(door, opposite):
    opposite.propose()
    deadline = NOW + ANSWER_TIME
    with at(deadline - SECOND):
        assert "Accept new time" in text_of(door.get("answer"))
    with at(deadline):
        page, answer = door.get("answer"), door.answer("accept")

    words = "This has been settled. Nobody answered by Mon 2 March, 15:23. The original time stays: Tue 3 March, 10:00."
    assert (page.status_code, answer.status_code) == (200, 409)
    assert words in text_of(page)
    assert words in text_of(answer)
    assert now_of(door.appointment) == (TUESDAY_TEN, Status.CONFIRMED)


def settle(how, door, opposite):
    act = {"accepted": proposals.accept_time, "kept": proposals.decline_time, "taken back": proposals.withdraw_time}
    who = opposite if how == "taken back" else door
    proposal = Proposal.objects.with_appointment().get()
    if how == "cancelled":
        one = proposal.appointment
        transitions.cancel_appointment(appointment=one, actor=one.customer, role=C)
    else:
        act[how](proposal=proposal, actor=who.person, role=who.side)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("accepted", "You accepted the new time. It is now: Wed 4 March, 10:00."),
        ("kept", "You kept the original time. The original time stays: Tue 3 March, 10:00."),
        ("taken back", "{other} took the new time back. The original time stays: Tue 3 March, 10:00."),
        ("cancelled", "The appointment has changed since. Cancelled by {who}."),
    ],
)
def test_what_is_settled_is_said_with_todays_truth(door, opposite, how, words):
    opposite.propose()
    settle(how, door, opposite)

    page = door.get("answer")

    who = "you" if door.side is C else door.appointment.customer.first_name
    assert page.status_code == 200
    assert f"This has been settled. {words.format(other=door.other.first_name, who=who)}" in text_of(page)
    assert "Accept new time" not in text_of(page)


def test_without_any_new_time_the_page_leads_to_the_appointment(door):
    answer, withdrawn = door.get("answer"), door.post("withdraw")

    assert (answer.status_code, answer["Location"]) == (302, door.address("home"))
    assert (withdrawn.status_code, withdrawn["Location"]) == (302, door.address("home"))


def test_accepting_a_new_time_for_a_request_confirms_it(requested, provider):
    door = Door("customer's page", requested)
    Door("studio", requested).propose()

    door.answer("accept")

    assert now_of(requested) == (WEDNESDAY_TEN, Status.CONFIRMED)


def test_a_customer_reads_what_the_new_time_overlaps_and_may_accept_it_all_the_same(customers, providers, customer):
    elsewhere = ServiceFactory(provider=ProviderFactory(name="Grace Holloway"), name="Reformer", duration_minutes=45)
    booking.book_appointment(
        service=elsewhere,
        start=WEDNESDAY_TEN + timedelta(minutes=30),
        customer=customer,
        terms=booking.terms_of(elsewhere),
        booking_key="elsewhere",
    )
    providers.propose()

    page = customers.get("answer")
    by_link = Door("customer's link", customers.appointment).get("answer")

    said = text_of(page)
    assert "It overlaps your Reformer. Grace Holloway, 10:30 to 11:15." in said
    assert "Nothing else that day." in said
    assert 'aria-label="Your Wednesday 4 March: ' in page.content.decode()
    # A link may be opened by somebody else, who reads nothing of other appointments.
    assert "Reformer" not in by_link.content.decode()
    customers.answer("accept")
    assert now_of(customers.appointment) == (WEDNESDAY_TEN, Status.CONFIRMED)


def test_who_chooses_a_time_reads_what_it_overlaps_and_may_choose_it_all_the_same(customers, customer):
    elsewhere = ServiceFactory(provider=ProviderFactory(name="Grace Holloway"), name="Reformer", duration_minutes=45)
    booking.book_appointment(
        service=elsewhere,
        start=WEDNESDAY_TEN + timedelta(minutes=30),
        customer=customer,
        terms=booking.terms_of(elsewhere),
        booking_key="elsewhere",
    )
    value = month_picker.to_value(WEDNESDAY_TEN)

    said = text_of(customers.get("reschedule", start=value))
    elsewhere_that_day = text_of(customers.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN + 3 * HOUR)))
    by_link = Door("customer's link", customers.appointment).get("reschedule", start=value)

    assert "It overlaps your Reformer. Grace Holloway, 10:30 to 11:15. You can choose it all the same." in said
    assert "It overlaps" not in elsewhere_that_day and "Reformer" not in by_link.content.decode()
    assert customers.send(WEDNESDAY_TEN).status_code == 302


def test_a_provider_reads_both_days_with_what_else_is_on_them(providers, customers, book):
    book(WEDNESDAY_TEN + 3 * HOUR, customer=UserFactory())
    customers.propose()

    page = providers.get("answer")

    assert "1 other that day." in text_of(page)
    assert "Wednesday 4 March from" in page.content.decode()


# --- Another zone ---------------------------------------------------------------------------------------------------


def test_the_place_decides_the_zone_and_the_readers_own_stands_beside(customers, customer):
    customer.time_zone = "America/New_York"
    customer.save()

    page = customers.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN))
    theirs = customers.get("reschedule", start=month_picker.to_value(WEDNESDAY_TEN), tz="America/New_York")

    said = apart(page)
    assert "You meet in London, so times are London time. New York time stands beside the time you choose." in said
    assert "Tuesday 3 March, 10:00 to 11:00 05:00 in New York" in said
    assert "Wednesday 4 March, 10:00 to 11:00 05:00 in New York" in said
    assert "You meet in London" not in apart(theirs)
    assert "Tuesday 3 March, 05:00 to 06:00 10:00 in London" in apart(theirs)
    assert "Wednesday 4 March, 05:00 to 06:00 10:00 in London" in apart(theirs)
    assert hidden_in(page, "moveform")["start"] == hidden_in(theirs, "moveform")["start"]


def test_both_times_are_answered_in_one_zone_with_the_other_beside(customers, providers, customer):
    customer.time_zone = "Asia/Kathmandu"
    customer.save()
    providers.propose()

    said = apart(customers.get("answer"))

    assert "10:00 to 11:00 London time, 15:45 in Kathmandu" in said


def test_across_a_clock_change_each_time_has_the_hour_of_its_own_day(customers, customer):
    """New York changes its clocks on 8 March, London on 29 March: in between an hour less lies between them."""
    customer.time_zone = "America/New_York"
    customer.save()
    later = TUESDAY_TEN + 7 * DAY

    said = apart(customers.get("reschedule", start=month_picker.to_value(later)))

    assert "Tuesday 3 March, 10:00 to 11:00 05:00 in New York" in said
    assert "Tuesday 10 March, 10:00 to 11:00 06:00 in New York" in said


# --- Parts of the page, for scripts -----------------------------------------------------------------------------------


def test_a_chosen_time_swaps_the_change_alone(door):
    answer = door.browser.get(
        door.address("reschedule"),
        {"start": month_picker.to_value(WEDNESDAY_TEN)},
        headers={"HX-Request": "true", "HX-Target": "move"},
    )

    html = answer.content.decode()
    assert '<div id="move">' in html
    assert "<title>Wed 4 March, 10:00 – " in html
    assert 'id="movebar" hx-swap-oob="true"' in html
    assert 'data-announce="New: Wednesday 4 March, 10:00 to 11:00, London time.' in html
    assert "<main" not in html
    assert {"HX-Request", "HX-Target"} <= set(re.split(", *", answer["Vary"]))


def test_another_day_swaps_the_picker_and_empties_the_change(door):
    answer = door.browser.get(
        door.address("reschedule"), {"day": "2026-03-05"}, headers={"HX-Request": "true", "HX-Target": "picker"}
    )

    html = answer.content.decode()
    assert "<main" not in html
    assert 'id="move" hx-swap-oob="true"' in html
    assert "Choose a new time" in html
    assert 'id="note" hx-preserve' in html


# --- What other pages say of it ---------------------------------------------------------------------------------------


def test_both_sides_pages_show_both_times_and_the_way_to_answer(door, opposite):
    opposite.propose()

    page, theirs = door.get("home"), opposite.get("home")

    said = text_of(page)
    assert f"{door.other.first_name} asks for another time." in said
    assert "New time proposed" in said
    assert "Wed 4 March, 10:00 to 11:00" in said
    assert "Answer the new time" in said
    assert f"{opposite.other.first_name} has your new time." in text_of(theirs)
    assert "See both times" in text_of(theirs)


def test_the_history_tells_both_times(customers, providers):
    customers.propose(message="My train is late.")
    providers.answer("keep")
    customers.propose()
    providers.answer("accept")

    said = text_of(customers.get("home"))

    assert "New time proposed Wed 4 March, 10:00 instead of Tue 3 March, 10:00" in said
    assert "not Wed 4 March, 10:00, Tue 3 March, 10:00 stays" in said
    assert "Rescheduled to Wed 4 March, 10:00 from Tue 3 March, 10:00" in said
    assert "“My train is late.”" in said


def test_what_waits_for_a_customer_stands_on_their_list_soonest_deadline_first(customers, providers, book, provider):
    later = book(WEDNESDAY_TEN + 4 * HOUR).appointment
    transitions.accept_request(appointment=later, actor=provider.user)
    providers.propose()
    with at(NOW + HOUR):
        Door("studio", Appointment.objects.with_people().get(pk=later.pk)).propose(WEDNESDAY_TEN + 5 * HOUR)
    with at(NOW + 2 * HOUR):
        page = customers.browser.get("/my/appointments/")

    said = apart(page)
    asked = [ask.proposal.start for ask in page.context["asks"]]
    assert asked == [WEDNESDAY_TEN, WEDNESDAY_TEN + 5 * HOUR]
    assert "Waiting for you 2" in said
    assert said.count("Accept new time") == 2
    assert "Tue 3 March, 10:00 Wed 4 March, 10:00 London time" in said


def test_both_timelines_say_that_a_replaced_time_is_no_longer_held(customers, providers):
    providers.propose()
    customers.propose(WEDNESDAY_TEN + 2 * HOUR)

    for door in (customers, providers):
        said = apart(door.get("home"))
        assert "New time proposed Wed 4 March, 12:00 instead of Tue 3 March, 10:00" in said
        assert said.count("The time proposed before, Wed 4 March, 10:00, is no longer held.") == 1


def test_the_list_marks_what_waits_for_either_side(customers):
    customers.propose()

    said = text_of(customers.browser.get("/my/appointments/"))

    assert "Waiting for you" not in said
    assert "New time proposed" in said


def test_after_its_deadline_a_new_time_is_marked_nowhere(customers, providers):
    customers.propose()
    with at(NOW + ANSWER_TIME):
        pages = [
            customers.browser.get("/my/appointments/"),
            customers.get("home"),
            providers.get("home"),
            providers.browser.get("/studio/"),
            providers.browser.get("/studio/requests/"),
        ]

    assert all("New time proposed" not in text_of(page).replace("New time proposed Wed", "") for page in pages)
    assert all(page.context["studio"].waiting_count == 0 for page in pages[3:])


def test_the_studio_counts_and_shows_what_waits_for_the_provider(customers, providers):
    customers.propose(message="My train is late.")

    today, requests = providers.browser.get("/studio/"), providers.browser.get("/studio/requests/")
    other = providers.browser.get("/studio/customers/")

    for page in (today, requests):
        assert page.context["studio"].waiting_count == 1
        said = text_of(page)
        assert f"{providers.other.first_name} asks for another time" in said
        assert "“My train is late.”" in said
        assert "Accept new time" in said
    assert ">1<span" in other.content.decode().partition('id="rail-waiting"')[2][:80]
    providers.propose(WEDNESDAY_TEN + HOUR)
    assert providers.browser.get("/studio/").context["studio"].waiting_count == 0


def test_a_customers_list_tells_in_their_own_zone_until_when_they_answer(customers, providers):
    customers.appointment.customer.time_zone = "Asia/Kathmandu"
    customers.appointment.customer.save()
    providers.propose()

    listed = text_of(customers.browser.get("/my/appointments/"))

    assert "Answer by Mon 2 March, 21:08; until then the original time stays." in listed
    assert "15:23" not in listed


def test_a_new_time_for_today_stands_on_the_line_of_the_day(customers, providers):
    this_afternoon = NOW + 6 * HOUR
    customers.propose(this_afternoon)

    today = providers.browser.get("/studio/")

    html = today.content.decode()
    assert '<rect class="proposed"' in html
    assert "proposed 14:00 to 15:00" in html
    assert "New time proposed: Mon 2 March, 14:00" in text_of(today)


def test_an_open_page_hears_of_a_new_time(customers, providers):
    page = providers.browser.get("/studio/requests/")
    seen = re.findall(r'id="poll"[^>]*"seen": "([^"]*)"', page.content.decode().replace("&quot;", '"'))[0]
    customers.propose()

    news = providers.browser.get(
        "/studio/requests/", {"seen": seen}, headers={"HX-Request": "true", "HX-Target": "poll"}
    )

    assert news.status_code == 200
    assert "Accept new time" in news.content.decode()


def test_the_week_shows_the_original_and_the_held_new_time(customers, providers):
    customers.propose()

    html = providers.browser.get("/studio/?week=2026-W10").content.decode()

    entries = re.findall(r'<a href="[^"]*" class="ev" id="(\w)(\d{4})-\w+" data-state="(\w+)"([^>]*)>', html)
    assert [(kind, day, state) for kind, day, state, _ in entries] == [
        ("e", "0303", "proposed"),
        ("n", "0304", "proposed"),
    ]
    assert "data-new" in entries[1][3]
    assert "New time proposed, the new time" in html


def test_late_cancelling_shows_the_nearest_openings_instead(customers):
    with at(TUESDAY_TEN - 3 * HOUR):
        page = Door("customer's page", customers.appointment).browser
        page = customers.browser.get(reverse("cancel_appointment", args=[customers.appointment.reference]))
    free = customers.browser.get(reverse("cancel_appointment", args=[customers.appointment.reference]))

    said = text_of(page)
    assert "Reschedule instead, and nothing is lost" in said
    assert "accepts, it is not a late cancellation and the price stays." in said
    address = reverse("reschedule_appointment", args=[customers.appointment.reference])
    offered = re.findall(rf'class="slot-chip"[^>]*href="{address}\?start=([^"]*)"', page.content.decode())
    assert len(offered) == 3
    assert "nothing is lost" not in text_of(free)
    assert f'href="{address}"' in free.content.decode()


# --- What it costs ----------------------------------------------------------------------------------------------------


def queries_of(browser, address, **query):
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address, query).status_code == 200
    return len(captured)


def test_the_pages_cost_the_same_however_much_is_booked(door, opposite, book):
    opposite.propose()
    pages = ["reschedule", "answer", "home"]
    few = [queries_of(door.browser, door.address(page)) for page in pages]
    for n in range(12):
        book(TUESDAY_TEN + 7 * DAY + n % 6 * HOUR + n // 6 * DAY, customer=UserFactory())

    assert [queries_of(door.browser, door.address(page)) for page in pages] == few
    assert max(few) <= 14


def test_the_lists_cost_the_same_for_many_new_times(customers, providers, book, provider):
    lift_limits(provider=provider, actor=provider.user, customer=customers.person)

    def another(n):
        made = book(TUESDAY_TEN + 7 * DAY + n * HOUR).appointment
        transitions.accept_request(appointment=made, actor=provider.user)
        both = Appointment.objects.with_people().get(pk=made.pk)
        Door("studio" if n % 2 else "customer's page", both).propose(TUESDAY_TEN + 8 * DAY + n * HOUR)

    lists = [(customers, "/my/appointments/"), (providers, "/studio/"), (providers, "/studio/requests/")]
    another(0)
    another(1)
    few = [queries_of(each.browser, address) for each, address in lists]
    for n in range(2, 6):
        another(n)

    assert [queries_of(each.browser, address) for each, address in lists] == few
    assert len(customers.browser.get("/my/appointments/").context["asks"]) == 3
    assert len(providers.browser.get("/studio/").context["asks"]) == 3
