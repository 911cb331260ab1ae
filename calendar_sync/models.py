"""Connections to Google accounts, their calendars and push channels, the events read, and the history."""

import hashlib
import uuid
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import taking_part
from core import clock
from core.encryption import EncryptedText
from providers.models import Provider

from .states import ChannelState, Edit, Meet, NoteKind, Problem, Profile, State, WhenChanged, WhenStale


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def that_work(self) -> "ConnectionQuerySet":
        """Connections that call Google and have a calendar that counts and was read; rows may come twice."""
        return self.filter(state=State.WORKING, calendars__counts_as_busy=True, calendars__last_read_at__isnull=False)


class Connection(models.Model):
    """A Google account whose calendars somebody connected. `account` is Google's own name for it, which never changes.

    `granted` are the scopes that Google granted, which may be others than those asked for; a refresh that names more
    is refused. Tokens are encrypted, and stand in no page, log, export or admin.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_connections")
    account = models.CharField(max_length=255)
    email = models.EmailField(max_length=254)
    profile = models.CharField(max_length=8, choices=Profile)
    granted = models.JSONField(default=list)
    refresh_token = EncryptedText(blank=True, editable=False)
    access_token = EncryptedText(blank=True, editable=False)
    access_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Until when one process alone asks Google for a new access token, so that twenty jobs make one call.
    refreshing_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=16, choices=State, default=State.WORKING)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    # Google asked to leave this account alone until then.
    wait_until = models.DateTimeField(null=True, blank=True, editable=False)
    # The last problem that calls of this connection met, empty since the last one that went well.
    problem = models.CharField(max_length=16, choices=Problem, blank=True)
    when_stale = models.CharField(max_length=8, choices=WhenStale, default=WhenStale.PAUSE)
    # Requests are written once they are confirmed, or as tentative from the start.
    writes_requests = models.BooleanField(default=False)
    when_changed = models.CharField(max_length=8, choices=WhenChanged, default=WhenChanged.ASK)
    # Events of what takes place online get a Google Meet link.
    makes_meet = models.BooleanField(default=False, db_default=False)
    # The grant before the private profile was chosen, to remove with what was written into calendars that are out of
    # reach since. Nothing is read with it, and it is forgotten once that is done.
    former_token = EncryptedText(blank=True, default="", db_default="", editable=False)
    # Until when one process alone makes the calendar of our own, and when Google was asked for one without an answer.
    making_until = models.DateTimeField(null=True, blank=True, editable=False)
    calendar_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Until when one process alone writes to this account, so that no two change the same event.
    writing_until = models.DateTimeField(null=True, blank=True, editable=False)
    signed_in_at = models.DateTimeField(default=clock.now, editable=False)
    # When Google ends the sign-in, where it said so.
    sign_in_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ConnectionQuerySet.as_manager()
    # Of a leaving one: pairs of calendar and event, as JSON, that are deleted at Google before it is left.
    to_remove = EncryptedText(blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="one_connection_per_account"),
            models.CheckConstraint(
                condition=Q(state=State.SIGN_IN_AGAIN) | ~Q(refresh_token=""), name="connection_has_its_token"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_working(self) -> bool:
        return self.state == State.WORKING

    @property
    def needs_sign_in(self) -> bool:
        return self.state == State.SIGN_IN_AGAIN


class GoogleCalendarQuerySet(models.QuerySet["GoogleCalendar"]):
    """The queryset of calendars."""

    def read(self) -> "GoogleCalendarQuerySet":
        """The calendars that are read: those that make busy, and those into which we write, as people change that.

        Not those of people whose account is closed or suspended, from whom nobody can book.
        """
        mine, wanted = taking_part("connection__user__"), Q(counts_as_busy=True) | Q(is_written_to=True)
        return self.filter(mine, wanted, connection__state=State.WORKING)


class GoogleCalendar(models.Model):
    """A calendar of a connected account. What is read of one that `counts_as_busy` closes time for booking; into the
    one that `is_written_to`, one at most of all that a person has, what they have here is written.

    `sync_token` continues where the last reading ended; without one the next reading is a whole one, of the time up to
    `read_until`. `next_read_at` is when it is read next at the latest, `reading_until` the lease of whoever reads it
    now. A calendar that Google no longer shows keeps its busy times until its owner chooses anew (`gone_since`).
    `is_made` says that it is the one that we made, of whose events alone a private connection may know.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="calendars")
    google_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_primary = models.BooleanField(default=False)
    is_owned = models.BooleanField(default=False)
    counts_as_busy = models.BooleanField(default=False)
    is_written_to = models.BooleanField(default=False)
    is_made = models.BooleanField(default=False, db_default=False, editable=False)
    counts_since = models.DateTimeField(default=clock.now, editable=False)
    sync_token = models.TextField(blank=True, editable=False)
    read_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_read_at = models.DateTimeField(default=clock.now, editable=False)
    reading_until = models.DateTimeField(null=True, blank=True, editable=False)
    # How many events the first, long reading has seen by now.
    read_so_far = models.PositiveIntegerField(default=0, editable=False)
    last_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    problem = models.CharField(max_length=16, choices=Problem, blank=True)
    gone_since = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GoogleCalendarQuerySet.as_manager()

    class Meta:
        verbose_name = "calendar"
        constraints = [
            models.UniqueConstraint(fields=["connection", "google_id"], name="one_row_per_google_calendar"),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(is_written_to=True), name="one_calendar_written_to"
            ),
            models.UniqueConstraint(fields=["connection"], condition=Q(is_made=True), name="one_calendar_made"),
        ]
        indexes = [
            models.Index(
                fields=["next_read_at"],
                condition=Q(counts_as_busy=True) | Q(is_written_to=True),
                name="calendar_read_next",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The calendar's own zone, in which its whole days lie."""
        return clock.zone(self.time_zone)

    @property
    def known_at(self) -> datetime:
        """How old the copy is; before the first reading, since when there ought to be one."""
        return self.last_read_at or self.counts_since

    @property
    def is_in_reach(self) -> bool:
        """Whether what Google granted lets us change its events: of the one that we made, and with full access of those
        that the account owns. Needs its connection."""
        return self.is_made or (self.is_owned and self.connection.profile == Profile.FULL)

    @property
    def tells_events(self) -> bool:
        """Whether its events are read, and not its busy times alone. Needs its connection."""
        return self.is_in_reach and (self.is_owned or self.is_written_to)

    def was_read_since(self, moment: datetime) -> bool:
        return self.last_read_at is not None and self.last_read_at >= moment


class Channel(models.Model):
    """A push channel, by which Google tells of changes in a calendar. `uuid` is its id at Google, never used again.

    The row stands before Google is asked, so that no channel is unknown, and stays until the channel is stopped or has
    ended: also when its calendar's row is gone. Google's own `resource_id` comes with its answer or with its first
    message, whichever is sooner. `next_at` is when another channel is to take its place; of one that Google refused, or
    never answered for, when to ask again; of one being stopped, when that is tried next.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="channels")
    calendar = models.ForeignKey(
        GoogleCalendar, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels"
    )
    address = models.CharField(max_length=500)
    # Google repeats the token in every message. Hashed, so that nobody who reads this can send one.
    token_hash = models.CharField(max_length=64, editable=False)
    resource_id = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=ChannelState, default=ChannelState.ASKED)
    failures = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    next_at = models.DateTimeField()
    last_number = models.PositiveBigIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "push channel"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[ChannelState.OPEN, ChannelState.VERIFIED, ChannelState.STOPPING])
                | ~Q(resource_id=""),
                name="channel_that_is_open_can_be_stopped",
            )
        ]

    def __str__(self) -> str:
        return f"push channel {self.uuid}"


class BusyQuerySet(models.QuerySet["BusyInterval"]):
    def taking_time(self) -> Self:
        """Those that close time for booking: all but what the provider treats as free."""
        return self.filter(is_free_by_choice=False)


class BusyInterval(models.Model):
    """A time when somebody is busy elsewhere, mirrored from a calendar; only `is_free_by_choice` is not mirrored.

    A `provider` can't be booked then; somebody who is none is warned when they choose a time in it. `calendar` and
    `event_id` name the event that it mirrors, so that a reading replaces its own rows and no others; the title is for
    that person alone. Without a calendar it belongs to none that is connected. `is_free_by_choice` is the provider's
    word that the event takes none of their time: readings keep it while the event keeps its times.
    """

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, null=True, blank=True, related_name="busy_intervals"
    )
    calendar = models.ForeignKey(
        GoogleCalendar, on_delete=models.CASCADE, null=True, blank=True, related_name="busy_intervals"
    )
    event_id = models.CharField(max_length=1100, blank=True)
    etag = models.CharField(max_length=100, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    is_all_day = models.BooleanField(default=False)
    title = EncryptedText(blank=True)
    is_free_by_choice = models.BooleanField(default=False, db_default=False, editable=False)

    objects = BusyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["provider", "end"], name="busy_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="busy_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(provider__isnull=False) | Q(calendar__isnull=False), name="busy_time_is_somebodys"
            ),
            models.UniqueConstraint(
                fields=["calendar", "event_id"], condition=Q(calendar__isnull=False), name="one_busy_row_per_event"
            ),
        ]

    def __str__(self) -> str:
        return f"busy {self.start:%Y-%m-%d %H:%M}"

    @property
    def key(self) -> str:
        """The event at the times that it has, in short, for a form to send back."""
        told = f"{self.calendar_id} {self.event_id} {self.start.timestamp()} {self.end.timestamp()}"
        return hashlib.sha256(told.encode()).hexdigest()[:20]

    def become(self, **values: Any) -> None:
        """Take what an event has now. What the owner said of it was said of the times that it had."""
        self.is_free_by_choice &= (self.start, self.end) == (values["start"], values["end"])
        for name, value in values.items():
            setattr(self, name, value)


class FreeEvent(models.Model):
    """An event of a connected calendar that makes nobody busy, mirrored to be shown to its owner and for nothing else.

    It closes no time and stands in a table of its own, so that no question about busy times can meet it. It may have
    no length.
    """

    calendar = models.ForeignKey(GoogleCalendar, on_delete=models.CASCADE, related_name="free_events")
    event_id = models.CharField(max_length=1100)
    etag = models.CharField(max_length=100, blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    is_all_day = models.BooleanField(default=False)
    title = EncryptedText(blank=True)

    class Meta:
        indexes = [models.Index(fields=["calendar", "end"], name="free_calendar_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="free_ends_no_sooner_than_it_starts"),
            models.UniqueConstraint(fields=["calendar", "event_id"], name="one_free_row_per_event"),
        ]

    def __str__(self) -> str:
        return f"free {self.start:%Y-%m-%d %H:%M}"

    def become(self, **values: Any) -> None:
        """Take what an event has now."""
        for name, value in values.items():
            setattr(self, name, value)


class WrittenEvent(models.Model):
    """An event of ours in a calendar at Google, or one that is to be there, or to be gone.

    `source` and `key` name what it is about (see `hooks.Source`), from which `event_id` follows: written twice, it is
    one event. `content` is a hash of what we wrote, `etag` Google's name for what it has since, `start` and `end` when
    it lay then. It was sent once at least where `sent_at` says so, whatever became of the answer.

    Where somebody changed it there and its owner is asked what that means, `edit` says what they did and `edited_at`
    when that was found, `edit_start` and `edit_end` where it lies since; `refusal` is why it could not be proposed.
    Until they answer, or the thing itself changes, the event stays as it is.

    `meet` is how its Google Meet link stands, empty where none was asked for; `meet_link` is the link that is ready,
    `meet_since` since when one is awaited, and `meet_attempt` counts how often one was asked for.

    From `write_at` on it is compared with what it is about; with Google, too, where it `must_look`, as somebody changed
    it there. `asked` counts who asked for that, so that nobody is forgotten who asks while it is being written.
    """

    calendar = models.ForeignKey(GoogleCalendar, on_delete=models.CASCADE, related_name="written")
    source = models.CharField(max_length=20)
    key = models.UUIDField()
    event_id = models.CharField(max_length=64)
    etag = models.CharField(max_length=100, blank=True)
    content = models.CharField(max_length=64, blank=True)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    write_at = models.DateTimeField(null=True, blank=True)
    must_look = models.BooleanField(default=False)
    asked = models.PositiveIntegerField(default=1)
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=16, choices=Problem, blank=True)
    edit = models.CharField(max_length=8, choices=Edit, blank=True)
    edit_start = models.DateTimeField(null=True, blank=True)
    edit_end = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    refusal = models.TextField(blank=True)
    meet = models.CharField(max_length=8, choices=Meet, blank=True, default="", db_default="")
    meet_link = models.CharField(max_length=200, blank=True, default="", db_default="")
    meet_since = models.DateTimeField(null=True, blank=True)
    meet_attempt = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = "written event"
        constraints = [
            models.UniqueConstraint(fields=["calendar", "source", "key"], name="one_event_per_calendar"),
            models.UniqueConstraint(fields=["calendar", "event_id"], name="one_row_per_written_event"),
            models.CheckConstraint(
                condition=Q(edit="", edited_at=None) | (~Q(edit="") & Q(edited_at__isnull=False)),
                name="edit_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(meet=Meet.READY) & ~Q(meet_link="") | ~Q(meet=Meet.READY) & Q(meet_link=""),
                name="meet_link_once_ready",
            ),
            models.CheckConstraint(
                condition=Q(meet=Meet.ASKED, meet_since__isnull=False) | ~Q(meet=Meet.ASKED) & Q(meet_since=None),
                name="awaited_meet_link_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["write_at"], condition=Q(write_at__isnull=False), name="event_write_at"),
            models.Index(fields=["source", "key"], name="event_about"),
        ]

    def __str__(self) -> str:
        return self.event_id

    @property
    def uuid(self) -> uuid.UUID:
        """The event's id as the addresses of its pages have it."""
        return uuid.UUID(self.event_id)


class Note(models.Model):
    """An entry in the history of a connection, kept for 30 days. Readings that found nothing new share one entry."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="notes")
    calendar = models.ForeignKey(GoogleCalendar, on_delete=models.CASCADE, null=True, blank=True, related_name="notes")
    kind = models.CharField(max_length=16, choices=NoteKind)
    problem = models.CharField(max_length=16, choices=Problem, blank=True)
    # How many busy times the calendar has, and how many of them are new, other or gone since the reading before.
    busy = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["connection", "at"], name="note_connection_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"
