"""Connections to Google as staff see them: how they stand, never their tokens, nor what somebody is busy with."""

from django.contrib import admin

from core.admin import ModelAdmin, ReadOnly, TabularInline

from .models import BusyInterval, Channel, Connection, FreeEvent, GoogleCalendar, Note, WrittenEvent


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
class ConnectionAdmin(ReadOnly, ModelAdmin):
    list_display = ["email", "user", "state", "state_since", "problem", "signed_in_at"]
    list_select_related = ["user"]
    list_filter = ["state", "problem"]
    search_fields = ["email", "user__email", "user__name"]
    fields = ["user", "email", "profile", "granted", "state", "state_since", "problem", "when_stale", "makes_meet"]
    fields += ["signed_in_at", "sign_in_until"]
    inlines = [CalendarInline, ChannelInline]
    show_full_result_count = False


@admin.register(Note)
class NoteAdmin(ReadOnly, ModelAdmin):
    list_display = ["connection", "kind", "problem", "busy", "changed", "at"]
    list_select_related = ["connection"]
    list_filter = ["kind", "problem"]
    search_fields = ["connection__email"]
    date_hierarchy = "at"
    show_full_result_count = False
