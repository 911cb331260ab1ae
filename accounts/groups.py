"""The three groups of staff, which every installation has: those who look, those who help, those who run the house.

They are made once all apps have made their permissions. What an owner changes in a group afterwards stays.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, Permission

# Rights that only superusers hand out, or that are nobody's: who is in which group, and the tables of Django itself.
NOT_OURS = {"auth", "contenttypes", "sessions"}
# What helping people takes, beside looking: each leads to an action with a reason, never to a raw edit.
HELPING = {
    "change_appointment", "change_appeal", "change_ban", "add_ban", "change_latecancellation", "change_provider",
    "change_sentmail", "change_message", "change_user", "delete_refusedaddress", "delete_calendarfeed",
    "change_connection",
}  # fmt: skip


def _looks(permission: Permission) -> bool:
    return permission.codename.startswith("view_")


GROUPS: dict[str, Callable[[Permission], bool]] = {
    "Viewer": _looks,
    "Supporter": lambda permission: _looks(permission) or permission.codename in HELPING,
    "Administrator": lambda permission: True,
}


def make_groups(**signal: Any) -> None:
    """Make those of the three groups that are missing, each with its rights; a handler of `post_migrate`."""
    missing = GROUPS.keys() - set(Group.objects.filter(name__in=GROUPS).values_list("name", flat=True))
    if not missing:
        return
    permissions = list(Permission.objects.exclude(content_type__app_label__in=NOT_OURS).select_related("content_type"))
    for name in missing:
        Group.objects.create(name=name).permissions.set([each for each in permissions if GROUPS[name](each)])
