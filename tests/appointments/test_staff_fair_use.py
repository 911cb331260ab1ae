"""What staff decide about suspensions, appeals and late cancellations: who may, once, under the person's lock, told."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Appeal, Ban
from appointments.exceptions import AppealAnswered, ReasonMissing, StaffRefused
from appointments.models import Appointment, LateCancellation
from appointments.services import fair_use, transitions
from appointments.states import Role, Status
from outbox.models import Message
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = TUESDAY_TEN - 2 * HOUR


def on_record(person, *moments: datetime) -> list[LateCancellation]:
    return [LateCancellation.objects.create(person=person, occasion=UUID(int=n), at=at) for n, at in enumerate(moments)]


def banned(person, at=NOW) -> Ban:
    """The person as the third late cancellation leaves them, with the evidence."""
    on_record(person, at - 2 * DAY, at - DAY, at)
    with transaction.atomic():
        return fair_use.ban(person, now=at)


def appealed(ban, text="I was in hospital.") -> Appeal:
    return Appeal.objects.create(ban=ban, text=text, sent_at=NOW)


def mails(name: str) -> list[dict]:
    found = Message.objects.filter(payload__mail=name).order_by("created_at")
    return [{key: value for key, value in one.payload.items() if key != "mail"} for one in found]


@pytest.fixture
def staff(db):
    return UserFactory(name="Robin Ellis", is_staff=True)


def state_of(person):
    person.refresh_from_db()
    bans = [(ban.is_open, ban.lifted_by, ban.lift_reason) for ban in Ban.objects.filter(user=person)]
    return person.takes_part, bans


# --- Lifting ----------------------------------------------------------------------------------------------------------


def test_lifting_gives_access_back_is_told_once_and_revives_nothing(confirmed, customer, staff):
    on_record(customer, LATE - DAY, LATE - 2 * DAY)
    with time_machine.travel(LATE, tick=False):
        customer_cancels(confirmed)
        [ban] = Ban.objects.all()
        lifted = [fair_use.lift_ban(ban=ban, actor=staff, reason=reason) for reason in (" A death. ", "Again")]

    assert lifted == [True, False]
    assert state_of(customer) == (True, [(False, staff, "A death.")])
    assert [one.status for one in Appointment.objects.all()] == [Status.CANCELLED]
    assert mails("appointments.suspension_lifted") == [{"ban": ban.pk}]
    assert fair_use.consequence_for(customer.pk, [LATE + HOUR], now=LATE).number == 1


def customer_cancels(appointment):
    provider = appointment.provider
    provider.policy.cancellation_cutoff_minutes = 0
    provider.policy.save()
    transitions.cancel_appointment(appointment=appointment, actor=appointment.customer, role=Role.CUSTOMER)


def test_a_provider_whose_suspension_is_lifted_returns_to_the_search_at_once(provider, staff):
    ban = banned(provider.user)

    fair_use.lift_ban(ban=ban, actor=staff, reason="Snow")

    refreshed = Message.objects.filter(topic="appointments.refresh_openings")
    assert [one.payload for one in refreshed] == [{"provider": provider.pk}]


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_is_decided_without_a_reason(customer, staff, text):
    ban = banned(customer)
    appeal, late = appealed(ban), LateCancellation.objects.first()
    Message.objects.all().delete()

    for decide in (
        lambda: fair_use.lift_ban(ban=ban, actor=staff, reason=text),
        lambda: fair_use.answer_appeal(appeal=appeal, actor=staff, answer=text, lift=True),
        lambda: fair_use.forgive(late=late, actor=staff, reason=text),
    ):
        with pytest.raises(ReasonMissing):
            decide()

    assert state_of(customer) == (False, [(True, None, "")])
    assert Appeal.objects.get().answered_at is None
    assert not LateCancellation.objects.exclude(forgiven_at=None).exists()
    assert not Message.objects.exists()


def test_the_person_is_locked_before_anything_is_decided(customer, staff):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's transaction locks the whole file")
    ban = banned(customer)
    appeal, late = appealed(ban), LateCancellation.objects.first()
    first, second = sorted([customer.pk, staff.pk])

    for decide in (
        lambda: fair_use.forgive(late=late, actor=staff, reason="Snow"),
        lambda: fair_use.answer_appeal(appeal=appeal, actor=staff, answer="Thank you.", lift=False),
        lambda: fair_use.lift_ban(ban=ban, actor=staff, reason="Snow"),
    ):
        with CaptureQueriesContext(connection) as asked:
            decide()
        statements = [query["sql"] for query in asked]
        lock = next(n for n, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql)
        assert f"IN ({first}, {second})" in statements[lock] or "ANY" in statements[lock]
        assert not any(sql.startswith(("UPDATE", "INSERT")) for sql in statements[:lock])


# --- Who may ----------------------------------------------------------------------------------------------------------


def people():
    return {
        "nobody's staff": UserFactory(),
        "closed staff": UserFactory(is_staff=True, is_active=False),
        "suspended staff": UserFactory(is_staff=True, banned_at=NOW),
        "staff": UserFactory(is_staff=True),
        "superuser": UserFactory(is_staff=True, is_superuser=True),
    }


@pytest.mark.parametrize(
    ("rights", "may"),
    [
        ({}, {"staff", "superuser"}),
        ({"is_staff": True}, {"superuser"}),
        ({"is_superuser": True}, {"superuser"}),
    ],
)
def test_staff_decide_about_people_and_superusers_about_staff(rights, may):
    person = UserFactory(**rights)
    ban = banned(person)
    appeal, late = appealed(ban), LateCancellation.objects.first()

    def decided(actor):
        done = []
        for decide in (
            lambda: fair_use.forgive(late=late, actor=actor, reason="Snow"),
            lambda: fair_use.answer_appeal(appeal=appeal, actor=actor, answer="Thank you.", lift=False),
            lambda: fair_use.lift_ban(ban=ban, actor=actor, reason="Snow"),
        ):
            with transaction.atomic():
                try:
                    decide()
                    done.append(True)
                except StaffRefused:
                    done.append(False)
                transaction.set_rollback(True)
        return done

    assert {name: decided(actor) for name, actor in people().items()} == {name: [name in may] * 3 for name in people()}


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_staff": True, "is_superuser": True}])
def test_nobody_decides_about_themselves(rights):
    person = UserFactory(**rights)
    [late] = on_record(person, NOW)

    with pytest.raises(StaffRefused, match="Ask another"):
        fair_use.forgive(late=late, actor=person, reason="Mine")

    late.refresh_from_db()
    assert late.forgiven_at is None


def test_rights_are_those_of_the_moment_not_of_the_page(customer, staff):
    ban = banned(customer)
    type(staff).objects.filter(pk=staff.pk).update(is_staff=False)

    with pytest.raises(StaffRefused):
        fair_use.lift_ban(ban=ban, actor=staff, reason="Snow")

    assert state_of(customer) == (False, [(True, None, "")])


# --- Appeals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lift", [True, False])
def test_an_appeal_is_answered_once_and_its_suspension_lifted_or_kept_in_the_same_act(customer, staff, lift):
    appeal = appealed(banned(customer))

    fair_use.answer_appeal(appeal=appeal, actor=staff, answer=" We read it. ", lift=lift)

    appeal.refresh_from_db()
    assert (appeal.answer, appeal.answered_at, appeal.answered_by) == ("We read it.", NOW, staff)
    reason = "Answered the appeal of 02 Mar 2026."
    assert state_of(customer) == (lift, [(not lift, staff if lift else None, reason if lift else "")])
    assert mails("appointments.appeal_answered") == [{"appeal": appeal.pk}]
    assert mails("appointments.suspension_lifted") == [], "the answer says it"


def test_the_first_answer_stands(customer, staff):
    appeal = appealed(banned(customer))
    fair_use.answer_appeal(appeal=appeal, actor=staff, answer="It stays.", lift=False)

    with pytest.raises(AppealAnswered):
        fair_use.answer_appeal(appeal=appeal, actor=UserFactory(is_staff=True), answer="It goes.", lift=True)

    appeal.refresh_from_db()
    assert (appeal.answer, appeal.answered_by) == ("It stays.", staff)
    assert state_of(customer) == (False, [(True, None, "")])
    assert len(mails("appointments.appeal_answered")) == 1


def test_an_appeal_whose_suspension_was_lifted_meanwhile_is_still_answered(customer, staff):
    ban = banned(customer)
    appeal = appealed(ban)
    fair_use.lift_ban(ban=ban, actor=staff, reason="Snow")

    fair_use.answer_appeal(appeal=appeal, actor=staff, answer="It was lifted.", lift=True)

    assert state_of(customer) == (True, [(False, staff, "Snow")])
    assert Appeal.objects.get().answer == "It was lifted."


# --- Forgiving --------------------------------------------------------------------------------------------------------


def test_a_forgiven_late_cancellation_no_longer_counts_and_is_forgiven_once(customer, staff):
    first, _ = on_record(customer, NOW - 2 * DAY, NOW - DAY)

    forgiven = [fair_use.forgive(late=first, actor=staff, reason=reason) for reason in ("Snow", "Again")]

    first.refresh_from_db()
    assert forgiven == [True, False]
    assert (first.forgiven_at, first.forgiven_by, first.forgiven_reason) == (NOW, staff, "Snow")
    assert fair_use.consequence_for(customer.pk, [NOW + HOUR], now=NOW).number == 2


def test_forgiving_the_evidence_of_an_open_suspension_does_not_lift_it(customer, staff):
    ban = banned(customer)

    for late in LateCancellation.objects.all():
        assert fair_use.forgive(late=late, actor=staff, reason="Snow") is True

    assert state_of(customer) == (False, [(True, None, "")])
    assert {late.ban for late in LateCancellation.objects.all()} == {ban}


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_nothing_deletes_a_suspension_its_evidence_or_its_person():
    """Not even the purge of accounts that nobody confirmed or used, nor the next sign-up with the address."""
    person = UserFactory(email_confirmed_at=None)
    type(person).objects.filter(pk=person.pk).update(joined_at=NOW - 400 * DAY)
    appealed(banned(person))

    accounts.purge(now=NOW + 400 * DAY)
    assert accounts.discard_unconfirmed_account(email=person.email) is False
    for row in (Ban.objects.get(), person):
        with pytest.raises(ProtectedError), transaction.atomic():
            row.delete()

    assert (Ban.objects.count(), Appeal.objects.count(), LateCancellation.objects.count()) == (1, 1, 3)


def test_the_database_lets_one_suspension_be_open_and_one_appeal_wait(customer):
    ban = banned(customer)
    appealed(ban)

    for write in (lambda: Ban.objects.create(user=customer, since=NOW), lambda: appealed(ban)):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
