from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin import Act, Acting, Answer, ModelAdmin, ReadOnly, StateFilter
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
class MessageAdmin(Acting):
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

    looks = {
        "try_again": ("refresh", "It is due at once; running it twice tells nobody twice"),
        "leave_undone": ("x", "Nobody is told, nothing is done"),
    }

    def acts_on(self, row: Message) -> bool:
        return row.done_at is None

    def acts_for(self, request: HttpRequest, row: Message) -> list[Act]:
        """Trying again is for what has failed, leaving undone for what waits."""
        fits = {"try_again": row.dead_at is not None, "leave_undone": row.dead_at is None}
        return [act for act in super().acts_for(request, row) if fits[act.name]]

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_message")

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> Answer:
        return self.act_on_each(
            request, queryset, lambda message, reason: retry_message(message=message, actor=request.user)
        )

    @admin.action(description="Leave undone", permissions=["try_again"])
    def leave_undone(self, request: HttpRequest, queryset: QuerySet[Message]) -> Answer:
        return self.act_on_each(
            request, queryset, lambda message, reason: leave_undone(message=message, actor=request.user)
        )


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "rhythm", "last_run_at", "next_run_at"]
