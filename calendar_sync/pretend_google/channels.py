"""Push channels: who asked to be told of changes of which calendar, and the messages on their way to them."""

import hashlib
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock
from .consent import LOOPBACK
from .refusals import Refusal, invalid, required

DEFAULT_LIFE, LONGEST_LIFE = timedelta(seconds=604_800), timedelta(days=30)
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}", re.ASCII)


@dataclass
class Channel:
    id: str
    calendar_id: str
    sub: str  # the account and the client that opened it; nobody else may stop it
    client_id: str
    address: str
    token: str
    ends_at: datetime
    resource_id: str
    resource_uri: str
    number: int = 0  # of its last message

    def answered(self) -> dict[str, Any]:
        told = {
            "kind": "api#channel",
            "id": self.id,
            "resourceId": self.resource_id,
            "resourceUri": self.resource_uri,
            "token": self.token,
            "expiration": str(int(self.ends_at.timestamp() * 1000)),
        }
        return {key: value for key, value in told.items() if value}


@dataclass(frozen=True)
class Push:
    """One message to a channel's address: headers, and no body."""

    address: str
    headers: dict[str, str]
    tries: int = 0


@dataclass
class Channels:
    clock: Clock
    drop: int = 0  # so many of the next messages get lost
    copies: int = 1  # each message is sent so often
    held: bool = False  # messages wait, and leave in reverse order once this ends
    waiting: deque[Push] = field(default_factory=deque)  # on their way: taken from the left by whoever delivers them
    delivered: deque[tuple[Push, int]] = field(default_factory=lambda: deque(maxlen=10_000))  # with the status answered
    _channels: dict[str, Channel] = field(default_factory=dict)
    _used_ids: set[str] = field(default_factory=set)

    def open(
        self, body: Mapping[str, Any], *, calendar_id: str, sub: str, client_id: str, resource_uri: str
    ) -> Channel:
        """A new channel, whose first message says only that it is there."""
        self._check(body)
        now = self.clock.now()
        life = DEFAULT_LIFE
        if body.get("expiration"):
            life = datetime.fromtimestamp(int(body["expiration"]) / 1000, UTC) - now
        elif body.get("params", {}).get("ttl"):
            life = timedelta(seconds=int(body["params"]["ttl"]))
        channel = Channel(
            id=body["id"],
            calendar_id=calendar_id,
            sub=sub,
            client_id=client_id,
            address=body["address"],
            token=body.get("token", ""),
            ends_at=now + min(life, LONGEST_LIFE),
            resource_id=hashlib.sha256(f"{sub}/{calendar_id}".encode()).hexdigest()[:27],
            resource_uri=resource_uri,
        )
        self._used_ids.add(channel.id)
        self._channels[channel.id] = channel
        self._send(channel, "sync", step=1)
        return channel

    def stop(self, channel_id: str, resource_id: str, *, sub: str, client_id: str) -> None:
        channel = self._channels.get(channel_id)
        owner = channel and (channel.resource_id, channel.sub, channel.client_id)
        if owner != (resource_id, sub, client_id):
            raise Refusal(404, "notFound", f"Channel '{channel_id}' not found for project '{client_id}'")
        del self._channels[channel_id]

    def live(self) -> list[Channel]:
        return [one for one in self._channels.values() if one.ends_at > self.clock.now()]

    def tell(self, calendar_id: str) -> None:
        """Tell every channel of this calendar that something changed."""
        for channel in self.live():
            if channel.calendar_id == calendar_id:
                self._send(channel, "exists", step=1 + channel.number % 3)  # rising, but not one by one

    def release(self) -> None:
        """Let the messages go that were held, the newest first."""
        self.held = False
        self.waiting.reverse()

    def _send(self, channel: Channel, state: str, *, step: int) -> None:
        channel.number += step
        if self.drop:
            self.drop -= 1
            return
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.ends_at, usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource_uri,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.number),
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        self.waiting.extend([Push(channel.address, headers)] * self.copies)

    def _check(self, body: Mapping[str, Any]) -> None:
        for name in ("id", "type", "address"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise required(f"Missing channel {name}.", name)
        if body["type"] not in {"web_hook", "webhook"}:
            raise Refusal(400, "push.unknownType", "Unknown channel type", location="type")
        if not _ID.fullmatch(body["id"]):
            raise invalid("Invalid channel id.", "id")
        if body["id"] in self._used_ids:
            raise Refusal(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        if len(body.get("token", "")) > 256:
            raise invalid("Channel token too long.", "token")
        address = urlsplit(body["address"])
        # Google wants https; on this machine there is no certificate to ask for.
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise Refusal(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {body['address']}")
