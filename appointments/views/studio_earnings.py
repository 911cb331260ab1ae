"""The studio's earnings: the ledger of a month or a year, as a page and as a file, and a month's statement on paper."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.forms.earnings import EarningsForm
from appointments.pages.studio import earnings as pages
from appointments.queries.earnings import figures_of, found_in, ledger, ledger_span, with_what_is_shown
from appointments.rules.ledger_periods import Period, compared, month_of, periods_between
from core import clock
from core.csv_files import csv_file
from core.paging import page_of
from providers.access import provider_required
from providers.models import Provider


@require_safe
@provider_required
def earnings(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The sums and the appointments of a period, twenty a page. Four queries beside the frame's own, two more with a
    search."""
    now, zone = clock.now(), provider.zone
    form = EarningsForm(request.GET, now_in=month_of(clock.local(now, zone).date()))
    period = form.chosen
    rows = ledger(provider, period.span(zone))
    reach = ledger_span(provider, period.span(zone), now=now)
    earlier = compared(period, zone, now)
    cards = pages.cards_of(figures_of(rows), figures_of(ledger(provider, earlier[2])) if earlier else ())
    found = found_in(rows, form.words) if form.words else rows
    page = page_of(with_what_is_shown(found), request.GET.get("page"))
    days = [clock.local(moment, zone).date() for moment in (reach.first, reach.last, now) if moment]
    months, years = periods_between(min(days + [period.first]), max(days + [period.first]))
    context = {
        "provider": provider,
        "form": form,
        "period": period,
        "chosen": str(period),
        "period_is_chosen": bool(form.data.get("period")),
        "words": form.words,
        "day_form": "D j" if period.month else "D j M",
        "said": pages.said_of(period, zone, now, twelve=request.user.uses_12h_clock),  # type: ignore[union-attr]
        "name": pages.period_name(period),
        "months": [(str(one), pages.period_name(one)) for one in months],
        "years": [(str(one), pages.period_name(one)) for one in years],
        "cards": cards,
        "found": pages.cards_of(figures_of(found)) if form.words else cards,
        "compared": pages.compared_words(*earlier[:2]) if earlier else "",
        "fees": pages.fee_words(provider, now),
        "reach": reach,
        "page": page,
        "rows": pages.rows_of(page, provider),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "appointments/studio/earnings.html", context, status=status)


@require_safe
@provider_required
def earnings_csv(request: HttpRequest, provider: Provider, period: Period) -> HttpResponse:
    """The whole ledger of a period as a file, at most a year of it. One query."""
    rows = with_what_is_shown(ledger(provider, period.span(provider.zone)))
    headers = {"Content-Disposition": f'attachment; filename="earnings-{period}.csv"'}
    body = csv_file(pages.csv_rows(rows, provider))
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)


@require_safe
@provider_required
def statement(request: HttpRequest, provider: Provider, month: Period, currency: str) -> HttpResponse:
    """The ledger of a month in one currency, as a page to print. Two queries beside the frame's own."""
    now, zone = clock.now(), provider.zone
    rows = ledger(provider, month.span(zone))
    figures = figures_of(rows)
    cards = {card.currency: card for card in pages.cards_of(figures)}
    if currency not in cards:
        raise Http404("Nothing of this month is in this currency")
    last = clock.local(now, zone).date() if month.is_so_far(zone, now) else month.last
    context = {
        "provider": provider,
        "month": month,
        "number": f"{month}-{currency}-{provider.slug}".upper(),
        "dates": pages.dates_text(month.first, last),
        "now": now,
        "card": cards.pop(currency),
        "others": list(cards.values()),
        "fees": pages.fee_words(provider, now),
        "rows": pages.rows_of(with_what_is_shown(rows).filter(currency=currency).reverse(), provider),
    }
    return render(request, "appointments/studio/statement.html", context)
