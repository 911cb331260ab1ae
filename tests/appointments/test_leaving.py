"""Deleting an account: what it ends at once, how it is kept, and what is erased; also when killed on the way."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.core import mail
from django.urls import reverse

from accounts import erasure, personal_data, services
from accounts.leaving import GRACE, StaffStay
from accounts.models import Departure, Session, User
from appointments.exceptions import CountsForMore, InsideChanged, PolicyRefused
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation, Offer, WaitlistPlace
from appointments.services import fair_use, leaving, transitions
from appointments.states import OfferState, PlaceState, Role
from core import clock
from notifications.models import InboxItem, SentMail
from outbox import testing
from outbox.models import Message
from tests.accounts import markers
from tests.appointments.lives import (
    ALWAYS,
    DAY,
    HOUR,
    MARKERS,
    book,
    erase,
    leave,
    live,
    marked_person,
    provider_named,
    statuses,
)
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.factories.waitlist import join

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return marked_person()


# --- At once ----------------------------------------------------------------------------------------------------------


def test_leaving_ends_what_lies_ahead_on_both_sides_in_one_act_and_tells_each_once(person):
    maya, own = provider_named("Maya"), ProviderFactory(user=person, name="Zeb", slug="zeb", hours=ALWAYS)
    customer, asker = UserFactory(name="Carla"), UserFactory(name="Chris")
    booked, asked = book(maya, person, after=3 * DAY), book(maya, person, after=4 * DAY, by_hand=True)
    given = book(own, customer, after=5 * DAY)
    requested = book(own, asker, after=6 * DAY, by_hand=True)
    testing.deliver()
    mail.outbox.clear()

    leave(person)
    testing.deliver()

    assert statuses(booked, asked, given, requested) == ["cancelled", "cancelled", "cancelled", "declined"]
    assert {Appointment.objects.get(pk=one.pk).ended_by for one in (given, requested)} == {Role.PROVIDER}
    ends = AppointmentEvent.objects.filter(verb__in=["cancel", "withdraw", "decline"])
    assert len({event.occasion for event in ends}) == 1
    assert not Hold.objects.exists()
    told = [message.to[0] for message in mail.outbox]
    assert sorted(address for address in told if person.email not in address) == sorted(
        f'"{name}" <{user.email}>' for name, user in (("Maya Person", maya.user), ("Carla", customer), ("Chris", asker))
    )


def test_an_account_that_is_left_is_closed_and_signed_out_and_its_page_is_gone(client, person):
    own = ProviderFactory(user=person, name="Zeb", slug="zeb", hours=ALWAYS)
    client.force_login(person)

    leave(person)

    assert client.get("/my/appointments/").status_code == 302
    assert not Session.objects.filter(person=person).exists()
    assert client.get(reverse("provider_page", args=["zeb"])).status_code == 404
    person.refresh_from_db()
    assert not person.takes_part
    with pytest.raises(PolicyRefused, match="closed"):
        book(provider_named("Maya"), person, after=2 * DAY)
    with pytest.raises(PolicyRefused):
        book(own, UserFactory(), after=2 * DAY)


def test_who_waits_at_a_provider_who_leaves_is_told_once_and_counted_before(client, person):
    own = ProviderFactory(user=person, name="Zeb", slug="zeb", hours={})
    first, second = ServiceFactory(provider=own, name="Mending"), ServiceFactory(provider=own, name="Tuning")
    carla, chris = UserFactory(name="Carla"), UserFactory(name="Chris")
    places = [join(first, carla), join(second, carla), join(first, chris)]
    elsewhere = join(ServiceFactory(provider=ProviderFactory(hours={})), carla)
    client.force_login(person)

    page = client.get(reverse("settings_delete"))
    leave(person)
    testing.deliver()

    assert "<b>3 places on your waitlist</b> are ended. Whoever waits is told." in page.text
    assert [WaitlistPlace.objects.get(pk=each.pk).state for each in places] == [PlaceState.LAPSED] * 3
    assert WaitlistPlace.objects.get(pk=elsewhere.pk).is_waiting
    told = {message.to[0]: message for message in mail.outbox if person.email not in message.to[0]}
    assert sorted(told) == sorted(f'"{each.name}" <{each.email}>' for each in (carla, chris))
    assert {message.subject for message in told.values()} == {"Waitlist closed: Zeb"}
    assert "Mending" in told[f'"Carla" <{carla.email}>'].body and "Tuning" in told[f'"Carla" <{carla.email}>'].body
    client.force_login(carla)
    [line] = [line for _, line in client.get(reverse("my_inbox")).context["rows"]]
    assert (line.title, line.address) == ("Waitlist closed: Zeb", reverse("my_waitlist"))


def test_a_time_offered_from_the_waitlist_of_a_provider_who_leaves_is_told_as_the_closed_waitlist_alone(person):
    own = ProviderFactory(user=person, name="Zeb", slug="zeb", hours={})
    place = join(ServiceFactory(provider=own), UserFactory())
    start = clock.now() + 2 * DAY
    offer = Offer.objects.create(
        customer=place.customer, provider=own, service=place.service, place=place, start=start, end=start + HOUR,
        expires_at=start,
    )  # fmt: skip

    leave(person)

    offer.refresh_from_db()
    assert offer.state == OfferState.WITHDRAWN
    assert [item.name for item in InboxItem.objects.filter(reader=place.customer)] == ["appointments.waitlist_closed"]


def test_somebody_who_joins_the_waitlist_meanwhile_is_shown_first(person):
    own = ProviderFactory(user=person, name="Zeb", slug="zeb", hours={})
    shown = leaving.as_shown(person, now=clock.now())
    join(ServiceFactory(provider=own), UserFactory())

    with pytest.raises(InsideChanged):
        leaving.leave(person=person, seen=0, shown=shown)


def test_what_the_rules_let_nobody_cancel_any_more_stays(person):
    maya = provider_named("Maya", cancellation_cutoff_minutes=24 * 60)
    soon, later = book(maya, person, after=5 * HOUR), book(maya, person, after=3 * DAY)

    left = leave(person)

    assert statuses(soon, later) == ["confirmed", "cancelled"]
    assert [one.appointment for one in left.ended] == [later]
    assert not LateCancellation.objects.exists()


def test_leaving_counts_as_one_late_cancellation_whatever_it_ends(person):
    maya, own = provider_named("Maya"), ProviderFactory(user=person, name="Zeb", slug="zeb", hours=ALWAYS)
    own.policy.notice_minutes = 0
    own.policy.save()
    book(maya, person, after=6 * HOUR)
    book(own, UserFactory(), after=7 * HOUR)

    with pytest.raises(CountsForMore):
        leave(person, seen=0)
    leave(person, seen=1)

    assert LateCancellation.objects.filter(person=person).count() == 1


def test_the_third_late_cancellation_bans_and_the_account_is_left_all_the_same(person):
    for _ in range(2):
        fair_use.note_late(person, occasion=uuid4(), now=clock.now())
    maya = provider_named("Maya", cancellation_cutoff_minutes=5 * 60)
    late, staying = book(maya, person, after=8 * HOUR), book(maya, person, after=4 * HOUR)

    left = leave(person)

    assert (left.banned, statuses(late, staying)) == (True, ["cancelled", "cancelled"])
    person.refresh_from_db()
    assert (person.banned_at is not None, person.leaves_at is not None) == (True, True)


def test_what_was_booked_since_the_page_was_opened_is_asked_about(person):
    maya = provider_named("Maya")
    shown = leaving.as_shown(person, now=clock.now())
    new = book(maya, person, after=2 * DAY)

    with pytest.raises(InsideChanged):
        leaving.leave(person=person, seen=0, shown=shown)

    assert statuses(new) == ["confirmed"]
    assert not Departure.objects.exists()


def test_leaving_twice_leaves_once(person):
    first, second = leave(person), leave(person)

    assert (first.departure, first.changed, second.changed) == (second.departure, True, False)
    assert Message.objects.filter(topic="accounts.erase").count() == 1


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_who_may_act_as_staff_does_not_leave(person, right):
    setattr(person, right, True)
    person.save()

    with pytest.raises(StaffStay):
        leave(person)


# --- Keeping ----------------------------------------------------------------------------------------------------------


def test_a_kept_account_is_as_before_but_for_what_was_cancelled(client, person):
    ProviderFactory(user=person, name="Zeb", slug="zeb", hours=ALWAYS)
    booked = book(provider_named("Maya"), person, after=2 * DAY)
    leave(person)

    assert leaving.keep(person=person)
    assert not leaving.keep(person=person)
    with clock.pretended(clock.now() + GRACE + DAY):
        testing.deliver("accounts.erase")

    person.refresh_from_db()
    assert (person.takes_part, person.name) == (True, MARKERS["name"])
    assert statuses(booked) == ["cancelled"]
    assert client.get(reverse("provider_page", args=["zeb"])).status_code == 200


def test_an_account_can_be_left_again_after_it_was_kept(person):
    first = leave(person).departure
    leaving.keep(person=person)
    second = leave(person).departure

    with clock.pretended(clock.now() + GRACE + DAY):
        assert erasure.erase(second.pk)
        assert not erasure.erase(first.pk)


def test_nothing_is_erased_before_its_time(person):
    departure = leave(person).departure

    assert not erasure.erase(departure.pk)
    person.refresh_from_db()
    assert (person.name, person.is_active) == (MARKERS["name"], True)


def test_what_is_being_erased_can_no_longer_be_kept(person):
    departure = leave(person).departure
    with clock.pretended(clock.now() + GRACE + HOUR):
        erasure._begin(departure.pk)

    assert not leaving.keep(person=person)


# --- Erasing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(person) -> User:
    """A person of whom there is something in every table that keeps any of it."""
    return live(person)


def test_no_sealed_job_holds_the_address_afterwards(known):
    leave(known)
    assert Message.objects.filter(topic="notifications.send_account_mail").exists()

    erase(known)

    assert not Message.objects.filter(topic__in=erasure.LETTERS).exists()


def test_letters_to_a_second_address_of_theirs_go_too(person):
    EmailAddress.objects.create(user=person, email="New@example.com")
    for address in (person.email, "new@example.com", "other@example.com"):
        services.send_letter(letter="accounts/kept", to=address, said={})

    erasure.drop_letters(person)

    assert Message.objects.filter(topic="notifications.send_account_mail").count() == 1


def test_what_the_log_of_staff_says_of_others_stays():
    staff = UserFactory(is_staff=True)
    an, jan, other_an = (
        User.objects.create_user(f"{name}@x.example", "pass", name=called)
        for name, called in (("an", "An"), ("jan", "Jan"), ("an.other", "An"))
    )
    LogEntry.objects.log_actions(staff.pk, [an, jan, other_an], CHANGE, change_message="made superuser")
    LogEntry.objects.log_actions(staff.pk, [jan], CHANGE, change_message="was an@x.example")
    leave(an)
    erase(an)

    entries = LogEntry.objects.order_by("pk").values_list("object_repr", "change_message")
    assert list(entries) == [
        ("Deleted customer", ""),
        (str(jan), "made superuser"),
        (str(other_an), "made superuser"),
        (str(jan), ""),
    ]


def test_the_letters_of_others_stay(known):
    services.send_letter(letter="account/email/login_code", to="other@example.com", said={"code": "1"})
    leave(known)

    erase(known)

    assert Message.objects.filter(topic="notifications.send_account_mail").count() == 1


def test_what_others_had_with_the_person_keeps_its_facts(client, known):
    theirs = Appointment.objects.filter(customer=known).exclude(note="").first()
    given = Appointment.objects.get(provider__user=known)
    maya, carla = theirs.provider.user, given.customer
    entries = AppointmentEvent.objects.count()

    leave(known)
    ended = AppointmentEvent.objects.count()
    erase(known)

    assert AppointmentEvent.objects.count() == ended > entries
    theirs.refresh_from_db()
    assert (theirs.customer.name, theirs.customer.first_name, theirs.price > 0) == (
        "Deleted customer",
        "Deleted customer",
        True,
    )
    client.force_login(maya)
    assert "Deleted customer" in client.get(reverse("studio_appointment", args=[theirs.reference])).text
    customer_page = client.get(reverse("studio_customer", args=[theirs.customer.uuid]))
    assert "This account is closed." in customer_page.text
    client.force_login(carla)
    page = client.get(reverse("my_appointment", args=[given.reference]))
    assert (page.status_code, "Deleted provider" in page.text) == (200, True)
    assert client.get(reverse("my_appointments") + "?tab=history").status_code == 200


def test_the_evidence_of_an_open_suspension_stays_and_leads_to_no_appointment(person):
    maya = provider_named("Maya")
    for number in range(3):
        one = book(maya, person, after=(6 + 2 * number) * HOUR)
        transitions.cancel_appointment(appointment=one, actor=person, role=Role.CUSTOMER, reason="x")
    occasions = set(LateCancellation.objects.values_list("occasion", flat=True))
    person.refresh_from_db()

    leave(person)
    erase(person)

    kept = LateCancellation.objects.filter(person=person)
    assert (kept.count(), person.bans.filter(lifted_at=None).count()) == (3, 1)
    assert not occasions & set(kept.values_list("occasion", flat=True))


def test_late_cancellations_that_banned_nobody_are_erased(person):
    fair_use.note_late(person, occasion=uuid4(), now=clock.now())

    leave(person)
    erase(person)

    assert not LateCancellation.objects.exists()


def test_erasing_ends_what_still_lies_ahead_and_tells_the_other_side_once(person):
    maya = provider_named("Maya", cancellation_cutoff_minutes=60 * 24 * 30)
    far = book(maya, person, after=20 * DAY)
    leave(person)
    testing.deliver()
    mail.outbox.clear()

    with clock.pretended(clock.now() + GRACE + HOUR):
        departure = Departure.objects.get()
        erasure.erase(departure.pk)
        Departure.objects.update(erased_at=None, step="begun")
        erasure.erase(departure.pk)
        testing.deliver()

    assert statuses(far) == ["cancelled"]
    assert [message.to for message in mail.outbox] == [[f'"Maya Person" <{maya.user.email}>']]
    assert Appointment.objects.get().ended_by == Role.SYSTEM


def test_a_worker_killed_at_any_step_is_followed_by_one_that_goes_on(known, monkeypatch):
    leave(known)
    names = [name for name, _ in erasure.steps()]
    departure = Departure.objects.get()

    def killed(*args):
        raise KeyboardInterrupt

    real, done = erasure.steps(), []
    with clock.pretended(clock.now() + GRACE + HOUR):
        for number in range(len(names)):
            planted = [(name, killed if at == number else step) for at, (name, step) in enumerate(real)]
            monkeypatch.setattr(erasure, "steps", lambda planted=planted: planted)
            with pytest.raises(KeyboardInterrupt):
                erasure.erase(departure.pk)
            departure.refresh_from_db()
            done.append(departure.step)
        monkeypatch.setattr(erasure, "steps", lambda: real)
        assert erasure.erase(departure.pk)
        assert not erasure.erase(departure.pk)

    assert done == [erasure.BEGUN, *names[:-1]]
    assert markers.found_in_tables(MARKERS) == []


def test_steps_begin_with_the_highest_app_and_end_with_the_person():
    names = [name for name, _ in erasure.steps()]

    assert names == [
        "log",
        "jobs",
        "api.personal_data",
        "analytics.personal_data",
        "appointments.services.personal_data",
        "calendar_sync.personal_data",
        "providers.personal_data",
        "notifications.personal_data",
        "accounts.personal_data",
        "person",
    ]


def test_an_erased_account_can_be_signed_in_to_by_nobody_and_its_address_is_free(client, known):
    known.set_password("long walks by the river")
    known.save()
    leave(known)
    erase(known)

    answer = client.post("/accounts/login/", {"login": MARKERS["email"], "password": "long walks by the river"})

    assert "do not match an account" in answer.text
    assert not User.objects.filter(email=MARKERS["email"]).exists()
    assert personal_data.count(User.objects.get(pk=known.pk))["deletions of their account"] == 1


def test_the_daily_purge_leaves_erased_accounts(person):
    book(provider_named("Maya"), person, after=2 * DAY)
    leave(person)
    erase(person)

    services.purge(now=clock.now() + 90 * DAY)

    assert User.objects.filter(pk=person.pk).exists()


def test_mails_to_somebody_who_left_still_go_until_they_are_erased(person):
    book(provider_named("Maya"), person, after=2 * DAY)
    testing.deliver()
    mail.outbox.clear()

    leave(person)
    testing.deliver()

    subjects = [message.subject for message in mail.outbox if person.email in message.to[0]]
    assert any(subject.startswith("Your account is deleted on ") for subject in subjects)
    assert any(subject.startswith("Cancelled") for subject in subjects)
    assert SentMail.objects.filter(user=person).exists()
