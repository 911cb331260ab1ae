"""The addresses of the pages about Google Calendar, for providers and for others, and that of its push messages."""

from django.urls import path

from . import views
from .doors import SETTINGS, STUDIO

IN_STUDIO, IN_SETTINGS = {"place": STUDIO}, {"place": SETTINGS}
ROW = "<uuid:connection>"

urlpatterns = [
    path("studio/google/", views.google, IN_STUDIO, name="studio_google"),
    path("studio/google/connect/", views.connect, IN_STUDIO, name="google_connect"),
    # The one address that Google knows, for everybody.
    path("studio/google/back/", views.come_back, name="google_come_back"),
    path("studio/google/changes/<uuid:event>/", views.edit, IN_STUDIO, name="google_edit"),
    path("studio/google/changes/<uuid:event>/again/", views.write_again, name="google_write_again"),
    path("studio/google/busy-again/", views.busy_again, name="google_busy_again"),
    path(f"studio/google/{ROW}/calendars/", views.calendars, IN_STUDIO, name="google_calendars"),
    path(f"studio/google/{ROW}/access/", views.access, IN_STUDIO, name="google_access"),
    path(f"studio/google/{ROW}/calendar-again/", views.calendar_again, IN_STUDIO, name="google_calendar_again"),
    path(f"studio/google/{ROW}/history/", views.history, IN_STUDIO, name="google_history"),
    path(f"studio/google/{ROW}/sync/", views.sync_now, IN_STUDIO, name="google_sync"),
    path(f"studio/google/{ROW}/disconnect/", views.disconnect, IN_STUDIO, name="google_disconnect"),
    path("my/settings/google/", views.google, IN_SETTINGS, name="my_google"),
    path("my/settings/google/connect/", views.connect, IN_SETTINGS, name="my_google_connect"),
    path("my/settings/google/changes/<uuid:event>/", views.edit, IN_SETTINGS, name="my_google_edit"),
    path(f"my/settings/google/{ROW}/calendars/", views.calendars, IN_SETTINGS, name="my_google_calendars"),
    path(f"my/settings/google/{ROW}/access/", views.access, IN_SETTINGS, name="my_google_access"),
    path(
        f"my/settings/google/{ROW}/calendar-again/", views.calendar_again, IN_SETTINGS, name="my_google_calendar_again"
    ),
    path(f"my/settings/google/{ROW}/history/", views.history, IN_SETTINGS, name="my_google_history"),
    path(f"my/settings/google/{ROW}/sync/", views.sync_now, IN_SETTINGS, name="my_google_sync"),
    path(f"my/settings/google/{ROW}/disconnect/", views.disconnect, IN_SETTINGS, name="my_google_disconnect"),
    path("google/push/", views.push, name="google_push"),
]
