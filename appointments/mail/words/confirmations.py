"""The words of the mails about a confirmed appointment."""

from dataclasses import replace
from datetime import datetime

from appointments.mail.context import MailContext
from appointments.pages.consequences import until_when as terms_in_words
from appointments.pages.places import there
from appointments.rules.moves import cancel_terms
from appointments.states import Role
from core.letters import Button
from core.wording import zone_text

from .base import Words

LINK_FOLLOWS = "The link to join follows in a mail of its own, and then stands on the appointment’s page, too."
CALENDAR_ENTRY = "The file with this mail adds it to your calendar. Whatever changes later updates the same entry."

INVITED = (
    "You need no account: the appointment’s page opens from this mail. With one you find all your appointments in one "
    "place. If you do not know {name}, cancel it there or do nothing: no account is made."
)


def booked(context: MailContext) -> Words:
    if context.by_reader:
        return _confirmed_for_customer(context, "")
    said = _confirmed_for_customer(context, "It is confirmed. ")
    said = replace(said, headline=f"{context.doer} added an appointment for you.")
    if not context.reader.is_invited:
        return said
    account = Button("Make it your account", context.linked("link_account"))
    return replace(said, links=(account,), after=(*said.after, INVITED.format(name=context.other)))


def accepted(context: MailContext) -> Words:
    who = {Role.STAFF: "Our team"}.get(Role(context.event.role), context.other)
    return _confirmed_for_customer(context, f"{who} accepted your request. ")


def _confirmed_for_customer(context: MailContext, news: str) -> Words:
    return Words(
        subject=f"Confirmed: {context.short} with {context.other_name}",
        headline="You are booked.",
        lead=(f"{news}{context.other} expects you{there(context.appointment)}.",),
        button=Button("See appointment", context.own_page),
        after=(*how_to_join(context), CALENDAR_ENTRY),
        change=until_when(context),
    )


def how_to_join(context: MailContext) -> tuple[str, ...]:
    """The sentence that the link to join is on its way, where it is."""
    return (LINK_FOLLOWS,) if context.says_link_follows else ()


def new_appointment(context: MailContext) -> Words:
    own = context.by_reader
    return Words(
        subject=f"Confirmed: {context.short} with {context.other_name}",
        headline=f"You added an appointment for {context.other}." if own else f"{context.other_name} booked a time.",
        lead=(
            f"It is confirmed. We tell {context.other}, too."
            if own
            else "It is confirmed; there is nothing to answer.",
        ),
        button=Button("See appointment", context.own_page),
        after=(CALENDAR_ENTRY,),
        change=until_when(context),
    )


def accepted_by_you(context: MailContext) -> Words:
    return Words(
        subject=f"Confirmed: {context.short} with {context.other_name}",
        headline=f"{context.doer} accepted {context.other}’s request.",
        lead=(f"The appointment is confirmed. We tell {context.other}, too.",),
        button=Button("See appointment", context.own_page),
        after=(CALENDAR_ENTRY,),
        change=until_when(context),
    )


def until_when(context: MailContext) -> str:
    """The sentences that say until when the appointment can be called off, by the policy in force, and what it counts
    as."""
    terms = cancel_terms(context.appointment, role=context.side, policy=context.provider.policy, now=context.now)
    words = terms_in_words(terms, context.provider.first_name)

    def at(moment: datetime) -> str:
        return f"{context.at(moment)}, {zone_text(context.zone)}"

    return f"Can’t make it? Cancel on the appointment’s page. {words.text(at)}" if terms.allowed else terms.sentence
