"""A visitor who chose a time comes back to it, whatever signing in takes; everybody else arrives where they live."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from core import clock
from providers.models import Listing
from tests.accounts.conftest import PASSWORD, Postbox, sign_in
from tests.accounts.test_second_step import code_of
from tests.accounts.test_sign_up import sign_up
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

from .conftest import NOW, move_to_london

pytestmark = pytest.mark.django_db

CHOSEN = "Tue 3 March, 10:00"
MINE = "/my/appointments/"


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def person():
    return UserFactory(email="amara@example.com", password=PASSWORD)


@pytest.fixture
def booking_page(service):
    return reverse("book", args=[service.provider.slug, service.slug]) + "?start=2026-03-03T10%3A00%3A00Z"


@pytest.fixture
def visitor(service, booking_page):
    """A browser that chose a time, which is kept for it, and was asked to sign in."""
    browser = Client()
    browser.post(reverse("keep_time", args=[service.provider.slug, service.slug]), {"start": "2026-03-03T10:00:00Z"})
    assert browser.get(booking_page).url.startswith("/accounts/login/?next=/book/")
    return browser


def links(page: str, words: str) -> list[str]:
    return re.findall(rf'<a [^>]*?href="([^"]*)"[^>]*>{words}</a>', page)


def test_both_links_of_the_page_after_signing_up_lead_back(visitor, booking_page):
    sent = sign_up(visitor, next=booking_page).url
    Postbox().deliver()
    page = visitor.get(sent).text
    [again], [ready] = links(page, "sign up again"), links(page, "I have opened the link, sign me in")

    form = visitor.get(again)
    assert CHOSEN in form.text
    sign_up(visitor, next=form.context["redirect_field_value"])
    Client().post(Postbox().link())  # opened on the phone
    assert CHOSEN in visitor.get(ready).text
    answer = sign_in(visitor, email="amara@example.com", next=visitor.get(ready).context["redirect_field_value"])

    assert answer.url == booking_page


def test_any_page_they_were_going_to_survives_signing_up(db):
    browser = Client()
    sent = sign_up(browser, next="/become-a-provider/").url

    assert links(browser.get(sent).text, "sign up again") == ["/accounts/signup/?next=%2Fbecome-a-provider%2F"]


def test_an_address_that_lost_the_way_back_still_leads_there(visitor, booking_page, person):
    assert CHOSEN in visitor.get("/accounts/login/").text

    assert sign_in(visitor).url == booking_page


def test_signing_up_without_it_in_the_address_leads_back_too(visitor, booking_page, db):
    sign_up(visitor)
    link = Postbox().link()

    assert Client().post(link).url == booking_page, "on another device"


def test_a_new_password_leads_back_on_either_device(visitor, booking_page, person):
    [forgot] = links(visitor.get("/accounts/login/?next=" + quote(booking_page)).text, "Forgot your password\\?")
    form = visitor.get(forgot)
    assert CHOSEN in form.text
    answer = visitor.post(
        "/accounts/password/reset/", {"email": person.email, "next": form.context["redirect_field_value"]}
    )
    assert answer.url.startswith("/accounts/password/reset/done/?next=%2Fbook%2F")
    assert CHOSEN in visitor.get(answer.url).text

    phone, link = Client(), Postbox().link()
    form = phone.get(phone.get(link).url)
    answer = phone.post(
        form.context["action_url"], {"password1": PASSWORD + "s", "next": form.context["redirect_field_value"]}
    )
    [ready] = links(phone.get(answer.url).text, "Sign in")[-1:]
    back = phone.get(ready).context["redirect_field_value"]

    assert sign_in(phone, password=PASSWORD + "s", next=back).url == booking_page
    assert sign_in(visitor, password=PASSWORD + "s").url == booking_page


def test_the_top_bar_of_the_sign_in_page_keeps_it(visitor, booking_page):
    page = visitor.get("/accounts/login/?next=/become-a-provider/").text
    bar = page.partition('aria-label="Account"')[2].partition("</nav>")[0]

    assert links(bar, "Sign in") == ["/accounts/login/?next=%2Fbecome-a-provider%2F"]
    assert links(bar, "Create an account") == ["/accounts/signup/?next=%2Fbecome-a-provider%2F"]
    assert "next" not in "".join(links(visitor.get("/help/").text, "Sign in")), "elsewhere one means to sign in"


def test_the_second_step_shows_the_time_and_going_back_keeps_it(visitor, booking_page, person):
    here = Client()
    sign_in(here)
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = here.get("/accounts/2fa/totp/activate/").context["form"].secret
    here.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    second = sign_in(visitor, next=booking_page).url
    page = visitor.get(second).text
    assert CHOSEN in page
    [back] = re.findall(r'name="next" value="(/accounts/login/[^"]*)"', page)
    assert visitor.post("/accounts/logout/", {"next": back}).url == back
    assert links(visitor.get(back).text, "Sign in")[0] == back

    sign_in(visitor, next=booking_page)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert visitor.post(second, {"code": code_of(secret)}).url == booking_page


def test_another_page_to_go_to_wins_over_the_chosen_time(visitor, person):
    assert CHOSEN not in visitor.get("/accounts/login/?next=/my/settings/").text

    assert sign_in(visitor, next="/my/settings/").url == "/my/settings/"


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_another_site_is_never_the_way_back(person, where):
    browser = Client()
    browser.get("/accounts/login/", {"next": where})
    sign_up(browser, email="new@example.com", next=where)
    browser.post("/accounts/password/reset/", {"email": person.email, "next": where})
    pages = [
        browser.get(path, {"next": where}).text
        for path in ("/accounts/confirm-email/", "/accounts/password/reset/done/", "/accounts/password/reset/key/done/")
    ]

    assert not [page for page in pages if "evil" in page]
    assert not [letter for letter in Postbox().deliver() if "evil" in letter.body]
    assert sign_in(browser, next=where).url == MINE


def test_a_chosen_time_leads_back_once(visitor, booking_page, person):
    assert sign_in(visitor).url == booking_page
    assert visitor.get("/accounts/login/").url == MINE
    visitor.post("/accounts/logout/")

    assert sign_in(visitor).url == MINE


def test_an_old_plan_leads_nobody_away(visitor, person):
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        assert CHOSEN not in visitor.get("/accounts/login/").text
        assert sign_in(visitor).url == MINE


@pytest.mark.parametrize(
    ("listing", "home"),
    [(Listing.LIVE, "/studio/"), (Listing.PAUSED, "/studio/"), (Listing.HIDDEN, "/studio/"), (Listing.DRAFT, MINE)],
)
def test_a_provider_starts_in_the_studio(person, listing, home):
    ProviderFactory(user=person, listing=listing)
    browser = Client()

    assert sign_in(browser).url == home
    assert browser.get("/accounts/login/").url == home
    assert browser.get(home).status_code == 200


def test_a_provider_who_was_going_somewhere_goes_there(person):
    ProviderFactory(user=person)

    assert sign_in(Client(), next=MINE).url == MINE


# --- Without a session ------------------------------------------------------------------------------------------------


def test_looking_at_the_booking_form_writes_no_session_however_often(booking_page):
    for _ in range(3):
        browser = Client()
        browser.get(browser.get(booking_page).url)
        browser.get(browser.get(booking_page, headers={"Cookie": "sessionid=madeupbyarobot"}).url)

    assert Session.objects.count() == 0


def test_the_address_alone_shows_the_time_and_leads_back(service, booking_page, person):
    browser = Client()
    sign_in_page = browser.get(booking_page).url

    page = browser.get(sign_in_page)
    answer = sign_in(browser, next=page.context["redirect_field_value"])

    assert CHOSEN in page.text
    assert f"with {service.provider.name} is the time you chose." in page.text
    assert service.name in page.text
    assert answer.url == booking_page


def test_a_time_kept_for_this_browser_says_until_when(visitor, booking_page):
    assert "is kept for you until" in visitor.get("/accounts/login/", {"next": booking_page}).text
    other_time = booking_page.replace("T10", "T15")
    assert "is the time you chose" in visitor.get("/accounts/login/", {"next": other_time}).text
    assert "is the time you chose" in Client().get("/accounts/login/", {"next": booking_page}).text


@pytest.mark.parametrize(
    "query",
    ["", "?start=", "?start=x", "?start=2026-03-03T10", "?start=2020-01-01T10:00:00Z", "?start=9999-01-01T10:00Z"],
)
def test_an_address_without_a_time_to_come_shows_none(service, query):
    form = reverse("book", args=[service.provider.slug, service.slug]) + query

    page = Client().get("/accounts/login/", {"next": form})

    assert (page.status_code, page.context["chosen_time"]) == (200, None)


@pytest.mark.parametrize("address", ["/book/nobody/nothing/", "/providers/", "/no/such/page/", "/book/"])
def test_an_address_that_books_nothing_shows_no_time(db, address):
    page = Client().get("/accounts/login/", {"next": f"{address}?start=2026-03-03T10%3A00%3A00Z"})

    assert (page.status_code, page.context["chosen_time"]) == (200, None)


def test_a_newcomer_gets_the_zone_in_which_they_chose_the_time(service, booking_page):
    browser = Client()

    sign_up(browser, email="new@example.com", next=booking_page + "&tz=Asia/Tokyo")

    assert User.objects.get(email="new@example.com").time_zone == "Asia/Tokyo"
