"""Messages of push channels: whether they are Google's, and the reading that they ask for."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils.crypto import constant_time_compare

from calendar_sync.models import Channel
from calendar_sync.rules import pauses
from calendar_sync.states import ChannelState
from core.db import retrying

from . import reading


@dataclass(frozen=True, slots=True)
class Push:
    """A message as it came: which channel sends it, what proves it, and its number, which rises with every message."""

    channel: UUID
    token: str
    resource_id: str
    number: int


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def take(push: Push, *, now: datetime) -> bool:
    """Have the calendar read soon of which Google tells a change. However many messages tell of it, it is read once.

    False, and nothing is written, where the message is not Google's, was here before or is older than one that was.
    """
    channel = Channel.objects.filter(uuid=push.channel).exclude(state=ChannelState.REFUSED).first()
    if channel is None or channel.expires_at <= now or channel.last_number >= push.number:
        return False
    # Both are looked at, so that the time of the answer tells nothing of either. Before Google's answer to the request
    # for the channel, the token alone proves the message.
    is_known = constant_time_compare(hash_of(push.token), channel.token_hash)
    is_about = constant_time_compare(push.resource_id, channel.resource_id or push.resource_id)
    return is_known and is_about and _hear(channel, push, now)


@retrying
@transaction.atomic
def _hear(channel: Channel, push: Push, now: datetime) -> bool:
    row = Channel.objects.filter(pk=channel.pk)
    # Of messages at the same time, the newest is written first or last, and the others find their change being read.
    if not row.filter(last_number__lt=push.number).update(last_number=push.number, last_message_at=now):
        return False
    if channel.state in {ChannelState.ASKED, ChannelState.OPEN}:
        _verify(channel, push, now)
    if channel.calendar_id:
        reading.hasten_one(channel.calendar_id, now=now)
    return True


def _verify(channel: Channel, push: Push, now: datetime) -> None:
    """Write that messages arrive, which proves that Google opened the channel, whether or not it answered so."""
    asked = Channel.objects.filter(pk=channel.pk, state=ChannelState.ASKED)
    renewed = pauses.renewal(now, channel.expires_at)
    was_asked = asked.update(state=ChannelState.VERIFIED, resource_id=push.resource_id, next_at=renewed, failures=0)
    if not was_asked:
        Channel.objects.filter(pk=channel.pk, state=ChannelState.OPEN).update(state=ChannelState.VERIFIED)
