"""The figures that the database counts and sums are those of a plain reading of the rows, one by one."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from analytics.figures import LOST, TOOK_TIME, End, Sums, counted, end_of
from analytics.periods import Choice, Dates, chosen, of_dates, of_month
from analytics.queries import figures_of
from appointments.models import Appointment
from appointments.rules.fair_use import is_late
from appointments.states import ANSWERING, OPEN, Role, Status
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ProviderFactory, ServiceFactory

# Half hours, a change of half an hour, one at midnight, one of two hours, and the date line.
ZONES = ["Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Antarctica/Troll", "Pacific/Kiritimati"]
TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fill(provider, chance, count=400):
    """So many appointments of the last two years, of any state, price, currency and notice, many at edges of days."""
    services = [ServiceFactory(provider=provider), ServiceFactory(provider=provider, currency="JPY")]
    people = UserFactory.create_batch(12)
    rows = []
    for _ in range(count):
        day = TODAY - timedelta(days=chance.randint(1, 800))
        edge, _ = clock.day_bounds(day, provider.zone)
        start = edge + chance.choice([-timedelta(seconds=1), timedelta(), timedelta(minutes=chance.randint(0, 1439))])
        service, status = chance.choice(services), chance.choice(Status.values)
        price = Decimal(chance.randint(0, 9_999)) / (1 if service.currency == "JPY" else 100)
        refund = Decimal(chance.randint(0, int(price)))
        closed_at = start - chance.choice([timedelta(), 12 * HOUR, 12 * HOUR + timedelta(seconds=1), 90 * HOUR])
        fields = demanded_by(status, start) | {"closed_at": None if status in OPEN else closed_at}
        if status not in OPEN:
            fields |= {"refund": refund, "fee_due": min(price - refund, Decimal(chance.randint(0, 5)))}
        if status == Status.CANCELLED:
            fields |= {"ended_by": chance.choice(Role.values), "was_withdrawn": chance.random() < 0.2}
        rows.append(
            Appointment(
                provider=provider,
                service=service,
                customer=chance.choice(people),
                status=status,
                start=start,
                end=start + timedelta(minutes=chance.randint(5, 90)),
                price=price,
                currency=service.currency,
                booking_key=uuid4().hex,
                created_at=start - timedelta(minutes=chance.randint(0, 40_000)),
                **fields,
            )
        )
    return Appointment.objects.bulk_create(rows)


def reference_end(one):
    late = one.ended_by in ANSWERING and is_late(one.start, one.closed_at)
    return end_of(one.status, ended_by=one.ended_by, was_withdrawn=one.was_withdrawn, is_late=late)


def lies_in(one, dates, zone):
    start, end = dates.bounds(zone)
    return start <= one.start < end


def periods(chance):
    first = TODAY - timedelta(days=chance.randint(300, 700))
    yield from (
        chosen(choice, today=TODAY, first_weekday=chance.randint(0, 6))
        for choice in (Choice.MONTH, Choice.WEEKS, Choice.YEAR)
    )
    yield of_dates(Dates(first, first + timedelta(days=chance.randint(0, 90))))
    yield of_month(date(2026, chance.randint(1, 10), 1))


def was_agreed(one):
    return one.status not in {Status.DECLINED, Status.EXPIRED} and not one.was_withdrawn


def amounts(one):
    return Sums(one.price, one.refund, one.fee_due)


@pytest.mark.every_case
@pytest.mark.parametrize("zone", ZONES)
def test_figures_are_those_of_a_plain_reading(db, zone):
    chance = random.Random(zone)
    provider = ProviderFactory(time_zone=zone, live_since=NOW - timedelta(days=300))
    rows = fill(provider, chance)
    fill(ProviderFactory(time_zone=zone), chance, count=40)
    ended = [one for one in rows if one.status not in OPEN]
    kept = [one for one in ended if one.status == Status.COMPLETED]

    for period in periods(chance):
        figures = figures_of(provider, period, now=NOW)
        now_kept = [one for one in kept if lies_in(one, period.dates, provider.zone)]

        for place, piece in enumerate(period.pieces):
            own = [one for one in ended if lies_in(one, piece, provider.zone)]
            cells = [cell for cell in figures.cells if cell.piece == place]
            assert {end: counted(cells, {end}) for end in End} == {
                **dict.fromkeys(End, 0),
                **Counter(map(reference_end, own)),
            }
            for code in ("GBP", "JPY"):
                agreed = (amounts(one) for one in own if was_agreed(one) and one.currency == code)
                sums = figures.by_piece(code).get(place, Sums())
                expected = sum(agreed, start=Sums())
                assert [sums.gross, sums.refund, sums.fee] == [
                    expected.gross,
                    expected.refund,
                    expected.fee,
                ]
            took = sum((one.end - one.start for one in own if reference_end(one) in TOOK_TIME), start=timedelta())
            assert sum((cell.length for cell in cells if cell.end in TOOK_TIME), start=timedelta()) == took

        there = [clock.local(one.start, provider.zone) for one in now_kept]
        assert figures.hours == Counter(at.weekday() * 24 + at.hour for at in there)
        assert (figures.people.new, figures.people.again) == new_and_again(kept, period.dates, provider.zone)
        assert (figures.earlier_people.new, figures.earlier_people.again) == new_and_again(
            kept, period.earlier, provider.zone
        )
        notices = sorted(one.start - one.created_at for one in now_kept)
        assert figures.notice.shortest == (notices[0] if notices else None)
        assert figures.notice.middle == (middle(notices) if notices else None)
        assert sum(figures.notice.counts) == len(notices)
        times = Counter(one.customer.pk for one in now_kept)
        assert [person.kept for person in figures.regulars] == sorted(times.values(), reverse=True)[:5]
        for person in figures.regulars:
            own = [one for one in now_kept if str(one.customer.uuid) == person.uuid]
            brought = Counter()
            for one in own:
                brought[one.currency] += amounts(one).kept
            assert person.brought == brought
        lost = {
            one.reference for one in ended if lies_in(one, period.dates, provider.zone) and reference_end(one) in LOST
        }
        assert {one.reference for one in figures.lost} <= lost
        assert len(figures.lost) == min(len(lost), 50)


def new_and_again(kept, dates, zone):
    came = {one.customer.pk for one in kept if lies_in(one, dates, zone)}
    before = {one.customer.pk for one in kept if one.start < dates.bounds(zone)[0]}
    return len(came - before), len(came & before)


def middle(lengths):
    half = len(lengths) // 2
    return lengths[half] if len(lengths) % 2 else (lengths[half - 1] + lengths[half]) / 2
