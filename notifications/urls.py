"""Addresses of the inbox, of the settings of what a person is told, and of the link that turns a topic off."""

from django.urls import path, re_path

from . import inbox_views, views

urlpatterns = [
    path("my/notifications/", inbox_views.inbox_page, name="my_inbox"),
    path("my/notifications/read/", inbox_views.mark_all_read, name="my_inbox_read"),
    path("my/notifications/<uuid:item>/", inbox_views.open_item, name="my_inbox_item"),
    path("my/settings/notifications/", views.settings_page, name="settings_notifications"),
    re_path(r"^unsubscribe/(?P<token>[0-9a-f]{64})/$", views.unsubscribe, name="unsubscribe"),
]
