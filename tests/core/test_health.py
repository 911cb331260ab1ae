"""Machines learn whether the process lives and can work, and nothing else."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse, StreamingHttpResponse

from core.http_methods import VerbsMiddleware


def test_health_answers_without_a_database(client):
    response = client.get("/health/")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_database_and_cache_answer(client):
    response = client.get("/ready/")

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("thing", "attribute", "error"),
    [(connection, "cursor", OperationalError("host db.internal is down")), (cache, "get", ConnectionError("no route"))],
)
def test_not_ready_while_one_of_them_does_not(client, monkeypatch, thing, attribute, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(thing, attribute, fail)

    response = client.get("/ready/")

    assert (response.status_code, response.content) == (503, b"not ready\n")
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("address", ["/health/", "/ready/"])
def test_they_are_asked_without_tls_and_only_read(client, settings, address):
    settings.SECURE_SSL_REDIRECT = True

    assert client.post(address).status_code in {301, 405}
    assert client.delete(address).status_code == 405


@pytest.mark.parametrize("verb", ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_verbs_that_no_page_knows_are_refused_before_a_page_sees_them(client, verb):
    response = client.generic(verb, "/health/")

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("page", [HttpResponse("hello"), StreamingHttpResponse(["hel", "lo"])])
def test_head_is_answered_as_get_without_the_body(rf, page):
    page["Content-Length"] = "5"

    asked = []
    request = rf.head("/health/")

    response = VerbsMiddleware(lambda request: asked.append(request.method) or page)(request)

    assert (b"".join(response), response.status_code, response["Content-Length"]) == (b"", 200, "5")
    assert (asked, request.method) == (["GET"], "HEAD")
