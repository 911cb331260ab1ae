"""Staff have a calendar read again, for a reason that is kept; nobody is asked anything of Google in the request."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group

from calendar_sync.models import Connection
from calendar_sync.states import State
from core import clock
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect
from tests.factories.providers import ProviderFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/calendar_sync/connection/"


@pytest.fixture
def calendar():
    calendar = connect(ProviderFactory(time_zone="Asia/Kathmandu"))
    type(calendar).objects.update(next_read_at=clock.now() + timedelta(hours=3), failures=4)
    return calendar


def staff(client, group):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client.force_login(person)
    return person


def ask(client, calendar, **more):
    chosen = {"action": "sync_now", "_selected_action": [calendar.connection_id], "from_page": "1"}
    return client.post(LIST, chosen | more, follow=True)


def readings(calendar):
    return Message.objects.filter(topic="calendar_sync.read", payload={"calendar": calendar.pk}).count()


def test_a_supporter_has_a_calendar_read_now_and_says_why(client, calendar):
    supporter = staff(client, "Supporter")

    asked = ask(client, calendar)
    nothing_yet = readings(calendar)
    page = ask(client, calendar, confirmed="1", reason="They wrote that it hangs.")

    assert asked.status_code == 200
    assert nothing_yet == 0
    assert "1 changed." in page.text
    assert readings(calendar) == 1
    calendar.refresh_from_db()
    assert calendar.next_read_at <= clock.now()
    entry = LogEntry.objects.get(user=supporter)
    assert (entry.object_id, entry.change_message) == (
        str(calendar.connection_id),
        "sync_now: They wrote that it hangs.",
    )


def test_a_connection_whose_owner_has_to_sign_in_is_left_alone(client, calendar):
    staff(client, "Supporter")
    Connection.objects.update(state=State.SIGN_IN_AGAIN)

    page = ask(client, calendar, confirmed="1", reason="They wrote that it hangs.")

    assert "its owner has to sign in to Google first" in page.text
    assert readings(calendar) == 0
    assert not LogEntry.objects.exists()


def test_a_viewer_can_not(client, calendar):
    staff(client, "Viewer")

    ask(client, calendar, confirmed="1", reason="Let me see.")

    assert readings(calendar) == 0
