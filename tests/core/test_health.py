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
def test_not_ready_without_the_database(client, monkeypatch):
    monkeypatch.setattr(connection, "cursor", failing(OperationalError("host db.internal is down")))
    monkeypatch.setattr(cache, "get", failing(ConnectionError("no route")))

    response = client.get("/ready/")

    assert (response.status_code, response.content) == (503, b"not ready: the database does not answer\n")
    assert response["Retry-After"] == "5"


@pytest.mark.django_db
def test_ready_without_the_cache_as_pages_are_and_says_what_is_missing(client, monkeypatch):
    monkeypatch.setattr(cache, "get", failing(ConnectionError("no route to cache.internal")))

    response = client.get("/ready/")

    assert (response.status_code, response.content) == (200, b"ok, but the cache does not answer\n")
    assert not response.has_header("Retry-After")


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail


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
