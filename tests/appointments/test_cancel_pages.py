"""The pages by which a person cancels: each says what it counts as for them, sends that back, and never exceeds it.

It is Monday 2 March 2026, 08:00 UTC; the appointment is Tuesday 10:00 UTC, so cancelling is late from Monday 22:00 on.
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Ban
from appointments import links
from appointments.models import LateCancellation
from appointments.services import transitions
from appointments.states import Role, Status
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

from .conftest import NOW, TUESDAY_TEN
from .test_customer_pages import text_of

pytestmark = pytest.mark.django_db

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
LATE = TUESDAY_TEN - 12 * HOUR
DOORS = ["customer's page", "studio", "customer's link", "provider's link"]


class Door:
    """One way to cancel: its page, and the person who cancels by it."""

    def __init__(self, name, appointment):
        self.is_customers = name.startswith("customer")
        self.role = Role.CUSTOMER if self.is_customers else Role.PROVIDER
        self.person = appointment.customer if self.is_customers else appointment.provider.user
        self.is_link = name.endswith("link")
        self.appointment = appointment
        if self.is_link:
            token = links.token_for(appointment, self.role, now=NOW)
            self.address, self.after = reverse("link_act", args=[token, "cancel"]), reverse("link", args=[token])
        else:
            names = ("cancel_appointment", "my_appointment")
            if not self.is_customers:
                names = ("studio_cancel", "studio_appointment")
            self.address, self.after = (reverse(name, args=[appointment.reference]) for name in names)
        self.browser = Client()

    def _enter(self):
        if not self.is_link:
            self.browser.force_login(self.person)

    def get(self, at=LATE):
        with time_machine.travel(at, tick=False):
            self._enter()
            return self.browser.get(self.address)

    def post(self, at=LATE, **data):
        with time_machine.travel(at, tick=False):
            self._enter()
            return self.browser.post(self.address, data)

    def is_cancelled(self):
        self.appointment.refresh_from_db()
        return self.appointment.status == Status.CANCELLED


@pytest.fixture(params=DOORS)
def door(request, provider, book):
    provider.policy.cancellation_cutoff_minutes = 0
    provider.policy.save()
    return Door(request.param, book().appointment)


@pytest.fixture
def on_record():
    def on_record(person, *days_ago):
        for days in days_ago:
            LateCancellation.objects.create(
                person=person, occasion=f"00000000-0000-4000-8000-{days:012}", at=LATE - days * DAY
            )

    return on_record


def sent_back(response):
    """The number that the page's form would send."""
    return re.findall(r'name="seen" value="(\d*)"', response.content.decode())


def button_of(response):
    return re.findall(r'data-kind="danger"[^>]*>([^<]*)<', response.content.decode())


def noted(person):
    return LateCancellation.objects.filter(person=person).count()


def test_twelve_hours_and_a_second_before_the_start_it_is_free(door):
    page = door.get(LATE - SECOND)
    answer = door.post(LATE - SECOND, seen="0")

    said = text_of(page)
    assert "Cancelling now is free and does not affect your standing. That holds before " in said
    assert "late cancellation" not in said
    assert (sent_back(page), button_of(page)) == (["0"], ["Cancel appointment"])
    assert (answer.status_code, answer["Location"]) == (302, door.after)
    assert (door.is_cancelled(), noted(door.person)) == (True, 0)


def test_twelve_hours_before_the_start_it_is_late_and_counted_as_shown(door, on_record):
    on_record(door.person, 1)

    page = door.get()
    answer = door.post(seen=sent_back(page)[0])

    said = text_of(page)
    assert "This is a late cancellation. It starts in 12 h. Free cancelling ended " in said
    assert "2nd of 3" in said
    assert "late cancellations in 30 days. A third up to Wed 1 April would suspend booking." in said
    assert "Cancelling 12 hours or less before the start is a late cancellation." in said
    assert 'aria-label="1 of 3 used, this would be the 2nd"' in page.content.decode()
    assert (sent_back(page), button_of(page)) == (["2"], ["Cancel and use my 2nd of 3"])
    assert (answer.status_code, answer["Location"]) == (302, door.after)
    assert (door.is_cancelled(), noted(door.person), LateCancellation.objects.count()) == (True, 2, 2)


@pytest.mark.parametrize("seen", [None, "", "0", "-1", "free", "1.5", "٢", "2 ", "\x00", "1" * 400])
def test_who_was_not_shown_that_it_is_late_is_shown_it_with_everything_typed(door, seen):
    data = {"reason": "<b>I am ill</b>\r\n“x”"} | ({} if seen is None else {"seen": seen})

    answer = door.post(**data)

    assert answer.status_code == 409
    assert "Nothing is cancelled yet. Cancelling counts as more than when you opened this page." in text_of(answer)
    assert "This is a late cancellation." in text_of(answer)
    assert "&lt;b&gt;I am ill&lt;/b&gt;\r\n“x”</textarea>" in answer.content.decode()
    assert sent_back(answer) == ["1"]
    assert (door.is_cancelled(), noted(door.person)) == (False, 0)


def test_what_another_tab_cancelled_in_between_is_counted_before_it_acts(door, on_record):
    on_record(door.person, 1)
    seen = sent_back(door.get())[0]
    on_record(door.person, 2)

    answer = door.post(seen=seen, reason="I am ill")

    assert (seen, answer.status_code, sent_back(answer)) == ("2", 409, ["3"])
    assert "This will be your 3rd late cancellation of 3." in text_of(answer)
    assert ">I am ill</textarea>" in answer.content.decode().replace("\n", "")
    assert (door.is_cancelled(), noted(door.person), Ban.objects.exists()) == (False, 2, False)


def test_what_became_better_meanwhile_is_done(door, on_record):
    on_record(door.person, 30)
    seen = sent_back(door.get())[0]

    answer = door.post(LATE + SECOND, seen=seen)

    assert (seen, answer.status_code) == ("2", 302)
    assert LateCancellation.objects.filter(person=door.person, at=LATE + SECOND).count() == 1


def test_too_long_a_reason_is_kept_and_the_page_weighs_anew(door, on_record):
    on_record(door.person, 1)

    answer = door.post(seen="1", reason="x" * 501)

    assert answer.status_code == 422
    assert "x" * 501 in answer.content.decode()
    assert (sent_back(answer), button_of(answer)) == (["2"], ["Cancel and use my 2nd of 3"])
    assert not door.is_cancelled()


def test_pressing_twice_counts_once(door):
    answers = [door.post(seen="1") for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [door.after] * 2
    assert noted(door.person) == 1


def test_the_third_says_what_it_does_and_does_it(door, on_record, book):
    on_record(door.person, 1, 2)
    for days in (1, 2):
        book(TUESDAY_TEN + days * DAY)

    page = door.get()
    answer = door.post(seen=sent_back(page)[0])

    also = "and your other 2 appointments are cancelled"
    also = also if door.is_customers else f", your page is taken down {also}"
    said = text_of(page).replace(" ,", ",")
    assert (
        "This will be your 3rd late cancellation of 3. If you cancel, booking is suspended straight away"
        f"{' ' if door.is_customers else ''}{also}. You are signed out everywhere."
    ) in said
    assert (sent_back(page), button_of(page)) == (["3"], ["Cancel and be suspended"])
    assert (answer.status_code, answer["Location"]) == (302, reverse("suspended"))
    door.person.refresh_from_db()
    assert (door.is_cancelled(), door.person.banned_at) == (True, LATE)
    assert "_auth_user_id" not in door.browser.session


def test_a_customer_with_a_page_reads_that_it_is_taken_down_too(confirmed, on_record, book, in_london):
    ProviderFactory(user=confirmed.customer)
    on_record(confirmed.customer, 1, 2)

    said = text_of(Door("customer's page", confirmed).get())

    assert "booking is suspended straight away and your page is taken down." in said


def test_somebody_else_signed_in_stays_so_when_a_link_suspends_its_reader(confirmed, on_record):
    door, other = Door("customer's link", confirmed), UserFactory()
    on_record(confirmed.customer, 1, 2)
    door.browser.force_login(other)

    answer = door.post(seen="3")

    # Back to the link, which works no more: the other person's own pages say nothing of it.
    assert answer["Location"] == door.after
    assert door.browser.get(answer["Location"]).status_code == 403
    assert int(door.browser.session["_auth_user_id"]) == other.pk


def test_the_cutoff_still_ends_it_for_a_customer_and_says_whom_to_ask(confirmed):
    door = Door("customer's page", confirmed)

    answer = door.post(TUESDAY_TEN - 2 * HOUR + SECOND, seen="3", reason="ill")

    assert answer.status_code == 409
    assert "That changed while you were reading, so nothing was cancelled." in text_of(answer)
    assert not door.is_cancelled()


def test_a_reader_in_another_zone_reads_it_in_the_zone_of_the_page(confirmed, on_record):
    confirmed.customer.time_zone = "America/New_York"
    confirmed.customer.save()
    on_record(confirmed.customer, 1)

    said = text_of(Door("customer's link", confirmed).get(LATE + 3 * HOUR))

    # An appointment in Kathmandu: its times stand in that city's zone first.
    zone = "Kathmandu" if confirmed.is_in_person else "New York"
    ended = {"Kathmandu": "today at 03:45", "New York": "today at 17:00"}[zone]
    assert f"{zone} time" in said
    assert f"Free cancelling ended {ended}." in said


def cost(door):
    with time_machine.travel(LATE, tick=False):
        door._enter()
        door.browser.get(door.address)  # what a first visit writes down is not counted
        with CaptureQueriesContext(connection) as captured:
            assert door.browser.get(door.address).status_code == 200
    return len(captured)


def test_weighing_costs_one_query_and_one_more_where_it_would_suspend(door, on_record, book):
    # The appointment; for who is signed in the session; in the studio the provider, what waits, the figures and what
    # else the customer has on that day, too.
    base = 1 if door.is_link else 2 if door.is_customers else 6
    # A customer's own page offers openings to which it could be moved instead.
    base += 4 if door.is_customers and not door.is_link else 0

    first = cost(door)
    on_record(door.person, 1)
    second = cost(door)
    on_record(door.person, 2)
    third = cost(door)
    for n in range(3):
        book(TUESDAY_TEN + DAY + n * HOUR)
    with_more = cost(door)

    assert (first, second) == (base + 1, base + 1)
    assert (third, with_more) == (base + 2, base + 2)


@pytest.mark.parametrize("side", [Role.CUSTOMER, Role.PROVIDER])
def test_an_appointment_cancelled_late_says_whose_it_is_for_both_sides_everywhere(confirmed, customer, provider, side):
    actor = customer if side is Role.CUSTOMER else provider.user
    with time_machine.travel(LATE, tick=False):
        transitions.cancel_appointment(appointment=confirmed, actor=actor, role=side, reason="<i>ill</i>")
        mine, theirs = Client(), Client()
        mine.force_login(customer)
        theirs.force_login(provider.user)
        pages = {
            Role.CUSTOMER: [
                mine.get(reverse("my_appointment", args=[confirmed.reference])),
                mine.get("/my/appointments/?tab=history"),
            ],
            Role.PROVIDER: [
                theirs.get(reverse("studio_appointment", args=[confirmed.reference])),
                theirs.get(reverse("studio_customer", args=[customer.uuid])),
            ],
        }

    name = (customer if side is Role.CUSTOMER else provider).first_name
    for reader, shown in pages.items():
        who = "you" if reader is side else name
        for page in shown:
            badge = rf'data-kind="ruby"[^>]*>.{{0,200}}?Late cancellation by {who}<'
            assert re.search(badge, page.content.decode(), re.S)
            assert "<i>ill" not in page.content.decode()
        assert f"Cancelled by {who}." in text_of(shown[0])


def test_the_mail_of_a_late_cancellation_has_its_badge(confirmed, customer):
    deliver("notifications.send_mail")
    mail.outbox.clear()
    with time_machine.travel(LATE, tick=False):
        transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)
        deliver("notifications.send_mail")

    assert len(mail.outbox) == 2
    for letter in mail.outbox:
        who = "you" if letter.body.startswith("You cancelled") else customer.first_name
        assert f"\nLate cancellation by {who}\n" in letter.body
        assert "badge-ruby" in letter.alternatives[0][0]
