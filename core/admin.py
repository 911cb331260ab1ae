"""What the admin pages of several apps share."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

admin.site.site_header = admin.site.site_title = f"{settings.SITE_NAME} staff"
admin.site.index_title = "Look after people and appointments"


class ReadOnly:
    """Staff look, and change nothing but through an action."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def refuse_what_was_not_offered(request: HttpRequest, model_admin: Any) -> None:
    """Raises PermissionDenied for a POST to a list by whoever may only look, or with an action they are not offered.

    Admin itself answers such a press with the list and no word of refusal.
    """
    if not model_admin.admin_site.has_permission(request):
        return
    offered = model_admin.get_actions(request)
    named = {name for name in request.POST.getlist("action") if name}
    if not named <= offered.keys() or not (offered or model_admin.has_change_permission(request)):
        raise PermissionDenied
