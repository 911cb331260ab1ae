"""Faults become pages: calm, with the right status, a way on, and nothing of the inside."""

import logging

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages import constants
from django.db import InternalError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, set_script_prefix
from django.views.decorators.http import require_POST
from psycopg.errors import DataCorrupted, IdleInTransactionSessionTimeout

from core import errors
from core.exceptions import Busy, DomainError
from core.middleware import PagesMiddleware
from core.view_contract import for_programs, open_to_all


class Gone(DomainError):
    status = 410
    message = "It led to an appointment that is over."


def refuse(request):
    raise DomainError("14:20 was just taken <b>.")


def gone(request):
    raise Gone


def find_it_busy(request):
    raise Busy


def lose_the_database(request):
    raise OperationalError("server closed the connection unexpectedly")


def miss_a_table(request):
    raise OperationalError("no such table: providers_provider")


def break_down(request):
    raise RuntimeError("secret detail")


def mine(request):
    return HttpResponse(f"hello {request.user.is_authenticated}")


@open_to_all
def public(request):
    return HttpResponse("hello")


@require_POST
def press(request, name):
    return HttpResponse("done")


@for_programs(verbs=("POST",))
def sent(request):
    return HttpResponse("done")


urlpatterns = [
    path("things/<name>/press/", press),
    path("things/<name>/", mine),
    path("sent/", sent),
    path("refuse/", refuse),
    path("gone/", gone),
    path("busy/", find_it_busy),
    path("lose/", lose_the_database),
    path("break/", break_down),
    path("miss/", miss_a_table),
    path("mine/", mine),
    path("public/", public),
    path("", include("config.urls")),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def calm_client(client):
    client.raise_request_exception = False
    return client


@pytest.fixture
def person(db):
    return get_user_model().objects.create_user("amara@example.com", "long-enough-words", name="Amara Nwosu")


def test_a_refusal_is_a_page_with_its_sentence_and_a_way_back(db, client):
    answer = client.get("/refuse/", headers={"referer": "http://testserver/my/appointments/?tab=waiting"})

    assert answer.status_code == 409
    assert "14:20 was just taken &lt;b&gt;." in answer.text
    assert 'href="/my/appointments/?tab=waiting"' in answer.text


def test_a_busy_database_is_called_busy_and_not_a_refusal(db, client):
    answer = client.get("/busy/", headers={"referer": "http://testserver/my/appointments/"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "<h1>Busy right now</h1>" in answer.text
    assert "That cannot be done" not in answer.text
    assert "nothing was changed. Please try again in a moment." in answer.text
    assert 'href="/my/appointments/"' in answer.text


def test_a_refusal_never_leads_to_another_site(db, client):
    answer = client.get("/refuse/", headers={"referer": "https://elsewhere.example/my/"})

    assert "elsewhere" not in answer.text


def test_a_refusal_in_place_is_a_notice_at_the_top(db, client):
    answer = client.get("/refuse/", headers={"hx-request": "true"})

    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#main"
    assert answer["HX-Reswap"] == "afterbegin"
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


def test_a_refusal_keeps_its_own_status(db, client):
    answer = client.get("/gone/")

    assert answer.status_code == 410
    assert "It led to an appointment that is over." in answer.text


def test_an_address_of_a_button_is_a_page_that_leads_to_its_thing(db, client):
    answer = client.get("/things/one/press/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "<h1>Nothing happened</h1>" in answer.text
    assert 'href="/things/one/">See how it stands now</a>' in answer.text
    assert client.head("/things/one/press/").status_code == 405
    assert client.put("/things/one/press/").content == b""


def test_the_way_from_a_buttons_address_follows_where_the_product_is_mounted(db, client):
    set_script_prefix("/desk/")
    try:
        answer = client.get("/things/one/press/", SCRIPT_NAME="/desk")
    finally:
        set_script_prefix("/")

    assert 'href="/desk/things/one/"' in answer.text


def test_a_program_that_opens_an_address_for_posts_gets_a_problem_document(db, client):
    answer = client.get("/sent/")

    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")


def test_a_lost_database_is_a_plain_page_to_try_again(calm_client):
    answer = calm_client.get("/lose/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "Your appointments are safe" in answer.text
    assert "server closed" not in answer.text


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite says of it what it says of a lock")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_changes_is_away():
    with pytest.raises(InternalError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("CREATE TABLE thing (id int)")

    assert errors.database_is_away(refusal.value)


@pytest.mark.parametrize(("cause", "is_away"), [(IdleInTransactionSessionTimeout(), True), (DataCorrupted(), False)])
def test_a_transaction_ended_by_the_database_passes_and_damage_does_not(cause, is_away):
    error = InternalError("its words")
    error.__cause__ = cause

    assert errors.database_is_away(error) is is_away


def test_a_fault_of_ours_shows_nothing_of_the_inside(calm_client, caplog):
    with caplog.at_level(logging.CRITICAL):
        answer = calm_client.get("/break/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text


def test_a_missing_table_is_our_fault_not_a_pause(calm_client):
    assert calm_client.get("/miss/").status_code == 500


def test_even_a_broken_page_for_errors_answers(calm_client, monkeypatch):
    monkeypatch.setattr(errors, "render_to_string", lambda name: 1 / 0)

    answer = calm_client.get("/break/")

    assert answer.status_code == 500
    assert answer.text == errors.BARE


@pytest.mark.parametrize("address", ["/public/?q=a%00b", "/providers/a%00b/"])
def test_nul_in_an_address_is_refused_before_any_page(db, calm_client, address):
    answer = calm_client.get(address)

    assert answer.status_code == 400
    assert "We could not read that address" in answer.text


def test_a_missing_page_says_so_in_our_words(db, client):
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_form_without_its_key_is_explained(db, person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    answer = client.post("/accounts/logout/", headers={"referer": "http://testserver/my/settings/"})

    assert answer.status_code == 403
    assert "This page was open too long" in answer.text
    assert 'href="/my/settings/"' in answer.text
    assert "CSRF" not in answer.text


def test_what_is_somebodys_own_is_not_kept_by_browsers_or_proxies(client, person):
    assert "Cache-Control" not in client.get("/public/")
    client.force_login(person)

    assert client.get("/mine/")["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in client.get("/public/")


def test_the_policy_is_strict_and_only_admin_may_write_styles(db, client):
    strict = client.get("/accounts/login/")["Content-Security-Policy"]
    admin = client.get("/admin/login/", follow=True)
    at_admin = client.get("/admin/")["Content-Security-Policy"]

    assert "default-src 'self'" in strict
    assert "unsafe" not in strict
    assert admin.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in at_admin
    assert "script-src 'self' 'unsafe-eval'" in at_admin


def test_pages_name_the_place_and_the_theme_of_the_person(client, person, settings):
    settings.SITE_NAME = "Elsewhere"
    person.theme = "dark"
    person.save()

    visitor = client.get("/accounts/login/").text
    client.cookies["theme"] = "light"
    by_cookie = client.get("/accounts/login/").text
    client.force_login(person)
    signed_in = client.get("/my/settings/").text

    assert "– Elsewhere</title>" in visitor
    assert "data-theme" not in visitor
    assert 'data-theme="light"' in by_cookie
    assert 'data-theme="dark"' in signed_in


def test_messages_are_notices_at_the_top(rf):
    from django.template.loader import render_to_string

    class Said:
        message, level_tag = "<b>Saved</b>", constants.DEFAULT_TAGS[constants.SUCCESS]

    written = render_to_string("components/messages.html", {"messages": [Said]})

    assert 'role="status"' in written
    assert 'data-tone="good"' in written
    assert "&lt;b&gt;Saved" in written


def test_the_sheet_renders_every_component(db, rf, person):
    from core.styleguide import sheet

    request = rf.get("/styleguide/")
    request.user, request.session = person, {}
    text = sheet(request).content.decode()

    for component in [
        "btn",
        "badge",
        "leaf",
        "dayline",
        "field",
        "error-summary",
        "notice",
        "toast",
        "empty",
        "pager",
        "dialog",
        "menu",
        "month",
        "slot",
        "week",
    ]:
        assert f'class="{component}' in text
    assert 'style="' not in text


def test_the_middleware_lets_other_faults_pass():
    assert PagesMiddleware(lambda request: None).process_exception(None, KeyError("x")) is None
