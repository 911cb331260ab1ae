"""The mail of a monthly report, and its line in the inbox."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property

from django.conf import settings
from django.urls import reverse

from analytics.figures import KEPT, Figures, counted, summed
from analytics.periods import of_month
from analytics.queries import figures_of
from analytics.reports import report_of
from analytics.services import NAME
from appointments.mail.letters import contact
from core import clock
from core.letters import Button, Letter, page
from core.money import format_money
from core.wording import date_part
from notifications import catalogue
from notifications.catalogue import Facts, Line, Mail, Reader, View
from notifications.models import Kind
from providers.models import Provider

WHY = "You get this mail because you offer your time on {}."


class ReportMail(Mail):
    """The mail that a month's report is there, with what it says first."""

    kind = Kind.REPORT

    def __init__(self, provider: Provider, month: date, mailing: int) -> None:
        self.provider, self.month = provider, month
        self.key = f"report:{provider.pk}:{month:%Y-%m}:{mailing}"
        self.reader = Reader.of(provider.user)

    @cached_property
    def figures(self) -> Figures:
        period = of_month(self.month, first_weekday=self.provider.user.first_weekday)
        return figures_of(self.provider, period, now=clock.now())

    def stale_because(self, now: datetime) -> str:
        return "" if self.provider.user.takes_part else "the person takes no part any more"

    def letter(self) -> Letter:
        report = report_of(self.provider, self.figures, now=clock.now())
        kept = counted(self.figures.now_cells, KEPT)
        sums = ((code, summed(self.figures.now_cells, code).net) for code in self.figures.currencies)
        brought = [format_money(net, code) for code, net in sums if net]
        count = f"{kept} appointment{'' if kept == 1 else 's'}"
        return Letter(
            subject=f"{report.title}: {', '.join([count, ' and '.join(brought)]) if brought else count}",
            tone="brand",
            badge="Monthly report",
            headline=report.lead,
            preheader=report.cancellations,
            lead=(
                report.cancellations,
                f"Busiest were {report.busiest}." if self.figures.hours else report.busiest_note,
            ),
            button=Button("See report", page("studio_report", self.month)),
            contact=contact(None),
            why=WHY.format(settings.SITE_NAME),
        )


@catalogue.mail(NAME)
def report_mail(*, provider: int, month: str, mailing: int) -> Mail | None:
    """The mail of a report, or None where the provider is gone."""
    found = Provider.objects.for_pages().filter(pk=provider).first()
    return ReportMail(found, date.fromisoformat(month), mailing) if found else None


@catalogue.lines(NAME)
def report_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a report is there. No query."""
    return [_line(date.fromisoformat(facts["month"])) for facts in items]


def _line(month: date) -> Line:
    title = f"Your report of {date_part(month, 'F Y')} is there"
    return Line(title=title, address=reverse("studio_report", args=[month]), icon="chart", tone="brand")
