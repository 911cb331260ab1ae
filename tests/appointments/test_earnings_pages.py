"""The studio's earnings: page, file, statement and analytics say the same, whatever the zone, the currency and the end.

It is Monday 2 March 2026, 08:00 UTC; the provider is in Kathmandu (UTC+5:45).
"""

import csv
import io
import random
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from analytics.figures import summed
from analytics.periods import Dates, of_dates
from analytics.queries import figures_of as analysed
from appointments.models import Appointment
from appointments.rules.earnings import settle
from appointments.rules.ledger_periods import Period
from appointments.services import transitions
from appointments.states import OPEN, Role, Status
from core import clock
from core.money import format_money, minor_units, round_money
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW

pytestmark = pytest.mark.django_db

PAGE = reverse("studio_earnings")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Session with user, the provider, what waits; the reach of the ledger, the sums, those before, and the rows.
QUERIES = 7


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


def row(service, customer, start, *, status=Status.COMPLETED, price="58", currency="GBP", percent="7.5", **fields):
    """An unsaved appointment as the services would have left it."""
    price, percent = Decimal(price), Decimal(percent)
    one = Appointment(
        provider=service.provider,
        service=service,
        customer=customer,
        start=start,
        end=start + HOUR,
        status=status,
        price=price,
        currency=currency,
        fee_percent=percent,
        platform_fee=round_money(price * percent / 100, currency),
        booking_key=f"{start.isoformat()} {random.random()}",
        **demanded_by(status, min(start, NOW)) | fields,
    )
    due = settle(one, Status(status))
    one.refund, one.fee_due = (due.refund, due.fee_due) if due else (None, None)
    return one


def save(*rows):
    return Appointment.objects.bulk_create(rows)


def lines_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


# --- The same everywhere ----------------------------------------------------------------------------------------------


def random_rows(service, chance):
    customers = [UserFactory(name=f"Customer {n}") for n in range(4)]
    for _ in range(160):
        # Around the ends of three months, by the minute, so that zones matter.
        edge = chance.choice([datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)])
        start = edge + timedelta(minutes=chance.choice([0, -345, *chance.sample(range(-40_000, 40_000), 3)]))
        status = chance.choice(list(Status))
        currency = chance.choice(["GBP", "GBP", "EUR", "JPY", "BHD"])
        price = round_money(Decimal(chance.randint(0, 900_000)) / 1000, currency)
        percent = chance.choice(["0", "7.5", "8", "12.345", "100"])
        withdrawn = {"was_withdrawn": True} if status == Status.CANCELLED and chance.random() < 0.3 else {}
        yield row(
            service, chance.choice(customers), start, status=status, price=price, currency=currency, percent=percent,
            **withdrawn,
        )  # fmt: skip


def reference(rows, zone, year, month):
    """The appointments of the month that were agreed and ended, and their sums by currency, reckoned plainly."""
    sums, members = defaultdict(lambda: [0, Decimal(0), Decimal(0), Decimal(0), Decimal(0)]), set()
    for one in rows:
        there = one.start.astimezone(zone)
        never_agreed = one.status in {Status.DECLINED, Status.EXPIRED} or one.was_withdrawn
        if (there.year, there.month) != (year, month) or one.status in OPEN or never_agreed:
            continue
        kept = one.price if one.status in {Status.COMPLETED, Status.NO_SHOW} else Decimal(0)
        fee = one.platform_fee if kept else Decimal(0)
        members.add(one.reference)
        amounts = (one.price, fee, one.price - kept, kept - fee)
        sums[one.currency] = [1 + sums[one.currency][0], *map(sum, zip(sums[one.currency][1:], amounts, strict=True))]
    return members, dict(sums)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns"])
def test_page_file_statements_and_analytics_agree_with_a_plain_reckoning(studio, provider, service, zone):
    provider.time_zone = zone
    provider.save()
    chance = random.Random(zone)
    rows = save(*random_rows(service, chance))
    save(*random_rows(ServiceFactory(provider=ProviderFactory()), chance))

    for month in (1, 2):
        members, sums = reference(rows, provider.zone, 2026, month)
        page = studio.get(PAGE, {"period": f"2026-0{month}"})
        written = lines_of(studio.get(reverse("studio_earnings_csv", args=[f"2026-0{month}"])))
        filed = defaultdict(lambda: [0, Decimal(0), Decimal(0), Decimal(0), Decimal(0)])
        for line in written:
            amounts = (Decimal(line[name]) for name in ("Gross", "Fee", "Refund", "Net"))
            own = filed[line["Currency"]]
            filed[line["Currency"]] = [own[0] + 1, *map(sum, zip(own[1:], amounts, strict=True))]
        cards = {card.currency: card for card in page.context["cards"]}
        dates = Dates(date(2026, month, 1), Period(2026, month).last)
        counted = analysed(provider, of_dates(dates), now=NOW)

        assert {line["Reference"] for line in written} == members
        assert dict(filed) == sums
        assert cards.keys() == sums.keys()
        assert page.context["page"].paginator.count == len(members)
        for code, (count, gross, fee, refund, net) in sums.items():
            card = cards[code]
            sums_there = summed(counted.now_cells, code)
            assert (sums_there.gross, sums_there.fee, sums_there.refund, sums_there.net) == (gross, fee, refund, net)
            shown = [format_money(amount, code) for amount in (gross, fee, net)]
            statement = studio.get(reverse("studio_statement", args=[f"2026-0{month}", code]))
            assert (card.count, [card.gross, card.fee, card.net]) == (count, shown)
            assert card.refund == (format_money(refund, code) if refund else "")
            assert statement.context["card"].net == card.net
            assert {each.appointment.reference for each in statement.context["rows"]} == {
                one.reference for one in rows if one.reference in members and one.currency == code
            }
            assert all(
                re.fullmatch(rf"-?\d+\.?\d{{{minor_units(code)}}}", line["Net"])
                for line in written
                if line["Currency"] == code
            )


# --- What the page says -----------------------------------------------------------------------------------------------


def test_each_currency_has_its_card_and_the_ledger_a_row_for_each_appointment(studio, service):
    amara, noor = UserFactory(name="Amara Nwosu"), UserFactory(name="Noor Haddad")
    start = NOW - 2 * HOUR
    save(
        row(service, amara, start),
        row(service, noor, start - DAY, status=Status.CANCELLED),
        row(service, noor, start - HOUR, status=Status.NO_SHOW, percent="8", price="100"),
        row(service, amara, start - 3 * HOUR, price="90", currency="EUR"),
        row(service, amara, NOW + DAY, status=Status.CONFIRMED),
        row(service, amara, NOW - 3 * HOUR, status=Status.CONFIRMED),
        row(service, amara, datetime(2026, 2, 1, 9, tzinfo=UTC), price="20", percent="0"),
    )

    page = studio.get(PAGE)

    pounds, euros = page.context["cards"]
    assert (pounds.gross, pounds.fee_label, pounds.fee, pounds.refund) == (
        "£216",
        "Platform fee, 7.5% to 8%",
        "£12.35",
        "£58",
    )
    assert (pounds.net, pounds.delta, pounds.is_up, page.context["compared"]) == (
        "£145.65",
        "Up £125.65",
        True,
        "1 to 2 February",
    )
    assert (euros.net, euros.fee_label, euros.count) == ("€83.25", "Platform fee, 7.5%", 1)
    assert [(one.net, one.rate, one.refund, one.label.label) for one in page.context["rows"]] == [
        ("£53.65", "7.5%", "", "Completed"),
        ("£92", "8%", "", "No-show"),
        ("€83.25", "7.5%", "", "Completed"),
        ("£0", "", "£58", "Late cancellation by Noor"),
    ]
    assert "March so far, to Monday 2 March, 13:45 Kathmandu time." in page.text
    assert "1 appointment took place and is not marked yet" in page.text
    assert "nothing is collected or paid out here" in page.text


def test_a_period_without_anything_and_a_provider_without_anything_say_so(studio, service):
    new = studio.get(PAGE)
    save(row(service, UserFactory(), NOW - DAY))
    other = studio.get(PAGE, {"period": "2025-07"})

    assert "Your first paid appointment will show here" in new.text
    assert "Nothing of this period has ended" in other.text
    assert ("2025-07", "July 2025") in other.context["months"]
    assert "Statement</a>" not in new.text + other.text


@pytest.mark.parametrize("typed", ["2026-13", "x", "1999", "2026-02-30"])
def test_what_is_no_period_is_answered_in_words_with_the_present_month(studio, typed):
    answer = studio.get(PAGE, {"period": typed})

    assert answer.status_code == 422
    assert "Choose a month or a year from the list." in answer.text
    assert answer.context["chosen"] == "2026-03"


def test_a_search_finds_names_without_accents_and_references_and_sums_what_it_found(studio, service):
    jose, amara = UserFactory(name="José Álvarez"), UserFactory(name="Amara Nwosu")
    one, other = save(row(service, jose, NOW - 5 * HOUR), row(service, amara, NOW - 4 * HOUR, price="10", percent="0"))

    def found(words):
        page = studio.get(PAGE, {"q": words})
        return [each.appointment.pk for each in page.context["rows"]], [card.net for card in page.context["found"]]

    assert found("alvarez jose") == ([one.pk], ["£53.65"])
    assert found(other.reference.lower()) == ([other.pk], ["£10"])
    assert found("nobody") == ([], [])
    assert "Nobody of that name" in studio.get(PAGE, {"q": "nobody"}).text


def test_a_statement_is_of_one_month_and_one_currency(studio, provider, service):
    save(
        row(service, UserFactory(name="Amara Nwosu"), NOW - 5 * HOUR),
        row(service, UserFactory(name="Noor Haddad"), NOW - 6 * HOUR, status=Status.CANCELLED),
        row(service, UserFactory(), NOW - 4 * HOUR, currency="EUR"),
    )

    pounds = studio.get(reverse("studio_statement", args=["2026-03", "GBP"]))

    assert "Statement of earnings, in pounds" in pounds.text and "1 to 2 March 2026" in pounds.text
    assert f"Number 2026-03-GBP-{provider.slug.upper()}" in pounds.text
    assert [each.how_it_ended for each in pounds.context["rows"]] == [", late cancellation by Noor", ""]
    assert "Amara Nwosu" in pounds.text and reverse("studio_statement", args=["2026-03", "EUR"]) in pounds.text
    for month, code in (
        ("2026-03", "USD"),
        ("2026-02", "GBP"),
        ("2026-13", "GBP"),
        ("2026-03", "gbp"),
        ("2026", "GBP"),
    ):
        assert studio.get(f"{PAGE}{month}/{code}/").status_code == 404


def test_a_file_writes_what_people_typed_as_text(studio, provider):
    service = ServiceFactory(provider=provider, name="@SUM(A1)")
    save(row(service, UserFactory(name="=HYPERLINK(1)"), NOW - 5 * HOUR))

    answer = studio.get(reverse("studio_earnings_csv", args=["2026"]))

    [line] = lines_of(answer)
    assert answer["Content-Disposition"] == 'attachment; filename="earnings-2026.csv"'
    assert (line["Customer"], line["Service"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")
    assert (line["Date"], line["Time"], line["Fee in percent"]) == ("2026-03-02", "08:45", "7.5")


def test_a_correction_and_a_cancellation_are_in_the_ledger_at_once(studio, book, provider):
    one = book().appointment
    before = studio.get(PAGE).context["cards"]
    transitions.cancel_appointment(appointment=one, actor=provider.user, role=Role.PROVIDER)

    [card] = studio.get(PAGE).context["cards"]

    assert before == []
    assert (card.net, card.refund) == ("£0", card.gross)
    assert clock.now() == NOW


def test_the_page_of_an_appointment_says_what_of_it_is_the_providers(studio, service):
    amara = UserFactory()
    rows = save(
        row(service, amara, NOW + DAY, status=Status.CONFIRMED),
        row(service, amara, NOW - DAY),
        row(service, amara, NOW - 2 * DAY, percent="0"),
        row(service, amara, NOW - 3 * DAY, status=Status.CANCELLED),
        row(service, amara, NOW - 4 * DAY, price="0"),
    )

    pages = [studio.get(reverse("studio_appointment", args=[one.reference])) for one in rows]

    fee = "£53.65, after the platform’s fee of 7.5%"
    assert [page.context["yours"] for page in pages] == [fee, fee, "£58", "Nothing, as it did not take place", "£0"]
    assert ["<dt>For you</dt>" in page.text for page in pages] == [True, True, True, True, False]


@pytest.mark.parametrize("rows", [1, 200])
def test_pages_cost_the_same_for_many_rows(studio, service, django_assert_num_queries, rows):
    customers = [UserFactory() for _ in range(min(rows, 9))]
    save(*(row(service, customers[n % len(customers)], NOW - HOUR - n * timedelta(minutes=7)) for n in range(rows)))
    costs = {
        PAGE: QUERIES,
        f"{PAGE}?q=person": QUERIES + 2,
        reverse("studio_earnings_csv", args=["2026-03"]): 3,
        reverse("studio_statement", args=["2026-03", "GBP"]): 4,
    }
    for address, cost in costs.items():
        studio.get(address)
        with django_assert_num_queries(cost):
            assert studio.get(address).status_code == 200
