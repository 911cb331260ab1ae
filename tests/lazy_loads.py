"""A guard against hidden queries: pages may read only relations and columns that were fetched with the row.

`NoLazyLoads` stands in the middleware of the test run and so guards every page that any test asks for. While one is
answered, a relation or a deferred column of one of our rows that isn't there yet raises `LazyLoad` instead of asking
the database. Mend it with a named queryset of the model (`with_people()`, `with_provider()`), not with one more query.

Ours and not django-zeal's, which warns of a load that is repeated: a list with one row in a test would pass. Admin's
own pages are left out: Django draws them, a row at a time.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.db.models import Model
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor, ReverseOneToOneDescriptor

OURS = {"accounts", "analytics", "appointments", "calendar_sync", "notifications", "outbox", "providers"}
SAFE = {"GET", "HEAD"}

_page: ContextVar[str] = ContextVar("page", default="")


class LazyLoad(AssertionError):
    """A page made a query by reading an attribute."""


class NoLazyLoads:
    """Middleware that guards the answer to a GET. It stands last, so that only views and their templates are inside."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response
        _guard()

    def __call__(self, request):
        if request.method not in SAFE or request.path.startswith("/admin/"):
            return self.get_response(request)
        token = _page.set(request.path)
        try:
            return self.get_response(request)
        finally:
            _page.reset(token)


def refuse(instance: Model, name: str) -> None:
    """Raise LazyLoad if a page is being answered and `instance` is of one of our models."""
    if _page.get() and instance._meta.app_label in OURS:
        raise LazyLoad(f"{_page.get()} loads {name!r} of a {type(instance).__name__} by itself: fetch it with the row.")


def _guard() -> None:
    """Wrap Django's three ways of loading by an attribute with the guard; further calls change nothing."""
    if getattr(ForwardManyToOneDescriptor.get_object, "guarded", False):
        return
    ForwardManyToOneDescriptor.get_object = _guarded(  # type: ignore[method-assign]
        ForwardManyToOneDescriptor.get_object, lambda self, instance: (instance, self.field.name)
    )
    # Prefetching calls it without an instance.
    ReverseOneToOneDescriptor.get_queryset = _guarded(  # type: ignore[method-assign]
        ReverseOneToOneDescriptor.get_queryset,
        lambda self, instance=None, **hints: instance and (instance, self.related.get_accessor_name()),
    )
    # A deferred column calls it with its own name alone.
    Model.refresh_from_db = _guarded(  # type: ignore[method-assign]
        Model.refresh_from_db,
        lambda self, using=None, fields=None, from_queryset=None: fields and len(fields) == 1 and (self, fields[0]),
    )


def _guarded(load: Callable, what: Callable[..., Any]) -> Callable:
    @wraps(load)
    def guarded(*args, **kwargs):
        if loaded := what(*args, **kwargs):
            refuse(*loaded)
        return load(*args, **kwargs)

    guarded.guarded = True  # type: ignore[attr-defined]
    return guarded
