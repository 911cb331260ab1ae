"""The dataclass for the words of a mail, and texts that several chapters share."""

from dataclasses import dataclass

from appointments.mail.context import MailContext
from core.letters import Button, Choices, Quote
from core.wording import zone_text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one kind of mail, besides the facts that all mails about appointments share."""

    subject: str
    headline: str
    lead: tuple[str, ...]
    button: Button
    links: tuple[Button, ...] = ()
    choices: Choices | None = None
    after: tuple[str, ...] = ()
    change: str = ""
    # What the other side says of it, where that is not what they wrote with the event.
    quote: Quote | None = None


def deadline_text(context: MailContext) -> str:
    """The deadline of an answer: `Wed 11 March 2026, 14:20, London time`."""
    return f"{context.at(context.deadline)}, {zone_text(context.zone)}"
