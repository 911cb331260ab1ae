"""Staff read the figures of the whole platform, any provider's report, and have one mailed again."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from analytics.models import MonthlyReport
from appointments.states import Status
from outbox.models import Message
from tests.analytics.rows import made
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

OCTOBER = date(2026, 10, 1)
MID_OCTOBER = datetime(2026, 10, 14, 10, tzinfo=UTC)
FIGURES = reverse("admin:figures")


@pytest.fixture
def staff(client, db):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def texts(response):
    return " ".join(response.content.decode().split())


def fill(count):
    for n in range(count):
        busy = ServiceFactory(provider=ProviderFactory(name=f"Ada {n:02}"))
        for _ in range(n + 1):
            made(busy, MID_OCTOBER, fee=8)
        for _ in range(1 if n else 3):
            made(busy, MID_OCTOBER, Status.NO_SHOW, currency="JPY", price=900)


def test_figures_rank_providers_and_keep_currencies_apart(staff):
    fill(3)

    platform = staff.get(f"{FIGURES}?period=12w").context["platform"]

    assert (platform.kept, platform.ended, platform.lost, platform.kept_before) == (6, 11, 5, 0)
    assert [(code, *map(str, amounts)) for code, *amounts in platform.rows] == [
        ("GBP", "£348", "£0", "£48", "£300"),
        ("JPY", "¥4,500", "¥0", "¥0", "¥4,500"),
    ]
    assert [(one.name, one.kept, one.lost, width, earned) for one, width, earned in platform.ranked] == [
        ("Ada 02", 3, 1, 100, "£150 and ¥900"),
        ("Ada 01", 2, 1, 67, "£100 and ¥900"),
        ("Ada 00", 1, 3, 33, "£50 and ¥2,700"),
    ]
    assert "took place in the week of 12 October" in platform.chart.finding


def test_figures_ask_as_often_for_many_providers(staff, django_assert_max_num_queries):
    fill(1)
    staff.get(FIGURES)
    with django_assert_max_num_queries(20) as few:
        staff.get(FIGURES)
    fill(25)
    with django_assert_max_num_queries(20) as many:
        assert len(staff.get(FIGURES).context["platform"].ranked) == 20

    assert len(few) == len(many)


def test_staff_read_the_report_that_the_provider_reads(staff, service, provider, client):
    made(service, MID_OCTOBER)

    page = texts(staff.get(reverse("admin:provider_report", args=[provider.slug, OCTOBER])))
    file = staff.get(reverse("admin:provider_report_pdf", args=[provider.slug, OCTOBER]))

    assert "1 of 1 appointment took place. It brought you £58." in page
    assert "Email it" not in page
    assert file.content.startswith(b"%PDF-")
    assert staff.get(reverse("admin:provider_report", args=[provider.slug, date(2026, 11, 1)])).status_code == 404
    assert staff.get(reverse("admin:provider_report", args=["nobody", OCTOBER])).status_code == 404


def test_only_staff_who_may_see_reports_read_figures(client, provider):
    member = UserFactory(is_staff=True)
    client.force_login(member)
    addresses = [FIGURES, reverse("admin:provider_report", args=[provider.slug, OCTOBER])]
    assert [client.get(address).status_code for address in addresses] == [403, 403]

    member.user_permissions.add(Permission.objects.get(codename="view_monthlyreport"))

    assert [client.get(address).status_code for address in addresses] == [200, 200]


def test_staff_have_reports_mailed_again_for_a_reason_that_is_kept(staff, provider):
    report = MonthlyReport.objects.create(provider=provider, month=OCTOBER, made_at=MID_OCTOBER)
    asked = {"action": "mail_again", "_selected_action": [report.pk]}
    lists = reverse("admin:analytics_monthlyreport_changelist")
    mails = Message.objects.filter(key__startswith=f"analytics.report:{provider.pk}:2026-10:")

    assert staff.post(lists, asked).status_code == 200
    assert not mails.exists()
    confirmed = asked | {"confirmed": "1", "reason": "The first one bounced."}
    first, second = (texts(staff.post(lists, confirmed, follow=True)) for _ in range(2))

    assert "1 changed." in first
    assert "It was mailed a moment ago" in second and "0 changed." in second
    assert mails.count() == 1
    assert LogEntry.objects.get().change_message == "mail_again: The first one bounced."
