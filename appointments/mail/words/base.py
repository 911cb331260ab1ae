"""The shape of the words, and what several chapters say."""

from dataclasses import dataclass

from appointments.mail.context import MailContext
from core.letters import Button
from core.wording import zone_text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one kind of mail, beyond the facts all of them share."""

    subject: str
    headline: str
    lead: tuple[str, ...]
    button: Button
    after: tuple[str, ...] = ()
    change: str = ""


def deadline_text(context: MailContext) -> str:
    """`Wed 11 March 2026, 14:20, London time`."""
    return f"{context.at(context.deadline)}, {zone_text(context.zone)}"
