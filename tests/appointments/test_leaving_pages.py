"""The pages of deleting an account: what it says first, what it asks for, and where it leads."""

import re
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import bans, mailed_codes
from accounts.leaving import GRACE
from accounts.models import Departure
from appointments.services import fair_use
from core import clock
from outbox import testing
from outbox.models import Message
from tests.appointments.lives import DAY, HOUR, book, provider_named, statuses
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

pytestmark = pytest.mark.django_db
PAGE, LEAVING, KEEP = "/my/settings/data/delete/", "/leaving/", "/leaving/keep/"
PASSWORD = "correct horse battery"


@pytest.fixture
def person():
    return UserFactory(name="Amara Nwosu", email="amara@example.com")


@pytest.fixture
def here(client, person):
    client.force_login(person)
    return client


def press(client, page=None, **typed):
    """Send the form of `page` (by default of one just opened), with a password unless something else is typed."""
    page = page or client.get(PAGE)
    hidden = dict(re.findall(r'name="(seen|shown)" value="([^"]*)"', page.text))
    return client.post(PAGE, {**hidden, **(typed or {"password": PASSWORD})})


def lines_of(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_the_page_counts_what_goes_and_what_stays(here, person):
    maya = provider_named("Maya", cancellation_cutoff_minutes=5 * 60)
    ProviderFactory(user=person, name="Amara", slug="amara", hours={0: [("00:00", "24:00")]})
    with clock.pretended(clock.now() - 3 * DAY):
        book(maya, person, after=1 * DAY)
    book(maya, person, after=4 * HOUR)
    book(maya, person, after=3 * DAY)
    book(maya, person, after=4 * DAY, by_hand=True)

    said = lines_of(here.get(PAGE))

    assert "1 upcoming appointment is cancelled. The other side is told." in said
    assert "1 request is withdrawn." in said
    assert "1 appointment starts too soon to be cancelled here and stays: Maya expects you." in said
    assert "1 past appointment stays with their providers, without your name." in said
    assert "Your public page is taken down. Nobody finds or books you." in said
    assert "There is no open suspension, so nothing is kept to know you by." in said
    assert "late cancellation" not in said


def test_a_late_cancellation_is_named_with_the_way_to_avoid_it(here, person):
    fair_use.note_late(person, occasion=uuid4(), now=clock.now())
    book(provider_named("Maya"), person, after=6 * HOUR)

    said = lines_of(here.get(PAGE))

    assert "This counts as one late cancellation, your 2nd of 3 in 30 days." in said
    assert "Delete after it, and nothing counts." in said


def test_the_third_one_is_named_in_the_button_and_suspends(here, person):
    for _ in range(2):
        fair_use.note_late(person, occasion=uuid4(), now=clock.now())
    late = book(provider_named("Maya"), person, after=6 * HOUR)
    page = here.get(PAGE)

    answer = press(here, page)

    assert "Delete my account and be suspended" in page.text
    assert (answer.status_code, answer.url, statuses(late)) == (302, LEAVING, ["cancelled"])
    person.refresh_from_db()
    assert (person.banned_at is not None, person.leaves_at is not None) == (True, True)


def test_the_password_deletes_and_leads_to_the_page_that_says_how_to_keep_the_account(here, person):
    booked = book(provider_named("Maya"), person, after=3 * DAY)

    answer = press(here)

    assert (answer.status_code, answer.url, statuses(booked)) == (302, LEAVING, ["cancelled"])
    after = lines_of(here.get(LEAVING))
    until = clock.local(Departure.objects.get().erase_at, person.zone)
    assert "Your account is closed It will be erased on" in after
    assert f"{until:%A} {until.day} {until:%B %Y}, {until:%H:%M}" in after
    assert "Until then you can keep it: sign in as before and press “Keep my account”." in after
    assert "Sign in to keep it" in after
    assert here.get("/my/appointments/").url.startswith("/accounts/login/")


def test_a_visitor_who_deleted_nothing_or_long_ago_reads_no_date(here, client):
    press(here)
    with clock.pretended(clock.now() + GRACE):
        late = lines_of(here.get(LEAVING))
    elsewhere = lines_of(type(client)().get(LEAVING))

    assert "A deleted account can be kept for 14 days" in late
    assert "A deleted account can be kept for 14 days" in elsewhere
    assert "Your account is closed" not in late + elsewhere


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"password": ""}, "Enter your password."),
        ({"password": "wrong"}, "That is not your password."),
        ({"code": "123456"}, "Enter your password."),
    ],
)
def test_without_the_password_nothing_happens(here, person, typed, words):
    answer = press(here, **typed)

    assert (answer.status_code, words in answer.text) == (422, True)
    assert not Departure.objects.exists()


def test_guessing_the_password_here_is_limited(here):
    answers = [press(here, password="wrong").status_code for _ in range(11)]

    assert answers == [422] * 10 + [429]


def code_in_the_mail() -> str:
    testing.deliver("notifications.send_account_mail")
    return re.search(r"\b(\d{6})\b", mail.outbox[-1].body)[1]


def test_a_code_by_mail_deletes_instead_of_the_password(here, person):
    asked = here.post(PAGE, {"do": "code"}, follow=True)
    assert "A code is on its way to amara@example.com." in asked.text
    wrong = press(here, asked, code="000000")

    code = code_in_the_mail()
    answer = press(here, code=f"{code[:3]} {code[3:]}")

    assert (wrong.status_code, answer.status_code, answer.url) == (422, 302, LEAVING)
    assert Departure.objects.count() == 1


def test_a_code_ends_after_five_tries_and_after_a_quarter_of_an_hour(here, person):
    here.post(PAGE, {"do": "code"})
    code = code_in_the_mail()
    for _ in range(mailed_codes.TRIES):
        assert press(here, code="000000").status_code == 422

    assert press(here, code=code).status_code == 422
    assert not Departure.objects.exists()


def test_a_code_works_in_the_session_that_asked_for_it_alone(here, person, django_user_model):
    here.post(PAGE, {"do": "code"})
    code = code_in_the_mail()
    elsewhere = type(here)(headers={"origin": "http://testserver"})
    elsewhere.force_login(person)

    assert press(elsewhere, code=code).status_code == 422


def test_what_was_booked_meanwhile_brings_the_page_back(here, person):
    page = here.get(PAGE)
    new = book(provider_named("Maya"), person, after=2 * DAY)

    answer = press(here, page)

    assert (answer.status_code, "Nothing was deleted." in answer.text) == (409, True)
    assert "1 upcoming appointment is cancelled." in lines_of(answer)
    assert statuses(new) == ["confirmed"]


def test_somebody_with_rights_of_staff_reads_why_they_stay(client):
    staff = UserFactory(is_staff=True)
    client.force_login(staff)

    page, answer = client.get(PAGE), client.post(PAGE, {"password": PASSWORD, "seen": 0, "shown": "x"})

    assert "may act as staff" in page.text
    assert "Delete my account</button>" not in page.text
    assert (answer.status_code, Departure.objects.exists()) == (200, False)


def test_signing_in_leads_to_the_page_that_keeps_the_account_and_to_no_other(here, person):
    press(here)

    here.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    for address in ("/", "/my/appointments/", "/my/settings/", "/my/settings/data/", PAGE, "/suspended/"):
        assert (here.get(address).status_code, here.get(address).url) == (302, LEAVING), address
    page = here.get(LEAVING)
    assert "Keep my account" in page.text
    assert here.get("/help/privacy/").status_code == 200
    here.post(KEEP)

    assert here.get("/my/appointments/").status_code == 200
    person.refresh_from_db()
    assert person.takes_part


def test_a_suspended_person_deletes_and_keeps_and_stays_suspended(client, person):
    bans.ban(person, now=clock.now())
    client.force_login(person)
    page = client.get(PAGE)
    assert "The suspension stays." in page.text

    press(client, page)
    client.force_login(person)
    client.post(KEEP)

    assert client.get("/my/appointments/").url == "/suspended/"


def test_the_page_of_an_account_that_is_being_erased_offers_nothing(here, person):
    departure = Departure.objects.create(user=person, asked_at=clock.now(), erase_at=clock.now() + GRACE, step="begun")

    page = here.get(LEAVING)
    here.post(KEEP)

    assert "is being erased" in page.text
    assert Departure.objects.get() == departure


def test_the_page_asks_the_database_the_same_however_much_lies_ahead(here, person):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert here.get(PAGE).status_code == 200
        return len(queries)

    maya = provider_named("Maya")
    book(maya, person, after=6 * HOUR)
    one = asked()
    for days in range(2, 5):
        book(maya, person, after=days * DAY)

    assert asked() == one


def test_a_mail_says_until_when_and_leads_to_the_button(here, person):
    press(here)
    testing.deliver("notifications.send_account_mail")

    [letter] = [each for each in mail.outbox if each.subject.startswith("Your account is deleted on ")]
    assert f"http://testserver{LEAVING}" in letter.body
    assert "one press keeps your account" in letter.body


def test_erasing_is_due_when_the_mail_says_and_not_before(here, person):
    press(here)

    departure = Departure.objects.get()
    assert departure.erase_at - departure.asked_at == GRACE
    assert Message.objects.get(topic="accounts.erase").due_at == departure.erase_at
    testing.deliver("accounts.erase")
    person.refresh_from_db()
    assert person.name == "Amara Nwosu", "the handler asks the clock itself"
