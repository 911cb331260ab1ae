"""The studio's pages of the public profile, the rules of booking, and pausing."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import photos
from core.exceptions import DomainError
from providers import queries, services, wording
from providers.access import provider_required
from providers.exceptions import ChangedMeanwhile, NotReady
from providers.forms import PolicyForm, ProfileForm
from providers.models import BookingPolicy, Provider

from .uploads import limited_upload, save_photo

READ_AND_SEND = ["GET", "HEAD", "POST"]


@provider_required
def profile_too_large(request: HttpRequest, provider: Provider) -> HttpResponse:
    messages.error(request, f"{photos.TOO_LARGE} Nothing was saved.")
    form = ProfileForm(initial=ProfileForm.initial_of(provider))
    return _profile_page(request, provider, form, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@limited_upload(profile_too_large)
@require_http_methods(READ_AND_SEND)
@provider_required
def profile(request: HttpRequest, provider: Provider) -> HttpResponse:
    initial = ProfileForm.initial_of(provider)
    if request.method != "POST":
        return _profile_page(request, provider, ProfileForm(initial=initial))
    form = ProfileForm(request.POST, request.FILES, initial=initial)
    if not form.is_valid():
        return _profile_page(request, provider, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.save_profile(
            provider=provider, actor=provider.user, values=form.values(), seen=form.cleaned_data["seen"]
        )
    except ChangedMeanwhile as refusal:
        return _profile_page(
            request, provider, form, status=HTTPStatus.CONFLICT, refusal=refusal, saved_now=form.ask_again(initial)
        )
    save_photo(request, form)
    messages.success(request, "Your public profile is saved.")
    return redirect("studio_profile")


@require_http_methods(READ_AND_SEND)
@provider_required
def policies(request: HttpRequest, provider: Provider) -> HttpResponse:
    policy = provider.policy
    if request.method != "POST":
        return _policy_page(request, provider, PolicyForm(initial=PolicyForm.initial_of(policy), policy=policy))
    form = PolicyForm(request.POST, policy=policy)
    if not form.is_valid():
        return _policy_page(request, provider, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.save_policy(
            provider=provider, actor=provider.user, values=form.values(), seen=form.cleaned_data["seen"]
        )
    except ChangedMeanwhile as refusal:
        saved_now = form.ask_again(PolicyForm.initial_of(policy))
        return _policy_page(request, provider, form, status=HTTPStatus.CONFLICT, refusal=refusal, saved_now=saved_now)
    messages.success(request, "Your policies are saved. Beside the form is what customers read now.")
    return redirect("studio_policies")


@require_http_methods(READ_AND_SEND)
@provider_required
def pause(request: HttpRequest, provider: Provider) -> HttpResponse:
    """GET explains the pause, POST pauses the page."""
    if request.method != "POST":
        return render(request, "providers/pause.html", {"provider": provider})
    services.pause_page(provider=provider, actor=provider.user)
    messages.success(request, "Your page is paused. Nobody new can book; appointments and requests stay.")
    return redirect("studio_profile")


@require_POST
@provider_required
def resume(request: HttpRequest, provider: Provider) -> HttpResponse:
    try:
        services.resume_page(provider=provider, actor=provider.user)
    except NotReady as refusal:
        messages.error(request, f"Your page stays paused. {refusal}")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Your page is live. Customers can book again.")
    return redirect("studio_profile")


def _profile_page(
    request: HttpRequest, provider: Provider, form: ProfileForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    return render(request, "providers/profile.html", {"provider": provider, "form": form, **more}, status=status)


def _policy_page(
    request: HttpRequest, provider: Provider, form: PolicyForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "sentences": wording.policy_sentences(_policy_of(provider)),
        "differing": [
            (service, wording.confirmation_sentence(provider.policy, service).text)
            for service in queries.services_of(provider)
            if service.is_active and service.confirms_at_once(provider.policy) != provider.policy.accepts_at_once
        ],
        "most_per_customer": settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER,
    }
    return render(request, "providers/policies.html", {**context, **more}, status=status)


def _policy_of(provider: Provider) -> BookingPolicy:
    policy = provider.policy
    policy.provider = provider
    return policy
