"""The evening digest: a provider's next day in one mail."""

from datetime import date, datetime
from functools import cached_property

from appointments.models import Digest
from appointments.pages.studio.digest import NextDay, next_day
from appointments.queries.agenda import load_agenda
from appointments.queries.requests import deadlines_of
from core import clock
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind

from .words import digest as words


class DigestMail(Mail):
    """The digest of one date, true until that begins, while its reader wants it and there is something to tell."""

    once = True
    kind = Kind.DIGEST

    def __init__(self, digest: Digest, day: date) -> None:
        self.digest, self.provider, self.day = digest, digest.provider, day
        self.key = f"digest:{digest.pk}:{day}"
        self.reader = Reader.of(self.provider.user)

    @cached_property
    def told(self) -> NextDay:
        """The day as it is when the mail leaves."""
        now = clock.now()
        agenda = load_agenda(self.provider, [self.day], now=now)
        return next_day(agenda, self.day, deadlines_of(self.provider, now=now), now=now)

    def stale_because(self, now: datetime) -> str:
        if not self.provider.user.takes_part:
            return "the person takes no part any more"
        if clock.day_bounds(self.day, self.provider.zone)[0] <= now:
            return "the day has begun"
        return "nothing is booked on that day" if self.told.is_empty and not self.digest.also_empty else ""

    def letter(self) -> Letter:
        return words.digest(self.provider, self.told)


@catalogue.mail("appointments.digest")
def digest_mail(*, provider: int, day: str) -> Mail | None:
    """The digest of a date, or None where the provider wants none any more."""
    found = Digest.objects.select_related("provider__user", "provider__policy").filter(pk=provider).first()
    return DigestMail(found, date.fromisoformat(day)) if found else None
