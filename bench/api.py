"""The API beside the pages that show or do the same, on the same server in the same round."""

import http.client
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from accounts.models import User
from api import tokens
from core import clock

from . import load, world
from .load import Request, Sample

if TYPE_CHECKING:
    from .run import Bench

APPOINTMENTS = 500
HISTORY_PAGE, HISTORY = "/my/appointments/?tab=history", "/api/appointments/history/?limit=25"
HISTORY_ROWS = 25


class ApiRows:
    """The rows of the API. Needs the month's provider, the lists and the bookings of `bench`."""

    def __init__(self, bench: "Bench", month: date) -> None:
        self.bench = bench
        slug = f"month-{APPOINTMENTS}-{month:%Y-%m}"
        after = (month + timedelta(days=32)).replace(day=1)
        self.page_of_month = f"/providers/{slug}/?month={month:%Y-%m}"
        wanted = {"provider": slug, "service": "session", "from": month.isoformat(), "to": after.isoformat()}
        self.slots = f"/api/providers/available/slots?{urlencode(wanted)}"
        self.reader = User.objects.get(email=f"reader-{APPOINTMENTS}@example.org")
        self.cookie = bench.readers[APPOINTMENTS]

    # --- Queries ------------------------------------------------------------------------------------------------------

    def count_queries(self) -> None:
        """Note the numbers of queries, which are fixed. Stop the run where an answer has fewer rows than it should."""
        bench, token = self.bench, bearer(self.reader)
        bench.note("queries of a month's slots as JSON", "<= 5", bench.queries(self.slots))
        bench.note("queries of a month's slots as JSON, with a token", "<= 7", bench.queries(self.slots, bearer=token))
        bench.note(
            "queries of 25 appointments as JSON, beside session and person",
            "<= 4",
            bench.queries(HISTORY, bearer=token) - 1,
        )
        listed = bench.client(bearer=token).get(HISTORY).json()["results"]
        if len(listed) < HISTORY_ROWS or not bench.client().get(self.slots).json()["slots"]:
            raise SystemExit("The API's lists show too few rows.")
        booking = "queries of a booking by API"
        bench.note(booking, "<= 16", self.queries_of_a_booking(days=41))
        bench.note(f"{booking}, with an Idempotency-Key", "<= 18", self.queries_of_a_booking(days=42, key=str(uuid4())))

    def queries_of_a_booking(self, *, days: int, key: str = "") -> int:
        bench, service = self.bench, self.bench.booked[0]
        start = bench.first + timedelta(days=days)
        client = bench.client(bearer=bearer(bench.customers[0]))
        wish = {"provider": service.provider.slug, "service": service.slug, "start": start.isoformat()}
        headers = {"Idempotency-Key": key} if key else {}
        return bench.queries_of(
            lambda: client.post("/api/appointments/", wish, content_type="application/json", headers=headers), 201
        )

    # --- CPU ----------------------------------------------------------------------------------------------------------

    def round(self) -> None:
        token = bearer(self.reader)
        self.compare(
            "a month's slots as JSON: CPU of the month page",
            "<= 0.55",
            lambda: self.bench.sample("month page beside the API", load.get(self.page_of_month)),
            lambda: self.bench.sample("month's slots as JSON", load.get(self.slots)),
        )
        self.compare(
            "25 appointments as JSON: CPU of the history page",
            "<= 0.7",
            lambda: self.bench.sample("history page beside the API", load.get(HISTORY_PAGE, self.cookie)),
            lambda: self.bench.sample("25 appointments as JSON", load.get(HISTORY, bearer=token)),
        )
        self.compare(
            "booking by API: CPU of booking on the page",
            "<= 1.1",
            lambda: self.book("booking beside the API", 302, self.bench.booking_request()),
            lambda: self.book("booking by API", 201, self.booking_request()),
        )
        self.compare(
            "25 appointments with a token: CPU of the same with the cookie",
            "<= 1.1",
            lambda: self.bench.sample("25 appointments as JSON, with the cookie", load.get(HISTORY, self.cookie)),
            lambda: self.bench.sample("25 appointments as JSON", load.get(HISTORY, bearer=token)),
        )

    def compare(self, name: str, target: str, page: Callable[[], Sample], api: Callable[[], Sample]) -> None:
        """Note the API's CPU over that of the page, from four stretches: page, API, API, page.

        What else the machine does grows or ends meanwhile, and so weighs on both alike.
        """
        before, first, second, after = page(), api(), api(), page()
        self.bench.note(name, target, _cpu_of(first, second) / _cpu_of(before, after))

    def book(self, name: str, good: int, request: Request) -> Sample:
        sample = self.bench.sample(name, request, good=good)
        self.bench.next_number += len(sample.latencies) * 4 + 16
        return sample

    def booking_request(self) -> Request:
        bench, offset = self.bench, self.bench.next_number
        bearers = [bearer(customer) for customer in bench.customers]

        def one(connection: http.client.HTTPConnection, number: int) -> int:
            service, who, start = bench.place_of(offset + number)
            wish = {"provider": service.provider.slug, "service": service.slug, "start": start.isoformat()}
            headers = {"Authorization": bearers[who], "Content-Type": "application/json"}
            connection.request("POST", "/api/appointments/", body=json.dumps(wish), headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        return one


def bearer(person: User) -> str:
    """The header Authorization with a new token of `person`, which is good for some minutes."""
    return f"Bearer {tokens.start(world.session_of(person), person=person, now=clock.now()).access}"


def _cpu_of(*samples: Sample) -> float:
    return sum(sample.cpu for sample in samples) / sum(len(sample.latencies) for sample in samples)
