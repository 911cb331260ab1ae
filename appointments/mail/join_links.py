"""The mail to a customer about the links by which they join appointments online, and about those that are missing."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from appointments.services.join_links import NOTICE
from appointments.states import Role
from core import clock
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import CalendarPart, Mail, Reader
from notifications.models import Kind, SentMail, State

from . import ics
from .catalogue import TALK, events_with_people
from .context import MailContext, SharedContext
from .words import join_links as words
from .words.join_links import Told

# The kinds of mails that name the link, too, once there is one.
NAMES_IT = (Kind.CONFIRMED, Kind.RESCHEDULED, Kind.REMINDER)


class JoinLinksMail(Mail):
    """The mail about links, true of appointments that are still to come, and wanted where no mail has them by then."""

    kind = Kind.JOIN

    def __init__(self, rows: Sequence[Told], *, at: datetime) -> None:
        self.rows, self.at = rows, at
        shared = SharedContext([told.context for told in rows])
        first = shared.first
        self.key = f"appointment-join-links:{first.event.appointment_id}:{at.timestamp()}"
        self.reader = Reader.of(first.reader)
        self.counterpart = first.other_user
        self.matters_at = min(told.context.start for told in rows)
        self._tell(rows)

    def _tell(self, rows: Sequence[Told]) -> None:
        self.told = sorted(rows, key=lambda told: told.context.start)
        references = tuple(told.context.appointment.reference for told in self.told)
        self.about, self.mentions = (references[0], ()) if len(references) == 1 else ("", references)

    def stale_because(self, now: datetime) -> str:
        ahead = [told for told in self.rows if _is_ahead(told.context, now)]
        if not ahead:
            return "the appointment does not take place, or is over"
        mails = self._mails_about([told.context.appointment.reference for told in ahead])
        ahead = [replace(told, had_link=_named(mails, told, told.had_since)) for told in ahead]
        new = [told for told in ahead if told.had_link or told.was_promised or told.context.join_link]
        if not new:
            return "no mail named a link"
        true = [told for told in new if not told.context.join_link or not _named(mails, told, told.since)]
        self._tell(true or self.rows)
        return "" if true else "another mail names the link"

    def letter(self) -> Letter:
        if len(self.told) == 1:
            return words.about_one(self.told[0])
        return words.about_several(SharedContext([told.context for told in self.told]), self.told)

    def calendars(self) -> tuple[CalendarPart, ...]:
        return tuple(ics.invitation(told.context.event.appointment, Role.CUSTOMER) for told in self.told)

    def _mails_about(self, references: Sequence[str]) -> set[tuple[str, datetime | None]]:
        """The mails to the reader about these appointments that named the link of then: each as a reference and when it
        was handed over, None for one that is held back until a moment and is written then. One query."""
        is_about = Q(about__in=references) | Q(mentions__about__in=references)
        goes_out = Q(state=State.SENT) | Q(state=State.HELD, held_until__isnull=False, kind__in=NAMES_IT)
        rows = SentMail.objects.filter(is_about, goes_out, user=self.reader.user, kind__in=(*NAMES_IT, Kind.JOIN))
        found = rows.exclude(key=self.key).values_list("about", "mentions__about", "state", "handed_over_at")
        return {(about or named, at if state == State.SENT else None) for about, named, state, at in found}


@catalogue.mail(NOTICE)
def join_links_mail(
    *, appointments: list[int], had: list[str], since: list[str], at: str, promised: Collection[int] = ()
) -> Mail | None:
    """The mail about the links of these appointments with one provider, or None where they were deleted; of which one
    was promised and did not come."""
    now = clock.now()
    moments = {
        key: (_moment(came), _moment(had_since)) for key, came, had_since in zip(appointments, since, had, strict=True)
    }
    events = events_with_people().filter(appointment__in=appointments).exclude(verb__in=TALK)
    last = {event.appointment_id: event for event in reversed(events)}
    rows = []
    for key, event in last.items():
        came, had_since = moments[key]
        context = MailContext(event, Role.CUSTOMER, now=now)
        rows.append(
            Told(context, had_since is not None, came, had_since, was_promised=event.appointment_id in promised)
        )
    return JoinLinksMail(rows, at=datetime.fromisoformat(at)) if rows else None


def _moment(said: str) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def _named(mails: Collection[tuple[str, datetime | None]], told: Told, since: datetime | None) -> bool:
    """Whether a mail names the link that came then."""
    reference = told.context.appointment.reference
    return since is not None and any(about == reference and (at is None or at >= since) for about, at in mails)


def _is_ahead(context: MailContext, now: datetime) -> bool:
    appointment = context.event.appointment
    return appointment.is_confirmed and appointment.end > now
