"""Bare pages on the same server: what the product's pages would cost if they had nothing to find out."""

from contextvars import ContextVar
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import RequestFactory

from appointments.views import public

_catching: ContextVar[dict[str, Any] | None] = ContextVar("catching", default=None)
ROWS = [{"name": f"Row {n}", "detail": "Something to read", "price": n} for n in range(25)]


@cache
def month_context(slug: str, month: str) -> dict[str, Any]:
    """What the provider's page shows, caught on its way to the template."""
    request = RequestFactory().get(f"/providers/{slug}/", {"month": month})
    request.user, request.session, request.htmx = AnonymousUser(), SessionStore(), False  # type: ignore[attr-defined]
    caught: dict[str, Any] = {}
    token = _catching.set(caught)
    try:
        public.provider_page(request, slug)
    finally:
        _catching.reset(token)
    return caught


def _render(request: HttpRequest, template: str, context: dict[str, Any], **options: Any) -> HttpResponse:
    """What the provider's page calls: other threads go on rendering while one of them catches."""
    caught = _catching.get()
    if caught is None:
        return render(request, template, context, **options)
    caught.update(context)
    return HttpResponse()


public.render = _render  # type: ignore[assignment, attr-defined]


def month(request: HttpRequest) -> HttpResponse:
    """The same template as the provider's page, from a context that was made before."""
    ready = month_context(request.GET["provider"], request.GET["month"])
    return render(request, "appointments/provider.html", dict(ready))


def rows(request: HttpRequest) -> HttpResponse:
    """Twenty-five rows in the product's frame, from memory."""
    return render(request, "bench/rows.html", {"rows": ROWS})
