"""Monthly reports: making those that are due, mailing one again, and turning the mails off with their topic.

The record of a report is written in the transaction that publishes its mail, and is unique: whatever stops, and however
many workers look, each month is told once.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import taking_part
from analytics.exceptions import MailedJustNow
from analytics.models import MonthlyReport
from analytics.periods import last_month, whole_month
from appointments.models import Appointment
from core import clock
from core.db import lock_row, retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import Listing, Provider

NAME = "analytics.report"
# On the first of a month a report is made from this hour on, on the provider's clocks. One that no worker made within
# the days after is old news, and is mailed only on request.
HOUR, MADE_UP_FOR = 6, 7
PAUSE = timedelta(minutes=10)
BATCH = 200


def make_due(*, now: datetime) -> int:
    """Make and mail the reports of the last month to all providers in whose zone its time has come; returns their
    number. A month in which nothing was to take place has none. One query for the zones, one a zone, few a batch."""
    made = 0
    for name in Provider.objects.values_list("time_zone", flat=True).distinct():
        if month := due_month(clock.zone(name), now):
            made += _make_all(_due(name, month), month, now=now)
    return made


def _make_all(due: QuerySet[Provider], month: date, *, now: datetime) -> int:
    made = last = 0
    while batch := list(due.filter(pk__gt=last)[:BATCH]):
        made, last = made + _make(batch, month, now=now), batch[-1].pk
        outbox.renew_lease()
    return made


def due_month(zone: ZoneInfo, now: datetime) -> date | None:
    """The month whose report is due on the clocks of the zone now; None before its hour and after its days."""
    there = clock.local(now, zone)
    if there.day > MADE_UP_FOR or (there.day == 1 and there.time() < time(HOUR)):
        return None
    return last_month(there.date())


def _due(zone_name: str, month: date) -> QuerySet[Provider]:
    """The providers in the zone who had an appointment in the month and have no report of it."""
    start, end = whole_month(month).bounds(clock.zone(zone_name))
    had = Appointment.objects.filter(provider=OuterRef("pk"), start__gte=start, start__lt=end)
    made = MonthlyReport.objects.filter(provider=OuterRef("pk"), month=month)
    providers = Provider.objects.filter(taking_part("user__"), ~Exists(made), Exists(had), time_zone=zone_name)
    return providers.exclude(listing=Listing.DRAFT).order_by("pk")


@retrying
@transaction.atomic
def _make(providers: list[Provider], month: date, *, now: datetime) -> int:
    rows = [
        MonthlyReport(provider=provider, month=month, made_at=now, mailings=1, mailed_at=now) for provider in providers
    ]
    MonthlyReport.objects.bulk_create(rows, ignore_conflicts=True)
    channels.tell([_notice(provider.pk, provider.user_id, month, mailing=1) for provider in providers])
    return len(providers)


@retrying
@transaction.atomic
def mail_report(*, provider: Provider, month: date, now: datetime) -> MonthlyReport:
    """Mail the report of a month to its provider, and make its record if there is none.

    Raises MailedJustNow within PAUSE of the last time, so that two presses send one mail.
    """
    MonthlyReport.objects.bulk_create(
        [MonthlyReport(provider=provider, month=month, made_at=now)], ignore_conflicts=True
    )
    report = lock_row(MonthlyReport.objects.filter(provider=provider, month=month))
    if report.mailed_at and now - report.mailed_at < PAUSE:
        raise MailedJustNow("It was mailed a moment ago. Look for it in your mailbox.")
    report.mailings, report.mailed_at = report.mailings + 1, now
    report.save(update_fields=["mailings", "mailed_at"])
    channels.tell([_notice(provider.pk, provider.user_id, month, mailing=report.mailings)])
    return report


def _notice(provider: int, reader: int, month: date, *, mailing: int) -> Notice:
    return Notice(
        name=NAME,
        key=f"{provider}:{month:%Y-%m}:{mailing}",
        reader=reader,
        kind=Kind.REPORT,
        facts={"provider": provider, "month": month.isoformat(), "mailing": mailing},
    )
