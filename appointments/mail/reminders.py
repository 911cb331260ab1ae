"""Mails that remind: of an appointment, or of an answer that is still missing. Each goes once at most."""

from datetime import UTC, datetime, timedelta

from appointments.models import Proposal
from appointments.states import Role, Verb
from core import clock
from notifications import catalogue
from notifications.catalogue import Mail
from notifications.models import Kind
from notifications.preferences import leads_of

from .catalogue import TALK, EventMail, Sort, events_with_people
from .context import MailContext
from .words import reminders as words

REMINDER = Sort(Kind.REMINDER, words.reminder)
LAST_CALL = Sort(Kind.ANSWER_NEEDED, words.last_call)
LAST_CALL_FOR_TIME = Sort(Kind.TIME_PROPOSED, words.last_call_for_time)


class Reminder(EventMail):
    """A reminder, true only while the appointment stands at that start, has not begun, and its reader wants it."""

    once = True

    def __init__(self, context: MailContext, *, start: datetime, minutes: int) -> None:
        key = f"appointment-reminder:{context.event.appointment_id}:{int(start.timestamp())}:{context.side}:{minutes}"
        super().__init__(context, key=key, sort=REMINDER)
        self.start, self.minutes = start, minutes

    def stale_because(self, now: datetime) -> str:
        appointment = self.context.event.appointment
        if not appointment.is_confirmed:
            return "the appointment is not confirmed"
        if appointment.start != self.start:
            return "the appointment has another time"
        if appointment.start <= now:
            return "the appointment has begun"
        leads = leads_of(self.context.reader)
        if self.minutes not in leads:
            return "the person chose other reminders"
        if any(self.start - timedelta(minutes=lead) <= now for lead in leads if lead < self.minutes):
            return "a later reminder says it"
        return ""


class LastCall(EventMail):
    """The mail to a provider that a request is about to expire, true only while it waits for them until then."""

    once = True

    def __init__(self, context: MailContext, *, answer_by: datetime) -> None:
        key = f"appointment-last-call:{context.event.appointment_id}:{int(answer_by.timestamp())}"
        super().__init__(context, key=key, sort=LAST_CALL)
        self.answer_by = answer_by

    def stale_because(self, now: datetime) -> str:
        appointment = self.context.event.appointment
        if not appointment.is_request or appointment.answer_by != self.answer_by:
            return "the request was answered"
        return "the time to answer is over" if appointment.is_unanswered(now) else ""


class LastCallForTime(EventMail):
    """The mail to the side that has to answer a new time, true only while it can still be answered."""

    once = True

    def __init__(self, context: MailContext, proposal: Proposal) -> None:
        super().__init__(context, key=f"appointment-last-call-for-time:{proposal.pk}", sort=LAST_CALL_FOR_TIME)
        self.proposal = proposal

    def stale_because(self, now: datetime) -> str:
        return "" if self.proposal.is_live(now) else "the new time can no longer be answered"


@catalogue.mail("appointments.reminder")
def reminder_mail(*, appointment: int, to: str, at: int, minutes: int) -> Mail | None:
    """The reminder for one side, or None where the appointment was deleted."""
    context = _standing(appointment, Role(to))
    return Reminder(context, start=_moment(at), minutes=minutes) if context else None


@catalogue.mail("appointments.last_call")
def last_call_mail(*, appointment: int, to: str, at: int) -> Mail | None:
    """The reminder to answer a request, or None where the appointment was deleted."""
    context = _standing(appointment, Role(to))
    return LastCall(context, answer_by=_moment(at)) if context else None


@catalogue.mail("appointments.last_call_for_time")
def last_call_for_time_mail(*, proposal: int, at: int) -> Mail | None:
    """The reminder to answer a new time, or None where the proposal was deleted. `at` tells its jobs apart."""
    event = events_with_people().filter(proposal=proposal, verb=Verb.PROPOSE).first()
    if event is None or event.proposal is None:
        return None
    asked = Role.PROVIDER if event.proposal.side is Role.CUSTOMER else Role.CUSTOMER
    return LastCallForTime(MailContext(event, asked, now=clock.now()), event.proposal)


def _standing(appointment: int, side: Role) -> MailContext | None:
    """The context of the appointment as it was last agreed or asked for, whatever was proposed since."""
    event = events_with_people().filter(appointment=appointment).exclude(verb__in=TALK).first()
    return MailContext(event, side, now=clock.now()) if event else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
