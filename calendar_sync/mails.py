"""What the owner of a connection is told: that Google asks them to sign in again, and what was changed there."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.pages import question_of
from calendar_sync.services import edits
from calendar_sync.states import Problem, State, WhenStale
from core import wording
from core.letters import Button, Letter, page
from notifications import catalogue
from notifications.catalogue import Facts, Line, Mail, Reader, View
from notifications.models import Kind
from providers.models import Provider

from .doors import pages_of
from .rules.sign_in import TESTING_WORDS, ended_by_testing
from .services.ending import ENDS_NOTICE
from .services.health import SIGN_IN_NOTICE


class SignInAgain(Mail):
    """The mail that Google asks for a sign-in, true while it does so since the moment it tells of."""

    kind = Kind.CALENDAR

    def __init__(self, connection: Connection, *, since: datetime, hours: int) -> None:
        self.connection, self.since = connection, since
        self.pages = pages_of(connection.user)
        # Whether this site requires a calendar, and no other of theirs is read.
        self.is_missing = Provider.objects.filter(user=connection.user_id, calendar_is_missing=True).exists()
        self.key = f"google-sign-in:{connection.uuid.hex}:{since.timestamp():.0f}:{hours}"
        self.reader = Reader.of(connection.user)

    def stale_because(self, now: datetime) -> str:
        waits = self.connection.needs_sign_in and self.connection.state_since == self.since
        return "" if waits else "the connection works again"

    @property
    def lacks_permission(self) -> bool:
        return self.connection.problem == Problem.SCOPES

    @property
    def reason(self) -> str:
        if self.lacks_permission:
            return "A permission that the connection needs is missing for"
        return "As after a change of password, or when access was taken back, Google ended the sign-in of"

    @property
    def consequence(self) -> str:
        if self.pages.is_of_settings:
            return "What you book is not written to your calendar until you sign in."
        if self.connection.when_stale == WhenStale.PAUSE or self.is_missing:
            return "Customers cannot book you until you sign in."
        return "Nothing new in your calendar is seen until you sign in; customers can book you meanwhile."

    def letter(self) -> Letter:
        user = self.connection.user
        by_testing = ended_by_testing(self.connection.signed_in_at, self.since) and not self.lacks_permission
        since = wording.moment_text(self.since, user.zone, twelve=user.uses_12h_clock)
        return Letter(
            subject="Sign in to Google again",
            tone="brass",
            badge="Google Calendar",
            headline="Google asks you to sign in again.",
            preheader=f"{self.consequence} Your appointments are safe.",
            lead=(
                f"{self.reason} {self.connection.email}, {since}, {wording.zone_city(user.zone)} time.",
                f"{self.consequence} Your appointments are safe, and what was read before still closes its time.",
                *([TESTING_WORDS] if by_testing else []),
            ),
            button=Button("Sign in to Google", page(self.pages.home)),
            contact=f"Questions? Write to {settings.SUPPORT_EMAIL}.",
            why="You get this mail because you connected a Google Calendar.",
        )


class SignInEnds(Mail):
    """The reminder that Google ends a sign-in, true until then unless its owner has signed in meanwhile."""

    kind = Kind.CALENDAR

    def __init__(self, connection: Connection, *, until: datetime) -> None:
        self.connection, self.until = connection, until
        self.pages = pages_of(connection.user)
        self.key = f"google-sign-in-ends:{connection.uuid.hex}:{until.timestamp():.0f}"
        self.reader = Reader.of(connection.user)

    def stale_because(self, now: datetime) -> str:
        return "" if _still_ends(self.connection, self.until, now) else "the sign-in does not end then any more"

    def letter(self) -> Letter:
        user = self.connection.user
        until = wording.moment_text(self.until, user.zone, twelve=user.uses_12h_clock)
        return Letter(
            subject="Your sign-in to Google ends soon",
            tone="brass",
            badge="Google Calendar",
            headline="Your sign-in to Google ends soon.",
            preheader="One press before that, and nothing is interrupted.",
            lead=(
                f"Google ends the sign-in of {self.connection.email} on {until}, {wording.zone_city(user.zone)} time, "
                "because access was granted for a limited time.",
                "Sign in again before that: it takes one press and interrupts nothing. After it, your calendar is not "
                "read until you do.",
            ),
            button=Button("Sign in to Google", page(self.pages.home)),
            contact=f"Questions? Write to {settings.SUPPORT_EMAIL}.",
            why="You get this mail because you connected a Google Calendar.",
        )


@catalogue.mail(ENDS_NOTICE)
def sign_in_ends(*, connection: int, until: str) -> Mail | None:
    """The reminder that a sign-in ends, or None where the account was disconnected."""
    found = Connection.objects.select_related("user").exclude(state=State.LEAVING).filter(pk=connection).first()
    return SignInEnds(found, until=datetime.fromisoformat(until)) if found else None


@catalogue.lines(ENDS_NOTICE)
def sign_in_ends_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a sign-in ends. One query."""
    found = Connection.objects.select_related("user__provider").in_bulk({facts["connection"] for facts in items})
    return [_ends_line(found.get(facts["connection"]), facts["until"], view.now) for facts in items]


def _ends_line(connection: Connection | None, told: str, now: datetime) -> Line | None:
    if connection is None:
        return None
    until = datetime.fromisoformat(told)
    waits = _still_ends(connection, until, now)
    return Line(
        title="Your sign-in to Google ends soon" if waits else "Your sign-in to Google was about to end",
        address=reverse(pages_of(connection.user).home),
        icon="key",
        tone="brass" if waits else "slate",
        text=connection.email,
        do="Sign in to Google" if waits else "",
        until=until if waits else None,
    )


def _still_ends(connection: Connection, until: datetime, now: datetime) -> bool:
    return connection.is_working and connection.sign_in_until == until and now < until


@catalogue.mail(SIGN_IN_NOTICE)
def sign_in_again(*, connection: int, since: str, hours: int) -> Mail | None:
    """The mail that asks for a sign-in, or None where the account was disconnected."""
    found = Connection.objects.select_related("user").filter(pk=connection).first()
    return SignInAgain(found, since=datetime.fromisoformat(since), hours=hours) if found else None


@catalogue.lines(SIGN_IN_NOTICE)
def sign_in_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that Google asks for a sign-in. One query."""
    found = Connection.objects.select_related("user__provider").in_bulk({facts["connection"] for facts in items})
    return [_line(found[key]) if (key := facts["connection"]) in found else None for facts in items]


def _line(connection: Connection) -> Line:
    waits = connection.needs_sign_in
    return Line(
        title="Google asks you to sign in again" if waits else "Google asked you to sign in again",
        address=reverse(pages_of(connection.user).home),
        icon="key",
        tone="brass" if waits else "slate",
        text=connection.email,
        do="Sign in to Google" if waits else "",
    )


class EditedInGoogle(Mail):
    """The mail that asks what a moved or deleted event of ours means, true while its owner is asked about just that."""

    kind = Kind.CALENDAR

    def __init__(self, event: WrittenEvent, *, at: datetime) -> None:
        self.event, self.at = event, at
        self.key = f"google-edit:{event.event_id}:{at.timestamp()}"
        self.reader = Reader.of(event.calendar.connection.user)
        self.pages = pages_of(event.calendar.connection.user)
        asked = edits.ask_about(event)
        self.question = question_of(event, asked) if asked else None

    def stale_because(self, now: datetime) -> str:
        is_asked = self.event.edited_at == self.at and self.question is not None
        return "" if is_asked else "nothing is asked about it any more"

    def letter(self) -> Letter:
        assert self.question
        user, asked = self.event.calendar.connection.user, self.question
        return Letter(
            subject=f"{asked.what}: {asked.title}",
            tone="brass",
            badge="Google Calendar",
            headline=f"{asked.what}.",
            preheader=f"{asked.title}. Nothing has changed here.",
            lead=(
                f"{asked.title}: {asked.was(user.uses_12h_clock)}.",
                f"In Google: {asked.now(user.uses_12h_clock)}.",
                "Nothing has changed here, and nobody was told. Say what it means.",
            ),
            button=Button("Say what it means", page(self.pages.edit, str(self.event.uuid))),
            contact=f"Questions? Write to {settings.SUPPORT_EMAIL}.",
            why="You get this mail because you connected a Google Calendar.",
        )


@catalogue.mail(edits.NOTICE)
def edited_in_google(*, event: int, at: str) -> Mail | None:
    """The mail about an event that was moved or deleted at Google, or None where it is gone."""
    found = WrittenEvent.objects.select_related("calendar__connection__user").filter(pk=event).first()
    return EditedInGoogle(found, at=datetime.fromisoformat(at)) if found else None


@catalogue.lines(edits.NOTICE)
def edited_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about events that were moved or deleted at Google. One query."""
    found = WrittenEvent.objects.select_related("calendar__connection__user__provider").in_bulk(
        {facts["event"] for facts in items}
    )
    return [
        _edited_line(
            found[facts["event"]], is_asked=edits.asked_at(found[facts["event"]], datetime.fromisoformat(facts["at"]))
        )
        if facts["event"] in found
        else None
        for facts in items
    ]


def _edited_line(event: WrittenEvent, *, is_asked: bool) -> Line:
    pages = pages_of(event.calendar.connection.user)
    return Line(
        title=f"{event.get_edit_display()}: say what it means" if is_asked else "Changed in Google, and settled",
        address=reverse(pages.edit, args=[event.uuid]) if is_asked else reverse(pages.home),
        icon="calendar",
        tone="brass" if is_asked else "slate",
        text=event.calendar.name,
        do="Decide" if is_asked else "",
    )
