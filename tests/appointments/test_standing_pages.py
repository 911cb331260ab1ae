"""A person reads how they stand: what counts until when; while suspended why, since when, and how to appeal."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import bans
from accounts.models import Appeal, Ban
from appointments.models import LateCancellation
from appointments.services import transitions
from appointments.states import Role
from tests.factories.accounts import UserFactory

from .conftest import TUESDAY_TEN, move_to_london

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = TUESDAY_TEN - 6 * HOUR
STANDING, SUSPENDED = "/my/standing/", "/suspended/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def maya(provider):
    provider.user.name = provider.name = "Maya Okafor"
    provider.user.save()
    provider.policy.cancellation_cutoff_minutes = 0
    provider.policy.save()
    return move_to_london(provider)


def on_record(person, *days_ago, **fields):
    made = [
        LateCancellation.objects.create(person=person, occasion=uuid4(), at=LATE - days * DAY, **fields)
        for days in days_ago
    ]
    return made[0]


def cancel(appointment, person, role=Role.CUSTOMER, at=LATE):
    with time_machine.travel(at, tick=False):
        return transitions.cancel_appointment(appointment=appointment, actor=person, role=role)


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def read(person, address=STANDING, at=LATE + HOUR):
    with time_machine.travel(at, tick=False):
        answer = signed_in(person).get(address)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def costs(person, address, at=LATE + HOUR):
    client = signed_in(person)
    with time_machine.travel(at, tick=False), CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


# --- Your standing ----------------------------------------------------------------------------------------------------


def test_who_never_cancelled_late_reads_so(customer):
    text = read(customer)

    assert "0 of 3 <span>in the last 30 days</span>" in text
    assert "You can book as usual. None is recorded." in text
    assert "<table" not in text and 'class="counting"' not in text


def test_a_late_cancellation_says_what_when_how_late_and_until_when(maya, confirmed, customer):
    cancel(confirmed, customer)

    text = read(customer)

    assert "1 of 3 <span>in the last 30 days</span>" in text
    assert 'role="img" aria-label="1 of 3 used"' in text
    assert f'<a href="/my/appointments/{confirmed.reference}/">{confirmed.service.name}, Maya Okafor</a>' in text
    assert ">Tue 3 March, 04:00</time>" in text and "6 h</td>" in text
    assert text.count(">Thu 2 April, 05:00</time>") == 2
    assert "One more until then would be your 2nd of 3." in text
    assert "The one of Tue 3 March counts until Thu 2 April." in text


def test_a_providers_late_cancellation_stands_in_the_same_list(maya, confirmed, provider):
    cancel(confirmed, provider.user, Role.PROVIDER)

    text = read(provider.user)

    assert f'<a href="/studio/appointments/{confirmed.reference}/">' in text
    assert f"{confirmed.service.name}, {confirmed.customer.name}" in text


def test_several_in_one_act_are_one_row(maya, book, provider):
    made = [book(TUESDAY_TEN + n * HOUR, customer=UserFactory()).appointment for n in range(3)]
    changes = [transitions.Change(one, transitions.Verb.CANCEL) for one in made]
    with time_machine.travel(LATE, tick=False):
        transitions.apply(changes, actor=provider.user, role=Role.PROVIDER)

    text = read(provider.user)

    assert "and 2 more at once" in text
    assert "1 of 3 <span>" in text


def test_two_say_what_a_third_would_do(customer):
    on_record(customer, 1, 2)

    text = read(customer)

    assert "2 of 3 <span>" in text
    assert "One more until then would be your 3rd of 3: booking would be suspended straight away" in text


def test_what_no_longer_counts_is_said_in_words(customer):
    staff = UserFactory(is_staff=True)
    ban = Ban.objects.create(user=customer, since=LATE - 5 * DAY, lifted_at=LATE - 4 * DAY, lifted_by=staff)
    on_record(customer, 1, forgiven_at=LATE, forgiven_by=staff, forgiven_reason="A secret of staff")
    on_record(customer, 5, ban=ban)
    on_record(customer, 35)

    text = read(customer)

    assert "0 of 3 <span>" in text and "None of yours counts now." in text
    assert "Forgiven by our staff on " in text and "A secret of staff" not in text
    assert "Not any more: part of the suspension of " in text
    assert "Not any more, since " in text


@pytest.mark.parametrize(("moment", "used"), [(LATE + 30 * DAY, 1), (LATE + 30 * DAY + timedelta(seconds=1), 0)])
def test_the_last_second_counts_as_the_rule_has_it(customer, moment, used):
    on_record(customer, 0)

    assert f"{used} of 3 <span>" in read(customer, at=moment)


def test_nobody_reads_another_persons_standing(maya, confirmed, customer):
    cancel(confirmed, customer)

    assert "None is recorded." in read(confirmed.provider.user)


def test_the_page_costs_the_same_at_one_row_and_at_twenty(maya, customer, book):
    cancel(book(TUESDAY_TEN).appointment, customer)
    one = costs(customer, STANDING)
    for days in range(40, 65):
        on_record(customer, days)

    assert costs(customer, STANDING) == one <= 4
    text = read(customer)
    assert text.count("<tr>") == 21 and "Only the newest 20 are listed." in text


def test_the_list_of_appointments_and_the_account_menu_lead_to_it(maya, confirmed, customer):
    on_record(customer, 1)

    text = read(customer, reverse("my_appointments"))

    assert text.count(f'href="{STANDING}"') >= 2
    assert "<b>1 of 3</b> late cancellations" in text


# --- Suspended --------------------------------------------------------------------------------------------------------


@pytest.fixture
def banned(maya, confirmed, customer, book):
    """The customer, banned by the third late cancellation, with one appointment that the ban ended."""
    book(TUESDAY_TEN + DAY)
    on_record(customer, 1, 2)
    cancel(confirmed, customer)
    customer.refresh_from_db()
    return customer


def appeal(person, text, *, at=LATE + HOUR, client=None):
    with time_machine.travel(at, tick=False):
        return (client or signed_in(person)).post(SUSPENDED, {"text": text})


def test_the_page_says_since_when_why_and_what_was_ended(banned):
    text = read(banned, SUSPENDED)

    assert "<h1>Booking is suspended.</h1>" in text
    assert "Tuesday 3 March 2026, 04:00</time>, London time, after 3 late cancellations in 30 days." in text
    assert text.count("<tr>") == 4 and "Maya Okafor</th>" in text
    assert "Your upcoming appointment was cancelled. It counts for nobody" in text
    assert "Send appeal" in text


def test_it_offers_nothing_that_is_closed(banned):
    text = read(banned, SUSPENDED)

    links = {part.split('"')[0] for part in text.split('href="')[1:]}
    assert {link for link in links if link.startswith("/") and not link.startswith(("/static/", "/help/"))} == {
        "/",
        "/accounts/logout/",
        "/developers/",
        "/my/settings/data/",
    }


def test_an_appeal_waits_with_staff_and_is_sent_once(banned):
    client = signed_in(banned)

    answers = [appeal(banned, "My train was late.", client=client, at=LATE + n * HOUR) for n in (1, 2)]

    assert [answer["Location"] for answer in answers] == [SUSPENDED] * 2
    [sent] = Appeal.objects.all()
    assert (sent.ban, sent.text, sent.sent_at) == (Ban.objects.get(), "My train was late.", LATE + HOUR)
    text = read(banned, SUSPENDED)
    assert "is with our staff.</b>" in text and "My train was late." in text
    assert "Send appeal" not in text


def test_a_second_appeal_while_one_waits_is_told_and_not_sent(banned):
    client = signed_in(banned)
    appeal(banned, "My train was late.", client=client)
    appeal(banned, "And I was ill.", client=client)

    with time_machine.travel(LATE + HOUR, tick=False):
        page = client.get(SUSPENDED).text

    assert "is with our staff already, so this one was not sent" in page
    assert Appeal.objects.count() == 1


def test_an_answer_stands_on_the_page_and_another_appeal_may_follow(banned):
    appeal(banned, "My train was late.")
    Appeal.objects.update(answer="All trains were on time.", answered_at=LATE + 3 * HOUR)

    text = read(banned, SUSPENDED)
    assert "was answered</b>" in text and "All trains were on time." in text

    appeal(banned, "Mine was not.", at=LATE + 4 * HOUR)
    assert Appeal.objects.count() == 2


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_appeal_needs_a_text_that_is_not_too_long(banned, text):
    answer = appeal(banned, text)

    assert answer.status_code == 422
    assert not Appeal.objects.exists()


def test_appeals_are_limited(banned, settings):
    settings.LIMITS = settings.LIMITS | {"appeal": (1, 3600)}
    client = signed_in(banned)

    assert [appeal(banned, "Please.", client=client).status_code for _ in range(2)] == [302, 429]


def test_an_appeal_after_the_ban_was_lifted_meanwhile_is_not_sent(banned, monkeypatch):
    client = signed_in(banned)
    bans.lift(Ban.objects.get(), actor=UserFactory(is_staff=True), reason="Sorry")

    answer = appeal(banned, "Please.", client=client)

    assert answer["Location"] == "/"
    assert not Appeal.objects.exists()


def test_who_is_not_suspended_is_led_home(customer):
    assert signed_in(customer).get(SUSPENDED)["Location"] == "/"


def test_a_visitor_is_told_to_sign_in_and_nothing_about_anybody(client, banned):
    answer = client.get(SUSPENDED)

    assert answer.status_code == 200
    assert "Sign in to read why" in answer.text
    assert banned.name not in answer.text and banned.email not in answer.text
    assert client.post(SUSPENDED, {"text": "Hello"})["Location"] == f"/accounts/login/?next={SUSPENDED}"


def test_the_suspended_page_costs_the_same_however_many_appeals_there_are(banned):
    one = costs(banned, SUSPENDED)
    ban = Ban.objects.get()
    for hours in range(5):
        Appeal.objects.create(ban=ban, text="Please.", sent_at=LATE + hours * HOUR, answered_at=LATE + 9 * HOUR)

    assert costs(banned, SUSPENDED) == one <= 6


def test_a_banned_providers_page_is_gone_for_everybody(maya, confirmed, provider, client):
    on_record(provider.user, 1, 2)
    cancel(confirmed, provider.user, Role.PROVIDER)

    address = reverse("provider_page", args=[provider.slug])
    assert client.get(address).status_code == 404
    assert signed_in(UserFactory()).get(address).status_code == 404
    assert signed_in(provider.user).get(reverse("studio_today"))["Location"] == SUSPENDED
