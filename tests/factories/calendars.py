"""A provider's connected calendar, with events that somebody put into it, for tests that ask nothing of Google."""

from calendar_sync.models import BusyInterval, Connection
from calendar_sync.states import Profile
from core import clock
from providers.models import CalendarState


def connect(provider, name="Personal"):
    """A calendar of the provider's connection that counts as busy and was read."""
    connection, _ = Connection.objects.get_or_create(
        user=provider.user,
        account="1",
        defaults={"email": "m@example.com", "profile": Profile.FULL, "refresh_token": "r"},
    )
    provider.calendar_state = CalendarState.WORKING
    provider.save(update_fields=["calendar_state"])
    now = clock.now()
    return connection.calendars.create(
        google_id=name,
        name=name,
        is_owned=True,
        counts_as_busy=True,
        last_read_at=now,
        next_read_at=now + clock.ONE_DAY,
    )


def put(calendar, start, end, *, title="School play", event_id=""):
    """An event as a reading would have written it."""
    provider = calendar.connection.user.provider
    return BusyInterval.objects.create(
        provider=provider,
        calendar=calendar,
        event_id=event_id or f"{start:%d%H%M}-{end:%d%H%M}",
        start=start,
        end=end,
        title=title,
    )
