"""Requests that schemathesis makes up from the schema, with values in them that exist: no address fails on our side,
and each answer is one that is promised.

The suite makes some hundreds of calls; `bin/api-check` as many as it is told, to a running server.
"""

import json

import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client

from tests.api.made_up import HOME
from tests.api_check.calls import Caller
from tests.api_check.world import World

# Two by each person at each address: some 420, and once. All is asked of the database elsewhere.
EACH = 2

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.LIMITS = {name: (10**6, window) for name, (_, window) in django_settings.LIMITS.items()}
    settings.ACCOUNT_RATE_LIMITS = dict.fromkeys(django_settings.ACCOUNT_RATE_LIMITS, "1000000/s/key")


def test_no_request_that_fits_the_schema_fails_on_our_side():
    client = Client(raise_request_exception=False)

    def look(path, query):
        return json.loads(client.get(path, query).content)

    def send(request: requests.PreparedRequest):
        headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
        kind = request.headers.get("Content-Type", "application/json")
        url = request.url.removeprefix(HOME)
        return client.generic(request.method, url, request.body or b"", content_type=kind, headers=headers)

    caller = Caller(send)
    caller.round(World(look), EACH)

    assert caller.tally.faults == {}
    # A third of them did what they were for, so that not only refusals were looked at.
    done = sum(times for (_, _, status), times in caller.tally.counts.items() if status < 300)
    assert done > caller.tally.calls / 3
