"""A small load generator: clients with kept-alive connections for a given time, and the CPU that they cost."""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psutil


@dataclass
class Sample:
    """The measurements of a stretch of one scenario: latencies, statuses, and the CPU of server and database."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float:
        """Seconds of CPU for each answer."""
        return self.cpu / max(1, len(self.latencies))

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies) or [0.0]
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


Request = Callable[[http.client.HTTPConnection, int], int]


def get(path: str, cookie: str = "", *, bearer: str = "", compressed: bool = False) -> Request:
    headers = {"Cookie": cookie} if cookie else {}
    headers |= {"Authorization": bearer} if bearer else {}
    headers |= {"Accept-Encoding": "gzip"} if compressed else {}

    def one(connection: http.client.HTTPConnection, number: int) -> int:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return one


def measure(port: int, request: Request, *, clients: int, seconds: float, watched: "Watched") -> Sample:
    """Send `request` from `clients` threads for `seconds`; a failed connection counts as status 0."""
    before, began = watched.cpu(), time.perf_counter()
    until = began + seconds
    samples = [Sample(0) for _ in range(clients)]

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        sample, count = samples[number], 0
        while time.perf_counter() < until:
            at = time.perf_counter()
            try:
                status = request(connection, number + clients * count)
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            sample.latencies.append(time.perf_counter() - at)
            sample.statuses[status] = sample.statuses.get(status, 0) + 1
            count += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Sample(time.perf_counter() - began, cpu=watched.since(before))
    for sample in samples:
        whole.latencies += sample.latencies
        for status, count in sample.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count
    return whole


class Watched:
    """The processes whose CPU counts: the web server's, PostgreSQL's for this run's database and for all databases."""

    def __init__(self, server: int, database: str) -> None:
        self.server = psutil.Process(server)
        self.database = database

    def cpu(self) -> dict[int, float]:
        """Seconds of CPU that each process has used so far, by its id."""
        return {
            each.pid: _cpu_of(each) for each in [self.server, *self.server.children(recursive=True), *self._others()]
        }

    def since(self, before: dict[int, float]) -> float:
        """Seconds of CPU used since `before`, without processes that have ended meanwhile."""
        return sum(used - before.get(pid, 0.0) for pid, used in self.cpu().items())

    def _others(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter(["name", "cmdline"]):
            if process.info["name"] == "postgres":
                title = " ".join(process.info["cmdline"] or [])
                if f" {self.database} " in title or not any(word in title for word in ("127.0.0.1", "[local]", "::1")):
                    yield process


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
