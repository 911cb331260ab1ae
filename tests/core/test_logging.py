"""Logs are one line per event, in UTC, with request and user, and hold neither people's data nor forged lines."""

import io
import json
import logging
import logging.config
import re

import pytest
import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path, re_path

from accounts.models import User
from core.logging import RequestLogMiddleware, logging_config
from core.view_contract import open_to_all


@open_to_all
def hello(request):
    logging.getLogger("product").info("hello %s", request.GET.get("name", ""))
    return HttpResponse("hello")


def broken(request, key):
    raise IntegrityError(
        'duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists.\nmail "bob@example.org"'
    )


urlpatterns = [path("hello/", hello), re_path(r"^reset/(?P<key>.+)/$", broken)]


@pytest.fixture
def lines():
    """What was written since the last look, read line by line."""
    root, written = logging.getLogger(), io.StringIO()
    before = root.handlers[:]
    config = logging_config(level="INFO", form="json")
    config["handlers"]["stdout"]["stream"] = written
    logging.config.dictConfig(config)

    def read():
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield read

    logging.config.dictConfig(settings.LOGGING)
    root.handlers[:] = before


@pytest.mark.urls(__name__)
def test_a_request_is_one_line_with_its_id_its_route_and_nothing_of_its_address(client, lines):
    response = client.get("/hello/?name=Ada")

    *_, line = lines()
    assert line.pop("milliseconds") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "dayline.request",
        "method": "GET",
        "route": "hello/",
        "status": 200,
        "request_id": response["X-Request-ID"],
    }


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_line_says_who_by_number_once_that_is_known(client, lines):
    user = User.objects.create_user("ada@example.org", "password", name="Ada")
    client.force_login(user)
    lines()

    client.get("/hello/")
    first = lines()[-1]
    request = RequestFactory().get("/hello/")
    request._cached_user = user
    RequestLogMiddleware(hello)(request)
    then = lines()

    assert "user_id" not in first  # nobody asked for the user, so the log does not either
    assert [line["user_id"] for line in then] == [user.pk, user.pk]
    assert "ada@example.org" not in json.dumps(then)


@pytest.mark.urls(__name__)
def test_nobody_forges_or_colours_a_line(client, lines):
    client.get("/hello/", {"name": 'x\r\n{"event": "forged"}\u2028\x1b[31mred'})

    entries = lines()
    assert [entry["event"] for entry in entries if entry["event"] == "forged"] == []
    assert len(entries) == 2


@pytest.mark.urls(__name__)
def test_a_failure_is_logged_once_with_its_traceback_but_without_what_people_typed(client, lines):
    client.raise_request_exception = False

    client.get("/reset/secret-token/")

    failure, request = lines()
    text = json.dumps([failure, request])
    assert failure["event"] == "Internal Server Error"
    assert failure["route"] == request["route"] == "^reset/(?P<key>.+)/$"
    assert "IntegrityError" in failure["exception"]
    assert "secret-token" not in text
    assert "ada@example.org" not in text and "bob@example.org" not in text


@pytest.mark.parametrize(("proxies", "kept"), [(0, False), (1, True)])
def test_an_id_from_outside_is_kept_only_when_a_proxy_of_ours_gave_it(settings, proxies, kept):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Request-ID": "abcdef-123456"})

    response = RequestLogMiddleware(lambda request: HttpResponse())(request)

    assert (response["X-Request-ID"] == "abcdef-123456") is kept


@pytest.mark.parametrize("given", ["x\r\ny" * 3, "short", "a" * 65, "with space in it"])
def test_an_id_that_is_not_one_is_replaced(settings, given):
    settings.TRUSTED_PROXIES = 1
    request = RequestFactory().get("/", headers={"X-Request-ID": given})

    response = RequestLogMiddleware(lambda request: HttpResponse())(request)

    assert re.fullmatch("[0-9a-f]{32}", response["X-Request-ID"])


def test_structlogs_own_events_take_the_same_way(lines):
    structlog.get_logger("product").warning("job failed", job=7, error="no mailbox eve@example.org")

    [line] = lines()
    assert (line["event"], line["job"], line["level"]) == ("job failed", 7, "warning")
    assert line["error"] == "no mailbox [email]"


@pytest.mark.urls(__name__)
def test_a_foreign_host_is_refused_in_one_line_that_does_not_repeat_it(client, lines):
    response = client.get("/hello/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "evil.example" not in json.dumps(lines())
    assert DisallowedHost.__name__ not in json.dumps(lines())
