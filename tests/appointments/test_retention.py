"""What nobody needs for ever is deleted at the age that the privacy page states, and not before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.urls import reverse

from accounts import copies, services
from accounts.models import DataCopy, Session, User
from appointments import tasks
from appointments.models import Hold
from appointments.states import HoldKind
from core import clock
from outbox.clock import database_now
from outbox.models import Message
from outbox.tasks import prune
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

pytestmark = pytest.mark.django_db
DAY, SOON = timedelta(days=1), timedelta(seconds=5)


def session(at: datetime) -> Any:
    """A device whose session was renewed at that time."""
    row = Session.objects.create(session_key=uuid4().hex, session_data="", expire_date=at + 14 * DAY)
    return UserSession.objects.create(
        user=UserFactory(), session_key=row.session_key, ip="203.0.113.1", user_agent="x", data={}
    )


def account(at: datetime) -> User:
    return UserFactory(email_confirmed_at=None, joined_at=at)


def kept_time(at: datetime) -> Hold:
    start = clock.now() + DAY
    return Hold.objects.create(
        provider=ProviderFactory(),
        kind=HoldKind.KEPT,
        start=start,
        end=start + DAY,
        browser=uuid4().hex,
        kept_from="a network",
        expires_at=at + timedelta(minutes=10),
    )


def done_job(at: datetime) -> Message:
    """Of jobs the database's own clock counts, which no test sets."""
    return _job(done_at=database_now() - (clock.now() - at))


def failed_job(at: datetime) -> Message:
    return _job(dead_at=database_now() - (clock.now() - at))


def _job(**how: Any) -> Message:
    return Message.objects.create(id=uuid4(), topic="probe", key=uuid4().hex, **how)


def copy(at: datetime) -> DataCopy:
    return DataCopy.objects.create(
        user=UserFactory(), asked_at=at, ready_at=at, ends_at=at + 7 * DAY, file=f"copies/{uuid4().hex}.zip"
    )


def old_copy(at: datetime) -> DataCopy:
    """A copy whose file was deleted at that time."""
    return DataCopy.objects.create(user=UserFactory(), asked_at=at - 7 * DAY, ready_at=at - 7 * DAY, ends_at=at)


def purge() -> None:
    services.purge(now=clock.now())


def sweep() -> None:
    copies.sweep(now=clock.now())


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("make", "age", "job", "rows", "said"),
    [
        (session, 14 * DAY, purge, UserSession.objects.all(), "a session ends 14 days after it was last renewed"),
        (account, 30 * DAY, purge, User.objects.all(), "that nobody used: 30 days."),
        (kept_time, timedelta(minutes=10), tasks.drop_lapsed_times, Hold.objects.all(), "10 minutes, and with them"),
        (done_job, 7 * DAY, prune, Message.objects.all(), "7 days after it was done"),
        (failed_job, 90 * DAY, prune, Message.objects.all(), "90 days if it failed for good"),
        (copy, 7 * DAY, sweep, DataCopy.objects.exclude(file=""), "the file 7 days;"),
        (old_copy, 90 * DAY, sweep, DataCopy.objects.all(), "that you had one made, 90 days longer"),
    ],
)
def test_what_nobody_needs_is_deleted_at_the_stated_age_and_not_before(
    client, make: Callable[[datetime], Any], age: timedelta, job: Callable[[], Any], rows: QuerySet[Any], said: str
):
    now = clock.now()
    old, young = make(now - age - SOON), make(now - age + SOON)

    job()

    left = set(rows.all())
    assert (old in left, young in left) == (False, True)
    assert said in " ".join(client.get(reverse("help_privacy")).text.replace("</b>", "").split())
