"""Questions that the inbox asks and higher apps answer."""

from dataclasses import dataclass
from datetime import datetime

from core.hooks import Question

from .catalogue import View


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the reader's answer `until` a moment: its day, the look of that, and its page."""

    title: str
    address: str
    day: datetime
    tone: str
    until: datetime


waiting = Question[[View], list[Waiting]]("What waits for this person's answer?")
