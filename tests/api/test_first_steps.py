"""The requests of `/developers/` run in a shell as they stand there, and answer with what the page shows."""

import html
import json
import re
import shutil
import subprocess

import pytest

from accounts import services
from accounts.models import User
from core import clock
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="The page shows requests of curl."),
]
FIRST = [201, 200, 200, 201, 200]
FURTHER = [200, 200, 201, 201, 201, 202]
FINDS = 3


@pytest.fixture
def offer():
    hours = {day: [("08:00", "17:00")] for day in range(7)}
    provider = ProviderFactory(slug="maya-okafor", time_zone="Europe/London", hours=hours)
    return ServiceFactory(provider=provider, slug="first-assessment", duration_minutes=45, repeats=True)


def same_shape(shown, real) -> bool:
    """Whether all that is shown is there, with values of the same kind."""
    if isinstance(shown, dict):
        return all(name in real and same_shape(shown[name], real[name]) for name in shown)
    if isinstance(shown, list):
        return all(same_shape(shown[0], each) for each in real)
    return real is None or type(shown) is type(real)


def test_the_steps_run_as_they_stand_on_the_page(client, settings, live_server, offer):
    settings.SITE_URL = live_server.url
    page = client.get("/developers/").content.decode()
    requests, answers = (
        [html.unescape(text) for text in re.findall(rf'aria-label="{kind} \d+">(.*?)</pre>', page, re.S)]
        for kind in ("Request", "Answer")
    )
    kept = {"API": f"{live_server.url}/api"}
    told = []

    for request in requests:
        command = f"{request} --silent --show-error --write-out '\\n%{{http_code}}'"
        done = subprocess.run(["bash", "-c", command], env=kept, capture_output=True, text=True, timeout=60)
        body, _, status = done.stdout.rpartition("\n")
        told.append((int(status), json.loads(body)))
        if len(told) == 1:
            person = User.objects.get(email="amara@example.com")
            services.confirm_address(user=person, email=person.email, now=clock.now())
        for name, key in (("ACCESS", "access"), ("ID", "id")):
            kept |= {name: told[-1][1][key]} if len(told) <= len(FIRST) and key in told[-1][1] else {}
        if len(told) == FINDS:
            first, *_, last = told[-1][1]["slots"]
            kept |= {"START": first["start"], "LATER": last["start"]}

    assert [status for status, _ in told] == FIRST + FURTHER
    assert [same_shape(json.loads(shown), real) for shown, (_, real) in zip(answers, told, strict=True)] == [True] * 11
    assert told[len(FIRST)][1]["start"] == kept["LATER"] != kept["START"]
    booked = offer.appointments.filter(customer__email="amara@example.com").order_by("pk")
    assert [one.status for one in booked] == ["cancelled", "confirmed", "confirmed", "confirmed"]
