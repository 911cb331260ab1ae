"""The letter about several appointments that one act changed: what they share once, then each with what is its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.utils.text import capfirst

from appointments.states import Verb
from core import clock
from core.letters import Button, Fact, Item, Leaf, Letter, page
from core.wording import date_part

from . import letters
from .context import MailContext, SharedContext
from .words.base import Words
from .words.several import SHARED, SharedWords

# A longer list has neither leaves nor addresses of customers, which are on the page of each appointment: Gmail cuts a
# mail at 102 kB, and then nobody sees the end of the list.
SHORT_LIST = 20
# The acts whose mail has the dates of a series in its subject.
NAMES_A_SERIES = {Verb.REQUEST, Verb.BOOK, Verb.ACCEPT, Verb.MOVE}
# The items named in the line that lists of mails show below the subject.
NAMED_AHEAD = 3

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one verb, their words together, and the words that each would have alone."""

    shared: SharedContext
    words: SharedWords
    alone: Sequence[Words]

    @property
    def told(self) -> str:
        """A paragraph that says what happened, for a letter with other verbs beside it."""
        words = self.words if self.shared.count > 1 else self.alone[0]
        return " ".join([words.headline, *words.lead])

    @property
    def after(self) -> tuple[str, ...]:
        """What happens next, as a paragraph that names its entries: "Rescheduled: The original times …". What is true
        of these need not be of the others in the letter."""
        after = self.words.after if self.shared.count > 1 else self.alone[0].after
        return (f"{capfirst(self.words.done)}: {' '.join(after)}",) if after else ()


def about_several(shared: SharedContext, said: Sequence[Words]) -> Letter:
    """The letter about the events; `said` are the words that each has in a mail of its own, in the contexts' order."""
    first, groups = shared.first, _groups(shared, said)
    badge = _common(context.badge for context in shared.contexts)
    quote = _common(letters.quote_of(context) for context in shared.contexts)
    button = _series_button(shared) or _common(words.button for words in said)
    only = groups[0].words if len(groups) == 1 else None
    lines = {context: group.words.line(context) for group in groups for context in group.shared.contexts}
    line = _common(lines.values())
    is_short = shared.count <= SHORT_LIST

    def reach(context: MailContext) -> tuple[Fact, ...]:
        return () if shared.with_one else letters.reach_facts(context)

    def item(context: MailContext, words: Words) -> Item:
        return Item(
            tone=context.tone,
            badge="" if badge else context.badge,
            leaf=Leaf.of(context.start, context.zone) if is_short else None,
            when=context.when,
            title=f"{letters.service_text(context)}, with {context.other_name}",
            facts=(*(reach(context) if is_short else ()), *letters.appointment_facts(context)),
            line="" if line else lines[context],
            quote=None if quote else letters.quote_of(context),
            button=None if button else words.button,
        )

    return Letter(
        subject=_subject(shared, groups),
        from_name=shared.other_name,
        reply_to=letters.reply_to(first) if shared.with_one else None,
        template=letters.TEMPLATE,
        tone=first.tone if badge else "slate",
        badge=badge or "Several changes",
        headline=only.headline if only else f"{shared.count} of your appointments changed.",
        preheader=_preheader(shared),
        lead=only.lead if only else tuple(group.told for group in groups),
        quote=quote,
        items=tuple(item(context, words) for context, words in zip(shared.contexts, said, strict=True)),
        button=button,
        facts=letters.person_facts(first) if shared.with_one else (),
        change=line or "",
        after=only.after if only else tuple(dict.fromkeys(line for group in groups for line in group.after)),
        contact=letters.contact(first if shared.with_one else None),
        why=_why(shared),
    )


def _series_button(shared: SharedContext) -> Button | None:
    """The button to the page of the series, where all of the appointments belong to one; to the one that answers all of
    the new times where the reader is asked for them."""
    if shared.series is None:
        return None
    if all(context.event.verb == Verb.PROPOSE and context.is_asked for context in shared.contexts):
        route = "answer_series_times" if shared.for_customer else "studio_answer_series_times"
        return Button("Answer all of them", page(route, str(shared.series.uuid)))
    route = "my_series" if shared.for_customer else "studio_series"
    return Button("See the series", page(route, str(shared.series.uuid)))


def _groups(shared: SharedContext, said: Sequence[Words]) -> list[Group]:
    """The entries by verb, that of the first appointment first."""
    found: dict[str, list[tuple[MailContext, Words]]] = {}
    for context, words in zip(shared.contexts, said, strict=True):
        found.setdefault(context.event.verb, []).append((context, words))
    groups = []
    for verb, entries in found.items():
        together = SharedContext([context for context, _ in entries])
        write = SHARED[Verb(verb), shared.first.side]
        groups.append(Group(together, write(together), [alone for _, alone in entries]))
    return groups


def _common(values: Iterable[Value]) -> Value | None:
    """The value that all have in common, or None."""
    different = set(values)
    return different.pop() if len(different) == 1 else None


def _subject(shared: SharedContext, groups: Sequence[Group]) -> str:
    whom = f" with {shared.other_name}" if shared.with_one else ""
    if len(groups) == 1:
        [group] = groups
        if weekly := _same_weekday(shared):
            return f"{group.words.head}: {weekly}{'' if shared.for_customer else whom}"
        return f"{group.words.head}: {shared.count} {group.words.things}{whom}, {shared.dates}"
    counts = ", ".join(f"{group.shared.count} {group.words.done}" for group in groups)
    return f"{counts}: appointments{whom}, {shared.dates}"


def _same_weekday(shared: SharedContext) -> str:
    """The dates of a series in short, "7 Saturdays from 14 March, 10:30"; empty unless they are on one weekday at one
    time of day, and take place."""
    first = shared.first
    days = [clock.local(one.start, one.zone) for one in shared.contexts]
    is_regular = len({(day.weekday(), day.time()) for day in days}) == 1
    if shared.series is None or not is_regular or first.event.verb not in NAMES_A_SERIES:
        return ""
    day, _, at = first.short.rpartition(", ")
    return f"{shared.count} {date_part(days[0].date(), 'l')}s from {day.partition(' ')[2]}, {at}"


def _preheader(shared: SharedContext) -> str:
    named = "; ".join(context.short for context in shared.contexts[:NAMED_AHEAD])
    more = shared.count - NAMED_AHEAD
    return f"{named}; and {more} more." if more > 0 else f"{named}."


def _why(shared: SharedContext) -> str:
    if shared.with_one:
        asked = "you asked" if shared.for_customer else f"{shared.other_name} asked"
        whom = shared.other_name if shared.for_customer else "you"
        about = f"{asked} for appointments with {whom}"
    else:
        about = "you asked for these appointments" if shared.for_customer else "these appointments are with you"
    return f"You get this mail because {about} on {settings.SITE_NAME}."
