"""Cancelling late is written down under the locks, and the third time bans the person and ends what lies ahead."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts import bans
from accounts.adapters import AccountAdapter
from accounts.models import Ban, Session, User
from appointments.exceptions import CountsForMore, PolicyRefused
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation
from appointments.pages.labels import state_label
from appointments.services import booking, holds, transitions
from appointments.states import HoldKind, Role, Status
from core.exceptions import Busy
from outbox.models import Message
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import NOW, TUESDAY_TEN

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = TUESDAY_TEN - 12 * HOUR


@pytest.fixture
def elsewhere(db):
    """A service of another provider, in New York, who answers by hand."""
    provider = ProviderFactory(time_zone="America/New_York", policy__accepts_at_once=False)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=30)


def on_record(person, *days_ago):
    for days in days_ago:
        LateCancellation.objects.create(
            person=person, occasion=f"00000000-0000-4000-8000-{days:012}", at=LATE - days * DAY
        )


def cancel(appointment, actor, role, *, at=LATE, seen=None):
    with time_machine.travel(at, tick=False):
        return transitions.cancel_appointment(appointment=appointment, actor=actor, role=role, seen=seen)


def numbers_of(person):
    return [(one.at, one.ban_id) for one in LateCancellation.objects.filter(person=person).order_by("at")]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PROVIDER])
def test_cancelling_twelve_hours_before_the_start_is_written_down_for_who_cancelled(confirmed, role):
    confirmed.provider.policy.cancellation_cutoff_minutes = 0
    confirmed.provider.policy.save()
    actor, other = confirmed.customer, confirmed.provider.user
    if role is Role.PROVIDER:
        actor, other = other, actor

    cancel(confirmed, actor, role)

    event = AppointmentEvent.objects.get(appointment=confirmed, verb="cancel")
    [late] = LateCancellation.objects.all()
    assert (late.person, late.at, late.occasion, late.ban) == (actor, LATE, event.occasion, None)
    assert numbers_of(other) == []


@pytest.mark.parametrize(("role", "at"), [(Role.CUSTOMER, LATE - timedelta(seconds=1)), (Role.STAFF, LATE)])
def test_cancelling_earlier_or_by_staff_counts_for_nobody(confirmed, role, at):
    actor = confirmed.customer if role is Role.CUSTOMER else UserFactory(is_staff=True)

    cancel(confirmed, actor, role, at=at)

    assert not LateCancellation.objects.exists()


def test_withdrawing_and_declining_a_request_late_counts_for_nobody(by_hand, book, customer, service):
    with time_machine.travel(LATE, tick=False):
        first, second = (book(TUESDAY_TEN + n * HOUR).appointment for n in (0, 1))
        transitions.withdraw_request(appointment=first, actor=customer)
        transitions.decline_request(appointment=second, actor=service.provider.user)

    assert not LateCancellation.objects.exists()


def test_pressing_twice_counts_once(confirmed, customer):
    assert [cancel(confirmed, customer, Role.CUSTOMER).changed for _ in range(2)] == [True, False]

    assert len(numbers_of(customer)) == 1


def test_several_in_one_act_count_once(book, provider, customer):
    made = [book(TUESDAY_TEN + n * HOUR, customer=UserFactory()).appointment for n in range(4)]
    changes = [transitions.Change(one, transitions.Verb.CANCEL) for one in made]

    with time_machine.travel(LATE, tick=False):
        transitions.apply(changes, actor=provider.user, role=Role.PROVIDER)

    assert len(numbers_of(provider.user)) == 1


def test_what_counts_for_more_than_was_shown_is_not_done(confirmed, customer):
    on_record(customer, 1)

    with pytest.raises(CountsForMore) as refusal:
        cancel(confirmed, customer, Role.CUSTOMER, seen=1)

    assert refusal.value.number == 2
    confirmed.refresh_from_db()
    assert confirmed.is_confirmed
    assert len(numbers_of(customer)) == 1
    assert cancel(confirmed, customer, Role.CUSTOMER, seen=2).changed


def test_what_counts_for_less_than_was_shown_is_done(confirmed, customer):
    on_record(customer, 30)

    assert cancel(confirmed, customer, Role.CUSTOMER, at=LATE + timedelta(seconds=1), seen=2).changed
    assert len(numbers_of(customer)) == 2


def test_the_third_bans_at_once_and_ends_all_that_lies_ahead(confirmed, customer, book, elsewhere):
    ahead = book(TUESDAY_TEN + DAY).appointment
    asked = book(datetime(2026, 3, 5, 15, tzinfo=UTC), service=elsewhere).appointment
    holds.keep_time(service=elsewhere, start=datetime(2026, 3, 6, 15, tzinfo=UTC), browser="b" * 64, account=customer)
    browser = Client()
    browser.force_login(customer)
    on_record(customer, 1, 30, 31)

    cancel(confirmed, customer, Role.CUSTOMER, seen=3)

    customer.refresh_from_db()
    [ban] = Ban.objects.all()
    assert (ban.user, ban.since, ban.is_open, customer.banned_at) == (customer, LATE, True, LATE)
    assert numbers_of(customer) == [
        (LATE - 31 * DAY, None), (LATE - 30 * DAY, ban.pk), (LATE - DAY, ban.pk), (LATE, ban.pk)
    ]  # fmt: skip
    states = {one.pk: (one.status, one.ended_by, one.was_withdrawn) for one in Appointment.objects.all()}
    assert states == {
        confirmed.pk: (Status.CANCELLED, Role.CUSTOMER, False),
        ahead.pk: (Status.CANCELLED, Role.SYSTEM, False),
        asked.pk: (Status.CANCELLED, Role.SYSTEM, True),
    }
    assert not Hold.objects.exists()
    assert not Session.objects.filter(person=customer).exists()
    assert Message.objects.filter(payload__mail="appointments.suspended", payload__ban=ban.pk).count() == 1


def test_what_the_ban_ends_counts_for_nobody_and_is_told_once_to_each(confirmed, customer, book, elsewhere):
    others = [book(TUESDAY_TEN + DAY + n * HOUR).appointment for n in range(3)]
    on_record(customer, 1, 2)

    cancel(confirmed, customer, Role.CUSTOMER)

    assert len(numbers_of(customer)) == 3
    assert numbers_of(confirmed.provider.user) == []
    ended = AppointmentEvent.objects.filter(appointment__in=others, verb="cancel")
    assert {event.role for event in ended} == {Role.SYSTEM}
    assert len({event.occasion for event in ended}) == 1
    told = Message.objects.filter(payload__mail="appointments.events").values_list("payload__to", flat=True)
    assert sorted(told) == ["customer", "provider"]


def test_a_banned_provider_leaves_the_search_and_loses_what_lies_ahead_on_both_sides(
    confirmed, provider, book, elsewhere
):
    theirs = [book(TUESDAY_TEN + DAY + n * HOUR, customer=UserFactory()).appointment for n in range(2)]
    own = book(datetime(2026, 3, 5, 15, tzinfo=UTC), service=elsewhere, customer=provider.user).appointment
    on_record(provider.user, 3, 4)

    cancel(confirmed, provider.user, Role.PROVIDER)

    assert {one.status for one in Appointment.objects.filter(pk__in=[*(one.pk for one in theirs), own.pk])} == {
        Status.CANCELLED
    }
    assert not Provider.objects.bookable().filter(pk=provider.pk).exists()
    assert not Provider.objects.public().filter(pk=provider.pk).exists()
    with pytest.raises(PolicyRefused), time_machine.travel(LATE, tick=False):
        book(TUESDAY_TEN + 2 * DAY, customer=UserFactory())


def test_a_request_to_a_banned_provider_is_declined_by_the_system(confirmed, provider, book):
    provider.policy.accepts_at_once = False
    provider.policy.answer_minutes = 60 * 24 * 7
    provider.policy.save()
    asked = book(TUESDAY_TEN + DAY, customer=UserFactory()).appointment
    on_record(provider.user, 3, 4)

    cancel(confirmed, provider.user, Role.PROVIDER)

    asked.refresh_from_db()
    assert (asked.status, asked.ended_by) == (Status.DECLINED, Role.SYSTEM)
    assert state_label(asked, Role.PROVIDER).label == "Declined"


def test_the_ban_comes_however_often_others_book_with_the_person_meanwhile(confirmed, provider, book, monkeypatch):
    """Somebody books in every moment between looking what there is and locking it."""
    on_record(provider.user, 3, 4)
    lock, starts = transitions.lock_providers, iter(TUESDAY_TEN + DAY + n * HOUR for n in range(50))

    def book_and_lock(ids):
        ids = list(ids)
        book(next(starts), customer=UserFactory())
        return lock(ids)

    monkeypatch.setattr(transitions, "lock_providers", book_and_lock)

    assert cancel(confirmed, provider.user, Role.PROVIDER).banned

    # What was booked in the first round went with it; that of the second is ended.
    rows = list(Appointment.objects.order_by("pk").values_list("status", "ended_by"))
    assert rows == [(Status.CANCELLED, Role.PROVIDER), (Status.CANCELLED, Role.SYSTEM)]


@pytest.mark.parametrize(("books", "banned"), [(1, True), (2, True), (50, False)])
def test_only_what_the_person_books_elsewhere_meanwhile_asks_for_another_round(
    confirmed, customer, elsewhere, book, monkeypatch, books, banned
):
    on_record(customer, 3, 4)
    lock, rounds = transitions.lock_providers, []

    def book_and_lock(ids):
        ids = list(ids)
        rounds.append(ids)
        if 1 < len(rounds) <= 1 + books:
            book(datetime(2026, 3, 5, 15, tzinfo=UTC), service=elsewhere)
        return lock(ids)

    monkeypatch.setattr(transitions, "lock_providers", book_and_lock)

    if banned:
        assert cancel(confirmed, customer, Role.CUSTOMER).banned
        assert len(rounds) == 2 + books
    else:
        # Nobody is that quick; if somebody were, nothing would be half done.
        with pytest.raises(Busy):
            cancel(confirmed, customer, Role.CUSTOMER)
        assert not Ban.objects.exists() and len(numbers_of(customer)) == 2
        assert Appointment.objects.get().is_confirmed


def test_a_banned_person_takes_no_time(confirmed, customer, service):
    bans.ban(customer, now=NOW)

    with pytest.raises(PolicyRefused, match="suspended"):
        booking.book_appointment(
            service=service,
            start=TUESDAY_TEN + DAY,
            customer=customer,
            terms=booking.terms_of(service),
            booking_key="later",
        )

    assert Hold.objects.filter(kind=HoldKind.APPOINTMENT).count() == 1


def test_a_lifted_ban_gives_access_back_and_starts_the_count_anew(confirmed, customer, book):
    ahead = book(TUESDAY_TEN + DAY).appointment
    on_record(customer, 1, 2)
    cancel(confirmed, customer, Role.CUSTOMER)
    staff = UserFactory(is_staff=True)
    [ban] = Ban.objects.all()

    with time_machine.travel(LATE + HOUR, tick=False):
        assert bans.lift(ban, actor=staff, reason="A death in the family") is True
        assert bans.lift(ban, actor=staff, reason="Again") is False

    customer.refresh_from_db()
    ban.refresh_from_db()
    ahead.refresh_from_db()
    assert (customer.takes_part, ban.lifted_by, ban.lift_reason) == (True, staff, "A death in the family")
    assert ahead.status == Status.CANCELLED
    again = book(TUESDAY_TEN + DAY).appointment
    cancel(again, customer, Role.CUSTOMER, at=TUESDAY_TEN + DAY - 3 * HOUR, seen=1)
    assert not Ban.objects.filter(lifted_at=None).exists()


def test_a_forgiven_one_does_not_count(confirmed, customer):
    on_record(customer, 1, 2)
    LateCancellation.objects.filter(at=LATE - DAY).update(forgiven_at=NOW, forgiven_by=customer)

    cancel(confirmed, customer, Role.CUSTOMER, seen=2)

    assert not Ban.objects.exists()


# --- Rows that were read before the ban -------------------------------------------------------------------------------


def test_saving_an_account_that_was_read_before_a_ban_or_its_lifting_undoes_neither(customer):
    before = User.objects.get(pk=customer.pk)
    made = bans.ban(customer, now=NOW)
    between = User.objects.get(pk=customer.pk)

    before.name = "Amara N."
    before.save()
    assert User.objects.get(pk=customer.pk).banned_at == NOW
    assert User.objects.get(pk=customer.pk).name == "Amara N."

    bans.lift(made, actor=UserFactory(is_staff=True), reason="By mistake")
    between.save()
    assert User.objects.get(pk=customer.pk).banned_at is None


def test_a_password_that_is_changed_meanwhile_opens_no_account(customer):
    before = User.objects.get(pk=customer.pk)
    User.objects.filter(pk=customer.pk).update(is_active=False)

    AccountAdapter().set_password(before, "short walks up the hill")

    after = User.objects.get(pk=customer.pk)
    assert (after.is_active, after.check_password("short walks up the hill")) == (False, True)


def test_nothing_is_kept_for_somebody_who_was_banned_meanwhile(customer, service):
    before = User.objects.get(pk=customer.pk)
    bans.ban(customer, now=NOW)

    with pytest.raises(PolicyRefused):
        holds.keep_time(service=service, start=TUESDAY_TEN, browser="b" * 64, account=before)

    assert not Hold.objects.exists()


def test_a_provider_who_was_banned_meanwhile_marks_nobody(confirmed, provider):
    before = User.objects.get(pk=provider.user_id)
    bans.ban(provider.user, now=NOW)

    with pytest.raises(PolicyRefused, match="suspended"), time_machine.travel(TUESDAY_TEN + HOUR, tick=False):
        transitions.mark_no_show(appointment=confirmed, actor=before)

    confirmed.refresh_from_db()
    assert confirmed.is_confirmed


def test_a_member_of_staff_who_is_none_any_more_acts_for_nobody(confirmed):
    before = UserFactory(is_staff=True)
    User.objects.filter(pk=before.pk).update(is_staff=False)

    with pytest.raises(PermissionDenied):
        transitions.cancel_appointment(appointment=confirmed, actor=before, role=Role.STAFF)


def test_the_second_press_of_the_third_says_that_it_banned(confirmed, customer):
    on_record(customer, 1, 2)

    outcomes = [cancel(confirmed, customer, Role.CUSTOMER, seen=3) for _ in range(2)]

    assert [(outcome.changed, outcome.banned) for outcome in outcomes] == [(True, True), (False, True)]


def test_a_copy_without_a_ban_is_mended_where_the_person_meets_it(customer, client):
    client.force_login(customer)
    User.objects.filter(pk=customer.pk).update(banned_at=NOW)

    assert client.get("/suspended/")["Location"] == "/"
    assert client.get("/").status_code == 200
