"""Bare pages on the same server, which cost as much as the product's pages would without computing anything."""

from contextvars import ContextVar
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import RequestFactory

from accounts.sessions import SessionStore
from appointments.views import public

_catching: ContextVar[dict[str, Any] | None] = ContextVar("catching", default=None)
ROWS = [{"name": f"Row {n}", "detail": "Something to read", "price": n} for n in range(25)]


@cache
def month_context(slug: str, month: str) -> dict[str, Any]:
    """The template context of the provider's page, caught from its view."""
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
    """The `render` of the provider's page, which catches the context in a thread that asks for that, else renders."""
    caught = _catching.get()
    if caught is None:
        return render(request, template, context, **options)
    caught.update(context)
    return HttpResponse()


public.render = _render  # type: ignore[assignment, attr-defined]


def month(request: HttpRequest) -> HttpResponse:
    """The twin of the provider's page: its template, with a context that was made before."""
    ready = month_context(request.GET["provider"], request.GET["month"])
    return render(request, "appointments/provider.html", dict(ready))


def rows(request: HttpRequest) -> HttpResponse:
    """The twin of the lists: twenty-five rows from memory in the product's frame."""
    return render(request, "bench/rows.html", {"rows": ROWS})
