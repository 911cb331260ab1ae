"""A ban outlives the account: whoever proves the address of an erased one gets it, until staff lift it."""

import io
from uuid import uuid4

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import ban_marks, bans, google_accounts, services
from accounts.google_oauth import Identity
from accounts.models import Ban, KeptBan, User
from appointments.models import LateCancellation
from appointments.services import fair_use
from core import clock
from outbox import testing
from tests.accounts.conftest import Postbox
from tests.appointments.lives import DAY, MARKERS, book, erase, leave, provider_named, statuses
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
EMAIL = MARKERS["email"]


@pytest.fixture
def banned() -> User:
    person = UserFactory(name=MARKERS["name"], email=EMAIL)
    for days in (5, 3, 1):
        fair_use.note_late(person, occasion=uuid4(), now=clock.now() - days * DAY)
    fair_use.ban(person, now=clock.now())
    return person


@pytest.fixture
def erased(banned) -> User:
    leave(banned)
    erase(banned)
    return User.objects.get(pk=banned.pk)


def prove(person: User, email: str = EMAIL) -> User:
    services.confirm_address(user=person, email=email, now=clock.now())
    return User.objects.get(pk=person.pk)


def test_who_proves_the_address_of_an_erased_account_gets_its_ban_with_beginning_and_evidence(erased):
    ban, moments = Ban.objects.get(), set(LateCancellation.objects.values_list("at", flat=True))

    person = prove(UserFactory(email=EMAIL, email_confirmed_at=None))

    ban.refresh_from_db()
    assert (ban.user, person.banned_at, ban.is_open) == (person, ban.since, True)
    assert set(LateCancellation.objects.filter(person=person).values_list("at", flat=True)) == moments
    assert not KeptBan.objects.exists()
    erased.refresh_from_db()
    assert erased.banned_at is None


def test_signing_up_says_nothing_and_the_link_leads_to_the_page_that_says_why(client, erased):
    form = {"name": "Z", "password1": "long walks by the river"}
    fresh = client.post("/accounts/signup/", {**form, "email": "new@example.com"})
    Postbox().deliver()
    kept = client.post("/accounts/signup/", {**form, "email": EMAIL}, follow=True)
    assert not User.objects.exclude(banned_at=None).exclude(pk=erased.pk).exists()

    link = Postbox().link()
    client.get(link)
    client.post(link)

    assert (fresh.status_code, "Check your email" in kept.text) == (302, True)
    person = User.objects.get(email=EMAIL)
    assert person.banned_at is not None
    client.post("/accounts/login/", {"login": EMAIL, "password": "long walks by the river"})
    assert client.get("/my/appointments/").url == "/suspended/"
    page = client.get("/suspended/")
    assert page.status_code == 200
    assert "3 late cancellations" in page.text


@pytest.mark.parametrize("email", ["other@example.com", f"x{EMAIL}", EMAIL.replace("@example", "@sub.example")])
def test_another_address_gets_nothing(erased, email):
    assert prove(UserFactory(email=email), email).takes_part
    assert KeptBan.objects.count() == 1


def test_moving_to_the_address_gets_the_ban_too_and_ends_what_lies_ahead(erased):
    person = UserFactory(email="other@example.com")
    booked = book(provider_named("Maya"), person, after=2 * DAY)

    prove(person)
    testing.deliver("appointments.end_all_ahead")

    assert statuses(booked) == ["cancelled"]
    assert LateCancellation.objects.filter(person=person).count() == 3, "ended by the system, late for nobody"


def test_who_is_banned_already_keeps_their_own_ban(erased):
    person = UserFactory(email=EMAIL)
    own = bans.ban(person, now=clock.now())

    prove(person)

    assert person.bans.get() == own
    assert KeptBan.objects.count() == 1


def test_lifting_the_ban_of_an_erased_account_frees_the_address(erased, admin_client):
    ban = Ban.objects.get()
    page = admin_client.get(reverse("admin:accounts_ban_change", args=[ban.pk]))
    assert "Deleted customer" in page.text
    assert EMAIL not in page.text

    assert fair_use.lift_ban(ban=ban, actor=UserFactory(is_staff=True), reason="Snow")

    assert not KeptBan.objects.exists()
    assert prove(UserFactory(email=EMAIL)).takes_part


def test_a_ban_that_found_its_person_meanwhile_is_not_lifted_by_an_old_page(erased):
    old_page = Ban.objects.get()
    person = prove(UserFactory(email=EMAIL))

    assert not bans.lift(old_page, actor=UserFactory(is_staff=True), reason="Snow")
    person.refresh_from_db()
    assert person.banned_at is not None
    assert bans.lift(Ban.objects.get(), actor=UserFactory(is_staff=True), reason="Snow")


def test_a_lifted_ban_is_kept_for_nobody(banned):
    fair_use.lift_ban(ban=banned.bans.get(), actor=UserFactory(is_staff=True), reason="Snow")
    leave(User.objects.get(pk=banned.pk))
    erase(banned)

    assert not KeptBan.objects.exists()
    assert not Ban.objects.exists()


def test_the_hash_says_nothing_without_its_key_and_outlives_a_new_one(erased, settings):
    mark = KeptBan.objects.get().mark
    settings.BAN_KEYS = ["a new key of the house, long enough"]

    assert EMAIL not in mark
    assert ban_marks.kept_for(EMAIL) is not None
    settings.SECRET_KEY = "another" * 10
    assert ban_marks.kept_for(EMAIL) is None


def test_new_marks_are_made_with_the_newest_key(banned, settings):
    settings.BAN_KEYS = ["the newest key of the house, long enough", "an old key of the house, long enough"]
    leave(banned)
    erase(banned)

    settings.BAN_KEYS = ["the newest key of the house, long enough"]
    settings.SECRET_KEY = "another" * 10
    assert ban_marks.kept_for(f" {EMAIL.upper()} ") is not None
    assert ban_marks.check_keys(databases=["default"]) == []


def test_a_check_says_that_a_key_is_gone(erased, settings):
    assert ban_marks.check_keys() == ban_marks.check_keys(databases=["default"]) == []
    settings.SECRET_KEY = "another" * 10

    [warning] = ban_marks.check_keys(databases=["default"])
    assert warning.id == "dayline.W002"


def test_the_check_says_nothing_before_the_tables_are_made(monkeypatch):
    monkeypatch.setattr(ban_marks.connection.introspection, "table_names", list)

    assert ban_marks.check_keys(databases=["default"]) == []


def test_staff_find_and_lift_it_by_the_address_on_the_server(erased):
    staff = UserFactory(is_staff=True)
    out = io.StringIO()

    call_command("standing", EMAIL, stdout=out)
    assert "A deleted account had this address." in out.getvalue()
    assert out.getvalue().count("evidence of the suspension") == 3
    call_command("standing", EMAIL, "--lift", "Snow", "--by", staff.email, stdout=out)

    assert not KeptBan.objects.exists()
    with pytest.raises(CommandError):
        call_command("standing", EMAIL, stdout=out)


def test_leaving_again_keeps_the_ban_again(erased):
    person = prove(UserFactory(email=EMAIL))

    leave(person)
    erase(person)

    assert prove(UserFactory(email=EMAIL)).banned_at is not None


def test_an_address_without_a_kept_ban_costs_one_question(django_assert_num_queries):
    person = UserFactory(email=EMAIL)

    with django_assert_num_queries(1):
        assert ban_marks.take(person, EMAIL) is None


# --- By the Google account --------------------------------------------------------------------------------------------

SUBJECT = "100000000000000004711"


def at_google(email: str, subject: str = SUBJECT) -> Identity:
    return Identity(subject, email, "Z", is_checked=True, is_hosted=True)


def come_by_google(email: str, subject: str = SUBJECT) -> User:
    identity = at_google(email, subject)
    found = google_accounts.enter(identity=identity, mailbox_proven=True, zone="", now=clock.now())
    return User.objects.get(pk=found.pk)


@pytest.fixture
def erased_with_google(banned) -> User:
    SocialAccount.objects.create(user=banned, provider="google", uid=SUBJECT)
    leave(User.objects.get(pk=banned.pk))
    erase(banned)
    return User.objects.get(pk=banned.pk)


def test_the_same_google_account_gets_the_ban_whatever_its_address(erased_with_google):
    ban = Ban.objects.get()

    person = come_by_google("another@gmail.com")

    ban.refresh_from_db()
    assert (ban.user, person.banned_at) == (person, ban.since)
    assert LateCancellation.objects.filter(person=person).count() == 3
    erased_with_google.refresh_from_db()
    assert erased_with_google.banned_at is None


def test_connecting_that_google_account_gets_the_ban_too_and_ends_what_lies_ahead(erased_with_google):
    person = UserFactory(email="other@example.com")
    booked = book(provider_named("Maya"), person, after=2 * DAY)

    google_accounts.connect(user=person, identity=at_google("another@gmail.com"))
    testing.deliver("appointments.end_all_ahead")

    person.refresh_from_db()
    assert person.banned_at is not None
    assert statuses(booked) == ["cancelled"]


def test_another_google_account_gets_nothing(erased_with_google):
    assert come_by_google("another@gmail.com", "1").takes_part
    assert KeptBan.objects.count() == 2


def test_a_ban_holds_by_the_address_also_after_the_google_account_took_it_elsewhere(erased_with_google):
    by_google = come_by_google("another@gmail.com")
    moments = set(LateCancellation.objects.values_list("at", flat=True))

    by_address = prove(UserFactory(email=EMAIL, email_confirmed_at=None))

    by_google.refresh_from_db()
    assert by_google.banned_at == by_address.banned_at is not None
    assert Ban.objects.filter(lifted_at=None).count() == 2
    for person in (by_google, by_address):
        evidence = LateCancellation.objects.filter(person=person, ban__user=person)
        assert (evidence.count(), set(evidence.values_list("at", flat=True))) == (3, moments)
    assert not KeptBan.objects.exists()


def test_the_same_address_and_google_account_leave_no_mark(erased_with_google):
    assert come_by_google(EMAIL).banned_at is not None

    assert Ban.objects.count() == 1
    # That of the Google account stays for whoever brings it to another account, and goes with the ban.
    assert fair_use.lift_ban(ban=Ban.objects.get(), actor=UserFactory(is_staff=True), reason="Snow")
    assert not KeptBan.objects.exists()


def test_a_lifted_ban_frees_the_google_account(erased_with_google):
    assert fair_use.lift_ban(ban=Ban.objects.get(), actor=UserFactory(is_staff=True), reason="Snow")

    assert come_by_google("another@gmail.com").takes_part


def test_the_mark_of_a_google_account_says_nothing_without_its_key(erased_with_google):
    marks = list(KeptBan.objects.values_list("mark", flat=True))

    assert len(marks) == 2
    assert not any(SUBJECT in mark for mark in marks)
