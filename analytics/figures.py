"""A provider's figures of a period as plain facts, and the sums that pages, files, reports and the API read from them.

Pure: no database. Money is summed by currency alone, and rounded nowhere: each appointment's amounts are already.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

from analytics.periods import Dates, Period
from appointments.models import Appointment
from appointments.states import Role, Status

ZERO = Decimal(0)
# Before so many appointments took place, charts would say nothing.
FEWEST_FOR_CHARTS = 5
HOURS_A_DAY = 24


class End(TextChoices):
    """How an appointment or a request ended."""

    COMPLETED = "completed", "Completed"
    NO_SHOW = "no_show", "No-show"
    LATE_BY_CUSTOMER = "late_by_customer", "Cancelled late by the customer"
    LATE_BY_PROVIDER = "late_by_provider", "Cancelled late by you"
    BY_CUSTOMER = "by_customer", "Cancelled in time by the customer"
    BY_PROVIDER = "by_provider", "Cancelled in time by you"
    BY_HOUSE = "by_house", "Cancelled by staff or the system"
    WITHDRAWN = "withdrawn", "Request withdrawn"
    DECLINED = "declined", "Request declined by you"
    EXPIRED = "expired", "Request not answered"


KEPT = frozenset({End.COMPLETED})
LATE = frozenset({End.LATE_BY_CUSTOMER, End.LATE_BY_PROVIDER})
LOST = LATE | {End.NO_SHOW}
IN_TIME = frozenset({End.BY_CUSTOMER, End.BY_PROVIDER, End.BY_HOUSE, End.WITHDRAWN})
UNMET = frozenset({End.DECLINED, End.EXPIRED})
# The appointments that were agreed, and so stand in the ledger.
AGREED = frozenset(End) - UNMET - {End.WITHDRAWN}
# Those that took the provider's time to the end.
TOOK_TIME = KEPT | {End.NO_SHOW}

_BY_STATUS = {
    Status.COMPLETED: End.COMPLETED,
    Status.NO_SHOW: End.NO_SHOW,
    Status.DECLINED: End.DECLINED,
    Status.EXPIRED: End.EXPIRED,
}
_CANCELLED = {
    (Role.CUSTOMER, True): End.LATE_BY_CUSTOMER,
    (Role.PROVIDER, True): End.LATE_BY_PROVIDER,
    (Role.CUSTOMER, False): End.BY_CUSTOMER,
    (Role.PROVIDER, False): End.BY_PROVIDER,
}


def end_of(status: str, *, ended_by: str, was_withdrawn: bool, is_late: bool) -> End:
    """How an appointment in this state, which ends it, ended; `is_late` only says something of a cancelled one."""
    if status != Status.CANCELLED:
        return _BY_STATUS[Status(status)]
    if was_withdrawn:
        return End.WITHDRAWN
    return _CANCELLED.get((Role(ended_by), is_late), End.BY_HOUSE)


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts of one currency: prices, what of them goes back to customers, and the platform's fee on the rest."""

    gross: Decimal = ZERO
    refund: Decimal = ZERO
    fee: Decimal = ZERO

    @property
    def kept(self) -> Decimal:
        """What customers owe in the end."""
        return self.gross - self.refund

    @property
    def net(self) -> Decimal:
        """What is the provider's."""
        return self.gross - self.refund - self.fee

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.gross + other.gross, self.refund + other.refund, self.fee + other.fee)


@dataclass(frozen=True, slots=True)
class Cell:
    """The appointments of one piece of the period, currency and service that ended alike, counted and summed.

    `piece` is the place in `Period.pieces`. `sums` are of zero where nothing was agreed. `rates` are the lowest and the
    highest percentage of the fee.
    """

    piece: int
    currency: str
    service: str
    end: End
    count: int
    length: timedelta
    sums: Sums
    rates: tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class People:
    """How many customers came in the period for the first time ever, and how many had come before."""

    new: int = 0
    again: int = 0


@dataclass(frozen=True, slots=True)
class Regular:
    """A customer with the number of kept appointments in the period, what each currency of these
    brought, and the next start."""

    uuid: str
    name: str
    kept: int
    brought: dict[str, Decimal]
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """How long before their start the kept appointments were booked: the number by `NOTICE_CLASSES`, the one in the
    middle and the shortest."""

    counts: tuple[int, ...] = ()
    middle: timedelta | None = None
    shortest: timedelta | None = None


# The upper ends of the classes of notice, with their words; the last has none.
NOTICE_CLASSES: tuple[tuple[timedelta | None, str], ...] = (
    (timedelta(days=1), "Under a day"),
    (timedelta(days=3), "1 to 2 days"),
    (timedelta(days=7), "3 to 6 days"),
    (timedelta(days=14), "1 to 2 weeks"),
    (None, "Over 2 weeks"),
)


@dataclass(frozen=True)
class Figures:
    """A provider's figures of a period and of the earlier one. An appointment counts on the date of its start.

    `hours` counts the kept appointments of the period by the hour of the week at which they start, Monday 00:00 being
    0. `open_minutes` has the provider's open time for each of the period's pieces.
    """

    period: Period
    zone: ZoneInfo
    cells: Sequence[Cell]
    hours: dict[int, int]
    people: People
    earlier_people: People
    regulars: Sequence[Regular]
    notice: Notice
    lost: Sequence[Appointment]
    open_minutes: Sequence[int]
    kept_ever: int
    customers_late_twice: int = 0

    @cached_property
    def pieces(self) -> list[Dates]:
        return self.period.pieces

    @cached_property
    def first_piece(self) -> int:
        """The place of the first piece of the period itself."""
        return next(n for n, piece in enumerate(self.pieces) if piece.first == self.period.dates.first)

    @cached_property
    def now_cells(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.piece >= self.first_piece]

    @cached_property
    def earlier_cells(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.piece < self.first_piece]

    @cached_property
    def parts(self) -> list[int]:
        """The places of the whole days, weeks or months of the period."""
        return self._places(self.period.parts)

    @cached_property
    def earlier_parts(self) -> list[int]:
        return self._places(self.period.earlier_parts)

    def _places(self, parts: Iterable[Dates]) -> list[int]:
        places = {piece: n for n, piece in enumerate(self.pieces)}
        return [places[part] for part in parts]

    @cached_property
    def currencies(self) -> list[str]:
        """The currencies of both periods, the one with most appointments in this period first."""
        counts: dict[str, int] = {}
        for cell in self.cells:
            if cell.end in AGREED:
                counts[cell.currency] = counts.get(cell.currency, 0) + cell.count * (cell.piece >= self.first_piece)
        return sorted(counts, key=lambda code: (-counts[code], code))

    @property
    def has_charts(self) -> bool:
        return self.kept_ever >= FEWEST_FOR_CHARTS

    @property
    def open_now(self) -> int:
        """The open minutes of the period."""
        return sum(self.open_minutes[self.first_piece :])

    @property
    def open_earlier(self) -> int:
        return sum(self.open_minutes[: self.first_piece])

    def by_piece(self, currency: str) -> dict[int, Sums]:
        """The sums of one currency by the places of the pieces."""
        sums: dict[int, Sums] = {}
        for cell in self.cells:
            if cell.currency == currency:
                sums[cell.piece] = sums.get(cell.piece, Sums()) + cell.sums
        return sums


@dataclass(frozen=True, slots=True)
class ServiceSums:
    """A service's kept appointments and sums in one currency."""

    name: str
    currency: str
    kept: int
    sums: Sums = field(default_factory=Sums)


def counted(cells: Iterable[Cell], ends: Collection[End] = frozenset(End)) -> int:
    """The number of appointments that ended in one of these ways."""
    return sum(cell.count for cell in cells if cell.end in ends)


def summed(cells: Iterable[Cell], currency: str, ends: Collection[End] = frozenset(End)) -> Sums:
    """The sums of one currency of what ended in one of these ways."""
    found = (cell.sums for cell in cells if cell.currency == currency and cell.end in ends)
    return sum(found, start=Sums())


def booked_minutes(cells: Iterable[Cell]) -> int:
    """The minutes that appointments took to their end, a customer's absence included."""
    return int(sum((cell.length for cell in cells if cell.end in TOOK_TIME), start=timedelta()).total_seconds()) // 60


def by_service(cells: Iterable[Cell]) -> list[ServiceSums]:
    """The services of the cells, by currency; of each the one that brought most first. One that brought nothing and
    was not kept is left out."""
    kept: dict[tuple[str, str], int] = {}
    sums: dict[tuple[str, str], Sums] = {}
    for cell in cells:
        key = cell.currency, cell.service
        kept[key] = kept.get(key, 0) + cell.count * (cell.end in KEPT)
        sums[key] = sums.get(key, Sums()) + cell.sums
    rows = [ServiceSums(service, currency, kept[currency, service], own) for (currency, service), own in sums.items()]
    wanted = [row for row in rows if row.kept or row.sums.gross]
    return sorted(wanted, key=lambda row: (row.currency, -row.sums.kept, -row.kept, row.name))


def percent(part: int | Decimal, whole: int | Decimal) -> int:
    """The part of the whole in percent, rounded half up, between 0 and 100; 0 of nothing."""
    return min(int((200 * part + whole) // (2 * whole)), 100) if whole else 0


def taken_part(figures: Figures) -> int:
    """The percentage of the period's open time that appointments took."""
    return percent(booked_minutes(figures.now_cells), figures.open_now)
