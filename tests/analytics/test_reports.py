"""Monthly reports: made once when the month is over where the provider is, mailed, and read as page, PDF and file."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from analytics import services
from analytics.models import MonthlyReport
from analytics.services import due_month, make_due
from appointments.states import Role, Status
from core import clock
from notifications import preferences
from notifications.models import InboxItem, Kind, SentMail, Topic
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Listing
from tests.analytics.rows import made
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

OCTOBER = date(2026, 10, 1)
MID_OCTOBER = datetime(2026, 10, 14, 10, tzinfo=UTC)
# 06:00 on 1 November in Kathmandu.
DUE = datetime(2026, 11, 1, 0, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _since_last_year(request):
    if "provider" in request.fixturenames:
        provider = request.getfixturevalue("provider")
        provider.created_at = datetime(2025, 3, 10, tzinfo=UTC)
        provider.save()


def texts(response):
    return " ".join(response.content.decode().split())


def mails():
    return Message.objects.filter(topic="notifications.send_mail", key__startswith="analytics.report:")


@pytest.mark.parametrize(
    ("zone", "now", "month"),
    [
        ("Asia/Kathmandu", DUE, OCTOBER),
        ("Asia/Kathmandu", DUE - timedelta(seconds=1), None),
        ("Pacific/Kiritimati", datetime(2026, 10, 31, 16, tzinfo=UTC), OCTOBER),
        ("Pacific/Niue", datetime(2026, 11, 1, 16, 59, tzinfo=UTC), None),
        ("Pacific/Niue", datetime(2026, 11, 1, 17, tzinfo=UTC), OCTOBER),
        # What no worker made in a week is old news.
        ("UTC", datetime(2026, 11, 7, 23, 59, tzinfo=UTC), OCTOBER),
        ("UTC", datetime(2026, 11, 8, tzinfo=UTC), None),
        ("UTC", datetime(2026, 1, 2, tzinfo=UTC), date(2025, 12, 1)),
    ],
)
def test_a_report_is_due_on_the_first_by_the_providers_clocks(zone, now, month):
    assert due_month(clock.zone(zone), now) == month


def test_each_month_is_mailed_once_to_those_who_had_appointments(service, provider):
    made(service, MID_OCTOBER)
    elsewhere = ServiceFactory(provider=ProviderFactory(time_zone="Pacific/Niue"))
    made(elsewhere, MID_OCTOBER)
    ProviderFactory(time_zone="Asia/Kathmandu")
    draft = ServiceFactory(provider=ProviderFactory(time_zone="Asia/Kathmandu", listing=Listing.DRAFT))
    made(draft, MID_OCTOBER)
    # In the month by UTC, and in the next one there.
    later = ServiceFactory(provider=ProviderFactory(time_zone="Asia/Kathmandu"))
    made(later, datetime(2026, 10, 31, 18, 30, tzinfo=UTC))

    assert (make_due(now=DUE - timedelta(minutes=1)), make_due(now=DUE), make_due(now=DUE)) == (0, 1, 0)
    assert list(MonthlyReport.objects.values_list("provider", "month", "mailings")) == [(provider.pk, OCTOBER, 1)]
    assert [message.key for message in mails()] == [f"analytics.report:{provider.pk}:2026-10:1"]
    assert InboxItem.objects.get().reader == provider.user


def test_a_worker_that_stops_between_leaves_neither_record_nor_mail(service, provider, monkeypatch):
    made(service, MID_OCTOBER)

    def stopped(notices):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(services.channels, "tell", stopped)
        make_due(now=DUE)
    assert not MonthlyReport.objects.exists()

    assert (make_due(now=DUE + timedelta(days=2)), mails().count()) == (1, 1)


def test_many_are_made_in_batches(db, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 2)
    for _ in range(5):
        made(ServiceFactory(provider=ProviderFactory(time_zone="Asia/Kathmandu")), MID_OCTOBER)

    assert (make_due(now=DUE), MonthlyReport.objects.count(), mails().count()) == (5, 5, 5)


def test_the_mail_says_what_the_report_says_first(service, provider, mailoutbox):
    made(service, MID_OCTOBER, fee=8)
    made(service, MID_OCTOBER, Status.CANCELLED, ended_by=Role.PROVIDER, closed_at=MID_OCTOBER - timedelta(hours=3))
    with time_machine.travel(DUE, tick=False):
        make_due(now=DUE)
        deliver()

    [mail] = mailoutbox
    assert provider.user.email in mail.to[0] and mail.subject == "October 2026: 1 appointment, £50"
    assert "1 of 2 appointments took place. It brought you £50." in mail.body
    assert "1 of 1 cancellations was yours, 1 of them late." in mail.body
    assert "/studio/reports/2026-10/" in mail.body


def test_nobody_is_mailed_who_turned_reports_off(service, provider):
    made(service, MID_OCTOBER)
    preferences.save_choice(actor=provider.user, leads=[60], off=preferences.by("email", [Topic.REPORT]))

    with time_machine.travel(DUE, tick=False):
        make_due(now=DUE)
        deliver()

    assert not SentMail.objects.filter(kind=Kind.REPORT, sent_at__isnull=False).exists()


# --- Pages ------------------------------------------------------------------------------


def address(name, month="2026-10"):
    return reverse(name, args=[date.fromisoformat(f"{month}-01")])


@pytest.mark.parametrize("rows", [1, 200])
def test_the_report_costs_the_same_for_many_rows(studio, service, django_assert_num_queries, rows):
    for n in range(rows):
        made(service, MID_OCTOBER - timedelta(hours=n))
    studio.get(address("studio_report"))

    with django_assert_num_queries(2 + 11):
        assert studio.get(address("studio_report")).status_code == 200


def test_the_report_says_what_the_month_was(studio, service):
    regular = UserFactory()
    made(service, MID_OCTOBER - timedelta(days=30), customer=regular)
    for _ in range(2):
        made(service, MID_OCTOBER, customer=regular, fee=8, fee_percent=8)
    made(service, MID_OCTOBER, price=20, currency="EUR")
    made(service, MID_OCTOBER, Status.CANCELLED, closed_at=MID_OCTOBER - timedelta(hours=12))
    made(service, datetime(2026, 10, 31, 18, 30, tzinfo=UTC))

    page = texts(studio.get(address("studio_report")))

    assert "3 of 4 appointments took place. They brought you £100 and €20." in page
    assert (
        "£58 went back to customers in October. 1 appointment in EUR stands apart: €20 gross, €0 fee, €20 for you."
        in page
    )
    assert "Wednesdays at 15:00" in page and "3 of 3 starts." in page
    assert "1 new, 1 again" in page
    assert "None of the cancellations was yours." in page
    assert "Currencies are never added up." in page and "Up £42 from" not in page


def test_page_file_and_pdf_have_the_same_sums(studio, service):
    for n in range(9):
        made(service, MID_OCTOBER + timedelta(days=n), price=10 + n, fee=1)

    report = studio.get(address("studio_report")).context["report"]
    rows = list(csv.reader(io.StringIO(studio.get(address("studio_report_csv")).content.decode("utf-8-sig"))))
    pdf = studio.get(address("studio_report_pdf"))

    [_, kept, *amounts] = report.services.foot
    totals = rows[2]
    assert totals == ["GBP", *(f"{one.amount:.2f}" for one in amounts)]
    assert (kept, str(amounts[-1])) == (9, "£117")
    assert pdf.headers["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    assert 'filename="report-2026-10.pdf"' in pdf.headers["Content-Disposition"]
    assert pdf.content.count(b"/Type /Page\n") == 1


@pytest.mark.parametrize("month", ["2026-11", "2026-12", "2025-02", "2099-01"])
@pytest.mark.parametrize("name", ["studio_report", "studio_report_pdf", "studio_report_csv", "studio_report_mail"])
def test_a_month_that_is_not_over_or_before_the_page_has_no_report(studio, name, month):
    answer = studio.post(address(name, month)) if name.endswith("mail") else studio.get(address(name, month))

    assert answer.status_code == 404
    assert not MonthlyReport.objects.exists()


def test_a_month_without_appointments_has_a_report_that_says_so(studio):
    page = texts(studio.get(address("studio_report")))

    assert "No appointment was to take place in October." in page
    assert studio.get(address("studio_report_pdf")).status_code == 200


def test_reports_lead_to_the_newest(studio, provider):
    assert studio.get(reverse("studio_reports")).url == address("studio_report")
    provider.created_at = datetime(2026, 11, 3, tzinfo=UTC)
    provider.save()
    assert studio.get(reverse("studio_reports")).url == reverse("studio_analytics")


def test_a_report_is_mailed_again_on_request_but_not_by_a_second_press(studio, provider):
    first = studio.post(address("studio_report_mail"), follow=True)
    second = studio.post(address("studio_report_mail"), follow=True)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        third = studio.post(address("studio_report_mail"), follow=True)

    assert (
        "on its way to" in texts(first) and "mailed a moment ago" in texts(second) and "on its way to" in texts(third)
    )
    assert sorted(message.key.rpartition(":")[2] for message in mails()) == ["1", "2"]
    assert MonthlyReport.objects.get().mailings == 2
