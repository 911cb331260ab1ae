"""Machines learn whether the process lives and can work, and nothing else."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse

from core.http_methods import VerbsMiddleware
from outbox import services as outbox
from outbox.clock import database_now


def test_health_answers_without_a_database(client):
    response = client.get("/health/")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_database_and_cache_answer(client):
    response = client.get("/ready/")

    assert (response.status_code, response.content) == (200, b"ok\noldest due job: 0 seconds\n")


@pytest.mark.parametrize(("waited", "first"), [(200, "ok"), (301, "ok, but jobs are behind")])
@pytest.mark.django_db
def test_ready_with_jobs_that_are_behind_and_says_for_how_long(client, waited, first):
    due_at = database_now() - timedelta(seconds=waited)
    with transaction.atomic():
        outbox.publish("probe.count", key="one", payload={}, due_at=due_at)

    response = client.get("/ready/")

    said, age = response.content.decode().splitlines()
    assert (response.status_code, said) == (200, first)
    assert waited <= int(age.split()[3]) <= waited + 60


@pytest.mark.django_db
def test_not_ready_where_the_jobs_cannot_be_read(client, monkeypatch):
    monkeypatch.setattr("core.health.jobs_wait.first", failing(OperationalError("no such table")))

    response = client.get("/ready/")

    assert (response.status_code, response.content) == (503, b"not ready: the database does not answer\n")


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

    said = b"ok, but the cache does not answer\noldest due job: 0 seconds\n"
    assert (response.status_code, response.content) == (200, said)
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
