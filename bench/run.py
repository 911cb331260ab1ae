"""A run of the benchmark. Every target is a ratio of two things measured in the same round on the same server."""

import argparse
import http.client
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.demo import scale
from appointments.forms.booking import BookingForm
from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment
from appointments.pages import month_picker
from appointments.rules.recurrence import Rule
from appointments.rules.series import settle
from appointments.rules.slots import open_slots
from appointments.search.index import measure_figures
from appointments.services import availability, transitions
from appointments.services.booking import Wanted, place, terms_of
from appointments.services.series import NewSeries
from appointments.services.series_booking import look_ahead, occurrences_of
from appointments.states import Frequency, Role, Status
from core import clock
from providers.models import Provider, Service

from . import api, load, world
from .analytics import AnalyticsRows
from .load import Request, Sample, median
from .server import Server, serving

BOOKED_PROVIDERS, BOOKING_CUSTOMERS = 24, 32
# The longest series, and how many are booked in a round: all of them fit into the times of one day.
SERIES, SERIES_BOOKINGS = 52, 12
# How many wait for the times of one day, and how many of these become free in a round.
WAITING, FREED = 500, 8
LIST_SIZES = (10, 500)
BARE_TABLE = """
CREATE TABLE bench_bare (id bigserial PRIMARY KEY, place bigint, starts timestamptz, ends timestamptz,
EXCLUDE USING gist (place WITH =, tstzrange(starts, ends, '[)') WITH &&))
"""


class ListPage(NamedTuple):
    """A list page, the pattern of its rows' addresses, the least number of rows that it must show, its target, and the
    most queries that it may need beside session and person."""

    address: str
    row: str
    rows: int
    cookie: str = ""
    target: str = ">= 0.08"
    queries: int = 6


@dataclass
class Figure:
    """A measured ratio, one value a round, and its target."""

    name: str
    target: str
    values: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def met(self) -> bool:
        sign, bound = self.target.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)

    def row(self) -> str:
        spread = f"{min(self.values):.3f} to {max(self.values):.3f}" if len(self.values) > 1 else ""
        return f"{'ok  ' if self.met else 'MISS'}  {self.name:66} {self.value:9.3f}  {self.target:8}  {spread}"


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.figures: dict[str, Figure] = {}
        self.raw: list[dict[str, Any]] = []

    def note(self, name: str, target: str, value: float) -> None:
        self.figures.setdefault(name, Figure(name, target)).values.append(value)

    # --- Measuring ----------------------------------------------------------------------------------------------------

    def sample(
        self, name: str, request: Request, *, clients: int = 4, good: int = 200, server: Server | None = None
    ) -> Sample:
        """A stretch of one scenario at `server`, or else at the run's own. Stops the run at any other answer."""
        sample = (server or self.server).measure(request, clients=clients, seconds=self.options.seconds)
        bad = {status: count for status, count in sample.statuses.items() if status != good}
        if bad:
            raise SystemExit(f"{name}: unexpected answers {bad}")
        self.raw.append(
            {
                "name": name,
                "clients": clients,
                "rate": round(sample.rate, 1),
                "cpu_ms": round(sample.cpu_each * 1000, 3),
                "p50_ms": round(sample.percentile(0.5) * 1000, 2),
                "p95_ms": round(sample.percentile(0.95) * 1000, 2),
            }
        )
        return sample

    def forget_rounds(self) -> None:
        """Forget what was measured so far, since the first round was for warming up. Numbers of queries stay."""
        self.raw.clear()
        for figure in self.figures.values():
            figure.values = figure.values if "queries" in figure.name else []

    # --- A provider's month -------------------------------------------------------------------------------------------

    def check_twins(self, month: date) -> None:
        """Stop the run if a twin shows less than its page, which would make the comparison unfair."""
        client = self.client()
        for size in world.MONTH_SIZES:
            slug = f"month-{size}-{month:%Y-%m}"
            page = client.get(f"/providers/{slug}/?month={month:%Y-%m}").content.decode()
            twin = client.get(f"/bench/month/?provider={slug}&month={month:%Y-%m}").content.decode()
            if page.count("<time") != twin.count("<time") or not 0.9 < len(twin) / len(page) < 1.1:
                raise SystemExit(f"The ready-made page of {slug} is not the same page.")

    def month_round(self, month: date) -> None:
        asked = f"{month:%Y-%m}"
        cpu = {}
        for size in world.MONTH_SIZES:
            page = self.sample(
                f"month {asked} with {size}", load.get(f"/providers/month-{size}-{asked}/?month={asked}")
            )
            twin = self.sample(
                f"month {asked} with {size}, ready-made",
                load.get(f"/bench/month/?provider=month-{size}-{asked}&month={asked}"),
            )
            cpu[size] = page.cpu_each
            self.note(
                f"month {asked}, {size} appointments: CPU of its ready-made twin",
                "<= 2.6",
                page.cpu_each / twin.cpu_each,
            )
            self.note(f"month {asked}, {size} appointments: throughput of its twin", ">= 0.40", page.rate / twin.rate)
        self.note(f"month {asked}: CPU at 500 appointments over that at 0", "<= 1.3", cpu[500] / cpu[0])

    def computing_round(self, month: date) -> None:
        """Compare, in this process, computing a month from loaded facts with the queries that load them."""
        service = Service.objects.select_related("provider__policy", "provider__user").get(
            provider__slug=f"month-500-{month:%Y-%m}"
        )
        now = clock.now()
        start, end = month_picker.Month.of(month).span(0, service.provider.zone)
        looked, worked = [], []
        for _ in range(40):
            at = time.process_time()
            facts = availability.load_facts([service.provider], start, end, now=now)[service.provider_id]
            between = time.process_time()
            open_slots(facts, availability.shape_of(service), start, end, now=now)
            looked.append(between - at)
            worked.append(time.process_time() - between)
        self.note(
            f"month {month:%Y-%m}, 500 appointments: computing over loading", "<= 0.5", median(worked) / median(looked)
        )

    # --- Booking ------------------------------------------------------------------------------------------------------

    def prepare_booking(self) -> None:
        self.booked = [world.provider(f"booked-{n}", week=[(0, 1440)], minutes=5) for n in range(BOOKED_PROVIDERS)]
        self.terms = terms_of(self.booked[0])
        self.customers = [world.person(f"booker-{n}@example.org") for n in range(BOOKING_CUSTOMERS)]
        self.cookies = [world.session_cookie(customer) for customer in self.customers]
        self.first = datetime.combine(clock.now().date() + timedelta(days=2), datetime.min.time(), UTC)
        self.next_number = 0
        with connection.cursor() as cursor:
            cursor.execute(BARE_TABLE)

    def booking_values(self, service: Service, start: datetime, person: User) -> dict[str, Any]:
        """The values that the booking form sends. All booked services have equal terms."""
        return BookingForm.values(start=start, terms=self.terms, person=person) | {"key": uuid4(), "note": ""}

    def booking_request(self) -> Request:
        offset = self.next_number

        def one(connection: http.client.HTTPConnection, number: int) -> int:
            service, who, start = self.place_of(offset + number)
            token = "b" * 32
            body = urlencode(self.booking_values(service, start, self.customers[who]))
            headers = {
                "Cookie": f"{self.cookies[who]}; csrftoken={token}",
                "X-CSRFToken": token,
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", f"/book/{service.provider.slug}/session/", body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        return one

    def place_of(self, number: int) -> tuple[Service, int, datetime]:
        """The service, the customer's number and the free time of the booking with this number.

        Every pair of customer and provider has its turn: nobody has more ahead with one than the product allows.
        """
        turn, place = divmod(number, BOOKED_PROVIDERS)
        return self.booked[place], turn % BOOKING_CUSTOMERS, self.first + turn * timedelta(minutes=5)

    def bare_rate(self, clients: int) -> float:
        """Rows a second inserted under the same kind of constraint, one a transaction, from `clients` connections."""
        connections = [psycopg.connect(self.dsn, autocommit=True) for _ in range(clients)]

        def one(_: http.client.HTTPConnection, number: int) -> int:
            start = self.first + number // BOOKED_PROVIDERS * timedelta(minutes=5)
            connections[number % clients].execute(
                "INSERT INTO bench_bare (place, starts, ends) VALUES (%s, %s, %s)",
                [number % BOOKED_PROVIDERS, start, start + timedelta(minutes=5)],
            )
            return 200

        sample = self.server.measure(one, clients=clients, seconds=self.options.seconds)
        for each in connections:
            each.close()
        return sample.rate

    def booking_round(self) -> None:
        for clients, target in ((1, ">= 0.045"), (8, ">= 0.036"), (32, ">= 0.032")):
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE bench_bare")
            bare = self.bare_rate(clients)
            sample = self.sample(f"booking by {clients}", self.booking_request(), clients=clients, good=302)
            self.next_number += clients * (len(sample.latencies) + clients)
            self.note(f"booking by {clients}: rate of a bare insert", target, sample.rate / bare)
            self.note(f"booking by {clients}: p95 over p50", "<= 2.0", sample.percentile(0.95) / sample.percentile(0.5))

    # --- Series -------------------------------------------------------------------------------------------------------

    def prepare_series(self) -> None:
        self.repeated = world.provider("repeated", week=[(0, 1440)], minutes=5)
        Service.objects.filter(pk=self.repeated.pk).update(repeats=True, max_occurrences=SERIES)
        self.repeated.refresh_from_db(fields=["repeats", "max_occurrences"])
        self.regular = world.person("regular@example.org")
        self.next_slot = 0

    def series_round(self) -> None:
        """Compare, in this process, booking a daily series with booking one appointment, each committed."""
        single, whole = [], []
        for _ in range(SERIES_BOOKINGS):
            single.append(self.time_to_place(1))
            whole.append(self.time_to_place(SERIES))
        self.note(f"booking a series of {SERIES} over booking one", "<= 4.0", median(whole) / median(single))
        looked = [self.time_to_look() for _ in range(SERIES_BOOKINGS)]
        self.note(
            f"looking at the dates of a series of {SERIES} over booking it", "<= 4.0", median(looked) / median(whole)
        )

    def time_to_look(self) -> float:
        """Seconds to find out for each date of a daily series what could be booked, as its page does."""
        first = self.first + self.next_slot * timedelta(minutes=5)
        rule = Rule(Frequency.DAILY, first, self.repeated.provider.zone, count=SERIES)
        began = time.perf_counter()
        expanded = occurrences_of(rule, self.repeated)
        dates = settle(look_ahead(self.repeated, expanded, now=clock.now()), expanded.occurrences, {}, suggests=True)
        spent = time.perf_counter() - began
        assert len(dates) == SERIES
        return spent

    def time_to_place(self, count: int) -> float:
        """Seconds to book at the next free time of day on so many days."""
        first = self.first + self.next_slot * timedelta(minutes=5)
        self.next_slot += 1
        starts = tuple(first + n * timedelta(days=1) for n in range(count))
        rule = Rule(Frequency.DAILY, first, self.repeated.provider.zone, count=count)
        series = NewSeries(rule, tuple(range(1, count + 1))) if count > 1 else None
        wanted = Wanted(self.repeated, starts, self.regular, terms_of(self.repeated), str(uuid4()), series=series)
        began = time.perf_counter()
        place(wanted)
        return time.perf_counter() - began

    # --- Waitlists ----------------------------------------------------------------------------------------------------

    def prepare_waitlist(self) -> None:
        """Book a whole day of two providers, for the one of whom many people wait."""
        day, length = self.first + timedelta(days=1), timedelta(minutes=5)
        self.booked_up = {}
        for waiting in (0, WAITING):
            service = world.provider(f"waited-for-by-{waiting}", week=[(0, 1440)], minutes=5)
            starts = [day + n * length for n in range(timedelta(days=1) // length)]
            world.appoint(service, [world.person(f"visitor-beside-{waiting}@example.org")], starts, length=length)
            world.wait(service, world.people([f"waiting-{n}@example.org" for n in range(waiting)]), day.date())
            rows = Appointment.objects.filter(service=service).select_related("provider__user").order_by("start")
            self.booked_up[waiting] = iter(rows)

    def waitlist_round(self) -> None:
        """Compare, in this process, cancelling where many wait for the time with cancelling where nobody does."""
        wanted, unwanted = [], []
        for _ in range(FREED):
            unwanted.append(self.time_to_cancel(next(self.booked_up[0])))
            wanted.append(self.time_to_cancel(next(self.booked_up[WAITING])))
        name = f"cancelling where {WAITING} wait for the time over where nobody does"
        self.note(name, "<= 15.0", median(wanted) / median(unwanted))

    def time_to_cancel(self, appointment: Appointment) -> float:
        """Seconds in which the provider cancels, and the time is offered to whoever waits longest."""
        owner = appointment.provider.user
        began = time.perf_counter()
        transitions.cancel_appointment(appointment=appointment, actor=owner, role=Role.PROVIDER)
        return time.perf_counter() - began

    # --- Lists and search ---------------------------------------------------------------------------------------------

    def prepare_lists(self) -> None:
        """Create for each size a customer with that much history, and a provider with as much history and as many
        requests, and a full week."""
        self.readers, self.owners = {}, {}
        half, hour = timedelta(minutes=30), timedelta(hours=1)
        today = datetime.combine(clock.now().date(), datetime.min.time(), UTC)
        monday = today - timedelta(days=today.weekday())
        for size in LIST_SIZES:
            service = world.provider(f"listed-{size}", week=[(0, 1440)], minutes=30)
            reader = world.person(f"reader-{size}@example.org")
            visitors = world.people([f"visitor-{size}-{n}@example.org" for n in range(size)])
            past = [today - timedelta(days=60) + n * hour for n in range(size)]
            world.appoint(service, [reader], past, length=half, status=Status.COMPLETED)
            world.remind(reader)
            world.appoint(service, visitors, [at + half for at in past[::10]], length=half, status=Status.COMPLETED)
            week = [monday + timedelta(days=day, hours=8 + n) + half for day in range(7) for n in range(8)]
            world.appoint(service, visitors, week, length=half)
            ahead = [today + timedelta(days=2 + n // 8, hours=9 + n % 8) for n in range(size)]
            world.appoint(service, visitors, ahead, length=half, status=Status.REQUESTED)
            self.readers[size] = world.session_cookie(reader)
            self.owners[size] = world.session_cookie(service.provider.user)

    def list_pages(self) -> dict[str, "ListPage"]:
        history, customers, requests = "/my/appointments/?tab=history", "/studio/customers/", "/studio/requests/"
        inbox = "/my/notifications/"
        one = f"/[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}/"
        return {
            "search, page 1": ListPage("/providers/", r"/providers/[\w-]+/", 20),
            "search, page 2": ListPage("/providers/?page=2", r"/providers/[\w-]+/", 20),
            "customer's history at 10": ListPage(history, f"/my/appointments{one}", 10, self.readers[10]),
            "customer's history at 500": ListPage(history, f"/my/appointments{one}", 20, self.readers[500]),
            "customer's history at 500, page 2": ListPage(
                f"{history}&page=2", f"/my/appointments{one}", 20, self.readers[500]
            ),
            "customer's inbox at 10": ListPage(inbox, f"{inbox}[0-9a-f-]{{36}}/", 10, self.readers[10]),
            "customer's inbox at 500": ListPage(inbox, f"{inbox}[0-9a-f-]{{36}}/", 20, self.readers[500]),
            "provider's customers at 10": ListPage(customers, f"{customers}[0-9a-f-]{{36}}/", 10, self.owners[10]),
            "provider's customers at 500": ListPage(customers, f"{customers}[0-9a-f-]{{36}}/", 20, self.owners[500]),
            "provider's requests at 10": ListPage(
                requests, f"/studio/requests{one}", 10, self.owners[10], ">= 0.10", 7
            ),
            "provider's requests at 500": ListPage(
                requests, f"/studio/requests{one}", 20, self.owners[500], ">= 0.10", 7
            ),
            "provider's day": ListPage("/studio/", f"/studio/appointments{one}", 56, self.owners[500], ">= 0.10", 8),
            **{
                f"provider's calendar, {view}": ListPage(
                    f"/studio/calendar/{view}/{clock.now():%Y-%m-%d}/",
                    f"/studio/appointments{one}",
                    rows,
                    self.owners[500],
                    ">= 0.08",
                    queries,
                )
                for view, rows, queries in (("week", 56, 12), ("month", 20, 13))
            },
            "customer's calendar, week": ListPage(
                f"/my/calendar/week/{clock.now() - timedelta(days=60):%Y-%m-%d}/",
                f"/my/appointments{one}",
                10,
                self.readers[10],
                ">= 0.08",
                4,
            ),
        }

    def check_lists(self) -> None:
        """Stop the run if a list shows too few rows, which would make the comparison unfair."""
        for name, page in self.list_pages().items():
            rows = set(re.findall(page.row, self.client(page.cookie).get(page.address).content.decode()))
            if len(rows) < page.rows:
                raise SystemExit(f"{name} shows {len(rows)} rows, not {page.rows}.")

    def list_round(self) -> None:
        bare = self.sample("25 bare rows", load.get("/bench/rows/"))
        cpu = {}
        for name, page in self.list_pages().items():
            sample = self.sample(name, load.get(page.address, page.cookie))
            cpu[name] = sample.cpu_each
            self.note(f"{name}: throughput of 25 bare rows", page.target, sample.rate / bare.rate)
        compressed = self.sample("search, page 1, compressed", load.get("/providers/", compressed=True))
        self.note(
            "search, compressed: CPU of the same as it is", "<= 1.15", compressed.cpu_each / cpu["search, page 1"]
        )
        self.note("search: page 2 over page 1", "<= 1.15", cpu["search, page 2"] / cpu["search, page 1"])
        self.note(
            "history: page 2 over page 1",
            "<= 1.15",
            cpu["customer's history at 500, page 2"] / cpu["customer's history at 500"],
        )

    # --- Queries ------------------------------------------------------------------------------------------------------

    def count_queries(self, months: list[date]) -> None:
        """Note the numbers of queries, which are fixed; on a signed-in page one is for session and person."""
        asked = f"{months[0]:%Y-%m}"
        for size in world.MONTH_SIZES:
            address = f"/providers/month-{size}-{asked}/?month={asked}"
            self.note(f"queries of the month page, {size} appointments", "<= 6", self.queries(address))
            signed_in = self.queries(address, self.cookies[0])
            self.note(f"queries of the month page signed in, {size} appointments", "<= 8", signed_in)
        for name, page in self.list_pages().items():
            own = 1 if page.cookie else 0
            own_queries = self.queries(page.address, page.cookie) - own
            self.note(f"queries of {name}, beside session and person", f"<= {page.queries}", own_queries)
        self.count_queries_of_a_booking()

    def client(self, cookie: str = "", *, bearer: str = "") -> Client:
        client = Client(headers={"host": "127.0.0.1"} | ({"authorization": bearer} if bearer else {}))
        if cookie:
            client.cookies["sessionid"] = cookie.partition("=")[2]
        return client

    def queries(self, address: str, cookie: str = "", *, bearer: str = "") -> int:
        client = self.client(cookie, bearer=bearer)
        client.get(address)
        return self.queries_of(lambda: client.get(address), 200)

    def queries_of(self, call: Callable[[], Any], good: int) -> int:
        """The number of queries of a call, which must answer with the status `good`."""
        with CaptureQueriesContext(connection) as caught:
            answer = call()
        if answer.status_code != good:
            raise SystemExit(f"{answer.request['PATH_INFO']}: unexpected answer {answer.status_code}")
        return sum(not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for one in caught)

    def count_queries_of_a_booking(self) -> None:
        client, service = self.client(self.cookies[0]), self.booked[0]
        values = self.booking_values(service, self.first + timedelta(days=40), self.customers[0])
        asked = self.queries_of(lambda: client.post(f"/book/{service.provider.slug}/session/", values), 302)
        self.note("queries of a booking", "<= 17", asked)

    # --- All of it ----------------------------------------------------------------------------------------------------

    def run(self, dsn: str) -> int:
        self.dsn = dsn
        print(f"Making the rows: {self.options.providers} providers…", flush=True)
        began = time.perf_counter()
        scale.add(self.options.providers)
        took = time.perf_counter() - began
        print(f"  {Provider.objects.count()} providers, {Appointment.objects.count()} appointments, {took:.0f} s")
        rounds = self.prepare()
        with serving(dsn) as self.server:
            for number in range(self.options.rounds + 1):
                if number == 1:
                    self.forget_rounds()
                which = f"{number} of {self.options.rounds}{' (warming up)' if not number else ''}"
                print(f"Round {which}, at a load of {os.getloadavg()[0]:.1f}", flush=True)
                for measure in rounds:
                    measure()
        return self.report()

    def prepare(self) -> list[Callable[[], None]]:
        """Create the rows of what is to be measured, and return the measurements of a round."""
        if self.options.bookings:
            return self.prepare_bookings_alone()
        if self.options.analytics:
            return self.prepare_analytics_alone()
        return self.prepare_api_alone() if self.options.api else self.prepare_all()

    def prepare_bookings_alone(self) -> list[Callable[[], None]]:
        self.prepare_booking()
        vacuum()
        self.count_queries_of_a_booking()
        return [self.booking_round]

    def prepare_api_alone(self) -> list[Callable[[], None]]:
        month = months_of("next")[0]
        world.month_provider(api.APPOINTMENTS, month)
        self.prepare_booking()
        self.prepare_lists()
        vacuum()
        rows = api.ApiRows(self, month)
        rows.count_queries()
        return [rows.round]

    def prepare_analytics_alone(self) -> list[Callable[[], None]]:
        rows = AnalyticsRows(self)
        vacuum()
        rows.count_queries()
        return [rows.round]

    def prepare_all(self) -> list[Callable[[], None]]:
        months = months_of(self.options.months)
        for month in months:
            for size in world.MONTH_SIZES:
                world.month_provider(size, month)
        self.prepare_booking()
        self.prepare_series()
        self.prepare_waitlist()
        self.prepare_lists()
        figures = AnalyticsRows(self)
        # The search index has only the seeded providers: this run's own, open day and night, would fill its first page.
        measure_figures()
        vacuum()
        self.count_queries(months)
        for month in months:
            self.check_twins(month)
        self.check_lists()
        rows = api.ApiRows(self, months[0])
        rows.count_queries()
        figures.count_queries()
        return [
            *(lambda month=month: self.month_round(month) for month in months),
            *(lambda month=month: self.computing_round(month) for month in months),
            self.booking_round,
            self.series_round,
            self.waitlist_round,
            self.list_round,
            rows.round,
            figures.round,
        ]

    def report(self) -> int:
        print()
        for figure in self.figures.values():
            print(figure.row())
        missed = [figure.name for figure in self.figures.values() if not figure.met]
        print(f"\n{len(self.figures) - len(missed)} of {len(self.figures)} targets met.")
        if self.options.json:
            told = [
                {"name": f.name, "target": f.target, "median": f.value, "rounds": f.values, "met": f.met}
                for f in self.figures.values()
            ]
            how = {name: getattr(self.options, name) for name in ("providers", "rounds", "seconds", "months")}
            whole = {"run": how | {"on": str(clock.now().date())}, "figures": told, "samples": self.raw}
            Path(self.options.json).write_text(json.dumps(whole, indent=1))
        return 1 if missed else 0


def vacuum() -> None:
    """Let PostgreSQL know how many rows there are now."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def months_of(wanted: str) -> list[date]:
    """The months to measure: the next one, and the next March and October, in which most clocks change."""
    today = clock.now().date()
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    if wanted == "next":
        return [following]
    changing = [date(today.year + (month <= today.month), month, 1) for month in (3, 10)]
    return [following, *changing]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the product against bare twins, in interleaved rounds.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each scenario in a round")
    parser.add_argument("--providers", type=int, default=10_000, help="in the scaled seed")
    parser.add_argument("--months", choices=["next", "all"], default="all")
    parser.add_argument("--bookings", action="store_true", help="only bookings beside bare inserts")
    parser.add_argument("--api", action="store_true", help="only the API beside the pages that show or do the same")
    parser.add_argument("--analytics", action="store_true", help="only a year of a provider's figures")
    parser.add_argument(
        "--growth", action="store_true", help="only the same pages with ever more providers around them"
    )
    parser.add_argument("--google", action="store_true", help="only bookings while Google hangs, and while it answers")
    parser.add_argument("--json", metavar="FILE")
    return parser.parse_args()
