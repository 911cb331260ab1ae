"""The boxes of what people choose: a channel and a topic each, on or off; and the names for many at once."""

from .channels import channels
from .models import CHOSEN_ELSEWHERE, TURNS_OFF, Much, Topic
from .preferences import ChannelTopic, Choice

# The topics that people choose here, and those that each leaves on in channels that interrupt.
HERE = frozenset(Topic) - CHOSEN_ELSEWHERE
LEAVES_ON: dict[Much, frozenset[Topic]] = {
    much: HERE - turned_off for much, turned_off in TURNS_OFF.items() if much is not Much.OWN
}


def boxes_of(much: Much) -> frozenset[ChannelTopic]:
    """The boxes that this name for many ticks. What interrupts nobody stays on."""
    return frozenset(
        (channel.name, topic) for channel in channels for topic in (LEAVES_ON[much] if channel.interrupts else HERE)
    )


def much_of(boxes: frozenset[ChannelTopic]) -> Much:
    """The name of this choice."""
    return next((much for much in LEAVES_ON if boxes_of(much) == boxes), Much.OWN)


def all_boxes() -> frozenset[ChannelTopic]:
    return frozenset((channel.name, topic) for channel in channels for topic in HERE)


def boxes_on(choice: Choice) -> frozenset[ChannelTopic]:
    """The boxes that are ticked by this choice."""
    by_name = {(channel.name, topic) for channel in channels if channel.interrupts for topic in TURNS_OFF[choice.much]}
    return all_boxes() - choice.off - by_name
