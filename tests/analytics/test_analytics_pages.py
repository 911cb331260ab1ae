"""The studio's page of figures and its file."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from appointments.states import Role, Status
from tests.analytics.rows import made
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

PAGE, FILE = reverse("studio_analytics"), reverse("studio_analytics_csv")
# 23:30 on Thursday 19 November there, in the last whole week.
THURSDAY = datetime(2026, 11, 19, 17, 45, tzinfo=UTC)
# Session with user, the provider, what waits, and the figures.
QUERIES = 3 + 11


def texts(response):
    return " ".join(response.content.decode().split())


def fill(service, count):
    people = [UserFactory() for _ in range(min(count, 8))]
    for n in range(count):
        status = [Status.COMPLETED, Status.COMPLETED, Status.NO_SHOW, Status.DECLINED][n % 4]
        made(service, THURSDAY - timedelta(hours=7 * n), status, customer=people[n % len(people)])
    for _ in range(5):
        made(service, THURSDAY, customer=people[0])


@pytest.mark.parametrize("rows", [1, 300])
def test_the_page_costs_the_same_for_many_rows(studio, service, django_assert_num_queries, rows):
    fill(service, rows)
    studio.get(PAGE)

    with django_assert_num_queries(QUERIES):
        assert studio.get(PAGE).status_code == 200


def test_tiles_stand_alone_until_the_fifth_appointment_took_place(studio, service):
    for _ in range(4):
        made(service, THURSDAY)
    few = texts(studio.get(PAGE))
    made(service, THURSDAY)
    enough = texts(studio.get(PAGE))

    assert "Charts appear after your fifth completed appointment" in few
    assert "£232" in few and "Earnings by week" not in few
    assert "Charts appear" not in enough and "Earnings by week" in enough


def test_an_appointment_counts_on_the_providers_date(studio, service):
    """At 23:30 on the last Sunday of the weeks it counts, at 00:15 on the Monday after it does not."""
    made(service, datetime(2026, 11, 22, 17, 45, tzinfo=UTC))
    made(service, datetime(2026, 11, 22, 18, 30, tzinfo=UTC))

    tiles = studio.get(PAGE).context["shown"].tiles

    assert [tile.value for tile in tiles[:2]] == ["£58", "1"]


def test_figures_say_what_changed(studio, service):
    for _ in range(6):
        made(service, THURSDAY, fee=8)
    for weeks in (12, 13, 14, 15):
        made(service, THURSDAY - timedelta(weeks=weeks))
    late = {"ended_by": Role.CUSTOMER, "closed_at": THURSDAY - timedelta(hours=12)}
    made(service, THURSDAY, Status.CANCELLED, **late)

    shown = studio.get(PAGE).context["shown"]

    assert [(tile.value, tile.change, tile.tone, tile.rest) for tile in shown.tiles] == [
        ("£300", "Up 29%", "up", "on the 12 weeks before"),
        ("6", "Up 2", "up", "from 4"),
        ("1%", "", "", "of 480 h offered"),
        ("£58", "Up £58", "down", "1 of 7 appointments"),
    ]
    assert shown.earnings[0].chart.finding == (
        "Weekly earnings were lowest with £0 in the week of 31 August and highest with £348 in the week of "
        "16 November. "
        "They were above the 12 weeks before in 1 of 12 weeks."
    )
    assert [(group.name, group.count) for group in shown.groups] == [
        ("Kept", 6),
        ("Cancelled in time", 0),
        ("Declined or not answered", 0),
        ("Late cancellation or no-show", 1),
    ]
    assert shown.late == [("By customers", 1, 0), ("By you", 0, 0), ("No-shows", 0, 0)]


def test_two_currencies_stand_apart(studio, service):
    for _ in range(5):
        made(service, THURSDAY, price=10)
    made(service, THURSDAY, price=900, currency="JPY")

    page = studio.get(PAGE)
    shown = page.context["shown"]

    assert [one.code for one in shown.earnings] == ["GBP", "JPY"]
    assert (shown.tiles[0].value, shown.tiles[0].others) == ("£50", ("¥900",))
    assert "950" not in texts(page)


def test_the_file_has_the_rows_of_the_page(studio, service):
    fill(service, 40)
    query = "?period=custom&from=2026-11-01&to=2026-11-28"
    tables = studio.get(PAGE + query).context["shown"].tables

    answer = studio.get(FILE + query)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="analytics-2026-11-01-to-2026-11-28.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    titles = [row[0] for row in rows if len(row) == 1]
    assert titles == [table.title for table in tables.values()]
    kept = next(row for row in rows if row[:1] == ["Completed"])
    assert kept == ["Completed", str(tables["endings"].rows[0][1]), str(tables["endings"].rows[0][2].value), "0"]
    services = next(n for n, row in enumerate(rows) if row == ["By service"])
    [name, count, gross, refunds, fee, net] = tables["services"].rows[0]
    assert rows[services + 2] == [name, str(count), *(f"{one.amount:.2f}" for one in (gross, refunds, fee, net))]


def test_a_name_is_no_formula_in_the_file(studio, provider):
    risky = ServiceFactory(provider=provider, name="=HYPERLINK(1)")
    made(risky, THURSDAY, customer=UserFactory(name="+44 Dial"))

    file = studio.get(FILE).content.decode("utf-8-sig")

    assert "'=HYPERLINK(1)" in file and "'+44 Dial" in file


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=2026-11-10&to=2026-11-01", "not before the first one"),
        ("from=&to=2026-11-01", "Choose a day."),
        ("from=2026-13-45&to=2026-11-01", "Enter a date"),
        ("from=2026-11-01&to=2026-11-29", "Choose a day from"),
        ("from=0001-01-01&to=9999-12-31", "Choose a day from"),
        ("from=2020-01-01&to=2026-11-01", "at most two years"),
        ("from=%22&to=%F0%9F%98%80", "Enter a date"),
    ],
)
def test_dates_that_cannot_be_are_refused_and_kept(studio, query, message):
    for address in (PAGE, FILE):
        page = studio.get(f"{address}?period=custom&{query}")

        assert page.status_code == 422
        assert message in texts(page)
    typed = query.partition("to=")[2]
    assert typed.startswith("%") or f'value="{typed}"' in texts(page)


def test_an_unknown_period_is_the_usual_one_with_an_error(studio):
    assert studio.get(f"{PAGE}?period=decade").status_code == 422
    assert studio.get(f"{PAGE}?period=1y").context["period"].label == "12 months"


def test_today_is_the_providers(studio):
    """At 18:15 UTC the next day begins there."""
    tomorrow = f"{PAGE}?period=custom&from=2026-11-28&to=2026-11-29"
    before = studio.get(tomorrow)
    with time_machine.travel(datetime(2026, 11, 28, 18, 15, tzinfo=UTC), tick=False):
        after = studio.get(tomorrow)

    assert (before.status_code, after.status_code) == (422, 200)
