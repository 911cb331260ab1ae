"""The addresses of the studio's pages about Google Calendar, and the one that Google sends its messages to."""

from django.urls import path

from . import views

urlpatterns = [
    path("studio/google/", views.google, name="studio_google"),
    path("studio/google/connect/", views.connect, name="google_connect"),
    path("studio/google/back/", views.come_back, name="google_come_back"),
    path("studio/google/changes/<uuid:event>/", views.edit, name="google_edit"),
    path("studio/google/changes/<uuid:event>/again/", views.write_again, name="google_write_again"),
    path("studio/google/busy-again/", views.busy_again, name="google_busy_again"),
    path("studio/google/<uuid:connection>/calendars/", views.calendars, name="google_calendars"),
    path("studio/google/<uuid:connection>/history/", views.history, name="google_history"),
    path("studio/google/<uuid:connection>/sync/", views.sync_now, name="google_sync"),
    path("studio/google/<uuid:connection>/disconnect/", views.disconnect, name="google_disconnect"),
    path("google/push/", views.push, name="google_push"),
]
