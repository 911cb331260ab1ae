"""The mail that reminds one side of an appointment: at most once for a start and a time before it."""

from datetime import UTC, datetime, timedelta

from appointments.states import Role
from core import clock
from notifications import catalogue
from notifications.catalogue import Mail
from notifications.models import Kind
from notifications.preferences import choice_of

from .catalogue import TALK, EventMail, Sort, events_with_people
from .context import MailContext
from .words import reminders as words

REMINDER = Sort(Kind.REMINDER, words.reminder)


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
        leads = choice_of(self.context.reader).leads
        if self.minutes not in leads:
            return "the person chose other reminders"
        if any(self.start - timedelta(minutes=lead) <= now for lead in leads if lead < self.minutes):
            return "a later reminder says it"
        return ""


@catalogue.mail("appointments.reminder")
def reminder_mail(*, appointment: int, to: str, start: int, minutes: int) -> Mail | None:
    """The reminder for one side, or None where the appointment was deleted."""
    event = events_with_people().filter(appointment=appointment).exclude(verb__in=TALK).first()
    if event is None:
        return None
    context = MailContext(event, Role(to), now=clock.now())
    return Reminder(context, start=datetime.fromtimestamp(start, tz=UTC), minutes=minutes)
