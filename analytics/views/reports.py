"""The studio's monthly reports: the page, the same as PDF and as CSV, and mailing it again."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from analytics import services
from analytics.exceptions import MailedJustNow
from analytics.figures import Figures
from analytics.files import csv_of
from analytics.pdf import pdf_of
from analytics.periods import last_month, of_month, whole_month
from analytics.queries import figures_of
from analytics.reports import report_of
from analytics.tables import all_tables
from core import clock
from core.wording import date_part
from providers.access import provider_required
from providers.models import Provider
from providers.queries import today_of


@require_safe
@provider_required
def reports(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The newest report; before the first month is over, the page of figures."""
    newest = last_month(today_of(provider))
    return redirect("studio_report", newest) if newest >= _first_month(provider) else redirect("studio_analytics")


@require_safe
@provider_required
def report(request: HttpRequest, provider: Provider, month: date) -> HttpResponse:
    """The report of a month that is over, as one sheet of paper."""
    figures, now = _figures(provider, month), clock.now()
    earlier, later = (whole_month(month).first - clock.ONE_DAY).replace(day=1), whole_month(month).last + clock.ONE_DAY
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "report": report_of(provider, figures, now=now),
        "earlier": earlier if earlier >= _first_month(provider) else None,
        "later": later if later <= last_month(today_of(provider)) else None,
    }
    return render(request, "analytics/report.html", context)


@require_safe
@provider_required
def report_pdf(request: HttpRequest, provider: Provider, month: date) -> HttpResponse:
    """The report as a PDF."""
    figures, now = _figures(provider, month), clock.now()
    file = pdf_of(report_of(provider, figures, now=now), now=now)
    return HttpResponse(file, content_type="application/pdf", headers=_named(month, "report", "pdf"))


@require_safe
@provider_required
def report_csv(request: HttpRequest, provider: Provider, month: date) -> HttpResponse:
    """The tables behind the report as a file."""
    file = csv_of(all_tables(_figures(provider, month)), zone=provider.time_zone)
    return HttpResponse(file, content_type="text/csv; charset=utf-8", headers=_named(month, "figures", "csv"))


@require_POST
@provider_required
def mail(request: HttpRequest, provider: Provider, month: date) -> HttpResponse:
    """Mail the report to the provider."""
    _check(provider, month)
    try:
        services.mail_report(provider=provider, month=month, now=clock.now())
        messages.success(request, f"The report of {date_part(month, 'F Y')} is on its way to {provider.user.email}.")
    except MailedJustNow as refusal:
        messages.info(request, str(refusal))
    return redirect("studio_report", month)


def _figures(provider: Provider, month: date) -> Figures:
    _check(provider, month)
    period = of_month(month, first_weekday=provider.user.first_weekday)
    return figures_of(provider, period, now=clock.now())


def _check(provider: Provider, month: date) -> None:
    """Raise Http404 for a month that is not over, or before the page was made."""
    if not _first_month(provider) <= month <= last_month(today_of(provider)):
        raise Http404


def _first_month(provider: Provider) -> date:
    return clock.local(provider.created_at, provider.zone).date().replace(day=1)


def _named(month: date, what: str, ending: str) -> dict[str, Any]:
    return {"Content-Disposition": f'attachment; filename="{what}-{month:%Y-%m}.{ending}"'}
