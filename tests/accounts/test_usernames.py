"""Accounts that a program made under a username alone: what may stand in the row, and what nobody's address means."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts import ban_marks, copies, erasure, leaving, personal_data, services
from accounts.models import Ban, KeptBan, User
from core import clock
from notifications.models import SentMail, State
from notifications.services import send_mail
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.notifications.conftest import PlainMail

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def robot(**fields) -> User:
    return UserFactory(**{"email": None, "email_confirmed_at": None, "username": "robot", "name": "Robot"} | fields)


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("fields", "stands"),
    [
        ({"email": None, "username": "robot"}, True),
        ({"email": "a@example.com", "username": None}, True),
        ({"email": "a@example.com", "username": "robot"}, True),
        ({"email": None, "username": None}, False),
        ({"email": "", "username": "robot"}, False),
        ({"email": "a@example.com", "username": ""}, False),
        ({"email": None, "username": "Robot"}, False),
        ({"email": "A@example.com", "username": None}, False),
    ],
)
def test_an_account_has_an_address_or_a_username_each_in_lower_case_and_never_blank(fields, stands):
    try:
        with transaction.atomic():
            User.objects.bulk_create([User(name="Robot", **fields)])
    except IntegrityError:
        assert not stands
    else:
        assert stands


def test_many_have_no_address_and_no_two_the_same_username():
    robot(), robot(username="other")

    with pytest.raises(IntegrityError), transaction.atomic():
        robot()
    assert User.objects.without_address().count() == 2


@pytest.mark.parametrize("name", ["a.b", "r2d2", "a_b+c-d", "9" * 40])
def test_a_username_may_be(name):
    User._meta.get_field("username").clean(name, None)


@pytest.mark.parametrize(
    "name", ["ab", "9" * 41, "Maya", "ma ya", "maya@example.com", "mäya", "maya\n", "ма́я", "a\x00b"]
)
def test_a_username_may_not_be(name):
    with pytest.raises(ValidationError):
        User._meta.get_field("username").clean(name, None)


def test_the_manager_never_stores_a_blank_address_and_sessions_of_others_stand():
    one = User.objects.create_user("", "a long password", name="Robot", username="robot")
    two = UserFactory(email="a@example.com", username="maya", wanted_username="other")

    assert (one.email, str(one), str(User(username="robot"))) == (None, "Robot", "robot")
    assert one.get_session_auth_hash() != User(email="a@example.com", password=one.password).get_session_auth_hash()
    said = f"{two.password}|a@example.com"
    as_before = salted_hmac("accounts.models.User.session", said, algorithm="sha256").hexdigest()
    assert two.get_session_auth_hash() == as_before


def test_unused_ones_go_after_thirty_days_one_by_one_and_used_ones_stay():
    now = clock.now()
    old = now - services.UNCONFIRMED_LASTS - DAY
    robot(username="unused", joined_at=old)
    robot(username="unused-too", joined_at=old)
    robot(username="used", joined_at=old, last_login=old)
    robot(username="new", joined_at=now - DAY)
    UserFactory(email="a@example.com", email_confirmed_at=None, joined_at=old)

    services.purge(now=now)

    assert set(User.objects.values_list("username", flat=True)) == {"used", "new"}


def test_an_unused_one_that_gets_used_or_an_address_while_it_is_purged_stays(monkeypatch):
    old = clock.now() - services.UNCONFIRMED_LASTS - DAY
    used, found = robot(joined_at=old), robot(username="other", joined_at=old)
    discard = services.purging._discard_unused_account

    def meanwhile(number):
        User.objects.filter(pk=used.pk).update(last_login=clock.now())
        User.objects.filter(pk=found.pk).update(email="a@example.com")
        discard(number)

    monkeypatch.setattr(services.purging, "_discard_unused_account", meanwhile)

    services.purge(now=clock.now())

    assert User.objects.count() == 2


def test_no_mail_is_tried_and_the_log_says_why():
    person = robot()

    services.send_letter(letter="accounts/kept", to=person.email, said={"timestamp": "2026-01-01T00:00+00:00"})
    row = send_mail(PlainMail(person))

    assert not Message.objects.exists()
    assert (row.state, row.reason) == (State.SKIPPED, "the person's account has no address")
    assert (mail.outbox, SentMail.objects.count()) == ([], 1)


def test_their_pages_name_the_account_by_its_username(client):
    client.force_login(robot(name="Robby"))

    for page in ("settings_security", "settings_data", "account_email", "account_logout"):
        text = client.get(reverse(page)).text
        assert "robot" in text and "None." not in text and "<b>None" not in text, page


def test_staff_find_it_by_its_username(admin_client):
    person = robot(name="Robby")
    Ban.objects.create(user=person, since=clock.now())

    for page in ("accounts_user_changelist", "accounts_ban_changelist"):
        text = admin_client.get(reverse(f"admin:{page}")).text
        assert "robot" in text and ">None<" not in text, page
    assert "robot" in admin_client.get(reverse("admin:accounts_user_changelist"), {"q": "robot"}).text
    assert "robot" in admin_client.get(reverse("admin:accounts_user_change", args=[person.pk])).text


def test_their_data_is_copied_and_their_account_erased_and_a_suspension_kept_for_no_address():
    person = robot(username="robot77")
    Ban.objects.create(user=person, since=clock.now())
    User.objects.filter(pk=person.pk).update(banned_at=clock.now())
    entry = LogEntry.objects.create(
        user=UserFactory(),
        content_type=ContentType.objects.get_for_model(Ban),
        object_id="1",
        object_repr="robot77, since",
        action_flag=CHANGE,
        change_message="",
    )
    copies.make_copy(copies.ask_for_copy(user=person).uuid.hex)
    [facts] = [personal_data.sections(person)[0].write(person)]
    with clock.pretended(clock.now() - 15 * DAY):
        departure = leaving.close(person, now=clock.now())

    assert erasure.erase(departure.pk)

    person.refresh_from_db()
    entry.refresh_from_db()
    assert (facts["email"], facts["username"]) == (None, "robot77")
    assert (person.username, person.is_erased, entry.object_repr) == (None, True, erasure.NAME)
    assert not KeptBan.objects.exists() and ban_marks.kept_for("") is None
