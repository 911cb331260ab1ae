"""Requests that schemathesis makes up from the schema: no address fails on our side, and each answer is one that is
promised.

The suite makes some 300 calls; `bin/api-check` as many as it is told.
"""

import os

import hypothesis
import pytest
import requests
import schemathesis
from django.conf import settings as django_settings

from api.urls import ROUTES
from api.views.pages import schema
from tests.api.program import check

HOME = "http://testserver"
CALLS = int(os.environ.get("API_CALLS", "300"))
# These end the token or the account that the other calls are made with; their own tests call them.
LEFT_OUT = {"/api/customer/delete/", "/api/me/password/", "/api/me/email/", "/api/token/revoke"}


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.LIMITS = {name: (10**6, window) for name, (_, window) in django_settings.LIMITS.items()}


@pytest.mark.parametrize(("who", "share"), [("program", 3), ("studio", 1.5)])
def test_no_request_that_fits_the_schema_fails_on_our_side(who, share, request, service):
    program = request.getfixturevalue(who)
    program.client.raise_request_exception = False
    each = max(1, round(CALLS / share / len(ROUTES)))

    for found in schemathesis.openapi.from_dict(schema()).get_all_operations():
        operation = found.ok()
        if operation.path not in LEFT_OUT:
            _call(program, operation, each)


def _call(program, operation, times):
    @hypothesis.settings(
        max_examples=times,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def call(case):
        terms = case.as_transport_kwargs(base_url=HOME)
        names = ("method", "url", "headers", "params", "json", "data", "files")
        made = requests.Request(**{name: terms[name] for name in names if name in terms}).prepare()
        headers = {name: value for name, value in made.headers.items() if not name.lower().startswith("content-")}
        answer = program.client.generic(
            made.method,
            made.url.removeprefix(HOME),
            made.body or b"",
            content_type=made.headers.get("Content-Type", "application/json"),
            headers={**headers, "Authorization": f"Bearer {program.token}"},
        )
        assert answer.status_code < 500, (made.method, made.url, made.body, answer.content)
        check(made.method.lower(), made.path_url, answer)

    call()
