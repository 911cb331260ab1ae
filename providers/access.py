"""Decorators that decide who may enter a provider's pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from providers import menu, queries
from providers.models import Provider

View = Callable[..., HttpResponse]


def provider_required(view: View) -> View:
    """Decorates a view that gets the signed-in person's own provider (with policy, category, user) as second argument.

    Visitors are sent to sign in, customers without a provider get 404, and a draft is sent to the step where it was
    left. `request.provider` is that provider, for context processors.
    """

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        provider = queries.provider_of(request.user)  # type: ignore[arg-type]
        if provider is None:
            raise Http404("No provider")
        if provider.is_draft:
            return redirect("become_provider")
        menu.note_studio(request)  # for a provider who went live on another device
        request.provider = provider  # type: ignore[attr-defined]
        return view(request, provider, *args, **kwargs)

    return never_cache(login_required(check))


def provider_or_draft_required(view: View) -> View:
    """Decorates a view like `provider_required`, but lets a draft in, and sends a person without one to begin one."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        provider: Provider | None = queries.provider_of(request.user)  # type: ignore[arg-type]
        if provider is None:
            return redirect("become_provider")
        return view(request, provider, *args, **kwargs)

    return never_cache(login_required(check))
