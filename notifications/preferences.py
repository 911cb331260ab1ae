"""What people choose to be told about, how and when: reading and saving it, and the links that turn a topic off."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.crypto import salted_hmac

from accounts.exceptions import ChangedMeanwhile
from accounts.models import User
from core import clock
from core.db import lock_row
from core.hooks import Question
from core.letters import page

from .models import (
    AT_ANY_HOUR,
    CHOSEN_ELSEWHERE,
    DEFAULT_LEAD,
    EMAIL,
    INBOX,
    ONE_PRESS,
    TOPICS,
    TURNS_OFF,
    InboxItem,
    Kind,
    MailPreferences,
    Much,
    ReminderLead,
    Topic,
    TurnedOff,
    UnsubscribeLink,
)
from .rules import QuietHours

# A channel and a topic that people are told of by it: one box of the settings, on or off.
ChannelTopic = tuple[str, Topic]
turned_off_elsewhere = Question[[User, Topic], bool | None](
    "Is this topic, which is chosen elsewhere, off for this person now, and was it on?"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's choice: the topics of which they are not told, each with the channel, how many minutes before an
    appointment they are reminded, their quiet hours, and under which name they chose.

    That turns off more than `off` says: see `TURNS_OFF`.
    """

    off: frozenset[ChannelTopic] = frozenset()
    leads: tuple[int, ...] = (DEFAULT_LEAD,)
    quiet: QuietHours | None = None
    much: Much = Much.OWN


Change = Callable[[Choice], Choice]


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms one thing is told: whether at all, and the quiet hours that it may have to wait for."""

    is_wanted: bool = True
    quiet: QuietHours | None = None


def by(channel: str, topics: Iterable[Topic]) -> frozenset[ChannelTopic]:
    """These topics turned off for one channel."""
    return frozenset((channel, topic) for topic in topics)


def choice_of(user: User) -> Choice:
    """What the person chose. At most three queries."""
    row = MailPreferences.objects.filter(user=user).first()
    if row is None:
        return Choice()
    off = TurnedOff.objects.filter(preferences=row).values_list("channel", "topic")
    leads = ReminderLead.objects.filter(preferences=row).values_list("minutes", flat=True)
    known = frozenset((channel, Topic(topic)) for channel, topic in off if topic in Topic)
    return Choice(known, tuple(leads), _quiet_hours(row.quiet_from, row.quiet_until), Much(row.much))


def leads_of(user: User) -> tuple[int, ...]:
    """How many minutes before an appointment the person is reminded. Two queries at most."""
    leads = tuple(ReminderLead.objects.filter(preferences=user.pk).values_list("minutes", flat=True))
    return leads if leads or MailPreferences.objects.filter(user=user).exists() else (DEFAULT_LEAD,)


def terms_for(user: User, kind: Kind, *, channel: str = EMAIL, interrupts: bool = True) -> Terms:
    """On which terms the person is told something of this kind by a channel, which `interrupts` or is looked up.

    One query, none for what is always told at once.
    """
    topic = TOPICS.get(kind)
    if topic is None and kind in AT_ANY_HOUR:
        return Terms()
    off = TurnedOff.objects.filter(preferences=OuterRef("pk"), channel=channel, topic=topic or "")
    columns = ("much", "quiet_from", "quiet_until", Exists(off))
    for much, start, until, is_off in MailPreferences.objects.filter(user=user).values_list(*columns):
        is_off_by_name = interrupts and topic in TURNS_OFF[Much(much)]
        quiet = None if kind in AT_ANY_HOUR else _quiet_hours(start, until)
        return Terms(not is_off and not is_off_by_name, quiet)
    return Terms()


def wants(user: User, kind: Kind, *, channel: str = EMAIL, interrupts: bool = True) -> bool:
    """Whether the person wants to be told of this kind by this channel."""
    return terms_for(user, kind, channel=channel, interrupts=interrupts).is_wanted


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
def save_choice(
    *,
    actor: User,
    leads: Iterable[int],
    off: Collection[ChannelTopic] = (),
    quiet: QuietHours | None = None,
    much: Much = Much.OWN,
) -> Choice:
    """Keep the person's choice. It holds for what is told from now on, also for mails that wait already.

    What their inbox shows from now on, or no longer, is not new to them.
    """
    lock_row(User.objects.filter(pk=actor.pk))
    wanted = tuple(sorted(set(leads), reverse=True))
    start, until = (quiet.start, quiet.until) if quiet else (None, None)
    facts = {"much": much, "quiet_from": start, "quiet_until": until}
    row, _ = MailPreferences.objects.update_or_create(user=actor, defaults=facts)
    before = frozenset(row.turned_off.values_list("channel", "topic"))
    row.turned_off.all().delete()
    TurnedOff.objects.bulk_create(
        TurnedOff(preferences=row, channel=channel, topic=topic) for channel, topic in sorted(set(off))
    )
    changed = [topic for channel, topic in before ^ frozenset(off) if channel == INBOX]
    if changed:
        InboxItem.objects.filter(reader=actor, read_at=None, topic__in=changed).update(read_at=clock.now())
    row.leads.exclude(minutes__in=wanted).delete()
    rows = [ReminderLead(preferences=row, minutes=minutes) for minutes in wanted]
    ReminderLead.objects.bulk_create(rows, ignore_conflicts=True)
    return Choice(frozenset(off), wanted, quiet, much)


@transaction.atomic
def change_choice(*, actor: User, change: Change, seen: Choice | None = None) -> Choice:
    """Keep what `change` makes of the person's choice. Raises ChangedMeanwhile where that is no longer `seen`."""
    lock_row(User.objects.filter(pk=actor.pk))
    now = choice_of(actor)
    if seen is not None and seen != now:
        raise ChangedMeanwhile
    wanted = change(now)
    return save_choice(actor=actor, off=wanted.off, leads=wanted.leads, quiet=wanted.quiet, much=wanted.much)


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
    """Turn the mails of the link's topic off for its person, and nothing else. Returns whether they were on."""
    if link.topic in CHOSEN_ELSEWHERE:
        return bool(turned_off_elsewhere.first(link.user, Topic(link.topic)))
    lock_row(User.objects.filter(pk=link.user.pk))  # two topics may be turned off at once
    choice = choice_of(link.user)
    these = (EMAIL, Topic(link.topic))
    save_choice(actor=link.user, off=choice.off | {these}, leads=choice.leads, quiet=choice.quiet, much=choice.much)
    return these not in choice.off and these[1] not in TURNS_OFF[choice.much]


def _quiet_hours(start: int | None, until: int | None) -> QuietHours | None:
    return None if start is None or until is None else QuietHours(start, until)


def _token_of(link: UnsubscribeLink) -> str:
    return salted_hmac("notifications.unsubscribe", link.seed.hex, algorithm="sha256").hexdigest()


def _hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
