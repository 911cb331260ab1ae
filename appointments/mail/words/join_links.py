"""The words of the mail about links to join: one that is there, another one, one that is gone or does not come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.mail import letters
from appointments.mail.context import MailContext, SharedContext
from appointments.pages.places import there
from core.letters import Button, Item, Leaf, Letter, Quote
from notifications.text import many_lines
from providers.models import Venue

from .base import Words

GONE = "The link of an earlier mail no longer holds."
NONE_COMES = "We said that a link to join would follow, but none comes."
OPEN_IT = "Open the link when the time comes."
FILE = "The file with this mail puts it into the entry of your calendar."
FILES = "The files with this mail put them into the entries of your calendar."
FILE_WITHOUT = "The file with this mail brings the entry of your calendar up to date."
FILES_WITHOUT = "The files with this mail bring the entries of your calendar up to date."


@dataclass(frozen=True, slots=True)
class Told:
    """An appointment of which a link is told, whether its customer was told another link before, and whether they were
    promised one that did not come.

    `since` is when the link came that there is, or went, and `had_since` when the one came of which they were told.
    """

    context: MailContext
    had_link: bool
    since: datetime | None = None
    had_since: datetime | None = None
    was_promised: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether it takes place online alone no more."""
        return not self.context.event.appointment.is_only_online

    @property
    def head(self) -> str:
        if self.has_moved:
            is_still_possible = Venue.ONLINE in self.context.event.appointment.venues
            return f"Not {'only ' if is_still_possible else ''}online any more"
        if not self.context.join_link:
            return "No link to join any more" if self.had_link else "No link to join"
        return "New link to join" if self.had_link else "Link to join"

    @property
    def lead(self) -> str:
        """What became of the link, and how to join without one."""
        if self.context.join_link:
            return GONE if self.had_link else ""
        what = GONE if self.had_link else NONE_COMES
        return what if self.has_moved else f"{what} {self._how}"

    @property
    def quote(self) -> Quote | None:
        """What the provider says of the service, for somebody who joins it without a link; None where they say
        nothing."""
        said = many_lines(self.context.event.appointment.service.description)
        if self.context.join_link or self.has_moved or not said:
            return None
        return Quote(f"{self.context.other} says of {self.context.service}", said)

    @property
    def _how(self) -> str:
        """How to join without a link: as the provider says, or as they answer."""
        context = self.context
        asks = f"reply to this mail: your answer goes to {context.other}" if context.replies_reach_them else ""
        said = f"What {context.other} says of {context.service} stands below. " if self.quote else ""
        return f"{said}If you don’t know how to join, {asks or f'ask {context.other}'}."


def about_one(told: Told) -> Letter:
    """The letter about the link of one appointment."""
    context = told.context
    has_link = bool(context.join_link)
    said = Words(
        subject=f"{told.head}: {context.short} with {context.other_name}",
        headline=_headline(told),
        lead=(f"{context.other} expects you{there(context.event.appointment)}. {told.lead or OPEN_IT}",),
        button=Button("See appointment", context.own_page),
        after=(FILE if has_link else FILE_WITHOUT,),
        quote=told.quote,
    )
    return letters.about_one(context, said)


def about_several(shared: SharedContext, rows: Sequence[Told]) -> Letter:
    """The letter about the links of several appointments with one provider."""
    first = shared.first
    heads = {told.head for told in rows}
    alike = heads.pop() if len(heads) == 1 else "Links to join"
    has_links = any(told.context.join_link for told in rows)
    places = {there(told.context.event.appointment) for told in rows}
    expects = f"{shared.other} expects you{places.pop() if len(places) == 1 else ''}"
    return Letter(
        subject=f"{alike}: {shared.count} appointments with {shared.other_name}, {shared.dates}",
        from_name=shared.other_name,
        reply_to=letters.reply_to(first),
        template=letters.TEMPLATE,
        tone=first.tone,
        badge=first.badge,
        headline=_headline_of(rows),
        preheader=f"{expects}, {shared.dates}.",
        lead=(f"{expects}.{' Each link is for one appointment.' if has_links else ''}",),
        items=tuple(_item(told) for told in rows),
        button=None,
        facts=letters.person_facts(first),
        after=(FILES if has_links else FILES_WITHOUT,),
        contact=letters.contact(first),
        why=letters.why(first),
    )


def _headline(told: Told) -> str:
    if told.context.join_link:
        return f"Here is the {'new ' if told.had_link else ''}link to join."
    if told.has_moved:
        return "Where you meet has changed."
    return "The link to join is gone." if told.had_link else "There is no link to join."


def _headline_of(rows: Sequence[Told]) -> str:
    if any(told.context.join_link for told in rows):
        return "Here are the links to join."
    if all(told.has_moved for told in rows):
        return "Where you meet has changed."
    return "The links to join are gone." if all(told.had_link for told in rows) else "There are no links to join."


def _item(told: Told) -> Item:
    context = told.context
    return Item(
        tone=context.tone,
        leaf=Leaf.of(context.start, context.zone),
        when=context.when,
        title=letters.service_text(context),
        facts=letters.appointment_facts(context),
        line=told.lead,
        quote=told.quote,
        button=Button("See appointment", context.own_page),
    )
