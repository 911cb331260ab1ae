"""The words of the mails about the end of an appointment: declined, withdrawn, expired or cancelled."""

from dataclasses import replace

from django.utils.text import capfirst

from appointments.mail.context import MailContext
from appointments.pages.offers import other_times_words
from appointments.states import Role
from core.letters import Button, Choices, page

from .base import Words, deadline_text


def not_confirmed(context: MailContext) -> Words:
    moment = context.at(context.start)
    headlines = {
        Role.PROVIDER: f"{context.other} cannot do {moment}.",
        Role.STAFF: f"Our team declined your request for {moment}.",
    }
    words = Words(
        subject=f"Not confirmed: {context.short}",
        headline=headlines.get(Role(context.event.role), f"Your request for {moment} was not confirmed."),
        lead=("The request has ended and nothing was charged.",),
        button=_another_try(context),
        after=what_else(context),
    )
    return _with_offers(context, words) if context.offers else words


def declined_by_you(context: MailContext) -> Words:
    other_times = ", with a link to your other times" if context.can_be_booked else ""
    return Words(
        subject=f"Declined: {context.short} with {context.other_name}",
        headline=_done(context, "declined", f"{context.other}’s request"),
        lead=(f"The time is no longer held. We tell {context.other}{other_times}.",),
        button=Button("See appointment", context.own_page),
    )


def withdrawn_by_customer(context: MailContext) -> Words:
    return Words(
        subject=f"Request withdrawn: {context.short} with {context.other_name}",
        headline=_done(context, "withdrew", "your request", "was withdrawn"),
        lead=("It has ended, the time is no longer held, and nothing was charged.",),
        button=Button("See other times", context.other_times),
    )


def withdrawn(context: MailContext) -> Words:
    whose = "the" if context.event.role == Role.CUSTOMER else f"{context.other}’s"
    return Words(
        subject=f"Request withdrawn: {context.short} with {context.other_name}",
        headline=_done(context, "withdrew", f"{whose} request", "was withdrawn"),
        lead=("There is nothing left to answer, and the time is no longer held.",),
        button=Button("See appointment", context.own_page),
    )


def unanswered(context: MailContext) -> Words:
    return Words(
        subject=f"Not confirmed: {context.short}",
        headline=f"{context.other} did not answer in time.",
        lead=("So this request has ended. Nothing was charged.",),
        button=_another_try(context),
        after=what_else(context),
    )


def expired(context: MailContext) -> Words:
    return Words(
        subject=f"Expired: {context.short} with {context.other_name}",
        headline=f"{context.other}’s request has expired.",
        lead=(
            f"It was not answered by {deadline_text(context)}. The time is no longer held. "
            f"We tell {context.other}, too.",
        ),
        button=Button("See appointment", context.own_page),
    )


def cancelled_for_customer(context: MailContext) -> Words:
    button = Button("Book another time", context.other_times) if context.can_be_booked else _another_try(context)
    words = _cancelled(context, "your appointment", button)
    if not context.offers:
        return words
    return _with_offers(context, replace(words, subject=f"Cancelled by {context.other}: {context.short}"))


def offers_withdrawn(context: MailContext) -> Words:
    return Words(
        subject=f"No longer offered: other times with {context.other_name}",
        headline=f"{context.other} no longer offers these times.",
        lead=("They are not held for you any more. Nothing else changes, and it does not affect your standing.",),
        button=_another_try(context),
        after=what_else(context),
    )


def _with_offers(context: MailContext, words: Words) -> Words:
    """The words with the times that are offered instead, which the button leads to."""
    other_times = other_times_words(len(context.offers))
    return replace(
        words,
        subject=f"{words.subject}. {capfirst(other_times)}",
        choices=Choices(
            f"{context.other} offers you {other_times}, held for you until {context.offered_until}:", context.offered
        ),
        button=Button("Choose a time", context.offers_page),
        after=(
            "Whichever you choose is confirmed at once, as a new appointment on today’s terms.",
            "If none suits you, pass them there or let them be: they open for others, and you can book any other time.",
        ),
    )


def cancelled_for_provider(context: MailContext) -> Words:
    return _cancelled(context, f"the appointment with {context.other}", Button("See appointment", context.own_page))


def _cancelled(context: MailContext, what: str, button: Button) -> Words:
    if not context.doer:
        headline = f"{what[0].upper()}{what[1:]} was cancelled."
    elif context.by_reader or context.for_customer or context.doer == "Our team":
        headline = f"{context.doer} cancelled {what}."
    else:
        headline = f"{context.doer} cancelled the appointment."
    return Words(
        subject=f"Cancelled: {context.short} with {context.other_name}",
        headline=headline,
        lead=("It no longer takes place. The file with this mail takes it out of your calendar.",),
        button=button,
    )


def _done(context: MailContext, past: str, what: str, happened: str = "") -> str:
    """Who did what: `Our team withdrew your request.`; of the system only what happened, which names no reason."""
    if context.doer:
        return f"{context.doer} {past} {what}."
    return f"{what[0].upper()}{what[1:]} {happened or f'was {past}'}."


def _another_try(context: MailContext) -> Button:
    if context.can_be_booked:
        return Button("See other times", context.other_times)
    return Button("Find a provider", page("search"))


def what_else(context: MailContext) -> tuple[str, ...]:
    if context.can_be_booked:
        return (f"Choose another time with {context.other}, or look for somebody else.",)
    return (f"{context.other} takes no new bookings for it at the moment, but somebody else may.",)
