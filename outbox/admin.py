from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import ModelAdmin, ReadOnly, StateFilter
from outbox.models import Message, ScheduledJob
from outbox.services import leave_undone, retry_message


class MessageState(StateFilter):
    states = (
        ("dead", "Failed"),
        ("due", "Due"),
        ("running", "Running"),
        ("pending", "Not done yet"),
        ("done", "Done"),
    )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        state = self.value()
        return getattr(queryset, state)() if state in dict(self.lookup_choices) else queryset


@admin.register(Message)
class MessageAdmin(ReadOnly, ModelAdmin):
    list_display = ["topic", "key", "state", "attempts", "due_at", "last_error"]
    list_filter = [MessageState, "topic"]
    search_fields = ["topic", "key"]
    ordering = ["-created_at"]
    show_facets = admin.ShowFacets.ALWAYS
    show_full_result_count = False
    actions = ["try_again", "leave_undone"]

    @admin.display
    def state(self, message: Message) -> str:
        if message.dead_at:
            return "failed"
        if message.done_at:
            return "done"
        return "running" if message.leased_until else "waiting"

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_message")

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        revived = [message for message in queryset if retry_message(message=message, actor=request.user)]
        for message in revived:
            self.log_change(request, message, "Asked to try again.")
        self.message_user(request, f"{len(revived)} of the chosen had failed and will be tried again.")

    @admin.action(description="Leave undone", permissions=["try_again"])
    def leave_undone(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        left = [message for message in queryset if leave_undone(message=message, actor=request.user)]
        for message in left:
            self.log_change(request, message, "Left undone.")
        self.message_user(request, f"{len(left)} of the chosen were waiting and will not be done.")


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "rhythm", "last_run_at", "next_run_at"]
