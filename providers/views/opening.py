"""The studio's pages of open time: the week, and the dates that differ from it."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from providers import hooks, hours, queries, services
from providers.access import provider_required
from providers.exceptions import ChangedMeanwhile, HoursRefused, OverrideRefused
from providers.forms import OverrideForm, WeekForm
from providers.hours import Week
from providers.models import DateOverride, Provider

from . import gone
from .daylines import daylines
from .effect import effect_of
from .page import READ_AND_SEND

# The button that shows what the typed week would change; with scripts each change of a field presses it.
CHECK = "check"
# The ids of the elements that htmx swaps, and their parts of the template.
PARTS = {"hours-editor": "#editor", "effect": "#effect"}


# --- The week ---------------------------------------------------------------------------------------------------------


@require_http_methods(READ_AND_SEND)
@provider_required
def week(request: HttpRequest, provider: Provider) -> HttpResponse:
    present = queries.week_of(provider)
    if request.method != "POST":
        return _week_page(request, provider, present, WeekForm(week=present, time_zone=provider.time_zone))
    answer = answer_week(request, provider, present)
    if isinstance(answer, WeekAnswer):
        return _week_page(request, provider, present, answer.form, status=answer.status, **answer.context)
    total = hours.week_minutes(answer)
    messages.success(request, f"Working hours saved: {hours.hours_text(total)} a week.")
    tell_outside(request, provider)
    return redirect("studio_hours")


class WeekAnswer:
    """The form to show again, after the work of a button or with errors."""

    def __init__(self, form: WeekForm, status: int = 200, **context: Any) -> None:
        self.form, self.status, self.context = form, status, context


def answer_week(request: HttpRequest, provider: Provider, present: Week) -> WeekAnswer | Week:
    """Save the posted week and return it, or return the form to show instead: after a button, and to check it."""
    form, twelve = WeekForm.typed(request.POST), provider.user.uses_12h_clock
    pressed = request.POST.get("do")
    if pressed is not None and pressed != CHECK:
        return WeekAnswer(form, announce=form.press(pressed))
    if not form.is_valid(twelve=twelve):
        return WeekAnswer(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if pressed == CHECK:
        return WeekAnswer(form)
    zone = form.zone.cleaned_data
    try:
        services.set_working_hours(
            provider=provider, actor=provider.user, week=form.week, time_zone=zone["time_zone"], seen=zone["seen"]
        )
    except ChangedMeanwhile as refusal:
        saved_now = form.ask_again(present, provider.time_zone, twelve=twelve)
        return WeekAnswer(form, HTTPStatus.CONFLICT, refusal=refusal, saved_now=saved_now)
    return form.week


def tell_outside(request: HttpRequest, provider: Provider) -> None:
    """Warn of confirmed appointments that fall outside the new hours."""
    provider.refresh_from_db(fields=["time_zone"])
    count = hooks.count_outside_hours(provider, clock.now())
    if count == 1:
        messages.warning(request, "1 confirmed appointment falls outside the new hours. It stays.")
    elif count:
        messages.warning(request, f"{count} confirmed appointments fall outside the new hours. They stay.")


def _week_page(
    request: HttpRequest, provider: Provider, present: Week, form: WeekForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "effect": effect_of(provider, present, form) if form.is_bound else None,
        "total": hours.hours_text(hours.week_minutes(present)),
        "lines": daylines(present, twelve=provider.user.uses_12h_clock),
        "coming": len(queries.coming_overrides(provider, today=queries.today_of(provider))),
    }
    return render_editor(request, "providers/hours.html", {**context, **more}, status=status)


def render_editor(request: HttpRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    """The page; while scripts run, the editor alone for a button pressed in it, or only what the hours change."""
    part = PARTS.get(request.headers.get("HX-Target", ""), "")
    # Hours that are still being typed are no mistake.
    status = HTTPStatus.OK if part == PARTS["effect"] else status
    answer = render(request, f"{template}{part}", {**context, "part": part}, status=status)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


# --- Dates of their own -----------------------------------------------------------------------------------------------


@require_safe
@provider_required
def override_list(request: HttpRequest, provider: Provider) -> HttpResponse:
    present = queries.week_of(provider)
    rows = [
        {
            "override": override,
            "dates": services.dates_text(override.start_on, override.end_on),
            "text": hours.ranges_text(
                [(start, end) for start, end in override.ranges], twelve=provider.user.uses_12h_clock
            ),
            "difference": hours.difference_text(
                hours.difference(
                    [(start, end) for start, end in override.ranges], override.start_on, override.end_on, present
                )
            ),
        }
        for override in queries.coming_overrides(provider, today=queries.today_of(provider))
    ]
    return render(request, "providers/overrides.html", {"provider": provider, "rows": rows})


@require_http_methods(READ_AND_SEND)
@provider_required
def new_override(request: HttpRequest, provider: Provider) -> HttpResponse:
    return _edit_override(request, provider, None)


@require_http_methods(READ_AND_SEND)
@provider_required
def edit_override(request: HttpRequest, provider: Provider, day: date) -> HttpResponse:
    return _edit_override(request, provider, own_override(provider, day))


@require_http_methods(READ_AND_SEND)
@provider_required
def remove_override(request: HttpRequest, provider: Provider, day: date) -> HttpResponse:
    """GET explains the removal, POST lets the dates follow the week again."""
    try:
        override = own_override(provider, day)
    except Http404:
        return gone.back_to_the_list(request, "studio_overrides")
    dates = services.dates_text(override.start_on, override.end_on)
    follow = "follows" if override.start_on == override.end_on else "follow"
    if request.method != "POST":
        text = hours.ranges_text([(start, end) for start, end in override.ranges], twelve=provider.user.uses_12h_clock)
        context = {"provider": provider, "override": override, "dates": dates, "text": text}
        return render(request, "providers/override_remove.html", context)
    gone.remember(request, f"{dates} already {follow} the week again.")
    services.remove_override(override=override, actor=provider.user)
    messages.success(request, f"{dates} {follow} the week again.")
    tell_outside(request, provider)
    return redirect("studio_overrides")


def own_override(provider: Provider, day: date) -> DateOverride:
    override = provider.date_overrides.filter(start_on=day).first()
    if override is None:
        raise Http404("No such dates")
    override.provider = provider
    return override


def _edit_override(request: HttpRequest, provider: Provider, override: DateOverride | None) -> HttpResponse:
    if request.method != "POST":
        first = queries.today_of(provider) + timedelta(days=1)
        return _override_page(request, provider, override, OverrideForm(override, first=first))
    form, twelve = OverrideForm.typed(request.POST), provider.user.uses_12h_clock
    if "do" in request.POST:
        return _override_page(request, provider, override, form, announce=form.press(request.POST["do"]))
    if not form.is_valid(twelve=twelve):
        return _override_page(request, provider, override, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        saved = services.save_override(
            provider=provider,
            actor=provider.user,
            override=override,
            seen=form.dates.cleaned_data["seen"],
            **form.values(),
        )
    except (HoursRefused, OverrideRefused) as refusal:
        form.dates.add_error("start_on", str(refusal))
        return _override_page(request, provider, override, form, status=refusal.status)
    except ChangedMeanwhile as refusal:
        assert override is not None
        saved_now = form.ask_again(override, twelve=twelve)
        return _override_page(
            request, provider, override, form, status=HTTPStatus.CONFLICT, refusal=refusal, saved_now=saved_now
        )
    dates = services.dates_text(saved.start_on, saved.end_on)
    text = hours.ranges_text([(start, end) for start, end in saved.ranges], twelve=twelve)
    messages.success(request, f"{dates}: {text}.")
    tell_outside(request, provider)
    return redirect("studio_overrides")


def _override_page(
    request: HttpRequest,
    provider: Provider,
    override: DateOverride | None,
    form: OverrideForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {"provider": provider, "override": override, "form": form, **more}
    return render_editor(request, "providers/override.html", context, status=status)
