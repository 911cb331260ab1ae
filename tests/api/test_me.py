"""People read and change their own data by API, under the rules of their settings' pages."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from accounts import bans
from accounts.models import Departure, User
from api import keys
from api.calls import Call, Caller
from api.models import Scope
from api.operations import leaving as operations
from appointments.models import LateCancellation
from appointments.services import leaving
from core import clock
from notifications import preferences
from notifications.models import Topic
from providers.exceptions import ChangedMeanwhile
from tests.api.program import Program, check, signed_in
from tests.appointments.conftest import NOW
from tests.factories.accounts import UserFactory

ME, PHOTO, SETTINGS, DELETE = "/api/me/", "/api/me/photo/", "/api/notifications/settings/", "/api/customer/delete/"
PASSWORD = "a password of theirs"


@pytest.fixture
def customer(db):
    person = UserFactory(email="maya@example.org", name="Maya Okafor")
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def browser(customer):
    """The customer's browser, which may ask with its cookie."""
    client = Client()
    client.force_login(customer)
    return client


def by_key(person, *scopes):
    return Program(keys.make_key(person=person, name="Till", scopes=scopes, now=clock.now())[1])


def wrong(answer):
    return answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]


# --- Profile and preferences ------------------------------------------------------------------------------------------


def test_profile_and_preferences_are_read_and_changed_together(program, customer):
    before = program.get(ME).json()
    changes = {"name": "Maya O.", "phone": "+44 20 7946 0011", "time_zone": "Europe/Paris", "uses_12h_clock": True,
               "first_weekday": 6, "theme": "dark"}  # fmt: skip

    answer = program.patch(ME, changes)

    assert answer.status_code == 200
    assert answer.json() == {
        **before,
        **changes,
        "phone": "+442079460011",
        "joined_at": clock.local(customer.joined_at, clock.zone("Europe/London")).isoformat(timespec="seconds"),
    }
    assert program.get(ME).json()["time_zone"] == "Europe/Paris"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"phone": "12"}, "phone"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"theme": "pink"}, "theme"),
        ({"first_weekday": 7}, "first_weekday"),
        ({"language": []}, "language"),
        ({"email": "x@example.org"}, "email"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_what_can_not_be_is_said_of_its_field_and_changes_nothing(program, customer, body, field):
    answer = program.patch(ME, {"name": "Other"} | body)

    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, [field])
    assert User.objects.get(pk=customer.pk).name == "Maya Okafor"


def test_a_change_over_another_one_is_refused_whole(program, customer):
    seen = program.get(ME).headers["ETag"]
    User.objects.filter(pk=customer.pk).update(theme="dark")

    refused = program.patch(ME, {"name": "Other"}, if_match=seen)

    assert (refused.status_code, User.objects.get(pk=customer.pk).name) == (412, "Maya Okafor")
    assert program.patch(ME, {"name": "Other"}, if_match=program.get(ME).headers["ETag"]).status_code == 200


def test_a_key_reads_or_changes_as_its_scopes_say(customer):
    reader, writer = by_key(customer, Scope.PROFILE_READ), by_key(customer, Scope.PROFILE_WRITE)

    assert [each.get(ME).status_code for each in (reader, writer)] == [200, 403]
    assert [each.patch(ME, {"name": "M"}).status_code for each in (reader, writer)] == [403, 200]


def test_a_photo_is_put_and_removed(program, customer):
    file = BytesIO()
    Image.new("RGB", (40, 40), "teal").save(file, "PNG")

    put = upload(program, {"photo": named(file.getvalue())})

    customer.refresh_from_db()
    assert (put.status_code, put.json()) == (200, {"photo": f"http://testserver{customer.photo.url}"})
    assert program.get(ME).json()["photo"] == put.json()["photo"]
    assert program.delete(PHOTO).status_code == 204
    assert program.get(ME).json()["photo"] is None


@pytest.mark.parametrize(
    ("files", "status", "field"),
    [
        (lambda: {"photo": named(b"no picture")}, 400, "photo"),
        (lambda: {"photo": named(b"")}, 400, "photo"),
        (dict, 400, "photo"),
        (lambda: {"photo": "text"}, 400, "photo"),
        (lambda: {"photo": named(b"\x89PNG\r\n\x1a\n" + 5_000_000 * b"0")}, 413, None),
    ],
)
def test_what_is_no_photo_is_refused(program, customer, files, status, field):
    answer = upload(program, files())

    fields = [each["field"] for each in answer.json()["errors"]]
    assert (answer.status_code, fields) == (status, [field] if field else [])
    assert not User.objects.get(pk=customer.pk).photo


def test_only_a_photo_may_be_longer_than_other_bodies(program):
    answer = program.delete(PHOTO, {"note": "x" * 3_000_000})

    assert (answer.status_code, answer.json()["detail"]) == (413, "A body has at most 256,000 bytes here.")


def test_a_photo_is_no_json_and_a_broken_form_is_none(program):
    broken = program.client.put(PHOTO, b"--x", "multipart/form-data; boundary=y", headers=bearer(program))
    without_boundary = program.client.put(PHOTO, b"x", "multipart/form-data", headers=bearer(program))

    assert program.put(PHOTO, {"photo": "x"}).status_code == 415
    assert [broken.status_code, without_boundary.status_code] == [400, 400]


def named(content):
    file = BytesIO(content)
    file.name = "photo.png"
    return file


def bearer(program):
    return {"Authorization": f"Bearer {program.token}"}


def upload(program, files):
    body = encode_multipart(BOUNDARY, files)
    response = program.client.put(PHOTO, body, MULTIPART_CONTENT, headers=bearer(program))
    check("put", PHOTO, response)
    return response


# --- Address and password ---------------------------------------------------------------------------------------------


def test_another_address_waits_for_its_link_and_a_known_one_is_answered_alike(program, customer):
    UserFactory(email="taken@example.org", email_confirmed_at=NOW)

    answers = [
        program.post("/api/me/email/", {"email": email, "password": PASSWORD})
        for email in ("New@Example.org", "taken@example.org")
    ]

    assert [(each.status_code, each.json()["email"], each.json()["new_email"]) for each in answers] == [
        (200, "maya@example.org", "new@example.org"),
        (200, "maya@example.org", "taken@example.org"),
    ]
    assert EmailAddress.objects.get(user=customer, verified=False).email == "taken@example.org"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"password": "another"}, [("password", "wrong_password")]),
        ({}, [("password", "required")]),
        ({"password": PASSWORD, "email": "no address"}, [("email", "invalid")]),
        ({"password": PASSWORD, "email": "maya@example.org"}, [("email", "yours")]),
    ],
)
def test_an_address_is_not_changed_without_the_password_or_for_none(program, customer, body, expected):
    UserSession.objects.update(created_at=NOW - timedelta(hours=1))

    assert wrong(program.post("/api/me/email/", {"email": "new@example.org"} | body)) == (400, expected)
    assert not EmailAddress.objects.filter(user=customer, verified=False).exists()


def test_who_has_just_signed_in_is_not_asked_again(program, customer):
    UserSession.objects.update(created_at=NOW - timedelta(minutes=1))

    assert program.post("/api/me/email/", {"email": "new@example.org"}).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert program.post("/api/me/email/", {"email": "newer@example.org"}).status_code == 400


def test_a_new_password_ends_all_tokens_but_keeps_the_browser_that_changed_it(program, customer, browser):
    change = {"old_password": PASSWORD, "new_password": "another good one"}
    other = Client()
    other.force_login(customer)

    assert browser.post("/api/me/password/", change, "application/json").status_code == 200

    assert [each.get(ME).status_code for each in (program, browser, other)] == [401, 200, 401]
    assert User.objects.get(pk=customer.pk).check_password("another good one")


def test_a_program_that_changes_the_password_ends_all_tokens_and_its_own(program, customer):
    change = {"old_password": PASSWORD, "new_password": "another good one"}

    assert program.post("/api/me/password/", change).status_code == 200

    assert program.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"old_password": "no", "new_password": "another good one"}, [("old_password", "wrong_password")]),
        ({"old_password": PASSWORD, "new_password": "password123"}, [("new_password", "password_too_common")]),
    ],
)
def test_a_password_that_can_not_be_changed_is_said_of_its_field(program, customer, body, expected):
    assert wrong(program.post("/api/me/password/", body)) == (400, expected)
    assert program.get(ME).status_code == 200


# --- Standing, copies -------------------------------------------------------------------------------------------------


def test_standing_names_what_counts_and_until_when(program, customer):
    late = {"person": customer, "occasion": "0d6f2f1e-6c1b-4e39-9c63-0c2a5f8d7b11"}
    LateCancellation.objects.create(at=NOW - timedelta(days=10), **late)
    LateCancellation.objects.create(
        at=NOW - timedelta(days=31), **late | {"occasion": "0d6f2f1e-6c1b-4e39-9c63-0c2a5f8d7b12"}
    )

    assert program.get("/api/me/standing/").json() == {
        "suspended": False,
        "number": 1,
        "limit": 3,
        "counted": [{"at": "2026-02-20T08:00:00+00:00", "counts_until": "2026-03-22T08:00:00+00:00"}],
        "no_shows": [],
        "time_zone": "Europe/London",
    }


def test_a_copy_is_made_once_also_for_somebody_banned(program, customer, browser):
    first, again = (program.post("/api/me/export/") for _ in range(2))
    assert (first.status_code, first.json()["status"], again.json()) == (202, "being_made", first.json())

    bans.ban(customer, now=clock.now())
    browser.force_login(customer)

    assert browser.post("/api/me/export/", {"password": PASSWORD}, "application/json").status_code == 202
    assert browser.get(ME).status_code == 403


def test_who_signed_in_a_while_ago_has_no_copy_made_without_their_password(program, customer):
    UserSession.objects.update(created_at=NOW - timedelta(hours=1))

    for said in ({}, {"password": "another one"}):
        answer = program.post("/api/me/export/", said)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["password"])
    assert not customer.data_copies.exists()
    assert program.post("/api/me/export/", {"password": PASSWORD}).status_code == 202


# --- What they are told -----------------------------------------------------------------------------------------------


def test_what_is_told_is_chosen_by_level_and_by_kind(program, customer):
    told = program.get(SETTINGS).json()
    assert (told["level"], told["reminder_minutes"]) == ("all", [1440])
    assert told["kinds"]["security"] == told["kinds"]["reminders"] == {"email": True, "inbox": True}

    chosen = program.put(SETTINGS, {"level": "none", "kinds": {"reminders": {"email": True}}, "reminder_minutes": [60]})

    assert (chosen.json()["level"], chosen.json()["reminder_minutes"]) == (None, [60])
    assert chosen.json()["kinds"]["reminders"] == {"email": True, "inbox": True}
    assert chosen.json()["kinds"]["waitlist"] == {"email": False, "inbox": True}
    changed = program.patch(SETTINGS, {"kinds": {"waitlist": {"email": True}}, "reminder_minutes": [60, 1440, 60]})
    assert changed.json()["reminder_minutes"] == [1440, 60]
    assert changed.json()["kinds"] == {**chosen.json()["kinds"], "waitlist": {"email": True, "inbox": True}}
    assert ("email", Topic.RECEIPTS) in preferences.choice_of(customer).off
    assert program.put(SETTINGS).json() == told


@pytest.mark.parametrize("level", ["all", "important", "none"])
def test_each_level_is_read_as_it_was_chosen(program, level):
    assert program.patch(SETTINGS, {"level": level}).json()["level"] == level


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"kinds": {"security": {"email": False}}}, "kinds.security.email", "essential"),
        ({"kinds": {"suspension": {"inbox": False}}}, "kinds.suspension.inbox", "essential"),
        ({"kinds": {"weather": {"email": False}}}, "kinds.weather", "unknown-field"),
        ({"kinds": {"reminders": {"pigeon": False}}}, "kinds.reminders.pigeon", "unknown-field"),
        ({"kinds": {"reminders": {"email": "no"}}}, "kinds.reminders.email", "invalid"),
        ({"kinds": {"reminders": True}}, "kinds.reminders", "invalid"),
        ({"level": "some"}, "level", "invalid_choice"),
        ({"reminder_minutes": [14]}, "reminder_minutes.0", "min_value"),
        ({"reminder_minutes": [20, 30, 40, 50, 60, 70, 80]}, "reminder_minutes", "max_length"),
    ],
)
@pytest.mark.parametrize("verb", ["put", "patch"])
def test_what_nobody_can_choose_is_said_of_its_field(program, customer, verb, body, field, code):
    assert wrong(program.call(verb, SETTINGS, body)) == (400, [(field, code)])
    assert preferences.choice_of(customer) == preferences.Choice()


def test_settings_that_changed_meanwhile_are_left_alone(program, customer):
    seen = program.get(SETTINGS).headers["ETag"]
    preferences.save_choice(actor=customer, leads=[60])

    refused = program.patch(SETTINGS, {"level": "none"}, if_match=seen)

    assert (refused.status_code, preferences.choice_of(customer).leads) == (412, (60,))
    assert program.patch(SETTINGS, {"level": "none"}, if_match=program.get(SETTINGS).headers["ETag"]).status_code == 200


# --- Leaving ----------------------------------------------------------------------------------------------------------


def test_deleting_is_looked_at_then_done_with_the_password(program, customer, book):
    book()
    with_key = by_key(customer, *Scope)
    look = program.get(DELETE).json()
    assert (look["as_customer"], look["late_cancellation"], look["days_to_undo"]) == (
        {"cancelled": 1, "requests_ended": 0, "staying": 0},
        None,
        14,
    )
    assert wrong(program.post(DELETE, {"password": "no"})) == (400, [("password", "wrong_password")])
    assert wrong(program.post(DELETE, {})) == (400, [("password", "invalid")])
    assert wrong(program.post(DELETE, {"code": "123456"})) == (400, [("code", "wrong_code")])
    assert with_key.post(DELETE, {"password": PASSWORD}).status_code == 403

    gone = program.delete(DELETE, {"password": PASSWORD})

    assert (gone.status_code, gone.json()["undo_until"]) == (202, "2026-03-16T08:00:00+00:00")
    assert Departure.objects.get(user=customer).erased_at is None
    assert [each.get(ME).status_code for each in (program, with_key)] == [401, 401]


def test_deleting_that_is_a_late_cancellation_is_agreed_to_first(program, customer, book):
    start = book().appointment.start
    with time_machine.travel(start - timedelta(hours=3), tick=False):
        assert program.get(DELETE).status_code == 401  # the token has ended by then
        late = signed_in(customer)
        counts = late.get(DELETE).json()["late_cancellation"]
        refused = late.post(DELETE, {"password": PASSWORD})

        assert (refused.status_code, refused.json()["accept"], counts["accept"]) == (409, "1st of 3", "1st of 3")
        assert not Departure.objects.exists()
        assert late.post(DELETE, {"password": PASSWORD, "accept": "1st of 3"}).status_code == 202


def test_a_browser_deletes_with_a_banned_persons_password_and_is_signed_out(customer, browser):
    bans.ban(customer, now=clock.now())
    browser.force_login(customer)

    assert browser.get(DELETE).status_code == 200
    assert browser.post(DELETE, {"password": PASSWORD}, "application/json").status_code == 202
    assert browser.get(DELETE).status_code == 401


@pytest.mark.parametrize("moment", ["before", "after the look"])
def test_an_account_is_not_deleted_where_more_would_end_than_was_seen(program, book, meanwhile, moment):
    tag = program.get(DELETE).headers["ETag"]
    if moment == "before":
        book()
    else:
        meanwhile(leaving, "leave", book)

    refused = program.delete(DELETE, {"password": PASSWORD}, if_match=tag)

    assert (refused.status_code, refused.json()["type"]) == (412, "/developers/problems/changed-meanwhile/")
    assert not Departure.objects.exists()
    assert (
        program.delete(DELETE, {"password": PASSWORD}, if_match=program.get(DELETE).headers["ETag"]).status_code == 202
    )


def test_an_account_is_not_deleted_where_more_would_end_than_the_state_that_was_compared(rf, customer, book):
    call = Call(rf.post(DELETE), Caller(customer))
    call.request.user = customer
    call.seen = operations.look(call)
    book()

    with pytest.raises(ChangedMeanwhile):
        operations.leave(call, password=PASSWORD)

    assert not Departure.objects.exists()


def test_a_request_that_deleted_an_account_deletes_it_no_second_time_once_it_is_kept(program, customer):
    assert program.post(DELETE, {"password": PASSWORD}, idempotency_key="k").status_code == 202
    leaving.keep(person=customer)

    again = signed_in(customer).post(DELETE, {"password": PASSWORD}, idempotency_key="k")

    assert again.status_code == 404
    assert User.objects.get(pk=customer.pk).leaves_at is None
