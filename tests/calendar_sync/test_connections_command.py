"""`manage.py calendar_connections`: which connections whoever runs the site should look at."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command

from accounts.models import User
from calendar_sync.models import Connection
from calendar_sync.rules.attention import Attention, attention_to
from calendar_sync.rules.standing import Copy
from calendar_sync.states import State, WhenStale
from tests.factories.providers import ProviderFactory

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def known(age=MINUTE, *, state=State.WORKING, problem=False, was_read=True):
    known_at = NOW - age
    return Copy(state, problem, WhenStale.PAUSE, known_at if was_read else None, known_at, was_read)


@pytest.mark.parametrize(
    ("copy", "is_gone", "reasons"),
    [
        (known(), False, []),
        (known(), True, [Attention.GONE]),
        (known(state=State.SIGN_IN_AGAIN, age=3 * HOUR), True, [Attention.SIGN_IN]),
        (known(problem=True, age=HOUR), False, []),
        (known(problem=True, age=HOUR + MINUTE), False, [Attention.FAILING]),
        (known(age=2 * HOUR), False, []),
        (known(age=2 * HOUR + MINUTE), False, [Attention.OLD]),
        (known(problem=True, age=3 * HOUR), False, [Attention.FAILING, Attention.OLD]),
        (known(was_read=False, age=15 * MINUTE), False, []),
        (known(was_read=False, age=16 * MINUTE), False, [Attention.NEVER_READ]),
        # No calendar of it counts.
        (Copy(State.WORKING, False, WhenStale.PAUSE, None, None), False, []),
    ],
)
def test_what_needs_attention(copy, is_gone, reasons):
    assert attention_to(copy, is_gone=is_gone, now=NOW, good_for=2 * HOUR) == reasons


@pytest.fixture
def at_noon(db):
    with time_machine.travel(NOW, tick=False):
        yield


def connect(name, *, read=NOW - MINUTE, calendar=None, **values):
    provider = ProviderFactory(user__email=f"{name}@example.com")
    given = {"state_since": NOW - 5 * HOUR, "signed_in_at": NOW - 5 * HOUR, "profile": "full", **values}
    email = f"{name}.diary@example.com"
    row = Connection.objects.create(user=provider.user, account=name, email=email, refresh_token="hush", **given)
    due = {"next_read_at": NOW + 9 * MINUTE, "counts_since": NOW - 5 * HOUR, "last_read_at": read}
    row.calendars.create(google_id="own", name="Own", counts_as_busy=True, **due, **(calendar or {}))
    row.calendars.create(google_id="choir", name="Choir", gone_since=NOW)
    return row


def listed(*args):
    """The lines of the command and its exit status."""
    out, status = io.StringIO(), 0
    try:
        call_command("calendar_connections", *args, stdout=out)
    except SystemExit as end:
        status = end.code
    return out.getvalue().splitlines(), status


def test_nothing_is_said_where_all_is_in_order(at_noon):
    connect("amara")

    assert listed() == ([], 0)
    assert listed("--all") == (
        [
            "amara@example.com (amara.diary@example.com): in order; connected since 2026-03-09 07:00; "
            "read 2026-03-09 11:59; no problem; next try 2026-03-09 12:09"
        ],
        0,
    )


def test_each_one_that_needs_attention_is_a_line_with_what_is_known(at_noon):
    connect("amara")
    connect("leo", state=State.SIGN_IN_AGAIN, problem="sign_in")
    connect("maya", read=NOW - 3 * HOUR, calendar={"problem": "slow"})
    connect("robin", read=None, problem="no_calendar")
    connect("zoe", state=State.LEAVING)

    lines, status = listed()

    assert status == 1
    assert lines == [
        "leo@example.com (leo.diary@example.com): sign in again; sign in again since 2026-03-09 07:00; "
        "read 2026-03-09 11:59; problem: Google refused the sign-in; no next try",
        "maya@example.com (maya.diary@example.com): failing, copy too old; connected since 2026-03-09 07:00; "
        "read 2026-03-09 09:00; problem: Google was slow or could not be reached; next try 2026-03-09 12:09",
        "robin@example.com (robin.diary@example.com): never read; connected since 2026-03-09 07:00; "
        "read never; problem: This Google account has no calendar; next try 2026-03-09 12:09",
    ]
    assert len(listed("--all")[0]) == 4


def test_nobody_has_to_look_at_those_of_a_closed_or_suspended_account(at_noon):
    row = connect("leo", read=NOW - 9 * HOUR)
    User.objects.filter(pk=row.user_id).update(banned_at=NOW - 8 * HOUR)

    assert listed() == ([], 0)
    [line] = listed("--all")[0]
    assert "not read: the account is closed or suspended" in line
    assert line.endswith("no next try")


def test_it_costs_two_queries_and_knows_no_token(at_noon, django_assert_num_queries):
    for name in ("amara", "leo", "maya"):
        connect(name, state=State.SIGN_IN_AGAIN)

    with django_assert_num_queries(2) as asked:
        lines, _ = listed()

    assert "hush" not in "".join(lines)
    assert not [each for each in asked.captured_queries if "_token" in each["sql"].replace("sync_token", "")]
