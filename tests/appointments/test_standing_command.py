"""`manage.py standing`: how a person's late cancellations are counted, and a lift where no staff can do it."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from accounts.models import Ban
from appointments.models import LateCancellation
from appointments.services import fair_use, transitions
from appointments.states import Role
from outbox.models import Message
from tests.factories.accounts import UserFactory

from .conftest import NOW, TUESDAY_TEN
from .test_staff_fair_use import banned, on_record, state_of

pytestmark = pytest.mark.django_db

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def standing(*args) -> list[str]:
    out = io.StringIO()
    call_command("standing", *args, stdout=out)
    return out.getvalue().splitlines()


def test_each_late_cancellation_is_explained_to_the_second(confirmed, provider):
    person, robin = provider.user, UserFactory(name="Robin Ellis", is_staff=True)
    old, forgiven, edge = on_record(person, NOW - 40 * DAY, NOW - 9 * DAY, TUESDAY_TEN - 30 * DAY - 2 * HOUR)
    fair_use.forgive(late=forgiven, actor=robin, reason="Snow")
    with time_machine.travel(TUESDAY_TEN - 2 * HOUR - SECOND, tick=False):
        transitions.cancel_appointment(appointment=confirmed, actor=person, role=Role.PROVIDER)
    [new] = LateCancellation.objects.filter(at__gt=NOW)

    with time_machine.travel(TUESDAY_TEN - 2 * HOUR, tick=False):
        said = standing(person.email.upper())

    assert said == [
        "2 of 3 late cancellations count at 03 Mar 2026, 08:00:00 UTC.",
        f"Late cancellation {new.pk}, 03 Mar 2026, 07:59:59 UTC: counts until 02 Apr 2026, 07:59:59 UTC.",
        f"    {confirmed.reference}, starts 03 Mar 2026, 10:00:00 UTC, cancelled 2 h 1 s before its start.",
        f"Late cancellation {forgiven.pk}, 21 Feb 2026, 08:00:00 UTC: "
        "forgiven 02 Mar 2026, 08:00:00 UTC by Robin Ellis: Snow.",
        f"Late cancellation {edge.pk}, 01 Feb 2026, 08:00:00 UTC: counts until 03 Mar 2026, 08:00:00 UTC.",
        f"Late cancellation {old.pk}, 21 Jan 2026, 08:00:00 UTC: counted until 20 Feb 2026, 08:00:00 UTC.",
        "Never suspended.",
    ]


def test_a_suspension_is_explained_and_lifted_where_its_only_member_of_staff_is_the_one(caplog):
    person = UserFactory(name="Only Staff", email="only@example.org", is_staff=True, is_superuser=True)
    ban = banned(person)

    before = standing("only@example.org")
    after = standing("only@example.org", "--lift", "I was ill.", "--by", "only@example.org")
    again = standing("only@example.org", "--lift", "Again.", "--by", "only@example.org")

    since = "02 Mar 2026, 08:00:00 UTC"
    assert before[0] == f"0 of 3 late cancellations count at {since}."
    assert before[1].endswith(f"evidence of the suspension since {since}.")
    assert before[-1] == f"Suspension {ban.pk}: suspended since {since}."
    assert after[0] == f"Suspension {ban.pk} is lifted."
    lifted = f"Suspension {ban.pk}: suspended from {since} to {since}, lifted by Only Staff: I was ill."
    assert after[-1] == again[-1] == f"{lifted}."
    assert again[0] == "There is no suspension to lift."
    assert state_of(person) == (True, [(False, person, "I was ill.")])
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_id, entry.change_message) == (
        person, str(ban.pk), "lift, on the server: I was ill."
    )  # fmt: skip
    assert Message.objects.filter(payload__mail="appointments.suspension_lifted").count() == 1
    assert "only@example.org" not in caplog.text and "Only Staff" not in caplog.text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nobody@example.org"], "Nobody has an account"),
        (["c@example.org", "--lift", "Ill"], "go together"),
        (["c@example.org", "--by", "s@example.org"], "go together"),
        (["c@example.org", "--lift", "Ill", "--by", "nobody@example.org"], "Nobody has an account"),
        (["c@example.org", "--lift", "Ill", "--by", "c@example.org"], "Only staff decide"),
        (["c@example.org", "--lift", " ", "--by", "s@example.org"], "required"),
        (["c@example.org", "--lift", "x" * 501, "--by", "s@example.org"], "at most 500"),
    ],
)
def test_what_makes_no_sense_lifts_nothing(args, said):
    banned(UserFactory(email="c@example.org"))
    UserFactory(email="s@example.org", is_staff=True)

    with pytest.raises(CommandError, match=said):
        standing(*args)

    assert Ban.objects.get().is_open


def test_it_costs_the_same_for_one_late_cancellation_and_for_many(django_assert_num_queries):
    for number in (1, 5):
        person = UserFactory()
        on_record(person, *(NOW - n * DAY for n in range(number)))
        with django_assert_num_queries(6):
            standing(person.email)
