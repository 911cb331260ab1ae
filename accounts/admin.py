from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin

from accounts import services
from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People as staff see them. Passwords, second steps and sessions are never shown; people sign up themselves."""

    list_display = ["email", "name", "email_confirmed_at", "is_staff", "is_active", "joined_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    ordering = ["-joined_at"]
    fields = [
        "uuid", "email", "email_confirmed_at", "name", "phone", "time_zone", "language",
        "is_active", "is_staff", "is_superuser", "groups", "user_permissions", "joined_at", "last_login",
    ]  # fmt: skip
    readonly_fields = ["uuid", "email", "email_confirmed_at", "language", "joined_at", "last_login"]
    filter_horizontal = ["groups", "user_permissions"]

    def has_add_permission(self, request) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and not obj.is_active:
            services.deactivate_account(user=obj)

    def get_readonly_fields(self, request, obj=None):
        """Only superusers hand out rights."""
        rights = [] if request.user.is_superuser else ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [*super().get_readonly_fields(request, obj), *rights]


# allauth's own pages would show secrets of second steps and keys of sessions, and let addresses be confirmed by a tick.
for model in (Authenticator, EmailAddress, EmailConfirmation, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
