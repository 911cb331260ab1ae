"""What this app keeps about a person; see `accounts.personal_data`."""

from datetime import UTC, datetime

from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section

from .models import BusyInterval, Connection, FreeEvent, GoogleCalendar, Note, WrittenEvent
from .services import leaving

# Before anything that was written.
EVER = datetime(2000, 1, 1, tzinfo=UTC)


def kept(user: User) -> Rows:
    """The person's connections to Google, and what was mirrored from their calendars."""
    return {
        "connections to Google": Connection.objects.filter(user=user),
        "busy times of their calendars": BusyInterval.objects.filter(_theirs(user)),
        "free events of their calendars": FreeEvent.objects.filter(calendar__connection__user=user),
        "events written to their calendars": WrittenEvent.objects.filter(calendar__connection__user=user),
    }


def sections(user: User) -> list[Section]:
    connections = Connection.objects.filter(user=user).order_by("created_at", "pk")
    calendars = GoogleCalendar.objects.filter(connection__user=user).order_by("connection_id", "name", "pk")
    notes = Note.objects.filter(connection__user=user).select_related("calendar").order_by("at", "pk")
    events = WrittenEvent.objects.filter(calendar__connection__user=user).select_related("calendar")
    busy = BusyInterval.objects.filter(_theirs(user)).select_related("calendar").order_by("start", "pk")
    free = FreeEvent.objects.filter(calendar__connection__user=user).select_related("calendar").order_by("start", "pk")
    return [
        Section("google_connections", "Connections to Google", connections, _connection),
        Section("google_calendars", "Calendars at Google", calendars, _calendar),
        Section("google_history", "History of your connections to Google", notes, _note),
        Section("busy_times", "Busy times of your calendars", busy, _busy),
        Section("free_events", "Free events of your calendars", free, _free),
        Section("written_events", "Events written to your calendars", events.order_by("start", "pk"), _written),
    ]


def erase(user: User) -> None:
    """Delete what was read, calendars and connections; have Google delete our events and forget what it granted."""
    BusyInterval.objects.filter(_theirs(user)).delete()
    FreeEvent.objects.filter(calendar__connection__user=user).delete()
    for connection in Connection.objects.filter(user=user):
        leaving.leave(connection, removes_after=EVER)


def _theirs(user: User) -> Q:
    """The condition of a busy time of the person: who is no provider has only those of calendars."""
    return Q(provider__user=user) | Q(calendar__connection__user=user)


def _connection(row: Connection) -> Facts:
    return {
        "account": row.email,
        "access": row.get_profile_display(),
        "state": row.get_state_display(),
        "granted": row.granted,
        "connected_at": row.created_at,
        "signed_in_at": row.signed_in_at,
        "sign_in_ends_at": row.sign_in_until,
        "makes_meet_links": row.makes_meet,
        "when_it_cannot_be_read": row.get_when_stale_display(),
    }


def _calendar(row: GoogleCalendar) -> Facts:
    return {"name": row.name, "counts_as_busy": row.counts_as_busy, "last_read_at": row.last_read_at}


def _note(row: Note) -> Facts:
    return {
        "at": row.at,
        "what": row.get_kind_display(),
        "calendar": row.calendar.name if row.calendar else "",
        "why": row.get_problem_display(),
        "busy_times": row.busy,
        "changed": row.changed,
    }


def _busy(row: BusyInterval) -> Facts:
    calendar = row.calendar.name if row.calendar else ""
    return {
        "start": row.start,
        "end": row.end,
        "title": row.title,
        "calendar": calendar,
        "counts_as_free": row.is_free_by_choice,
    }


def _free(row: FreeEvent) -> Facts:
    return {"start": row.start, "end": row.end, "title": row.title, "calendar": row.calendar.name}


def _written(row: WrittenEvent) -> Facts:
    return {
        "what": row.source,
        "start": row.start,
        "end": row.end,
        "calendar": row.calendar.name,
        "id": row.event_id,
        "meet_link": row.meet_link,
    }
