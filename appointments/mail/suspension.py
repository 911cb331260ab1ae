"""The mails about a suspension, which a person always gets: that it began, was lifted, or an appeal was answered."""

from datetime import datetime

from accounts.models import Appeal, Ban
from appointments.pages.fair_use import row_of
from appointments.queries.fair_use import acts_behind, ended_by
from core import clock
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind

from .words import suspension as words


class BanMail(Mail):
    """A mail about one ban to the banned person."""

    kind = Kind.SUSPENSION

    def __init__(self, ban: Ban, *, key: str) -> None:
        self.ban = ban
        self.key = key
        self.reader = Reader.of(ban.user)


class Suspended(BanMail):
    def stale_because(self, now: datetime) -> str:
        return "" if self.ban.is_open else "it was lifted, which has a mail of its own"

    def letter(self) -> Letter:
        rows = [row_of(act, now=clock.now()) for act in acts_behind(self.ban)]
        return words.suspended(words.Facts(self.ban.user, self.ban.since, rows, ended_by(self.ban), self.ban.reason))


class Lifted(BanMail):
    def stale_because(self, now: datetime) -> str:
        return "booking is suspended, perhaps again" if self.ban.user.banned_at else ""

    def letter(self) -> Letter:
        return words.lifted(words.Facts(self.ban.user, self.ban.since))


class Answered(BanMail):
    """The answer to an appeal, true however late: it also says how things stand when it leaves."""

    def __init__(self, appeal: Appeal) -> None:
        super().__init__(appeal.ban, key=f"appeal-answered:{appeal.pk}")
        self.answer = appeal.answer

    def letter(self) -> Letter:
        facts = words.Facts(self.ban.user, self.ban.since)
        return words.answered(facts, answer=self.answer, is_open=self.ban.user.banned_at is None)


@catalogue.mail("appointments.suspended")
def suspended_mail(*, ban: int) -> Mail | None:
    """The mail that says why booking is suspended, or None where the ban's row was deleted."""
    found = _ban(ban)
    return Suspended(found, key=f"suspended:{found.pk}") if found else None


@catalogue.mail("appointments.suspension_lifted")
def lifted_mail(*, ban: int) -> Mail | None:
    found = _ban(ban)
    return Lifted(found, key=f"suspension-lifted:{found.pk}") if found else None


@catalogue.mail("appointments.appeal_answered")
def answered_mail(*, appeal: int) -> Mail | None:
    """The mail with the answer to an appeal, or None while there is none."""
    found = Appeal.objects.select_related("ban__user").filter(pk=appeal, answered_at__isnull=False).first()
    return Answered(found) if found else None


def _ban(number: int) -> Ban | None:
    return Ban.objects.select_related("user").filter(pk=number).first()
