"""The letters about a suspension: that it began, that it was lifted, and what staff answered to an appeal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from appointments.mail.letters import contact
from appointments.pages.fair_use import Row, ended_words
from appointments.queries.fair_use import Ended
from appointments.rules.fair_use import COUNTED_FOR, LIMIT
from core.letters import Button, Fact, Letter, Quote, page
from core.wording import date_text, duration_text, local, moment_text, words_for_minutes, zone_text
from notifications.text import many_lines, one_line

NEVER_OFF = "You get this mail because it is about your account. Such mails can't be turned off."
ANEW = "What was cancelled stays cancelled. The count of late cancellations starts anew."
DAYS = words_for_minutes(COUNTED_FOR.days * 24 * 60)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the letters are made from: the person, since when they were suspended, for what, and what that ended."""

    reader: User
    since: datetime
    rows: Sequence[Row] = ()
    ended: Ended = Ended(0, 0)
    reason: str = ""  # what staff wrote, where they decided it

    @property
    def day(self) -> str:
        """The day of the suspension, in short: `Thu 26 November`."""
        return date_text(local(self.since, self.reader.zone).date())

    def at(self, moment: datetime, *, long: bool = False) -> str:
        twelve = self.reader.uses_12h_clock
        return moment_text(moment, self.reader.zone, long=long, year=True, twelve=twelve, spoken=True)


def suspended(facts: Facts) -> Letter:
    since = f"Since {facts.at(facts.since, long=True)}, {zone_text(facts.reader.zone)}"
    return Letter(
        subject=f"Booking is suspended since {facts.day}",
        tone="ruby",
        badge="Suspended",
        headline="Booking is suspended.",
        preheader=f"{since}.",
        lead=(f"{since}, {why_words(facts.reason)}.", ended_words(facts.ended)),
        quote=Quote("Our staff wrote", many_lines(facts.reason)) if facts.reason else None,
        button=Button("See why, or appeal", page("suspended")),
        facts=tuple(Fact("Late cancellation", _evidence(facts, row)) for row in facts.rows),
        after=(
            "You were signed out everywhere. Sign in to read why and to appeal; nothing else is open until then.",
            "A person reads your appeal and answers by email. Only our staff can open booking again.",
        ),
        contact=contact(None),
        why=NEVER_OFF,
    )


def why_words(reason: str) -> str:
    """Why booking is suspended: by a decision of staff, or by the rule."""
    return "as our staff decided" if reason else f"after {LIMIT} late cancellations in {DAYS}"


def lifted(facts: Facts) -> Letter:
    return Letter(
        subject="Booking is open again",
        tone="brand",
        badge="Open again",
        headline="Booking is open again.",
        preheader=f"The suspension of {facts.day} was lifted.",
        lead=(f"Our staff lifted the suspension of {facts.day}.", ANEW),
        button=Button("Find a provider", page("search")),
        contact=contact(None),
        why=NEVER_OFF,
    )


def answered(facts: Facts, *, answer: str, is_open: bool) -> Letter:
    """The answer to an appeal; `is_open` says whether booking is open again by now."""
    stands = "Booking is open again." if is_open else f"Booking stays suspended since {facts.day}."
    return Letter(
        subject="Our answer to your appeal",
        tone="brand" if is_open else "ruby",
        badge="Open again" if is_open else "Suspended",
        headline="Our staff answered your appeal.",
        preheader=stands,
        lead=(stands, ANEW) if is_open else (stands,),
        quote=Quote("Our staff wrote", many_lines(answer)) if answer else None,
        button=Button("Find a provider", page("search")) if is_open else Button("See your appeal", page("suspended")),
        contact=contact(None),
        why=NEVER_OFF,
    )


def _evidence(facts: Facts, row: Row) -> str:
    others = f" and {row.others} more at once" if row.others else ""
    before = "" if row.before_start is None else f", {duration_text(row.before_start)} before the start"
    return f"{one_line(row.title)}{others}, cancelled {facts.at(row.at)}{before}"
