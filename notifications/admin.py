from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import Acting, Answer, ModelAdmin, ReadOnly, TabularInline

from .models import InboxItem, MailPreferences, Mention, RefusedAddress, ReminderLead, SentMail, TurnedOff
from .services import send_again


class MentionInline(ReadOnly, TabularInline):
    model = Mention
    fields = ("about",)
    extra = 0


@admin.register(SentMail)
class SentMailAdmin(Acting):
    list_display = ["created_at", "kind", "about", "user", "state", "reason", "held_until", "attempts", "sent_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["user"]
    search_fields = ["about", "mentions__about", "user__email", "message_id"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    exclude = ["lease_token"]
    inlines = [MentionInline]
    actions = ["send_again"]

    looks = {"send_again": ("send", "The mail is made anew and sent where it is still true")}

    def acts_on(self, row: SentMail) -> bool:
        return bool(row.topic)

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_sentmail")

    @admin.action(description="Send again", permissions=["send_again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[SentMail]) -> Answer:
        def send(mail: SentMail, reason: str) -> bool:
            asked = send_again(mail=mail)
            if not asked:
                text = f"{mail}: left alone, as it was sent just now, or is never repeated."
                self.message_user(request, text, messages.WARNING)
            return asked

        return self.act_on_each(request, queryset, send)


@admin.register(InboxItem)
class InboxItemAdmin(ReadOnly, ModelAdmin):
    """The admin page of what people were told on the site, and whether they have read it."""

    list_display = ["told_at", "kind", "about", "reader", "read_at"]
    list_filter = ["kind"]
    list_select_related = ["reader"]
    search_fields = ["about", "reader__email"]
    show_full_result_count = False


@admin.register(RefusedAddress)
class RefusedAddressAdmin(ReadOnly, ModelAdmin):
    """The admin page of refused addresses. Staff delete a row to let the next mail try the address at once."""

    list_display = ["user", "email", "code", "refused_at"]
    list_select_related = ["user"]
    search_fields = ["email"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("notifications.delete_refusedaddress")


class ReminderLeadInline(ReadOnly, TabularInline):
    model = ReminderLead
    fields = ("minutes",)
    extra = 0


class TurnedOffInline(ReadOnly, TabularInline):
    model = TurnedOff
    fields = ("channel", "topic")
    extra = 0


@admin.register(MailPreferences)
class MailPreferencesAdmin(ReadOnly, ModelAdmin):
    """The admin page of what people chose to be told about: each decides for themselves, and staff only look."""

    list_display = ["user", "much", "quiet_from", "quiet_until"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    inlines = [TurnedOffInline, ReminderLeadInline]
