"""The words of the mail about links to join online: one that is there, another one, or one that is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.mail import letters
from appointments.mail.context import MailContext, SharedContext
from core.letters import Button, Item, Leaf, Letter

from .base import Words

GONE = "The link of an earlier mail no longer holds."
OPEN_IT = "Open the link when the time comes."
FILE = "The file with this mail puts it into the entry of your calendar."
FILES = "The files with this mail put them into the entries of your calendar."


@dataclass(frozen=True, slots=True)
class Told:
    """An appointment of which a link is told, and whether its customer was told another link before.

    `since` is when the link came that there is, or went, and `had_since` when the one came of which they were told.
    """

    context: MailContext
    had_link: bool
    since: datetime | None = None
    had_since: datetime | None = None

    @property
    def head(self) -> str:
        if not self.context.join_link:
            return "No link to join any more"
        return "New link to join" if self.had_link else "Link to join"

    @property
    def lead(self) -> str:
        if not self.context.join_link:
            return f"{GONE} If you don’t know how to join, ask {self.context.other}."
        return GONE if self.had_link else ""


def about_one(told: Told) -> Letter:
    """The letter about the link of one appointment."""
    context = told.context
    has_link = bool(context.join_link)
    headline = (
        f"Here is the {'new ' if told.had_link else ''}link to join." if has_link else "The link to join is gone."
    )
    said = Words(
        subject=f"{told.head}: {context.short} with {context.other_name}",
        headline=headline,
        lead=(f"{context.other} expects you online. {told.lead or OPEN_IT}",),
        button=Button("See appointment", context.own_page),
        after=(FILE,) if has_link else (),
    )
    return letters.about_one(context, said)


def about_several(shared: SharedContext, rows: Sequence[Told]) -> Letter:
    """The letter about the links of several appointments with one provider."""
    first = shared.first
    heads = {told.head for told in rows}
    alike = heads.pop() if len(heads) == 1 else "Links to join"
    has_links = any(told.context.join_link for told in rows)
    return Letter(
        subject=f"{alike}: {shared.count} appointments with {shared.other_name}, {shared.dates}",
        from_name=shared.other_name,
        reply_to=letters.reply_to(first),
        template=letters.TEMPLATE,
        tone=first.tone,
        badge=first.badge,
        headline="Here are the links to join." if has_links else "The links to join are gone.",
        preheader=f"{shared.other} expects you online, {shared.dates}.",
        lead=(f"{shared.other} expects you online.{' Each link is for one appointment.' if has_links else ''}",),
        items=tuple(_item(told) for told in rows),
        button=None,
        facts=letters.person_facts(first),
        after=(FILES,) if has_links else (),
        contact=letters.contact(first),
        why=letters.why(first),
    )


def _item(told: Told) -> Item:
    context = told.context
    return Item(
        tone=context.tone,
        leaf=Leaf.of(context.start, context.zone),
        when=context.when,
        title=letters.service_text(context),
        facts=letters.appointment_facts(context),
        line=told.lead,
        button=Button("See appointment", context.own_page),
    )
