"""What the pages of a provider's earnings say: cards of sums, one for each currency, and rows by appointment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.pages.labels import Label, state_label
from appointments.queries.earnings import Figures
from appointments.rules.ledger_periods import Period
from appointments.states import Role, Status
from core import clock, wording
from core.csv_files import text_cell
from core.money import currency_words, format_money, minor_units, percent_text, round_money
from providers.models import Provider

CSV_HEAD = (
    "Date", "Time", "Reference", "Customer", "Service", "Ended as", "Currency", "Gross", "Fee in percent", "Fee",
    "Refund", "Net",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """The sums of one currency, as text. `delta` says how they compare with `earlier`; empty where nothing does."""

    currency: str
    words: str
    count: int
    gross: str
    fee: str
    fee_label: str
    refund: str
    net: str
    delta: str = ""
    is_up: bool = False
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment of the ledger, as text; `refund` is empty where nothing goes back, `rate` where no fee is due."""

    appointment: Appointment
    day: date
    label: Label
    gross: str
    fee: str
    rate: str
    refund: str
    net: str

    @property
    def how_it_ended(self) -> str:
        """How it ended, for the end of a line: ", cancelled by Noor"; empty where it took place."""
        label = self.label.label
        return "" if self.appointment.status == Status.COMPLETED else f", {label[0].lower()}{label[1:]}"


def cards_of(figures: Iterable[Figures], earlier: Iterable[Figures] = ()) -> list[Card]:
    """A card for each currency, compared with its sums `earlier` where there are any."""
    before = {one.currency: one.net for one in earlier}
    return [_card(one, before.get(one.currency)) for one in figures]


def _card(one: Figures, before: Decimal | None) -> Card:
    code, delta, change = one.currency, "", one.net - (before or 0)
    if before is not None:
        delta = f"{'Up' if change > 0 else 'Down'} {format_money(abs(change), code)}" if change else "The same as"
    return Card(
        currency=code,
        words=currency_words(code),
        count=one.count,
        gross=format_money(one.gross, code),
        fee=format_money(one.fee, code),
        fee_label=_fee_label(one),
        refund=format_money(one.refund, code) if one.refund else "",
        net=format_money(one.net, code),
        delta=delta,
        is_up=change > 0,
        is_same=not change,
    )


def _fee_label(one: Figures) -> str:
    if one.lowest is None or one.highest is None:
        return "Platform fee"
    if one.lowest == one.highest:
        return f"Platform fee, {percent_text(one.lowest)}"
    return f"Platform fee, {percent_text(one.lowest)} to {percent_text(one.highest)}"


def rows_of(appointments: Iterable[Appointment], provider: Provider) -> list[Row]:
    """The rows of these appointments of the ledger, which come with their customers and services."""
    return [_row(one, provider) for one in appointments]


def _row(one: Appointment, provider: Provider) -> Row:
    one.provider = provider
    refund, fee, net = _due(one)
    return Row(
        appointment=one,
        day=clock.local(one.start, provider.zone).date(),
        label=state_label(one, Role.PROVIDER),
        gross=format_money(one.price, one.currency),
        fee=format_money(fee, one.currency),
        rate=percent_text(one.fee_percent) if fee else "",
        refund=format_money(refund, one.currency) if refund else "",
        net=format_money(net, one.currency),
    )


def _due(one: Appointment) -> tuple[Decimal, Decimal, Decimal]:
    """The refund, the fee and what is left, of an appointment that ended."""
    assert one.refund is not None and one.fee_due is not None
    return one.refund, one.fee_due, one.price - one.refund - one.fee_due


def csv_rows(appointments: Iterable[Appointment], provider: Provider) -> Iterable[tuple[str, ...]]:
    """The head and a row for each appointment, in the provider's zone; amounts as plain numbers."""
    yield CSV_HEAD
    for one in appointments:
        one.provider = provider
        refund, fee, net = _due(one)
        there = clock.local(one.start, provider.zone)
        yield (
            f"{there:%Y-%m-%d}",
            f"{there:%H:%M}",
            one.reference,
            text_cell(one.customer.name),
            text_cell(one.service.name),
            state_label(one, Role.PROVIDER).label,
            one.currency,
            _plain(one.price, one.currency),
            f"{one.fee_percent.normalize():f}",
            _plain(fee, one.currency),
            _plain(refund, one.currency),
            _plain(net, one.currency),
        )


def _plain(amount: Decimal, code: str) -> str:
    return f"{round_money(amount, code):.{minor_units(code)}f}"


def yours_words(one: Appointment) -> str:
    """What of the price is the provider's, as their page of the appointment says it."""
    refund, fee, net = (
        _due(one) if one.refund is not None else (Decimal(0), one.platform_fee, one.price - one.platform_fee)
    )
    if refund and not net:
        return "Nothing, as it did not take place"
    words = format_money(net, one.currency)
    return f"{words}, after the platform’s fee of {percent_text(one.fee_percent)}" if fee else words


def period_name(period: Period) -> str:
    """A period as in a list to choose from: "November 2026" or "2026"."""
    return wording.date_part(period.first, "F Y" if period.month else "Y")


def said_of(period: Period, zone: ZoneInfo, now: datetime, *, twelve: bool) -> str:
    """The sentence under the headline: which time the figures cover, and by whose clocks."""
    place = wording.zone_text(zone)
    if period.is_so_far(zone, now):
        until = wording.moment_text(now, zone, long=True, year=False, twelve=twelve)
        return f"{_short_name(period, zone, now)} so far, to {until} {place}."
    return f"{dates_text(period.first, period.last)}, {place}."


def _short_name(period: Period, zone: ZoneInfo, now: datetime) -> str:
    this_year = clock.local(now, zone).year
    return wording.date_part(period.first, "F") if period.month and period.year == this_year else period_name(period)


def dates_text(first: date, last: date) -> str:
    """A range of dates: "1 to 30 November 2026", "1 January to 31 December 2026"."""
    end = wording.date_part(last, "j F Y")
    if first == last:
        return end
    return f"{wording.date_part(first, 'j' if first.month == last.month else 'j F')} to {end}"


def compared_words(first: date, last: date) -> str:
    """What a card's sums are compared with: "1 to 26 October", "October", "2025"."""
    if Period(first.year).first == first and Period(first.year).last == last:
        return wording.date_part(first, "Y")
    if Period(first.year, first.month).last == last:
        return wording.date_part(first, "F")
    end = wording.date_part(last, "j F")
    if first == last:
        return end
    return f"{wording.date_part(first, 'j' if first.month == last.month else 'j F')} to {end}"


def fee_words(provider: Provider, now: datetime) -> list[str]:
    """What the platform keeps of what is booked now, and the rates that are planned: "Fee 8% since 4 February 2026"."""
    own = [(datetime.fromisoformat(since), percent) for since, percent in provider.fee_rates]
    begun = [since for since, _ in own if since <= now]
    said = [f"Fee {percent_text(provider.fee_percent_at(now))}"]
    if begun:
        said[0] += f" since {_day(begun[-1], provider)}"
    for since, _ in own:
        if since > now:
            said.append(f"{percent_text(provider.fee_percent_at(since))} from {_day(since, provider)}")
    return said


def _day(moment: datetime, provider: Provider) -> str:
    return wording.date_part(clock.local(moment, provider.zone).date(), "j F Y")
