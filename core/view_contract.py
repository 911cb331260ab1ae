"""The HTTP contract of a view: the verbs and bodies it takes, how large a body may be, and how it answers errors.

Middleware and error pages ask the view for its contract and never look at the path, so a route for programs is added
by saying what it takes:

    @for_programs(verbs=("GET", "PUT", "DELETE"))
    def appointment(request, reference): ...

A view without a contract is a page: it takes GET and forms by POST, and its errors are pages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = TypeVar("View", bound=Callable[..., Any])

# The empty type is that of a request without a body.
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", ""})
JSON = frozenset({"application/json"})
JSON_BYTES = 256_000


@dataclass(frozen=True)
class Contract:
    """The terms of one view. `verbs` need not name HEAD, which comes with GET, nor OPTIONS.

    `most_bytes` is the longest body, by default `DATA_UPLOAD_MAX_MEMORY_SIZE`; `too_large`, called like the view,
    answers a longer one instead of the general page. Where `has_problems` is true, errors are RFC 9457 problem
    documents. Every answer at the view's address has `headers`, unless the view says otherwise, also an answer that was
    given before the view was called.
    """

    verbs: tuple[str, ...] = ("GET", "POST")
    bodies: frozenset[str] = FORMS
    most_bytes: int | None = None
    too_large: Callable[..., HttpResponse] | None = None
    has_problems: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> list[str]:
        """Every verb that is answered, as the header Allow lists them."""
        named = [verb for verb in self.verbs if verb not in {"HEAD", "OPTIONS"}]
        heads = ["HEAD"] if "GET" in named else []
        return [*named[:1], *heads, *named[1:], "OPTIONS"] if named[:1] == ["GET"] else [*named, *heads, "OPTIONS"]

    @property
    def limit(self) -> int:
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE if self.most_bytes is None else self.most_bytes


PAGE = Contract()


def takes(**terms: Any) -> Callable[[View], View]:
    """Decorates a page whose contract differs from the default; `terms` are fields of Contract."""
    return _with(Contract(**terms))


def for_programs(**terms: Any) -> Callable[[View], View]:
    """Decorates a view for programs: JSON in, problem documents for errors; `terms` are fields of Contract.

    The view authenticates its callers itself, and CSRF protection stays on unless the view is exempt from it.
    """
    return _with(Contract(**{"bodies": JSON, "most_bytes": JSON_BYTES, "has_problems": True, **terms}))


def contract_of(view: Callable[..., Any] | None) -> Contract:
    """The contract of a view; for None, an address without a view, the contract of a page."""
    return getattr(view, "http_contract", PAGE)


def contract_for(request: HttpRequest) -> Contract:
    """The contract of the view that the request's address leads to."""
    match = request.resolver_match
    return contract_of(match.func if match else None)


def open_to_banned(view: View) -> View:
    """Decorates a view that a banned person may use, too; every view without it is closed to them."""
    view.is_open_to_banned = True  # type: ignore[attr-defined]
    return view


def open_to_all(view: View) -> View:
    """Decorates a view for everybody, also a banned person and one whose account is closed.

    It belongs on what they may still do, on pages that are the same for all, and on addresses for machines, which then
    answer without looking who asks.
    """
    view.is_open_to_all = True  # type: ignore[attr-defined]
    return open_to_banned(view)


def is_open_to_banned(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_open_to_banned", False)


def is_open_to_all(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_open_to_all", False)


def _with(contract: Contract) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.http_contract = contract  # type: ignore[attr-defined]
        return view

    return decorate
