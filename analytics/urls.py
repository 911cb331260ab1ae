from django.urls import path

from . import converters  # noqa: F401 - registers <report_month:…>
from .views import reports, studio

urlpatterns = [
    path("studio/analytics/", studio.analytics, name="studio_analytics"),
    path("studio/analytics/figures.csv", studio.analytics_csv, name="studio_analytics_csv"),
    path("studio/reports/", reports.reports, name="studio_reports"),
    path("studio/reports/<report_month:month>/", reports.report, name="studio_report"),
    path("studio/reports/<report_month:month>/report.pdf", reports.report_pdf, name="studio_report_pdf"),
    path("studio/reports/<report_month:month>/figures.csv", reports.report_csv, name="studio_report_csv"),
    path("studio/reports/<report_month:month>/mail/", reports.mail, name="studio_report_mail"),
]
