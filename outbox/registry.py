"""The handlers of topics and the recurring jobs. Apps register in their `tasks.py`; this app imports none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

RUN_SCHEDULED = "outbox.run_scheduled"  # the topic of all recurring jobs, which have one message each

Job = Callable[[], Any]
H = TypeVar("H", bound=Callable[..., Any])


class Handler(Protocol):
    def __call__(self, payload: dict[str, Any], *, message: Any) -> Any: ...


class Rhythm(Protocol):
    def first_after(self, now: datetime) -> datetime: ...

    def next_after(self, seen: datetime, now: datetime) -> datetime: ...

    def is_due(self, next_run_at: datetime, now: datetime) -> bool: ...


@dataclass(frozen=True)
class Every:
    """A rhythm with a fixed interval in seconds, the first firing at once."""

    seconds: int

    def __str__(self) -> str:
        return f"every {self.seconds} s"

    def first_after(self, now: datetime) -> datetime:
        return now

    def next_after(self, seen: datetime, now: datetime) -> datetime:
        """The next firing on the beat; after a pause the missed firings collapse into one."""
        beat = timedelta(seconds=self.seconds)
        return seen + beat if now < seen + beat <= now + beat else now + beat

    def is_due(self, next_run_at: datetime, now: datetime) -> bool:
        # Much further ahead than a beat: the rhythm was made faster, or the clock was set back by more than a nudge.
        return next_run_at <= now or next_run_at > now + 2 * timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Daily:
    """A rhythm of once a day at an hour in UTC, which clock changes neither double nor skip."""

    hour: int

    def __str__(self) -> str:
        return f"daily at {self.hour:02}:00 UTC"

    def first_after(self, now: datetime) -> datetime:
        today = now.astimezone(UTC).replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)

    def next_after(self, seen: datetime, now: datetime) -> datetime:
        return self.first_after(now)

    def is_due(self, next_run_at: datetime, now: datetime) -> bool:
        return next_run_at <= now


@dataclass(frozen=True)
class Monthly:
    """A rhythm of once a month on a day (1 to 28) at an hour in UTC."""

    day: int
    hour: int

    def __str__(self) -> str:
        return f"monthly on day {self.day} at {self.hour:02}:00 UTC"

    def first_after(self, now: datetime) -> datetime:
        this = now.astimezone(UTC).replace(day=self.day, hour=self.hour, minute=0, second=0, microsecond=0)
        return this if this > now else (this.replace(day=1) + timedelta(days=32)).replace(day=self.day)

    def next_after(self, seen: datetime, now: datetime) -> datetime:
        return self.first_after(now)

    def is_due(self, next_run_at: datetime, now: datetime) -> bool:
        return next_run_at <= now


@dataclass(frozen=True)
class Recurring:
    name: str
    rhythm: Rhythm
    run: Job


handlers: dict[str, Handler] = {}
recurring: dict[str, Recurring] = {}


def handler(topic: str) -> Callable[[H], H]:
    """Decorates `handle(payload, *, message)` and registers it as the handler of a topic.

    It runs outside any transaction, perhaps twice, late, or after the world has moved on: look at state, not at the
    message. Returning means done; raising means another attempt after a growing pause.
    """

    def register(function: H) -> H:
        if handlers.setdefault(topic, function) is not function:
            raise ValueError(f"The topic {topic} has two handlers.")
        return function

    return register


def every(*, seconds: int, name: str) -> Callable[[Job], Job]:
    """Decorates a function without arguments to run every `seconds`, once whatever the number of workers."""
    if seconds < 1:
        raise ValueError("A recurring job needs a rhythm of at least one second.")
    return _recurring(name, Every(seconds))


def daily(*, hour: int, name: str) -> Callable[[Job], Job]:
    """Decorates a function to run once a day at `hour` o'clock UTC."""
    return _recurring(name, Daily(hour))


def monthly(*, name: str, day: int = 1, hour: int = 0) -> Callable[[Job], Job]:
    """Decorates a function to run once a month on `day` at `hour` o'clock UTC."""
    if not 1 <= day <= 28:
        raise ValueError("A monthly job needs a day every month has: 1 to 28.")
    return _recurring(name, Monthly(day, hour))


def _recurring(name: str, rhythm: Rhythm) -> Callable[[Job], Job]:
    def register(function: Job) -> Job:
        if name in recurring and recurring[name].run is not function:
            raise ValueError(f"Two recurring jobs are called {name}.")
        recurring[name] = Recurring(name, rhythm, function)
        return function

    return register
