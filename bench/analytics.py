"""A year of a provider's figures beside 25 bare rows, on the same server in the same round."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from appointments.models import Appointment
from appointments.states import Status
from core import clock
from providers.models import Provider

from . import load, world

if TYPE_CHECKING:
    from .run import Bench

APPOINTMENTS, CUSTOMERS, A_DAY = 5_000, 300, 14
YEAR = "/studio/analytics/?period=1y"
HOUR = timedelta(hours=1)


class AnalyticsRows:
    """The row of a year's figures, of a provider with APPOINTMENTS in the year among those of everybody else."""

    def __init__(self, bench: "Bench") -> None:
        self.bench = bench
        service = world.provider("figured", week=[(480, 1_380)], minutes=30)
        customers = world.people([f"figured-by-{n}@example.org" for n in range(CUSTOMERS)])
        first = datetime.combine(clock.now().date().replace(day=1), datetime.min.time(), UTC) - timedelta(days=1)
        starts = [first - n // A_DAY * world.DAY + (8 + n % A_DAY) * HOUR for n in range(APPOINTMENTS)]
        world.appoint(service, customers, starts, length=HOUR / 2, status=Status.COMPLETED)
        Provider.objects.filter(pk=service.provider_id).update(live_since=starts[-1], created_at=starts[-1])
        Appointment.objects.filter(service=service).update(created_at=starts[-1] - world.DAY)
        self.cookie = world.session_cookie(service.provider.user)

    def count_queries(self) -> None:
        """Note the number of queries, which is fixed. Stop the run where the page has no such year to show."""
        page = self.bench.client(self.cookie).get(YEAR)
        if page.content.count(b"<rect") < 24:
            raise SystemExit("The page of figures draws no year.")
        self.bench.note(
            "queries of a year of figures, beside session and person",
            "<= 13",
            self.bench.queries(YEAR, self.cookie) - 1,
        )

    def round(self) -> None:
        bare = self.bench.sample("25 bare rows beside figures", load.get("/bench/rows/"))
        year = self.bench.sample(f"a year of figures of {APPOINTMENTS:,}", load.get(YEAR, self.cookie))
        name = f"a year of figures of {APPOINTMENTS:,} appointments: CPU of 25 bare rows"
        self.bench.note(name, "<= 12.0", year.cpu_each / bare.cpu_each)
