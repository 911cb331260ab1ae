from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from appointments.mail import preview as mail_preview
from core import health, styleguide, well_known

urlpatterns = [
    path("health/", health.health, name="health"),
    path("ready/", health.ready, name="ready"),
    path("robots.txt", well_known.robots, name="robots"),
    path("favicon.ico", well_known.favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("providers.urls")),
    path("", include("calendar_sync.urls")),
    path("", include("appointments.urls")),
    path("", include("analytics.urls")),
    path("", include("api.urls")),
]

handler400 = "core.errors.bad_request"
handler403 = "core.errors.permission_denied"
handler404 = "core.errors.page_not_found"
handler500 = "core.errors.server_error"
handler429 = "accounts.views.too_many_requests"

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", styleguide.sheet, name="styleguide"),
        path("styleguide/<int:code>/", styleguide.error_page, name="styleguide_error"),
        path("styleguide/mails/", mail_preview.mails, name="styleguide_mails"),
        path("styleguide/mails/<slug:verb>/<slug:side>.<slug:form>", mail_preview.mail, name="styleguide_mail"),
    ]
