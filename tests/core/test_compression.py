"""Pages leave compressed where the browser can read that, padded so that their length tells no secret."""

import gzip
from io import BytesIO

import pytest
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path, reverse

from tests.access.world import World

LONG = "Where somebody goes, and when. " * 200
KINDS = {
    "page": "text/html; charset=utf-8",
    "file": "text/calendar; charset=utf-8",
    "table": "text/csv",
    "drawing": "image/svg+xml",
    "photo": "image/webp",
    "bytes": "application/octet-stream",
}

urlpatterns = [
    *(
        path(f"{name}/", lambda request, kind=kind: HttpResponse(LONG, content_type=kind))
        for name, kind in KINDS.items()
    ),
    path("program/", lambda request: JsonResponse({"said": LONG})),
    path("short/", lambda request: HttpResponse("ok")),
    path("stream/", lambda request: StreamingHttpResponse([LONG, LONG], content_type="text/csv")),
    path("picture/", lambda request: FileResponse(BytesIO(LONG.encode()), content_type="image/webp")),
    path("", include("config.urls")),
]

pytestmark = pytest.mark.urls(__name__)
READS = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["page", "file", "table", "drawing"])
def test_text_is_a_fraction_of_its_length_and_reads_the_same(client, name):
    answer = client.get(f"/{name}/", headers=READS)

    assert answer["Content-Encoding"] == "gzip"
    assert answer["Content-Length"] == str(len(answer.content))
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) < len(LONG) / 10
    assert gzip.decompress(answer.content).decode() == LONG


@pytest.mark.parametrize("name", ["photo", "bytes", "program", "short", "picture"])
def test_what_would_not_get_shorter_or_is_for_programs_leaves_as_it_is(client, name):
    answer = client.get(f"/{name}/", headers=READS)

    assert answer.status_code == 200
    assert not answer.has_header("Content-Encoding")
    assert answer.getvalue().decode() in {LONG, "ok", f'{{"said": "{LONG}"}}'}


def test_a_table_that_is_sent_piece_by_piece_is_compressed_on_the_way(client):
    answer = client.get("/stream/", headers=READS)

    assert gzip.decompress(answer.getvalue()).decode() == LONG * 2


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "br, deflate"}])
def test_a_browser_that_cannot_read_it_gets_the_page_as_it_is(client, headers):
    answer = client.get("/page/", headers=headers)

    assert answer.text == LONG
    assert answer["Vary"] == "Accept-Encoding"


def test_the_length_of_the_same_page_differs_from_time_to_time(client):
    lengths = {len(client.get("/page/", headers=READS).content) for _time in range(50)}

    assert len(lengths) > 5


def test_head_tells_the_length_that_get_would_have_within_the_padding(client):
    head, whole = client.head("/page/", headers=READS), client.get("/page/", headers=READS)

    assert head.content == b""
    assert head["Content-Encoding"] == "gzip"
    assert abs(int(head["Content-Length"]) - len(whole.content)) <= 100


@pytest.mark.django_db
def test_a_real_page_and_its_refusals_leave_compressed(client):
    answers = [
        client.get("/accounts/login/", headers=READS),
        client.get("/no/such/page/", headers=READS),
        client.get("/accounts/login/?q=a%00b", headers=READS),
    ]

    assert [(answer.status_code, answer["Content-Encoding"]) for answer in answers] == [
        (200, "gzip"),
        (404, "gzip"),
        (400, "gzip"),
    ]
    assert "Sign in" in gzip.decompress(answers[0].content).decode()


@pytest.mark.django_db
def test_pages_that_show_a_secret_repeat_nothing_from_their_address():
    world = World()
    person, query = world.client("C"), {"next": "/repeated/", "q": "repeated", "key": "repeated"}
    world.addresses  # noqa: B018  - built when it is asked for

    setting_up = person.get(reverse("mfa_activate_totp"), query)
    world.apps  # noqa: B018
    codes = person.get(reverse("mfa_view_recovery_codes"), query)

    assert (setting_up.status_code, codes.status_code) == (200, 200)
    assert "repeated" not in setting_up.text + codes.text
