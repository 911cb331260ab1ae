"""A banned person may sign in, and then meets one page; what is the same for everybody stays open."""

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path, resolve, reverse
from django.views.decorators.csrf import csrf_exempt

from accounts import bans
from core import clock
from core.view_contract import for_programs, is_open_to_banned, open_to_banned
from tests.access.patterns import all_patterns
from tests.factories.accounts import UserFactory

SUSPENDED = "/suspended/"


@csrf_exempt
@for_programs(verbs=("GET", "POST"))
def thing(request):
    return JsonResponse({"done": request.method})


@open_to_banned
def open_page(request):
    return HttpResponse("open")


urlpatterns = [path("api/thing/", thing), path("open/", open_page), path("", include("config.urls"))]
handler404 = "core.errors.page_not_found"

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def banned():
    person = UserFactory()
    bans.ban(person, now=clock.now())
    return person


@pytest.fixture
def browser(banned):
    client = Client()
    client.force_login(banned)
    return client


def test_a_session_from_before_the_ban_has_ended(client):
    person = UserFactory()
    client.force_login(person)
    bans.ban(person, now=clock.now())

    assert client.get("/my/appointments/")["Location"] == "/accounts/login/?next=/my/appointments/"


def test_after_signing_in_again_every_page_leads_to_the_one_that_says_why(banned):
    client = Client()
    banned.set_password("a-long-password")
    banned.email_confirmed_at = clock.now()
    banned.save()

    client.post("/accounts/login/", {"login": banned.email, "password": "a-long-password"})

    for address in ("/", "/my/appointments/", "/my/settings/", "/providers/", "/become-a-provider/", "/admin/"):
        assert client.get(address)["Location"] == SUSPENDED, address
        assert client.post(address)["Location"] == SUSPENDED, address


def test_signing_out_and_the_pages_that_are_the_same_for_all_stay_open(browser):
    for address in ("/help/", "/help/privacy/", "/help/standing/", "/accounts/logout/", "/open/"):
        assert browser.get(address).status_code == 200, address
    browser.post("/accounts/logout/")
    assert browser.get("/my/settings/")["Location"].startswith("/accounts/login/")


def test_htmx_is_sent_there_by_its_own_header(browser):
    answer = browser.get("/providers/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"]) == (204, SUSPENDED)


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_program_gets_a_problem(browser, verb):
    answer = getattr(browser, verb)("/api/thing/", content_type="application/json")

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/developers/problems/suspended/"


def test_what_machines_ask_for_is_answered_to_anybody(browser):
    for address in ("/health/", "/ready/", "/robots.txt", "/favicon.ico"):
        assert browser.get(address).get("Location", "") != SUSPENDED, address


def test_a_browser_without_a_session_costs_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/help/").status_code == client.get("/open/").status_code == 200


def test_a_page_that_is_missing_is_missing_for_them_too(browser):
    assert browser.get("/no/such/page/").status_code == 404


def test_a_lifted_ban_opens_everything_at_the_next_request(banned, browser):
    bans.lift(banned.bans.get(), actor=UserFactory(is_staff=True), reason="Sorry")

    assert browser.get("/my/settings/").status_code == 200


def test_only_views_that_say_so_are_open():
    named = [pattern for pattern in all_patterns() if pattern.is_named and not pattern.arguments]
    opened = {
        pattern.name
        for pattern in named
        if ":" not in pattern.name and is_open_to_banned(resolve(reverse(pattern.name)).func)
    }

    # What the addresses for programs answer a banned person is in the access table; pages about them are for everybody.
    for_programs = ("api_", "developers")
    assert {name for name in opened if not name.startswith(("help", *for_programs))} == {
        "health", "ready", "robots", "favicon", "suspended", "account_logout",
        # Google tells of changed calendars there, and is no person.
        "google_push",
        # A copy of one's data, and what is asked for again before it.
        "settings_data", "settings_data_copy", "account_reauthenticate", "reauthenticate_by_mail", "mfa_reauthenticate",
        "settings_delete", "leaving", "leaving_keep",
    }  # fmt: skip
