"""The pages for becoming a provider: six steps with an address each, every one saved to a draft to be resumed."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import photos
from accounts.models import User
from core.exceptions import DomainError
from providers import hours, menu, queries, services, wording
from providers.exceptions import ChangedMeanwhile, ChangeRefused, NotReady
from providers.forms import FirstServiceForm, PolicyForm, ProfileForm, ServiceForm, WeekForm
from providers.forms.hours import USUAL
from providers.models import Provider, Service
from providers.states import Step

from .catalogue import first_values
from .opening import WeekAnswer, answer_week
from .page import READ_AND_SEND
from .uploads import limited_upload, save_photo


class StepLine(NamedTuple):
    """A step in the list above the page."""

    label: str
    address: str
    state: str


@require_safe
@never_cache
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """A redirect to the first unsaved step of the draft; to the studio for a provider who is past the draft."""
    provider = queries.provider_of(_user(request))
    if provider is not None and not provider.is_draft:
        return redirect("studio_profile")
    done = provider.steps_done if provider else []
    return redirect("become_provider_step", next((step for step in Step if step not in done), Step.CHECK))


@never_cache
@login_required
def about_too_large(request: HttpRequest, step: str) -> HttpResponse:
    messages.error(request, f"{photos.TOO_LARGE} Nothing was saved.")
    provider = queries.provider_of(_user(request))
    form = ProfileForm(initial=_about_initial(request, provider))
    return _page(request, provider, Step.ABOUT, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, form=form)


@limited_upload(about_too_large)
@require_http_methods(READ_AND_SEND)
@never_cache
@login_required
def step(request: HttpRequest, step: str) -> HttpResponse:
    if step not in Step.values:
        raise Http404("No such step")
    provider = queries.provider_of(_user(request))
    if provider is not None and not provider.is_draft:
        return redirect("studio_profile")
    if step == Step.ABOUT:
        return _about(request, provider)
    if provider is None:
        return redirect("become_provider_step", Step.ABOUT)
    return VIEWS[Step(step)](request, provider)


# --- The steps --------------------------------------------------------------------------------------------------------


def _about(request: HttpRequest, provider: Provider | None) -> HttpResponse:
    initial = _about_initial(request, provider)
    if request.method != "POST":
        return _page(request, provider, Step.ABOUT, form=ProfileForm(initial=initial))
    form = ProfileForm(request.POST, request.FILES, initial=initial)
    if not form.is_valid():
        return _page(request, provider, Step.ABOUT, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    try:
        services.start_page(actor=_user(request), values=form.values(), seen=form.cleaned_data["seen"])
    except ChangedMeanwhile:
        return _changed(
            request, provider, Step.ABOUT, form, _about_initial(request, queries.provider_of(_user(request)))
        )
    save_photo(request, form)
    return redirect("become_provider_step", Step.SERVICE)


def _service(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The step of the first service, which is changed if there is one already; more are added in the studio."""
    service: Service | None = provider.services.first()
    initial = ServiceForm.initial_of(service) if service else first_values(provider)
    form = FirstServiceForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method != "POST":
        return _page(request, provider, Step.SERVICE, form=form)
    if not form.is_valid():
        return _page(request, provider, Step.SERVICE, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    try:
        services.save_service(
            provider=provider,
            actor=_user(request),
            service=service,
            values=form.values(),
            seen=form.cleaned_data["seen"],
        )
    except ChangedMeanwhile:
        return _changed(request, provider, Step.SERVICE, form, initial)
    return redirect("become_provider_step", Step.HOURS)


def _hours(request: HttpRequest, provider: Provider) -> HttpResponse:
    present = queries.week_of(provider)
    if request.method != "POST":
        # Monday to Friday as a start, until the person has saved hours.
        shown = present if Step.HOURS in provider.steps_done else dict.fromkeys(range(5), [USUAL])
        form = WeekForm(week=shown, time_zone=provider.time_zone)
        form.zone.initial["seen"] = WeekForm(week=present, time_zone=provider.time_zone).zone.initial["seen"]
        return _page(request, provider, Step.HOURS, form=form)
    answer = answer_week(request, provider, present)
    if isinstance(answer, WeekAnswer):
        return _page(request, provider, Step.HOURS, status=answer.status, form=answer.form, **answer.context)
    return redirect("become_provider_step", Step.RULES)


def _rules(request: HttpRequest, provider: Provider) -> HttpResponse:
    policy = provider.policy
    initial = PolicyForm.initial_of(policy)
    if request.method != "POST":
        return _page(request, provider, Step.RULES, form=PolicyForm(initial=initial, policy=policy))
    form = PolicyForm(request.POST, policy=policy)
    if not form.is_valid():
        return _page(request, provider, Step.RULES, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    try:
        services.save_policy(
            provider=provider, actor=_user(request), values=form.values(), seen=form.cleaned_data["seen"]
        )
    except ChangedMeanwhile:
        return _changed(request, provider, Step.RULES, form, initial)
    return redirect("become_provider_step", Step.CALENDAR)


def _calendar(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The step of the calendar, which can be left for later unless this site requires one."""
    shown = {"can_connect": bool(settings.GOOGLE_CLIENT_ID), "is_required": settings.GOOGLE_CALENDAR_REQUIRED}
    if request.method != "POST":
        return _page(request, provider, Step.CALENDAR, **shown)
    try:
        services.leave_calendar_for_later(provider=provider, actor=_user(request))
    except ChangeRefused as refusal:
        return _page(request, provider, Step.CALENDAR, status=refusal.status, refusal=refusal, **shown)
    return redirect("become_provider_step", Step.CHECK)


def _check(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The last step, a summary on one page; its POST takes the provider's page live."""
    if request.method == "POST":
        try:
            services.go_live(provider=provider, actor=_user(request))
        except NotReady as refusal:
            return _check_page(request, provider, status=refusal.status)
        except ChangeRefused as refusal:
            return _check_page(request, provider, status=refusal.status, refusal=refusal)
        menu.note_studio(request)
        messages.success(request, "Your page is live. Customers can find and book you.")
        return redirect("studio_today")
    return _check_page(request, provider)


VIEWS: dict[Step, Callable[[HttpRequest, Provider], HttpResponse]] = {
    Step.SERVICE: _service,
    Step.HOURS: _hours,
    Step.RULES: _rules,
    Step.CALENDAR: _calendar,
    Step.CHECK: _check,
}


# --- The page around a step -------------------------------------------------------------------------------------------


def step_lines(provider: Provider | None, now: Step) -> list[StepLine]:
    """The steps, each done, now or to do; they are links once there is a draft."""
    done = provider.steps_done if provider else []
    return [
        StepLine(
            step.label,
            reverse("become_provider_step", args=[step]) if provider else "",
            "now" if step == now else "done" if step in done else "todo",
        )
        for step in Step
    ]


def _page(
    request: HttpRequest, provider: Provider | None, step: Step, *, status: int = 200, **context: Any
) -> HttpResponse:
    editor = step == Step.HOURS and request.headers.get("HX-Target") == "hours-editor"
    template = f"providers/become/{step}.html{'#editor' if editor else ''}"
    steps = step_lines(provider, step)
    whole = {"provider": provider, "step": step, "steps": steps, "number": list(Step).index(step) + 1, **context}
    answer = render(request, template, whole, status=status)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def _check_page(request: HttpRequest, provider: Provider, *, status: int = 200, **context: Any) -> HttpResponse:
    provider.policy.provider = provider
    week = queries.week_of(provider)
    return _page(
        request,
        provider,
        Step.CHECK,
        status=status,
        missing=queries.missing_for_live(provider),
        services=[
            (
                service,
                wording.price_text(service),
                wording.confirmation_sentence(provider.policy, service).text,
            )
            for service in queries.services_of(provider)
        ],
        week=hours.week_lines(week, twelve=provider.user.uses_12h_clock),
        total=hours.hours_text(hours.week_minutes(week)),
        sentences=wording.policy_sentences(provider.policy),
        **context,
    )


def _about_initial(request: HttpRequest, provider: Provider | None) -> dict[str, Any]:
    if provider is not None:
        return ProfileForm.initial_of(provider)
    user = _user(request)
    return {"name": user.name, "photo": user.photo or None, "seen": ""}


def _changed(
    request: HttpRequest, provider: Provider | None, step: Step, form: Any, saved: dict[str, Any]
) -> HttpResponse:
    """The answer (409) when the draft was changed in another tab."""
    refusal: DomainError = ChangedMeanwhile()
    saved_now = form.ask_again({"seen": "", **saved})
    return _page(request, provider, step, status=HTTPStatus.CONFLICT, form=form, refusal=refusal, saved_now=saved_now)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
