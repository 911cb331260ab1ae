"""Admin of analytics: which reports were made, the figures of the whole platform, and any provider's report."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import (
    converters,  # noqa: F401 - registers <report_month:…>
    services,
)
from analytics.forms import PeriodForm
from analytics.models import MonthlyReport
from analytics.pdf import pdf_of
from analytics.periods import Choice, last_month, of_month
from analytics.queries import figures_of
from analytics.reports import Report, report_of
from analytics.staff import platform_of
from core import clock
from core.admin import Acting, Answer
from providers.models import Listing, Provider
from providers.queries import today_of


@admin.register(MonthlyReport)
class MonthlyReportAdmin(Acting):
    list_display = ("provider", "month", "made_at", "mailings", "mailed_at")
    list_select_related = ("provider",)
    search_fields = ("provider__name", "provider__slug", "provider__user__email")
    ordering = ("-month", "-pk")
    actions = ("mail_again",)
    looks = {"mail_again": ("mail", "The provider gets the report in a mail once more")}
    change_list_template = "analytics/admin/change_list.html"

    def acts_on(self, row: MonthlyReport) -> bool:
        return True

    def has_mail_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_monthlyreport")

    @admin.action(description="Mail to their providers again", permissions=["mail"])
    def mail_again(self, request: HttpRequest, queryset: QuerySet[MonthlyReport]) -> Answer:
        def mail(report: MonthlyReport, reason: str) -> bool:
            services.mail_report(provider=report.provider, month=report.month, now=clock.now())
            return True

        return self.act_on_each(request, queryset.select_related("provider"), mail)

    def get_urls(self) -> list[URLPattern]:
        own = self.admin_site.admin_view
        one = "of/<slug:provider>/<report_month:month>/"
        return [
            path("figures/", own(require_safe(self.figures)), name="figures"),
            path(one, own(require_safe(self.report)), name="provider_report"),
            path(f"{one}report.pdf", own(require_safe(self.report_pdf)), name="provider_report_pdf"),
            *super().get_urls(),
        ]

    def figures(self, request: HttpRequest) -> HttpResponse:
        """The figures of all providers in a period, by the clocks of the zone that the reader chose."""
        self._check(request)
        zone = clock.zone(timezone.get_current_timezone_name())
        today = clock.local(clock.now(), zone).date()
        form = PeriodForm(request.GET, today=today, first_weekday=request.user.first_weekday)  # type: ignore[union-attr]
        period = form.as_period()
        context = {
            **self.admin_site.each_context(request),
            "title": "Figures of the platform",
            "opts": self.opts,
            "choices": [(choice, choice.label) for choice in Choice if choice != Choice.CUSTOM],
            "choice": form.choice,
            "period": period,
            "platform": platform_of(period, zone),
            "month": last_month(today),
        }
        return TemplateResponse(request, "analytics/admin/figures.html", context)

    def report(self, request: HttpRequest, provider: str, month: date) -> HttpResponse:
        """The report of a provider's month, as they read it themselves."""
        report = self._report(request, provider, month)
        return TemplateResponse(request, "analytics/report.html", {"report": report, "staff_reads": provider})

    def report_pdf(self, request: HttpRequest, provider: str, month: date) -> HttpResponse:
        """The same as PDF."""
        file = pdf_of(self._report(request, provider, month), now=clock.now())
        headers = {"Content-Disposition": f'attachment; filename="report-{provider}-{month:%Y-%m}.pdf"'}
        return HttpResponse(file, content_type="application/pdf", headers=headers)

    def _report(self, request: HttpRequest, slug: str, month: date) -> Report:
        self._check(request)
        provider = get_object_or_404(Provider.objects.for_pages().exclude(listing=Listing.DRAFT), slug=slug)
        if month > last_month(today_of(provider)):
            raise Http404
        period, now = of_month(month, first_weekday=provider.user.first_weekday), clock.now()
        return report_of(provider, figures_of(provider, period, now=now), now=now)

    def _check(self, request: HttpRequest) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
