"""Programs read the same figures as the page and its file."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest

from tests.analytics.rows import made
from tests.appointments.conftest import NOW
from tests.factories.accounts import UserFactory

ADDRESS = "/api/analytics/provider/"
LAST_WEEK = {"from": "2026-02-23", "to": "2026-03-02"}


@pytest.fixture
def studio(studio, service):
    """The provider's program, with a week of appointments in two currencies."""
    regular, days = UserFactory(name="Leo Grant"), [NOW.replace(day=24, month=2)] * 3
    for start in days:
        made(service, start, customer=regular, fee=6, fee_percent=10)
    made(service, days[0], price=900, currency="JPY")
    made(service, NOW.replace(day=20, month=2))
    return studio


def ask(studio, **query):
    return studio.get(f"{ADDRESS}?{urlencode(query)}")


def test_figures_are_those_of_the_page(studio, provider, client):
    told = ask(studio, **LAST_WEEK, compare="true").json()
    client.force_login(provider.user)
    shown = client.get("/studio/analytics/?period=custom&from=2026-02-23&to=2026-03-01").context["shown"]

    assert (told["period"]["from"], told["period"]["to"]) == ("2026-02-23", "2026-03-02")
    assert (told["before"]["from"], told["before"]["to"]) == ("2026-02-16", "2026-02-23")
    assert told["period"]["outcomes"]["completed"] == shown.groups[0].count == 4
    rows = [
        (sums["currency"], *(sums[name]["amount"] for name in ("gross", "refunds", "platform_fee", "net")))
        for sums in told["period"]["sums"]
    ]
    assert rows == [("GBP", "174.00", "0.00", "18.00", "156.00"), ("JPY", "900", "0", "0", "900")]
    assert [(code, *(Decimal(amount) for amount in amounts)) for code, *amounts in rows] == [
        (code, *(one.amount for one in amounts)) for code, *amounts in shown.tables["totals"].rows
    ]
    assert [sums["net"]["amount"] for sums in told["before"]["sums"]] == ["58.00", "0"]
    assert (told["top_customers"][0]["name"], told["top_customers"][0]["kept"]) == ("Leo Grant", 3)
    assert told["top_customers"][0]["brought"] == [{"amount": "174.00", "currency": "GBP"}]
    assert told["busiest_hours"] == [{"weekday": 1, "hour": 13, "kept": 4}]
    assert told["time_zone"] == "Asia/Kathmandu"


def test_a_period_is_thirty_days_unless_said_and_compared_on_request(studio):
    told = ask(studio).json()

    assert (told["period"]["from"], told["period"]["to"], told["before"]) == ("2026-01-31", "2026-03-02", None)
    assert ask(studio, period="year").json()["period"]["from"] == "2025-03-01"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "decade"}, "period"),
        ({"period": "12w", **LAST_WEEK}, "period"),
        ({"from": "2026-02-01"}, "to"),
        ({"to": "2026-02-01"}, "from"),
        ({"from": "2026-02-01", "to": "2026-02-01"}, "to"),
        ({"from": "2026-02-01", "to": "2026-03-04"}, "to"),
        ({"from": "2025-02-01", "to": "2026-02-01"}, "to"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "from"),
        ({"compare": "maybe"}, "compare"),
    ],
)
def test_what_cannot_be_is_refused_by_field(studio, query, field):
    answer = ask(studio, **query)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
