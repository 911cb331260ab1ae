"""The mail to a customer about the links by which they join appointments online."""

from collections.abc import Sequence
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
        true = [told for told in self.rows if _is_ahead(told.context, now)]
        if not true:
            return "the appointment does not take place, or is over"
        known = self._named_elsewhere([told.context.appointment.reference for told in true])
        true = [told for told in true if told.had_link or told.context.appointment.reference not in known]
        self._tell(true or self.rows)
        return "" if true else "another mail names the link"

    def letter(self) -> Letter:
        if len(self.told) == 1:
            return words.about_one(self.told[0])
        return words.about_several(SharedContext([told.context for told in self.told]), self.told)

    def calendars(self) -> tuple[CalendarPart, ...]:
        return tuple(ics.invitation(told.context.event.appointment, Role.CUSTOMER) for told in self.told)

    def _named_elsewhere(self, references: Sequence[str]) -> set[str]:
        """The references of the appointments about which the reader gets another mail that was, or will be, written
        since there is a link: sent since then, or held back until a moment. One query."""
        is_later = Q(state=State.SENT, handed_over_at__gte=self.at) | Q(state=State.HELD, held_until__isnull=False)
        rows = SentMail.objects.filter(is_later, user=self.reader.user, kind__in=NAMES_IT, about__in=references)
        return set(rows.values_list("about", flat=True))


@catalogue.mail(NOTICE)
def join_links_mail(*, appointments: list[int], had: list[bool], at: str) -> Mail | None:
    """The mail about the links of these appointments with one provider, or None where they were deleted."""
    now, had_link = clock.now(), dict(zip(appointments, had, strict=True))
    events = events_with_people().filter(appointment__in=appointments).exclude(verb__in=TALK)
    last = {event.appointment_id: event for event in reversed(events)}
    rows = [Told(MailContext(event, Role.CUSTOMER, now=now), had_link[pk]) for pk, event in last.items()]
    return JoinLinksMail(rows, at=datetime.fromisoformat(at)) if rows else None


def _is_ahead(context: MailContext, now: datetime) -> bool:
    appointment = context.event.appointment
    return appointment.is_confirmed and appointment.is_only_online and appointment.end > now
