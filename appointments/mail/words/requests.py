"""The words of the mails about a waiting request, and of the mail with a new link."""

from appointments.mail.context import MailContext
from core import clock
from core.letters import Button
from core.wording import date_text

from .base import Words, deadline_text


def request_sent(context: MailContext) -> Words:
    return Words(
        subject=f"Request sent: {context.short} with {context.other_name}",
        headline=f"{context.other} has your request.",
        lead=(
            f"It is not confirmed yet. {context.other} has until {deadline_text(context)} to answer. "
            "We email you either way.",
        ),
        button=Button("See your request", context.own_page),
        after=(
            "The time is held for you until then.",
            "If the answer is yes, you get a confirmation and the entry for your calendar. If it is no, or none comes "
            "in time, the request ends and nothing is charged.",
        ),
        change="You can withdraw the request on its page for as long as it waits.",
    )


def answer_needed(context: MailContext) -> Words:
    day = date_text(clock.local(context.start, context.zone).date())
    return Words(
        subject=f"Answer needed by {context.short_deadline}: {context.other_name}, {day}",
        headline=f"{context.other_name} asks for a time.",
        lead=(f"Please answer by {deadline_text(context)}. After that the request expires by itself.",),
        button=Button("Answer", context.own_page),
        after=(
            f"The time is held for {context.other} until you answer. If you accept, it is confirmed; if you decline, "
            f"it is open again. We tell {context.other} either way.",
        ),
    )


def new_link(context: MailContext) -> Words:
    return Words(
        subject=f"Your new link: {context.short} with {context.other_name}",
        headline="Here is a new link.",
        lead=("It opens this appointment without signing in. It is for you alone and ends after 30 days.",),
        button=Button("See appointment", context.own_page),
    )
