"""A copy of a person's data: asked for, made by a worker, mailed, fetched by its person alone, and deleted in time."""

import io
import json
import time
import zipfile
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import bans, copies, copy_file, tasks
from accounts.models import Appeal, DataCopy
from appointments.services import transitions
from core import clock
from outbox import testing
from tests.access.world import World
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGE, ASK = "/my/settings/data/", "/my/settings/data/copies/"


@pytest.fixture
def world() -> World:
    world = World()
    world.appointment, world.request, world.photo  # noqa: B018
    return world


def made_for(person) -> zipfile.ZipFile:
    target = io.BytesIO()
    copy_file.write(target, person, now=clock.now())
    return zipfile.ZipFile(target)


def facts_of(person) -> dict:
    return json.loads(made_for(person).read("your-data.json"))


def just_signed_in(client, person):
    client.force_login(person)
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    return client


def ready_copy(person) -> DataCopy:
    copy = copies.ask_for_copy(user=person)
    copies.make_copy(copy.uuid.hex)
    copy.refresh_from_db()
    return copy


def test_a_copy_is_made_by_a_worker_and_mailed_when_it_is_ready(client, world):
    person = world.people["C"]
    just_signed_in(client, person)

    asked = client.post(ASK, follow=True)
    testing.deliver("accounts.make_copy")
    testing.deliver("notifications.send_account_mail")

    assert "A copy is being made" in asked.text
    [copy] = DataCopy.objects.filter(user=person)
    assert [(letter.to, letter.subject) for letter in mail.outbox][-1] == (
        ["c@example.org"],
        "Your data from Dayline is ready",
    )
    assert f"http://testserver{PAGE}" in mail.outbox[-1].body
    assert reverse("settings_data_file", args=[copy.uuid]) in client.get(PAGE).text


def test_an_open_page_asks_for_the_copy_until_it_is_ready(client, world, django_assert_num_queries):
    person = world.people["C"]
    just_signed_in(client, person)
    copy = copies.ask_for_copy(user=person)
    page = client.get(PAGE)
    with django_assert_num_queries(2):  # the session with its person, and the copies
        waiting = client.get(PAGE, headers={"hx-request": "true"})

    copies.make_copy(copy.uuid.hex)
    ready = client.get(PAGE, headers={"hx-request": "true"})

    assert "data-poll" in page.text
    assert f'<noscript> <a href="{PAGE}">' in page.text
    assert (waiting.status_code, waiting.text) == (204, "")
    assert reverse("settings_data_file", args=[copy.uuid]) in ready.text
    assert ('data-announce="Your copy is ready."' in ready.text, "data-poll" in ready.text) == (True, False)
    assert ("<main" in ready.text, "HX-Request" in ready["Vary"]) == (False, True)


def test_an_open_page_says_that_a_copy_could_not_be_made(client, world):
    with clock.pretended(clock.now() - timedelta(days=2)):
        copies.ask_for_copy(user=world.people["C"])
    just_signed_in(client, world.people["C"])

    answer = client.get(PAGE, headers={"hx-request": "true"})

    assert 'data-announce="Your copy could not be made."' in answer.text
    assert "Prepare my copy" in answer.text


def test_the_file_has_the_same_for_people_and_for_programs_with_photo_and_calendar(world):
    archive = made_for(world.people["C"])

    assert archive.namelist() == ["your-data.json", "your-data.html", "photo.webp", "appointments.ics"]
    facts = json.loads(archive.read("your-data.json"))
    assert [(row["with"], row["state"]) for row in facts["appointments"]] == [
        ("Petra", "Confirmed"),
        ("Petra", "Requested"),
    ]
    page = archive.read("your-data.html").decode()
    for row in facts["appointments"]:
        assert row["reference"] in page
    assert archive.read("appointments.ics").count(b"BEGIN:VEVENT") == 1, "a request has no calendar entry"


def test_what_a_person_typed_stands_in_the_copy_as_text(world):
    person = world.people["C"]
    person.name = "<script>alert(1)</script>"
    person.save()

    archive = made_for(person)

    assert "<script>" not in archive.read("your-data.html").decode()
    assert json.loads(archive.read("your-data.json"))["account"][0]["name"] == person.name


def test_a_copy_says_nothing_about_others_beyond_the_appointment_that_joins_them(world):
    blocked, provider = world.people["C2"], world.people["P"]
    world.block.reason = "Shouts at us."
    world.block.save()
    transitions.decline_request(appointment=world.request, actor=provider, reason="Fully booked that week.")

    customer, owner, other = (json.dumps(facts_of(one)) for one in (world.people["C"], provider, blocked))

    assert "Fully booked that week." in customer, "what was written to them is theirs to read"
    assert "Petra" in customer
    assert "p@example.org" not in customer
    assert "Carla" in owner
    assert "Shouts at us." in owner
    assert "c@example.org" not in owner
    assert "Shouts at us." not in other
    assert "Petra" not in other


def test_nothing_in_a_copy_grants_access(client, world):
    person = world.people["C"]
    world.passkeys, world.apps  # noqa: B018
    just_signed_in(client, person)

    text = json.dumps(facts_of(person))

    assert client.session.session_key not in text
    assert person.password not in text
    for row in person.authenticator_set.all():
        assert json.dumps(row.data)[:40] not in text


def test_a_suspended_person_gets_their_copy_with_suspension_and_appeal(client):
    person = UserFactory(name="Ivy")
    ban = bans.ban(person, now=clock.now())
    Appeal.objects.create(ban=ban, text="I was ill.", sent_at=clock.now())
    just_signed_in(client, person)

    page = client.get(PAGE)
    answer = client.post(ASK)
    testing.deliver("accounts.make_copy")
    [copy] = DataCopy.objects.all()
    file = client.get(reverse("settings_data_file", args=[copy.uuid]))

    assert (page.status_code, answer.status_code, file.status_code) == (200, 302, 200)
    facts = json.loads(zipfile.ZipFile(io.BytesIO(b"".join(file.streaming_content))).read("your-data.json"))
    assert [row["text"] for row in facts["appeals"]] == ["I was ill."]


def test_only_one_copy_is_made_at_a_time(world):
    person = world.people["C"]

    first, second = copies.ask_for_copy(user=person), copies.ask_for_copy(user=person)

    assert first == second
    assert DataCopy.objects.count() == 1


def test_a_copy_that_no_worker_could_make_within_a_day_may_be_asked_for_again(client, world):
    person = world.people["C"]
    with clock.pretended(clock.now() - timedelta(days=2)):
        lost = copies.ask_for_copy(user=person)
    just_signed_in(client, person)

    assert "could not be made" in client.get(PAGE).text
    assert copies.ask_for_copy(user=person) != lost
    assert DataCopy.objects.count() == 1


def test_the_file_is_fetched_by_its_person_alone_and_no_address_leads_to_it(client, world):
    copy = ready_copy(world.people["C"])
    address = reverse("settings_data_file", args=[copy.uuid])

    visitor = client.get(address)
    stranger = just_signed_in(client, world.people["C2"]).get(address)
    own = just_signed_in(client, world.people["C"]).get(address)

    assert (visitor.status_code, stranger.status_code, own.status_code) == (302, 404, 200)
    assert own["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert "no-store" in own["Cache-Control"]
    assert client.get(f"/media/{copy.file}").status_code == 404
    assert zipfile.ZipFile(io.BytesIO(b"".join(own.streaming_content))).testzip() is None


def test_asking_and_fetching_want_the_password_again_after_a_while(client, world):
    person = world.people["C"]
    person.set_password("long walks by the river")
    person.save()
    copy = ready_copy(person)
    client.force_login(person)

    asked = client.post(ASK)
    fetched = client.get(reverse("settings_data_file", args=[copy.uuid]))
    assert {answer.url.partition("?")[0] for answer in (asked, fetched)} == {"/accounts/reauthenticate/"}
    assert DataCopy.objects.count() == 1

    client.post(ASK)
    answer = client.post(f"/accounts/reauthenticate/?next={ASK}", {"password": "long walks by the river"})

    assert (answer.status_code, answer.url) == (302, PAGE)
    assert DataCopy.objects.count() == 2


def test_a_copy_ends_after_seven_days_and_its_file_is_deleted(client, world):
    copy = ready_copy(world.people["C"])
    later = clock.now() + timedelta(days=7, seconds=1)

    with clock.pretended(later):
        just_signed_in(client, world.people["C"])
        before_the_job = client.get(reverse("settings_data_file", args=[copy.uuid]))
        tasks.sweep_copies()
        page = client.get(PAGE)

    assert before_the_job.status_code == 410
    assert "Ended" in page.text
    assert not copies.private_storage().exists(copy.file)
    copy.refresh_from_db()
    assert copy.file == ""


def test_the_sweep_leaves_what_is_alive_and_deletes_files_of_no_row(world):
    alive = ready_copy(world.people["C"])
    lost = copies.private_storage().save("copies/lost.zip", ContentFile(b"zip"))

    soon, next_week = copies.sweep(now=clock.now()), copies.sweep(now=clock.now() + timedelta(days=2))

    assert (soon, next_week) == (0, 1)
    assert copies.private_storage().exists(alive.file)
    assert not copies.private_storage().exists(lost)


def test_a_worker_that_dies_on_the_way_leaves_no_file_and_the_next_one_makes_the_copy(world, monkeypatch):
    copy = copies.ask_for_copy(user=world.people["C"])

    def die():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copies.make_copy(copy.uuid.hex, sign_of_life=die)
    copies.make_copy(copy.uuid.hex)
    copies.make_copy(copy.uuid.hex)

    copy.refresh_from_db()
    assert copies.private_storage().listdir("copies")[1] == [copy.file.removeprefix("copies/")]


def test_an_account_that_closed_meanwhile_gets_no_copy(world):
    person = world.people["C"]
    copy = copies.ask_for_copy(user=person)
    person.is_active = False
    person.save()

    copies.make_copy(copy.uuid.hex)

    copy.refresh_from_db()
    assert copy.is_being_made


def test_asking_over_and_over_is_limited(client, world):
    just_signed_in(client, world.people["C"])

    answers = [client.post(ASK).status_code for _ in range(4)]

    assert answers == [302, 302, 302, 429]


def test_the_page_asks_the_database_the_same_however_much_there_is(client, world):
    def asked(person) -> int:
        just_signed_in(client, person)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    for _ in range(3):
        ready_copy(world.people["C"])

    assert asked(world.people["C2"]) == asked(world.people["C"])


def test_a_long_copy_is_written_in_parts(world, monkeypatch):
    monkeypatch.setattr(copy_file, "ROWS_AT_ONCE", 1)

    signs = []
    copy_file.write(io.BytesIO(), world.people["C"], now=clock.now(), sign_of_life=lambda: signs.append(1))

    assert len(signs) > 5
    assert len(facts_of(world.people["C"])["appointments"]) == 2
