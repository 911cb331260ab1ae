"""Actions of the admin that ask first, on a page that names the rows, for a reason; also on the page of one row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from core.exceptions import DomainError
from core.forms import TextField

from .pages import ModelAdmin, ReadOnly

# The result of an action: a page that asks for confirmation, or None, which leads back to the list.
Answer = TemplateResponse | None
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Act:
    """An action as it is offered on a row's own page: its icon, and what it brings, said before it is chosen."""

    name: str
    words: str
    icon: str = "right"
    brings: str = ""


class ReasonForPerson(forms.Form):
    """The reason of a decision about somebody, which they read."""

    reason = TextField(label="Reason", max_length=REASON_LENGTH, help_text="The person reads it in a mail.")


class ReasonForAudit(forms.Form):
    """The reason of a decision that only staff read."""

    reason = TextField(label="Reason", max_length=REASON_LENGTH, help_text="It is kept, with your name, for staff.")


class Acts(ModelAdmin):
    """A ModelAdmin with actions that ask first, on a page that names the rows, for a reason.

    Each action is offered in the list, for ticked rows, and on the row's own page, with its form (`?act=NAME`).
    """

    change_form_template = "admin/acts/change.html"
    # How the page that asks names a row: a template, which gets it as `row`.
    line_template = "admin/acts/_row.html"
    # The form with the one text that is asked for.
    asking_form: type[forms.Form] = ReasonForAudit
    # The most rows in one action: their list still fits on a page that staff read before they confirm.
    most_at_once = 100

    # The icon of each action, and what it brings, by its name.
    looks: dict[str, tuple[str, str]] = {}

    def form_for(self, action: str) -> type[forms.Form]:
        """The form of an action."""
        return self.asking_form

    def acts_on(self, row: Any) -> bool:
        """Whether the actions are offered on the row's own page, too."""
        return False

    def acts_for(self, request: HttpRequest, row: Any) -> list[Act]:
        """The actions that are offered on the page of this row to this person."""
        if not self.acts_on(row):
            return []
        offered = dict(self.get_action_choices(request))
        own = [str(name) for name in self.actions or () if name in offered]
        return [Act(name, offered[name], *self.looks.get(name, ())) for name in own]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = context.get("original")
        acts = self.acts_for(request, row) if row else []
        chosen = next((act for act in acts if act.name == request.GET.get("act")), None)
        form = self.form_for(chosen.name)() if chosen else None
        context |= {"acts": acts, "chosen_act": chosen, "act_form": form}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """As Django's, but an action that was chosen on a row's own page leads back to that page."""
        response = super().response_action(request, queryset)
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if "from_page" in request.POST and isinstance(response, HttpResponseRedirect) and len(chosen) == 1:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", chosen[0])
        return response

    def act(
        self, request: HttpRequest, queryset: QuerySet[Any], change: Callable[[list[Any], str], Sequence[Model]]
    ) -> Answer:
        """Ask for the text, then call `change` with the chosen rows and the text; the rows it returns are logged."""
        chosen = list(queryset[: self.most_at_once + 1])
        if len(chosen) > self.most_at_once:
            self.message_user(request, f"Choose at most {self.most_at_once} at a time.", messages.ERROR)
            return None
        asking = self.form_for(request.POST["action"])
        form = asking(request.POST) if "confirmed" in request.POST else asking()
        if not form.is_valid():
            return self._ask(request, chosen, form)
        [text] = form.cleaned_data.values()
        changed = change(chosen, text)
        actor = request.user.pk
        assert actor is not None
        LogEntry.objects.log_actions(actor, changed, CHANGE, change_message=f"{request.POST['action']}: {text}")
        self.message_user(request, f"{len(changed)} changed.", messages.SUCCESS if changed else messages.INFO)
        return None

    def act_on_each(self, request: HttpRequest, queryset: QuerySet[Any], change: Callable[[Any, str], bool]) -> Answer:
        """As `act`, a row at a time: `change` says whether it changed the row. A refusal is shown and stops none."""

        def change_all(chosen: list[Any], text: str) -> list[Any]:
            changed = []
            for row in chosen:
                try:
                    if change(row, text):
                        changed.append(row)
                except DomainError as refusal:
                    self.message_user(request, f"{row}: {refusal}", messages.WARNING)
            return changed

        return self.act(request, queryset, change_all)

    def _ask(self, request: HttpRequest, chosen: list[Any], form: forms.Form) -> Answer:
        """The confirmation page with the action, the chosen rows and the form for the text."""
        name = request.POST["action"]
        context = {
            **self.admin_site.each_context(request),
            "title": dict(self.get_action_choices(request))[name],
            "opts": self.opts,
            "action": name,
            "checkbox": ACTION_CHECKBOX_NAME,
            "line_template": self.line_template,
            "chosen": chosen,
            "form": form,
            "from_page": "from_page" in request.POST,
            "brings": self.looks.get(name, ("", ""))[1],
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        return TemplateResponse(request, "admin/acts/confirm.html", context, status=status)


class Acting(ReadOnly, Acts):
    """A ModelAdmin of rows that staff may look at, and change through actions alone."""
