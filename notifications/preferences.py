"""What people choose to be told about by mail: reading and saving it, and the links that turn a topic off."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from core.db import lock_row
from core.letters import page

from .models import DEFAULT_LEAD, ONE_PRESS, TOPICS, Kind, MailPreferences, ReminderLead, Topic, UnsubscribeLink


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's choice: the topics that are turned off, and how many minutes before an appointment they are
    reminded."""

    off: frozenset[Topic] = frozenset()
    leads: tuple[int, ...] = (DEFAULT_LEAD,)

    def wants(self, kind: Kind) -> bool:
        return TOPICS.get(kind) not in self.off


def choice_of(user: User) -> Choice:
    """What the person chose. At most two queries."""
    off = _off(user)
    if off is None:
        return Choice()
    return Choice(off, tuple(ReminderLead.objects.filter(preferences=user.pk).values_list("minutes", flat=True)))


def wants(user: User, kind: Kind) -> bool:
    """Whether the person wants mails of this kind. One query, none for a kind that is always sent."""
    topic = TOPICS.get(kind)
    return topic is None or topic not in (_off(user) or ())


def leads_in_use() -> list[int]:
    """Every time before an appointment, in minutes, at which anybody is reminded, the shortest first. One query."""
    chosen = ReminderLead.objects.order_by().values_list("minutes", flat=True).distinct()
    return sorted({DEFAULT_LEAD, *chosen})


def people_reminded(minutes: int, *, among: Collection[int]) -> set[int]:
    """The ids of those among these people who are reminded `minutes` before. Two queries at most."""
    found = set(
        ReminderLead.objects.filter(minutes=minutes, preferences__in=among).values_list("preferences", flat=True)
    )
    if minutes == DEFAULT_LEAD:
        found |= set(among) - set(MailPreferences.objects.filter(user__in=among).values_list("user", flat=True))
    return found


@transaction.atomic
def save_choice(*, actor: User, off: Collection[Topic], leads: Iterable[int]) -> Choice:
    """Keep the person's choice. It holds for what is sent from now on, also for mails that wait already."""
    lock_row(User.objects.filter(pk=actor.pk))
    wanted = tuple(sorted(set(leads), reverse=True))
    row, _ = MailPreferences.objects.update_or_create(user=actor, defaults={"off": sorted(off)})
    row.leads.exclude(minutes__in=wanted).delete()
    rows = [ReminderLead(preferences=row, minutes=minutes) for minutes in wanted]
    ReminderLead.objects.bulk_create(rows, ignore_conflicts=True)
    return Choice(frozenset(off), wanted)


def unsubscribe_address(user: User, kind: Kind) -> str:
    """The address that turns the topic of this kind off for the person; empty for a topic not in `ONE_PRESS`."""
    topic = TOPICS.get(kind)
    if topic not in ONE_PRESS:
        return ""
    link = UnsubscribeLink.objects.filter(user=user, topic=topic).first()
    if link is None:
        link = UnsubscribeLink(user=user, topic=topic)
        link.token_hash = _hash_of(_token_of(link))
        # Two workers may be the first at once; the row that was written counts.
        UnsubscribeLink.objects.bulk_create([link], ignore_conflicts=True)
        link = UnsubscribeLink.objects.get(user=user, topic=topic)
    return page("unsubscribe", _token_of(link))


def link_of(token: str) -> UnsubscribeLink:
    """The link with this token, and its person. One query. Raises UnsubscribeLink.DoesNotExist."""
    return UnsubscribeLink.objects.select_related("user").get(token_hash=_hash_of(token))


@transaction.atomic
def turn_off(link: UnsubscribeLink) -> bool:
    """Turn the link's topic off for its person, and nothing else. Returns whether it was on."""
    lock_row(User.objects.filter(pk=link.user.pk))  # two topics may be turned off at once
    choice = choice_of(link.user)
    topic = Topic(link.topic)
    save_choice(actor=link.user, off=choice.off | {topic}, leads=choice.leads)
    return topic not in choice.off


def _off(user: User) -> frozenset[Topic] | None:
    """The topics that the person turned off; None for somebody who chose nothing yet."""
    rows = list(MailPreferences.objects.filter(user=user).values_list("off", flat=True))
    return frozenset(Topic(name) for name in rows[0] if name in Topic) if rows else None


def _token_of(link: UnsubscribeLink) -> str:
    return salted_hmac("notifications.unsubscribe", link.seed.hex, algorithm="sha256").hexdigest()


def _hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
