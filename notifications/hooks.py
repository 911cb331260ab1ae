"""Questions that the inbox asks and higher apps answer."""

from dataclasses import dataclass
from datetime import datetime

from core.hooks import Question

from .catalogue import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for the reader's answer `until` a moment: what it is, the day it is about, and its page.

    `do` is the word of its button. One that `stands_for` several names neither a day nor a moment, and leads to a list.
    """

    title: str
    address: str
    icon: str
    tone: str
    text: str
    do: str
    day: datetime | None = None
    until: datetime | None = None
    stands_for: int = 1


waiting = Question[[View], list[Waiting]]("What waits for this person's answer?")
