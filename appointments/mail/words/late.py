"""The words for who cancelled late: which of how many it was, how long it counts, and what the limit does."""

from dataclasses import replace

from appointments.mail.context import MailContext
from appointments.rules.fair_use import COUNTED_FOR, LIMIT
from core.letters import Button, page
from core.wording import date_text, duration_text, local, words_for_minutes, zone_text

from .base import Words

RULE = f"{LIMIT} within {words_for_minutes(COUNTED_FOR.days * 24 * 60)} suspend booking straight away."
SUSPENDED = "Booking is suspended now. A mail of its own says why, and how to appeal."


def with_standing(context: MailContext, said: Words) -> Words:
    """The words of a mail about one event; to who cancelled late they say what that counts as."""
    if context.late is None:
        return said
    before = f"It was cancelled {duration_text(context.start - context.event.at)} before its start."
    return replace(
        said,
        subject=f"{heading(context)}: {date_text(local(context.start, context.zone).date())}",
        lead=(*said.lead, " ".join([before, *what_it_counts_as(context)])),
        button=Button("How standing works", page("help_standing")),
        after=(*said.after, *what_the_limit_does(context)),
    )


def heading(context: MailContext) -> str:
    """The beginning of the subject: `Late cancellation, 2nd of 3`; empty where the reader did not cancel late."""
    return f"Late cancellation, {context.late.figure}" if context.late else ""


def what_it_counts_as(context: MailContext) -> tuple[str, ...]:
    """Which one the act was and until when it counts; nothing where the reader did not cancel late."""
    if context.late is None:
        return ()
    until = f"{context.at(context.late.until)}, {zone_text(context.zone)}"
    return (f"This is your {context.late.figure} late cancellations. It counts until {until}.",)


def what_the_limit_does(context: MailContext) -> tuple[str, ...]:
    """What follows from it now or later; nothing where the reader did not cancel late."""
    if context.late is None:
        return ()
    return (SUSPENDED,) if context.late.bans else (RULE,)
