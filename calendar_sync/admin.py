"""Connections to Google as staff see them: how they stand, never their tokens, nor what somebody is busy with."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from core.admin import Acting, Answer, ModelAdmin, ReadOnly, TabularInline

from .models import BusyInterval, Channel, Connection, FreeEvent, GoogleCalendar, Note, WrittenEvent
from .services import connecting


@admin.register(BusyInterval)
class BusyIntervalAdmin(ReadOnly, ModelAdmin):
    list_display = ["start", "end", "provider", "calendar"]
    list_select_related = ["provider", "calendar"]
    fields = ["provider", "calendar", "start", "end", "is_all_day", "is_free_by_choice"]
    search_fields = ["provider__name"]
    date_hierarchy = "start"
    show_full_result_count = False


@admin.register(FreeEvent)
class FreeEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["start", "end", "calendar"]
    list_select_related = ["calendar"]
    fields = ["calendar", "start", "end", "is_all_day"]
    search_fields = ["calendar__connection__email"]
    date_hierarchy = "start"
    show_full_result_count = False


@admin.register(WrittenEvent)
class WrittenEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["event_id", "calendar", "source", "start", "written_at", "write_at", "failures", "problem"]
    list_select_related = ["calendar"]
    list_filter = ["source", "problem"]
    search_fields = ["event_id", "calendar__connection__email"]
    fields = [
        *("calendar", "source", "key", "event_id", "start", "end", "sent_at", "written_at", "write_at"),
        *("problem", "meet", "meet_link", "meet_since"),
    ]
    show_full_result_count = False


class CalendarInline(ReadOnly, TabularInline):
    model = GoogleCalendar
    extra = 0
    fields = ("name", "counts_as_busy", "last_read_at", "next_read_at", "failures", "problem", "gone_since")
    readonly_fields = fields


class ChannelInline(ReadOnly, TabularInline):
    model = Channel
    extra = 0
    fields = ("calendar", "state", "asked_at", "expires_at", "last_message_at", "failures")
    readonly_fields = fields


@admin.register(Connection)
class ConnectionAdmin(Acting):
    list_display = ["email", "user", "state", "state_since", "problem", "signed_in_at"]
    list_select_related = ["user"]
    list_filter = ["state", "problem"]
    search_fields = ["email", "user__email", "user__name"]
    fields = ["user", "email", "profile", "granted", "state", "state_since", "problem", "when_stale", "makes_meet"]
    fields += ["signed_in_at", "sign_in_until"]
    inlines = [CalendarInline, ChannelInline]
    show_full_result_count = False
    actions = ["sync_now"]
    looks = {"sync_now": ("refresh", "Its calendars are read, and what could not be written is tried again")}

    def acts_on(self, row: Connection) -> bool:
        return row.is_working

    def has_sync_now_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("calendar_sync.change_connection")

    @admin.action(description="Sync now", permissions=["sync_now"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Connection]) -> Answer:
        def sync(connection: Connection, reason: str) -> bool:
            if not connection.is_working:
                self.message_user(request, f"{connection}: its owner has to sign in to Google first.", messages.WARNING)
                return False
            connecting.read_now(connection=connection, now=clock.now())
            return True

        return self.act_on_each(request, queryset.select_related("user"), sync)


@admin.register(Note)
class NoteAdmin(ReadOnly, ModelAdmin):
    list_display = ["connection", "kind", "problem", "busy", "changed", "at"]
    list_select_related = ["connection"]
    list_filter = ["kind", "problem"]
    search_fields = ["connection__email"]
    date_hierarchy = "at"
    show_full_result_count = False
