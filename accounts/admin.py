"""Admin pages of people and of groups.

Permissions decide who sees which page. Handing out rights is for superusers alone: nobody else changes a group, or the
row of another member of staff.
"""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts import personal_data, services
from accounts.models import Ban, User
from core.admin import FOUND_AT_MOST, Found, ModelAdmin, ReadOnly, search_of


@admin.register(User)
class UserAdmin(ModelAdmin):
    """The admin page of a person, without passwords, second steps and sessions. People sign up themselves."""

    list_display = ["known_as", "name", "email_confirmed_at", "is_staff", "is_active", "joined_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "username", "name"]
    ordering = ["-joined_at"]
    fields = [
        "uuid", "email", "email_confirmed_at", "username", "name", "phone", "time_zone", "language",
        "is_active", "is_staff", "is_superuser", "groups", "user_permissions", "joined_at", "last_login", "suspensions",
        "kept",
    ]  # fmt: skip
    readonly_fields = [
        "uuid",
        "email",
        "email_confirmed_at",
        "username",
        "language",
        "joined_at",
        "last_login",
        "suspensions",
        "kept",
    ]
    filter_horizontal = ["groups", "user_permissions"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")  # each right is named by its model
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="email or username", ordering="email")
    def known_as(self, person: User) -> str:
        return person.known_as

    @admin.display(description="kept about them")
    def kept(self, person: User) -> str:
        """The rows of all apps about the person, counted by kind; kinds without a row are left out."""
        if "_kept" not in person.__dict__:  # the theme asks for a field more than once
            person._kept = personal_data.count(person)  # type: ignore[attr-defined]
        counts: dict[str, int] = person.__dict__["_kept"]
        return "; ".join(f"{name}: {number}" for name, number in counts.items() if number) or "nothing"

    @admin.display(description="suspensions")
    def suspensions(self, person: User) -> str:
        """The suspensions of the person, the newest first, each a link to its page, where the open one is lifted."""
        found = [
            (
                reverse("admin:accounts_ban_change", args=[ban.pk]),
                f"{ban.since:%d %b %Y, %H:%M} UTC",
                _lifted_or_open(ban),
            )
            for ban in person.bans.order_by("-since")
        ]
        return format_html_join("; ", '<a href="{}">since {}</a>, {}', found) or "none"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whether the person signed in may change `obj`: another member of staff only as a superuser."""
        is_other_staff = obj is not None and (obj.is_staff or obj.is_superuser) and obj.pk != request.user.pk
        allowed = super().has_change_permission(request, obj)
        return allowed and (not is_other_staff or _is_superuser(request))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # Nothing that changed elsewhere since the page was opened is written back.
        obj.save(update_fields=[name for name in form.changed_data if name not in {"groups", "user_permissions"}])
        if "time_zone" in form.changed_data:
            services.compare_calendar(obj)
        if "is_active" in form.changed_data and not obj.is_active:
            services.deactivate_account(user=obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """The fields that can't be edited; for all but superusers these include every right."""
        rights = [] if _is_superuser(request) else ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [*super().get_readonly_fields(request, obj), *rights]


class SuperusersGroupAdmin(GroupAdmin, ModelAdmin):
    """The admin page of a group, which only superusers add, change or delete: a group's rights are its members'."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request)


def _lifted_or_open(ban: Ban) -> str:
    return "open" if ban.lifted_at is None else f"lifted {ban.lifted_at:%d %b %Y, %H:%M} UTC"


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


admin.site.unregister(Group)
admin.site.register(Group, SuperusersGroupAdmin)

# allauth's own pages would show secrets of second steps and keys of sessions, let addresses be confirmed by a tick, and
# let anybody's Google account sign in to anybody's account. The client at Google stands in the settings.
for model in (Authenticator, EmailAddress, EmailConfirmation, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(SocialAccount)
class GoogleSignInAdmin(ReadOnly, ModelAdmin):
    """The admin page of a Google account that signs in to an account, to be read only. There are no tokens."""

    list_display = ["user", "address", "date_joined", "last_login"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name"]
    ordering = ["-date_joined", "-pk"]
    fields = ("user", "address", "date_joined", "last_login")
    readonly_fields = fields

    @admin.display(description="address at Google")
    def address(self, account: SocialAccount) -> str:
        return account.extra_data.get("email", "")


def find_people(request: HttpRequest, text: str) -> list[Found]:
    """The accounts whose address, username or name begins with the text, for staff's search."""
    if not request.user.has_perm("accounts.view_user"):
        return []
    fits = Q(email__istartswith=text) | Q(username__istartswith=text) | Q(name__istartswith=text)
    return [
        Found(str(person), f"Account, {person.known_as}", reverse("admin:accounts_user_change", args=[person.pk]))
        for person in User.objects.filter(fits).order_by("name")[:FOUND_AT_MOST]
    ]


search_of.answer(find_people)


@admin.register(LogEntry)
class AuditAdmin(ReadOnly, ModelAdmin):
    """What staff did in the admin, for how long `ADMIN_LOG_DAYS` says."""

    list_display = ["action_time", "user", "content_type", "object_repr", "words"]
    list_select_related = ["user", "content_type"]
    list_filter = ["action_flag", "content_type"]
    search_fields = ["object_repr", "user__email", "user__name", "change_message"]
    date_hierarchy = "action_time"
    ordering = ["-pk"]
    fields = ["action_time", "user", "content_type", "page", "words"]
    readonly_fields = ["page", "words"]
    show_full_result_count = False

    @admin.display(description="what was done")
    def words(self, entry: LogEntry) -> str:
        return entry.get_change_message()

    @admin.display(description="row")
    def page(self, entry: LogEntry) -> str:
        """The row that was changed, with a link to its page."""
        address = entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', address, entry.object_repr) if address else entry.object_repr
