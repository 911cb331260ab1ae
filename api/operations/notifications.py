"""Operations on what the person who asks is told about."""

from collections.abc import Mapping, Sequence

from api.calls import Call
from api.serializers.notifications import LEVELS
from notifications import preferences
from notifications.boxes import HERE, all_boxes, boxes_of, boxes_on, much_of
from notifications.models import DEFAULT_LEAD, Topic
from notifications.preferences import ChannelTopic, Choice

Kinds = Mapping[str, Mapping[str, bool]]


def read_settings(call: Call) -> Choice:
    """Read what one is told about, by which channels, and how long before an appointment one is reminded."""
    return preferences.choice_of(call.person)


def replace_settings(
    call: Call, *, level: str | None = "all", kinds: Kinds | None = None, reminder_minutes: Sequence[int] | None = None
) -> Choice:
    """Choose anew what one is told about. What is left out is as for somebody new. Quiet hours stay."""
    leads = (DEFAULT_LEAD,) if reminder_minutes is None else reminder_minutes
    boxes = boxes_of(LEVELS[level or "all"])
    return _change(call, lambda now: _choice(now, _with(boxes, kinds), leads))


def change_settings(
    call: Call, *, level: str | None = None, kinds: Kinds | None = None, reminder_minutes: Sequence[int] | None = None
) -> Choice:
    """Change what one is told about. What is left out stays."""

    def change(now: Choice) -> Choice:
        boxes = boxes_of(LEVELS[level]) if level else boxes_on(now)
        return _choice(now, _with(boxes, kinds), now.leads if reminder_minutes is None else reminder_minutes)

    return _change(call, change)


def _change(call: Call, change: preferences.Change) -> Choice:
    return preferences.change_choice(actor=call.person, change=change, seen=call.seen)


def _with(boxes: frozenset[ChannelTopic], kinds: Kinds | None) -> frozenset[ChannelTopic]:
    """The boxes with those of `kinds` on or off; what nobody can turn off has none."""
    topics = {kind: by for kind, by in (kinds or {}).items() if kind in HERE}
    said = {(channel, Topic(kind)): on for kind, by in topics.items() for channel, on in by.items()}
    return frozenset(box for box in all_boxes() if said.get(box, box in boxes))


def _choice(now: Choice, boxes: frozenset[ChannelTopic], leads: Sequence[int]) -> Choice:
    return Choice(all_boxes() - boxes, tuple(sorted(set(leads), reverse=True)), now.quiet, much_of(boxes))
