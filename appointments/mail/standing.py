"""The mail about a person's standing: that staff have forgiven a late cancellation."""

from appointments.models import LateCancellation
from appointments.pages.fair_use import record_of, row_of
from appointments.queries.fair_use import act_of, late_acts_of
from core import clock
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind

from .words import standing as words


class Forgiven(Mail):
    """The mail to the person whose late cancellation was forgiven, true however late."""

    kind = Kind.STANDING

    def __init__(self, late: LateCancellation) -> None:
        self.late = late
        self.key = f"late-forgiven:{late.pk}"
        self.reader = Reader.of(late.person)

    def letter(self) -> Letter:
        person, now = self.late.person, clock.now()
        record = record_of(late_acts_of(person), zone=person.zone, now=now)
        row = row_of(act_of(self.late), now=now)
        return words.forgiven(words.Facts(person, row, record.used, is_suspended=person.banned_at is not None))


@catalogue.mail("appointments.late_forgiven")
def forgiven_mail(*, late: int) -> Mail | None:
    """The mail that a late cancellation was forgiven, or None where its row was deleted."""
    found = LateCancellation.objects.select_related("person", "ban").filter(pk=late).first()
    return Forgiven(found) if found else None
