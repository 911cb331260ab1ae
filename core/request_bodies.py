"""Checks of a request's address and of its body's type and length, before anything of the body is read.

Without them a button without fields would be pressed by any body at all, and an endless body would be spooled to disk
by its first reader, which for a form is the CSRF check.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict

from core import errors
from core.view_contract import Contract, contract_of

BODY_VERBS = {"POST", "PUT", "PATCH", "DELETE"}


class BodiesMiddleware:
    """Answers 400 to an address that can't be read, 415 to a body that the view does not take, 413 to one too long.

    Must stand before every middleware that reads a form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A quoted cookie can carry any character, and PostgreSQL fails to look for a session with NUL in its name.
        for name in [name for name, value in request.COOKIES.items() if "\x00" in value]:
            del request.COOKIES[name]
        request.has_bad_address = not _can_read_address(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        contract = contract_of(view)
        if not _is_utf8(request) or (request.method in BODY_VERBS and not _takes_type(request, contract.bodies)):
            return errors.wrong_type(request, contract.bodies)
        if request.has_bad_address:  # type: ignore[attr-defined]
            return errors.bad_request(request)
        if length_of(request) > contract.limit:
            return _too_large(contract, request, *args, **kwargs)
        if not _is_chunked(request) or request.method not in BODY_VERBS:
            return None
        try:
            fits = _take_chunks(request, contract.limit)
        except Exception:  # the server's errors have no common base class: a broken chunk, a closed connection
            return errors.bad_request(request)
        return None if fits else _too_large(contract, request, *args, **kwargs)


def _too_large(contract: Contract, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    request.POST = QueryDict()  # so that nothing reads the body any more
    return contract.too_large(request, *args, **kwargs) if contract.too_large else errors.too_large(request)


def length_of(request: HttpRequest) -> int:
    """The declared length of the body; 0 where none is declared."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if str(told).isdecimal() else 0


def _can_read_address(request: HttpRequest) -> bool:
    """Whether path and query can be read. The query is parsed here once, so that no error page fails over it later."""
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return False
    try:
        request.GET  # noqa: B018  parsed when it is first asked for
    except TooManyFieldsSent:
        request.GET = QueryDict()
        return False
    return True


def _is_utf8(request: HttpRequest) -> bool:
    return (request.content_params or {}).get("charset", "utf-8").lower() in {"utf-8", "utf8"}


def _takes_type(request: HttpRequest, types: frozenset[str]) -> bool:
    has_body = length_of(request) or _is_chunked(request)
    return request.content_type in types or not (request.content_type or has_body)


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _take_chunks(request: HttpRequest, limit: int) -> bool:
    """Whether a body of undeclared length fits into `limit`; one that does is buffered for the view to read.

    Django treats such a body as empty, and so does this where the server does not mark the body's end.
    """
    if not request.META.get("wsgi.input_terminated"):
        return True
    body = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        return False
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)
    return True
