"""The one order in which everything changes: etags, sync tokens and news of a calendar come from it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Changes:
    last: int = 0
    listeners: list[Callable[[str], None]] = field(default_factory=list)

    def next(self) -> int:
        self.last += 1
        return self.last

    def tell(self, calendar_id: str) -> None:
        """Tell who listens that something in this calendar changed."""
        for listener in self.listeners:
            listener(calendar_id)
