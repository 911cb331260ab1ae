"""The state of an open page as a short text, which the page sends along when it asks for news."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH

MOST = 20
ONE = f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}"
SEEN = re.compile(rf"([0-9a-f]{{16}})\.(\d{{1,6}})(?:!({ONE}))?((?:\.{ONE}){{0,{MOST}}})", re.ASCII)
# An open page is drawn anew this often even if nothing changed: five minutes are one row of the week.
MINUTES = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of an open page: a digest of its facts, the number of waiting requests, and those shown with buttons.

    Requests go by their references; `urgent` is the one that the page warns of.
    """

    digest: str = ""
    count: int = 0
    references: tuple[str, ...] = ()
    urgent: str = ""

    @classmethod
    def read(cls, text: str) -> "Seen":
        """The state written in `text`; an empty one for a malformed text."""
        match = SEEN.fullmatch(text)
        return cls(match[1], int(match[2]), tuple(match[4].split(".")[1:]), match[3] or "") if match else cls()

    def __str__(self) -> str:
        count = f"{self.count}!{self.urgent}" if self.urgent else str(self.count)
        return ".".join([self.digest, count, *self.references])


def digest(now: datetime, *facts: object) -> str:
    """A digest of the facts, equal in every process for the same facts within MINUTES."""
    tick = int(now.timestamp()) // (60 * MINUTES)
    return blake2b(repr((tick, *facts)).encode(), digest_size=8).hexdigest()
