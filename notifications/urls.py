"""Addresses of the settings of mails, and of the link that turns a topic off."""

from django.urls import path, re_path

from . import views

urlpatterns = [
    path("my/settings/notifications/", views.settings_page, name="settings_notifications"),
    re_path(r"^unsubscribe/(?P<token>[0-9a-f]{64})/$", views.unsubscribe, name="unsubscribe"),
]
