"""Workers make the reports of a month at once, while providers ask for theirs: each month is recorded and told once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.models import MonthlyReport
from analytics.services import mail_report, make_due
from notifications.models import InboxItem
from outbox.models import Message
from providers.models import Provider
from tests.analytics.rows import made
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.processes import meet

pytestmark = pytest.mark.django_db(transaction=True)
OCTOBER = date(2026, 10, 1)
DUE = datetime(2026, 11, 1, 0, 15, tzinfo=UTC)


def make(folder, size):
    meet(folder, size)
    make_due(now=DUE)


def ask(provider, folder, size):
    row = Provider.objects.get(pk=provider)
    meet(folder, size)
    mail_report(provider=row, month=OCTOBER, now=DUE)


def test_a_month_is_recorded_and_told_once_by_three_workers_and_a_press(run_calls, tmp_path):
    providers = [ProviderFactory(time_zone="Asia/Kathmandu") for _ in range(6)]
    for provider in providers:
        made(ServiceFactory(provider=provider), datetime(2026, 10, 14, 6, tzinfo=UTC))

    outcomes = run_calls([*[(make, str(tmp_path), 4)] * 3, (ask, providers[2].pk, str(tmp_path), 4)])

    assert [one.error for one in outcomes if not one.ok and one.error != "MailedJustNow"] == []
    keys = [f"analytics.report:{provider.pk}:2026-10:1" for provider in providers]
    told = Message.objects.filter(topic="notifications.send_mail", key__startswith="analytics.report:")
    assert sorted(MonthlyReport.objects.values_list("provider", "mailings")) == [(one.pk, 1) for one in providers]
    assert sorted(told.values_list("key", flat=True)) == sorted(keys)
    assert sorted(InboxItem.objects.values_list("reader", flat=True)) == sorted(one.user_id for one in providers)

    mail_report(provider=providers[2], month=OCTOBER, now=DUE + timedelta(minutes=11))

    assert told.count() == 7
