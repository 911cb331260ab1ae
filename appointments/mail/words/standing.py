"""The letter about a late cancellation that staff have forgiven. Their reason is kept for staff, and not in it."""

from dataclasses import dataclass

from accounts.models import User
from appointments.mail.letters import contact
from appointments.pages.fair_use import Row
from appointments.rules.fair_use import LIMIT
from core.letters import Button, Fact, Letter, page
from core.wording import date_text, local, moment_text
from notifications.text import one_line

WHY = "You get this mail because it is about how you stand with late cancellations."


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose late cancellation it was, what it cancelled, how many count now, and whether the person is suspended."""

    reader: User
    row: Row
    used: int
    is_suspended: bool = False


def forgiven(facts: Facts) -> Letter:
    row, zone = facts.row, facts.reader.zone
    day = date_text(local(row.at, zone).date())
    stays = ("Booking stays suspended: only lifting the suspension itself opens it again.",)
    at = moment_text(row.at, zone, year=True, twelve=facts.reader.uses_12h_clock, spoken=True)
    others = f" and {row.others} more at once" if row.others else ""
    return Letter(
        subject=f"Forgiven: your late cancellation of {day}",
        tone="brand",
        badge="Forgiven",
        headline="Your late cancellation no longer counts.",
        preheader=f"Our staff have forgiven the one of {day}.",
        lead=(
            f"Our staff have forgiven the one of {day}. {facts.used} of {LIMIT} count now.",
            *(stays if facts.is_suspended else ()),
        ),
        button=Button("See your standing", page("suspended" if facts.is_suspended else "my_standing")),
        facts=(Fact("Late cancellation", f"{one_line(row.title)}{others}, cancelled {at}"),),
        contact=contact(None),
        why=WHY,
    )
