"""The calls of one process of the check, and what came of them."""

import random
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import requests
from jsonschema import ValidationError

from api.urls import ROUTES
from api.views.pages import schema
from tests.api.made_up import HOME, call_each, operations
from tests.api.program import check, start_session
from tests.api_check.world import NEEDS_NEWCOMER, KnownNow, World, apart

FEWEST, MOST = 4, 15  # calls at an address, by one person, in one round
NO_ANSWER = 0  # in place of a status


class Answer(Protocol):
    """An answer of `requests`, or of Django's test client."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


Send = Callable[[requests.PreparedRequest], Answer]


@dataclass
class Tally:
    """What came of calls: how many by route, person and status, and the faults, each kind once with its shortest
    request."""

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)  # how often each fault was seen
    slowest: list[tuple[float, str]] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)  # the traceback of each failure of the check itself

    @property
    def calls(self) -> int:
        return self.counts.total()

    def add(self, other: "Tally") -> None:
        self.counts.update(other.counts)
        self.faults = {**other.faults, **self.faults}
        self.times.update(other.times)
        self.breaks += other.breaks
        self.slowest = sorted([*self.slowest, *other.slowest], reverse=True)[:5]


class Caller:
    """Calls of every route, in rounds with people of their own. `send` makes a call, at `HOME`."""

    def __init__(self, send: Send) -> None:
        self.send, self.tally = send, Tally()
        self.learned: dict[str, list[str]] = defaultdict(list)  # cursors, by the list that they go on with
        self.routes = {route.name: route for route in ROUTES}
        found = {each.definition.raw["operationId"]: each for each in operations(schema())}
        self.operations = {name: found[name] for name in self.routes}

    def run(self, world: Callable[[], World], calls: int, *, until: float, said: str = "") -> Tally:
        """Make so many calls, or those that fit before `until` (as `time.time()` tells it), and say how it goes."""
        began = time.time()
        while (left := calls - self.tally.calls) > 0 and time.time() < until:
            before = self.tally.calls
            each = min(MOST, max(FEWEST, round(left / 2 / len(self.operations))))
            try:
                self.round(world(), each, calls=calls, until=until)
            except Exception:  # what was called before is told all the same
                self.tally.breaks.append(traceback.format_exc())
                if self.tally.calls == before:
                    break
            done = f"{self.tally.calls} calls, {len(self.tally.faults)} kinds of faults, {time.time() - began:.0f} s"
            print(f"{said}{done}", flush=True)
        return self.tally

    def round(self, world: World, each: int, *, calls: float = float("inf"), until: float = float("inf")) -> None:
        """Call each route `each` times as each person, in another order each time: what one does changes what the
        next can do."""
        for name, operation in random.sample(list(self.operations.items()), len(self.operations)):
            for who in world.people:
                if self.tally.calls >= calls or time.time() > until:
                    return
                self._route(world, name, operation, who, each)

    def _route(self, world: World, name: str, operation: Any, who: str, each: int) -> None:
        world.top_up(operation.path, who)
        known = KnownNow(world, who, operation.path, self.learned[name])
        token = start_session(known.person).access
        ends_token = operation.path in NEEDS_NEWCOMER

        def send(request: requests.PreparedRequest) -> None:
            self._call(name, who, request, start_session(world.newcomer()).access if ends_token else token)

        call_each(operation, schema(), known, times=each, send=send)

    def _call(self, name: str, who: str, request: requests.PreparedRequest, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"
        began = time.monotonic()
        try:
            answer = self.send(request)
        except requests.RequestException as error:
            self.tally.counts[name, who, NO_ANSWER] += 1
            return self._fault(name, NO_ANSWER, f"no answer: {type(error).__name__}", request)
        took = time.monotonic() - began
        self.tally.slowest = sorted([*self.tally.slowest, (took, f"{name} {answer.status_code}")], reverse=True)[:5]
        self.tally.counts[name, who, answer.status_code] += 1
        if wrong := wrong_with(request, answer):
            return self._fault(name, answer.status_code, wrong, request)
        follows = answer.headers.get("Link", "")
        if 'rel="next"' in follows:
            del self.learned[name][:-9]
            self.learned[name] += parse_qs(urlsplit(follows[1:].partition(">")[0]).query)["cursor"]

    def _fault(self, name: str, status: int, wrong: str, request: requests.PreparedRequest) -> None:
        kind = f"{name} {status} {wrong.partition(': ')[0]}"
        told = f"{wrong}\n    {request.method} {request.url}\n    {(request.body or b'')[:400]!r}"
        self.tally.times[kind] += 1
        if kind not in self.tally.faults or len(told) < len(self.tally.faults[kind]):
            self.tally.faults[kind] = told


def wrong_with(request: requests.PreparedRequest, answer: Answer) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if answer.status_code >= 500:
        return f"fails on our side: {answer.content[:300]!r}"
    if not answer.headers.get("X-Request-ID"):
        return "no X-Request-ID"
    try:
        check(str(request.method).lower(), request.path_url, answer)
    except AssertionError as error:
        return f"not in the schema: {str(error)[:300]}"
    except ValidationError as error:
        return f"not as the schema says: {error.json_path} {error.message[:200]}"
    except ValueError as error:
        return f"not JSON: {error}"
    return ""


def call_server(home: str, worker: int, calls: int, until: float) -> Tally:
    """What came of the calls of one process to the server at `home`."""
    session = requests.Session()

    def look(path: str, query: Mapping[str, str]) -> Any:
        return session.get(f"{home}{path}", params=query, timeout=60).json()

    def send(request: requests.PreparedRequest) -> Answer:
        request.url = str(request.url).replace(HOME, home, 1)
        return session.send(request, allow_redirects=False, timeout=60)  # type: ignore[return-value]

    apart(worker)
    return Caller(send).run(lambda: World(look), calls, until=until, said=f"process {worker}: ")
