"""The words of the mail that a connected calendar is busy at the time of appointments; never with an event's title."""

from collections.abc import Sequence

from appointments.mail.letters import TEMPLATE, contact
from appointments.models import KnownConflict
from appointments.pages.conflicts import calendar_is_busy, times_beside
from core.letters import Button, Item, Leaf, Letter, When, page
from core.wording import range_text, zone_text
from notifications.text import one_line

# The longest list; whoever has more reads them on the page.
MOST = 20


def conflicts(rows: Sequence[KnownConflict]) -> Letter:
    """The letter to the provider about these conflicts, all theirs, with everything that they name."""
    by_appointment: dict[int, list[KnownConflict]] = {}
    for row in rows:
        by_appointment.setdefault(row.appointment_id, []).append(row)
    groups = list(by_appointment.values())
    one = groups[0][0].appointment
    is_one = len(groups) == 1
    whom = one_line(one.customer.name, limit=60) if is_one else f"{len(groups)} appointments"
    return Letter(
        subject=f"Busy in Google at the time of {'your appointment with ' if is_one else ''}{whom}",
        template=TEMPLATE,
        tone="brass",
        badge="Google Calendar",
        headline="Two things at the same time.",
        preheader="Nothing is cancelled by itself. Both stand until you decide.",
        lead=(
            "A connected calendar is busy at the time of what you agreed with a customer."
            if is_one
            else f"A connected calendar is busy at the time of {len(groups)} of your appointments.",
            "Nothing is cancelled by itself: both stand until you decide, and customers notice nothing.",
            *_rest(len(groups)),
        ),
        items=tuple(_item(group, with_button=not is_one) for group in groups[:MOST]),
        button=Button("Decide", page("studio_conflict", one.reference))
        if is_one
        else Button("See all of them", page("studio_google")),
        contact=contact(None),
        why="You get this mail because you connected a Google Calendar.",
    )


def _rest(count: int) -> list[str]:
    return [f"The list has the first {MOST}, and {count - MOST} more are on the page."] if count > MOST else []


def _item(rows: Sequence[KnownConflict], *, with_button: bool) -> Item:
    one = rows[0].appointment
    zone, twelve = one.provider.zone, one.provider.user.uses_12h_clock
    day, _, time = range_text(one.start, one.end, zone, long=True, year=True, twelve=twelve, spoken=True).partition(
        ", "
    )
    busy = [
        calendar_is_busy(
            one_line(row.calendar.name, limit=60),
            times_beside(row.busy_from, row.busy_until, one.start, zone, twelve=twelve),
        )
        for row in rows
    ]
    return Item(
        tone="brass",
        leaf=Leaf.of(one.start, zone),
        when=When(day, time, zone_text(zone, at=one.start)),
        title=f"{one_line(one.customer.name, limit=60)}, {one_line(one.service.name)}",
        line=" ".join(busy),
        button=Button("Decide", page("studio_conflict", one.reference)) if with_button else None,
    )
