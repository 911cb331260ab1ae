"""What goes wrong on purpose: for a method, so many times, before or after what was asked is done."""

from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from .refusals import Refusal

LONGEST_DELAY = 120


@dataclass
class Fault:
    """An answer that is spoilt.

    `status` with `reason` answers an error; `body` is answered in its place, as `content_type`, when it is not None.
    Without a status the answer only comes late, or with `close` not at all. `after` does first what was asked, so
    that only the answer is lost. `match` limits the fault to calls whose path or query has that text.
    """

    method: str  # events.insert, events.*, token, *
    times: int = 1
    status: int = 0
    reason: str = "backendError"
    after: bool = False
    retry_after: str = ""
    delay: float = 0
    close: bool = False
    body: str | None = None
    content_type: str = "text/html; charset=utf-8"
    match: str = ""
    error: str = ""  # of the token endpoint and its neighbours: invalid_grant and the like

    def __post_init__(self) -> None:
        if not 0 <= self.delay <= LONGEST_DELAY:
            raise ValueError(f"a delay is from 0 to {LONGEST_DELAY} seconds")

    @property
    def answers(self) -> bool:
        """Whether it answers in place of the stand-in, or only delays what that answers."""
        return bool(self.status or self.close or self.body is not None)

    def told(self) -> dict[str, Any]:
        if self.error:
            return {"error": self.error, "error_description": "Bad Request"}
        limits = "Exceeded" in self.reason
        return Refusal(self.status, self.reason, domain="usageLimits" if limits else "global").body()


@dataclass
class Faults:
    planned: list[Fault] = field(default_factory=list)

    def add(self, method: str, **how: Any) -> Fault:
        """Plan a fault; see `Fault` for what it may be."""
        unknown = set(how) - {each.name for each in fields(Fault)}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        fault = Fault(method, **how)
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        self.planned.clear()

    def take(self, method: str, address: str = "") -> Fault | None:
        """The fault for this call, which is then used up once."""
        for fault in self.planned:
            if fault.times > 0 and fnmatchcase(method, fault.method) and fault.match in address:
                fault.times -= 1
                return fault
        return None
