"""The studio's page of figures, and the same as a file."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from analytics.files import csv_of
from analytics.forms import PeriodForm
from analytics.pages import shown
from analytics.periods import Choice
from analytics.queries import figures_of
from analytics.tables import all_tables
from core import clock
from providers.access import provider_required
from providers.models import Provider
from providers.queries import today_of

ASKED = ("period", "from", "to")


@require_safe
@provider_required
def analytics(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The figures of a period. Dates that cannot be are answered with 422, the usual period and what was typed."""
    form, now = _form(request, provider), clock.now()
    period = form.as_period()
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "form": form,
        "choices": [(choice, choice.label) for choice in Choice if choice != Choice.CUSTOM],
        "choice": form.choice,
        "period": period,
        "shown": shown(figures_of(provider, period, now=now)),
        "query": urlencode({key: request.GET[key] for key in ASKED if key in request.GET}, doseq=True),
    }
    status = HTTPStatus.OK if form.is_valid() else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "analytics/analytics.html", context, status=status)


@require_safe
@provider_required
def analytics_csv(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The tables of the page as a file."""
    form = _form(request, provider)
    if not form.is_valid():
        return analytics(request)
    period = form.as_period()
    tables = all_tables(figures_of(provider, period, now=clock.now()))
    name = f"analytics-{period.dates.first.isoformat()}-to-{period.dates.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        csv_of(tables, zone=provider.time_zone), content_type="text/csv; charset=utf-8", headers=headers
    )


def _form(request: HttpRequest, provider: Provider) -> PeriodForm:
    return PeriodForm(request.GET, today=today_of(provider), first_weekday=provider.user.first_weekday)
