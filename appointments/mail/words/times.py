"""The words of the mails about a new time: proposed, moved to, or refused, so that the original one stays."""

from appointments.mail.context import MailContext
from core.letters import Button

from .base import Words, deadline_text
from .confirmations import CALENDAR_ENTRY, until_when

ENTRY_MOVES = "The file with this mail moves the entry in your calendar."
BOTH_HELD = "Both times are held until then."


def proposed(context: MailContext) -> Words:
    if context.is_asked:
        return _to_answer(context)
    return Words(
        subject=_proposed(context),
        headline=f"{context.doer} proposed a new time to {context.other}.",
        lead=(
            f"{context.other} has until {deadline_text(context)} to answer. {without_an_answer(context)}",
            *context.dropped,
        ),
        button=Button("See appointment", context.own_page),
        after=(BOTH_HELD,),
    )


def _to_answer(context: MailContext) -> Words:
    told = "our team" if context.doer == "Our team" else context.other
    return Words(
        subject=_proposed(context),
        headline=f"{context.doer} asks for another time.",
        lead=(f"Please answer by {deadline_text(context)}. {without_an_answer(context)}", *context.dropped),
        button=Button("Answer", context.own_page),
        after=(
            BOTH_HELD,
            "If you accept, the new time is booked at once and the original one opens for others.",
            f"If you keep the original time, we tell {told}, and nothing changes.",
        ),
    )


def _proposed(context: MailContext) -> str:
    return f"New time proposed: {context.short} instead of {context.short_former}"


def without_an_answer(context: MailContext) -> str:
    if context.was_request:
        return "Without an answer, the request stays for the original time."
    return "Without an answer, the original time stays."


def rescheduled(context: MailContext) -> Words:
    if context.event.proposal:
        headline = f"{context.doer} accepted the new time."
    else:
        headline = f"{context.doer} moved {'your' if context.by_reader else 'the'} appointment."
    return Words(
        subject=f"Rescheduled: now {context.short}",
        headline=headline,
        lead=(f"It is confirmed for the new time. {CALENDAR_ENTRY if context.was_request else ENTRY_MOVES}",),
        button=Button("See appointment", context.own_page),
        after=("The original time is no longer held, and the price stays as agreed.", *context.dropped),
        change=until_when(context),
    )


def time_declined(context: MailContext) -> Words:
    return _stays(context, "New time declined", f"{context.doer} declined the new time.")


def time_withdrawn(context: MailContext) -> Words:
    return _stays(context, "New time withdrawn", f"{context.doer} withdrew the new time.")


def time_lapsed(context: MailContext) -> Words:
    nobody = "You did not answer in time." if context.is_asked else f"{context.other} did not answer in time."
    return _stays(context, "New time lapsed", nobody)


def _stays(context: MailContext, head: str, headline: str) -> Words:
    what = "request for " if context.was_request else ""
    return Words(
        subject=f"{head}: {what}{context.short} stays",
        headline=headline,
        lead=(stays(context), f"{context.other_time} is no longer held."),
        button=Button("See appointment", context.own_page),
    )


def stays(context: MailContext) -> str:
    if context.was_request:
        return (
            f"The request for the original time stays, and waits for an answer until {context.at(context.waits_until)}."
        )
    return "The original time stays, and the appointment takes place as agreed."
