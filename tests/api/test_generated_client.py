"""A client that is generated from the schema takes somebody from signing up to a changed and cancelled booking."""

import importlib
import re
import subprocess
import sys
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import pytest
from django.core import mail
from PIL import Image

from appointments.models import Appointment
from appointments.search.index import refresh_openings
from outbox.testing import deliver
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
NAME = "generated_client"
PASSWORD = "two goats in a boat"
EMAIL = "amara@example.com"


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """A function that imports a module of the generated client. Generating takes three seconds, and so is done once."""
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\n")
    terms = ["--path", str(SCHEMA), "--output-path", str(tmp_path / NAME), "--config", str(config)]
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning", *terms]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture
def offer():
    hours = {day: [("08:00", "17:00")] for day in range(7)}
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor", time_zone="Europe/London", hours=hours)
    service = ServiceFactory(provider=provider, slug="first-assessment", duration_minutes=45)
    refresh_openings(provider_ids=[provider.pk])  # the search finds them from now on
    return service


def picture() -> BytesIO:
    made = BytesIO()
    Image.new("RGB", (300, 300), "teal").save(made, "PNG")
    made.seek(0)
    return made


def open_mailed_link(client) -> None:
    deliver("notifications.send_account_mail")
    [address] = set(re.findall(r"https?://[^/\s]+(/accounts/\S+)", mail.outbox[-1].body))
    assert client.post(address).status_code == HTTPStatus.FOUND


def test_a_client_made_from_the_schema_signs_up_books_moves_cancels_and_reads_its_file(
    client, settings, live_server, offer, generated
):
    settings.SITE_URL = live_server.url
    models = generated("models")

    def call(name, as_client, *args, **terms):
        return generated(f"api.{name}").sync(*args, client=as_client, **terms)

    visitor = generated("client").Client(base_url=live_server.url, raise_on_unexpected_status=True)
    made = call("signup.post_signup", visitor, body=models.SignUpIn(password=PASSWORD, email=EMAIL, name="Amara Nwosu"))
    assert (made.email, made.email_confirmed) == (EMAIL, False)
    open_mailed_link(client)
    pair = call("token.post_token", visitor, body=models.SignInIn(username=EMAIL, password=PASSWORD))
    program = generated("client").AuthenticatedClient(
        base_url=live_server.url, token=pair.access, raise_on_unexpected_status=True
    )
    [card] = call("providers.get_providers", visitor, q="Maya").results
    [service] = call("providers.get_providers_provider_services", visitor, card.id).results
    slots = call("providers.get_providers_available_slots", visitor, provider=card.id, service=service.id).slots
    wish = models.BookingIn(provider=card.id, service=service.id, start=slots[0].start)

    booked = call("appointments.post_appointments", program, body=wish, idempotency_key="one")
    again = call("appointments.post_appointments", program, body=wish, idempotency_key="one")
    later = models.NewTimeIn(start=slots[-1].start)
    moved = call("appointments.post_appointments_ref_proposals", program, booked.id, body=later)
    file = call("appointments.get_appointments_ref_calendar_ics", program, booked.id)
    cancelled = call("appointments.post_appointments_ref_cancel", program, booked.id, body=models.CancelIn())

    assert (booked.start, booked.end - booked.start) == (slots[0].start, timedelta(minutes=45))
    assert (again.id, moved.id, moved.start) == (booked.id, booked.id, slots[-1].start)
    assert f"DTSTART:{slots[-1].start:%Y%m%dT%H%M%S}" in file.replace(";TZID=Europe/London", "") and "SUMMARY:" in file
    assert cancelled.status is models.AppointmentStatus.CANCELLED
    assert Appointment.objects.get().customer.email == EMAIL
    photo = generated("types").File(picture(), "me.png", "image/png")
    assert "/media/" in call("me.put_me_photo", program, body=models.PhotoIn(photo=photo)).photo
    refused = call("appointments.post_appointments", visitor, body=wish)
    assert (refused.status, refused.type_.endswith("/token-invalid/")) == (401, True)
