"""A route says what it takes: a program's is added to the product without an exception for its path."""

import json

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from accounts.limits import limited
from api.problems import KINDS
from core import errors
from core.exceptions import DomainError
from core.view_contract import PAGE, Contract, contract_of, for_programs, takes


class SlotTaken(DomainError):
    problem = "slot-taken"
    message = "14:20 was just taken <b>."


class Gone(DomainError):
    status = 410
    message = "It is over."


class Stale(DomainError):
    program_status = 412
    problem = "changed-meanwhile"
    message = "It was changed meanwhile."


RAISED = {
    "stale": Stale(),
    "taken": SlotTaken(),
    "gone": Gone(),
    "missing": Http404("no such thing"),
    "forbidden": PermissionDenied(),
    "away": OperationalError("server closed the connection"),
    "broken": RuntimeError("secret detail"),
}


@csrf_exempt
@for_programs(verbs=("GET", "PUT", "PATCH", "DELETE"), most_bytes=100)
def thing(request, name):
    if name in RAISED:
        raise RAISED[name]
    sent = json.loads(request.body) if request.body else None
    return JsonResponse({"name": name, "verb": request.method, "sent": sent})


@csrf_exempt
@for_programs(verbs=("POST",))
@limited("search")
def counted(request):
    return JsonResponse({})


@for_programs(verbs=("POST",))
def with_key(request):
    return JsonResponse({})


@takes(verbs=("GET", "POST"), most_bytes=50, too_large=lambda request: HttpResponse("a shorter one", status=413))
def short(request):
    return HttpResponse(request.POST.get("note", ""))


def page(request):
    return HttpResponse("a page")


urlpatterns = [
    path("things/<str:name>/", thing),
    path("counted/", counted),
    path("with-key/", with_key),
    path("short/", short),
    path("page/", page),
    path("", include("config.urls")),
]
handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
JSON = {"content_type": "application/json"}


@pytest.fixture
def program():
    return Client(raise_request_exception=False)


def told(answer):
    """Status and problem document, without the id that is another in each."""
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document.pop("request_id") == answer["X-Request-ID"]
    assert document.pop("status") == answer.status_code
    return answer.status_code, document


def document(name, detail=""):
    """The document of a problem: its title is that of its page, and so is its detail where there is nothing to add."""
    kind = KINDS[name]
    return {"type": f"/developers/problems/{name}/", "title": kind.title, "detail": detail or kind.means, "errors": []}


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_program_s_route_takes_the_verbs_and_the_json_it_declares(program, verb):
    answer = getattr(program, verb)("/things/one/", {"a": 1}, **JSON)

    assert answer.status_code == 200
    assert answer.json() == {"name": "one", "verb": verb.upper(), "sent": {"a": 1}}


def test_a_program_s_route_needs_no_body_and_no_type_of_one(program):
    assert program.delete("/things/one/").json() == {"name": "one", "verb": "DELETE", "sent": None}
    assert program.generic("PUT", "/things/one/", b"", content_type="").status_code == 200


def test_a_verb_that_a_program_s_route_does_not_declare_is_a_problem_that_says_which_it_takes(program):
    answers = [program.post("/things/one/", {}, **JSON), program.trace("/things/one/")]

    for answer in answers:
        assert told(answer) == (405, document("wrong-verb"))
        assert answer["Allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
    assert program.get("/counted/")["Allow"] == "POST, OPTIONS"
    assert program.head("/counted/").status_code == 405
    assert program.head("/things/one/").status_code == program.options("/things/one/").status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml", ""],
)
def test_a_body_of_another_type_is_a_problem_that_names_the_right_one(program, kind):
    answer = program.generic("PUT", "/things/one/", b"a=1", content_type=kind)

    assert told(answer) == (
        415,
        document("wrong-type", "Send application/json, in UTF-8."),
    )


def test_a_body_in_another_charset_is_a_problem(program):
    answer = program.generic("PUT", "/things/one/", b"{}", content_type="application/json; charset=utf-16")

    assert told(answer)[0] == 415


def test_a_body_longer_than_the_route_takes_is_a_problem_and_not_read(program):
    fits, longer = json.dumps("x" * 98), json.dumps("x" * 99)

    assert program.put("/things/one/", fits, **JSON).json()["sent"] == "x" * 98
    assert told(program.put("/things/one/", longer, **JSON)) == (
        413,
        document("too-large", "A body has at most 100 bytes here."),
    )


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("taken", 409, document("slot-taken", "14:20 was just taken <b>.")),
        ("gone", 410, document("gone", "It is over.")),
        ("stale", 412, document("changed-meanwhile", "It was changed meanwhile.")),
        ("missing", 404, document("not-found")),
        ("forbidden", 403, document("not-allowed")),
        ("away", 503, document("unavailable")),
        ("broken", 500, document("fault")),
    ],
)
def test_whatever_goes_wrong_on_a_program_s_route_is_a_problem(program, name, status, expected):
    answer = program.get(f"/things/{name}/")

    assert told(answer) == (status, expected)
    assert answer.get("Retry-After") == ("10" if status == 503 else None)


@pytest.mark.parametrize("query", ["?" + "a=1&" * 600, "?q=a%00b"])
def test_an_address_that_cannot_be_read_is_a_problem(program, query):
    assert told(program.get(f"/things/one/{query}")) == (400, document("malformed"))


def test_a_program_that_asks_too_often_is_told_how_long_to_wait(program, settings):
    settings.LIMITS = {**settings.LIMITS, "search": (1, 3600)}
    cache.clear()
    program.post("/counted/", {}, **JSON)

    answer = program.post("/counted/", {}, **JSON)

    seconds = answer["Retry-After"]
    assert told(answer) == (429, document("too-many", f"Try again in {seconds} seconds."))


def test_a_program_s_route_is_not_exempt_from_the_key_of_forms_by_itself():
    answer = Client(enforce_csrf_checks=True).post("/with-key/", {}, **JSON)

    assert told(answer) == (403, document("csrf"))


def test_the_pages_beside_it_stay_pages(program):
    assert program.put("/page/", {}, **JSON)["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert program.post("/page/", {}, **JSON).status_code == 415
    assert "We could not read that address" in program.get("/page/?q=a%00b").text
    assert "There is no such page" in program.get("/things/").text


def test_a_page_says_by_itself_how_long_its_form_may_be(program):
    assert program.post("/short/", {"note": "x"}, content_type="application/x-www-form-urlencoded").status_code == 200
    answer = program.post("/short/", {"note": "x" * 50})

    assert (answer.status_code, answer.text) == (413, "a shorter one")


def test_a_view_that_says_nothing_is_a_page_and_a_decorated_one_keeps_its_contract():
    assert contract_of(page) == contract_of(None) == PAGE == Contract()
    assert contract_of(counted).verbs == ("POST",)
    assert contract_of(csrf_exempt(thing)) == contract_of(thing)
