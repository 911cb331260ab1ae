"""Queries of a provider's ledger: the appointments that were agreed and ended, with what is due by their terms.

An appointment belongs to the moment of its start. Amounts of two currencies are never added up.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, Sum

from appointments.models import Appointment, AppointmentQuerySet, conditions
from appointments.states import Status
from core.folding import fold, terms
from core.intervals import Interval
from core.money import round_money
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of appointments in one currency. `lowest` and `highest` are the rates of the fees that are due."""

    currency: str
    count: int
    gross: Decimal
    fee: Decimal
    refund: Decimal
    lowest: Decimal | None
    highest: Decimal | None

    @property
    def net(self) -> Decimal:
        return self.gross - self.fee - self.refund


@dataclass(frozen=True, slots=True)
class LedgerSpan:
    """The first and the last start in a ledger, None while it is empty, and how many appointments of a period have
    taken place and are not marked yet."""

    first: datetime | None
    last: datetime | None
    unmarked: int


def ledger(provider: Provider, span: Interval) -> AppointmentQuerySet:
    """The provider's appointments of the ledger that start within the span, the latest first."""
    start, end = span
    rows = Appointment.objects.for_provider(provider).filter(conditions.IN_LEDGER, start__gte=start, start__lt=end)
    return rows.order_by("-start", "-id")


def with_what_is_shown(rows: AppointmentQuerySet) -> AppointmentQuerySet:
    """The rows with the customers and services that a ledger names; the caller sets the one provider."""
    return rows.select_related("customer", "service")


def found_in(rows: AppointmentQuerySet, words: str) -> AppointmentQuerySet:
    """Those of the rows with this reference, or whose customer's name has all the words, whatever the accents.

    One query, since names are compared in Python.
    """
    wanted, reference = terms(words), words.strip().upper()
    names = rows.order_by().values_list("pk", "reference", "customer__name")
    return rows.filter(
        pk__in=[
            pk for pk, own, name in names if own == reference or (wanted and all(word in fold(name) for word in wanted))
        ]
    )


def figures_of(rows: AppointmentQuerySet) -> list[Figures]:
    """The sums of the rows, one for each currency, that of the most appointments first. One query."""
    sums = (
        rows.order_by()
        .values_list("currency")
        .annotate(
            count=Count("pk"),
            gross=Sum("price"),
            fees=Sum("fee_due"),
            refunds=Sum("refund"),
            lowest=Min("fee_percent", filter=Q(fee_due__gt=0)),
            highest=Max("fee_percent", filter=Q(fee_due__gt=0)),
        )
    )
    # SQLite adds binary fractions, so that each sum is rounded to what amounts of the currency are.
    found = [
        Figures(
            currency=code,
            count=count,
            gross=round_money(gross, code),
            fee=round_money(fees, code),
            refund=round_money(refunds, code),
            lowest=lowest,
            highest=highest,
        )
        for code, count, gross, fees, refunds, lowest, highest in sums
    ]
    return sorted(found, key=lambda one: (-one.count, one.currency))


def ledger_span(provider: Provider, span: Interval, *, now: datetime) -> LedgerSpan:
    """From when to when the provider's whole ledger reaches, and what of the span is not marked yet. One query."""
    start, end = span
    unmarked = Q(status=Status.CONFIRMED, end__lte=now, start__gte=start, start__lt=end)
    found = (
        Appointment.objects.for_provider(provider)
        .order_by()
        .aggregate(
            first=Min("start", filter=conditions.IN_LEDGER),
            last=Max("start", filter=conditions.IN_LEDGER),
            unmarked=Count("pk", filter=unmarked),
        )
    )
    return LedgerSpan(**found)
