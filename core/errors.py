"""Error responses: pages with a way on for people, problem documents for programs.

The contract of the view says which of the two (`core.view_contract`). 400, 403, 404, 405, 409, 410, 413 and 429 are
ordinary pages, except that none of them parses a form that was not parsed before: it may be what was refused. 500 and
503 are drawn without context, session or database, because any of these may be what broke.
"""

import logging
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string

from core import unsaved_forms
from core.exceptions import DomainError
from core.problems import problem
from core.shortcuts import came_from, page_above
from core.view_contract import contract_for

logger = logging.getLogger(__name__)

# PostgreSQL's codes of a standby that has not taken over yet, and of a transaction that was ended for being idle.
READ_ONLY, IDLE_TOO_LONG = "25006", "25P03"
RETRY_AFTER_SECONDS = "10"
PAGES = {400, 403, 404, 409, 410, 413, 429, 503}
BARE = (
    "<!doctype html><title>Something went wrong</title><h1>Something went wrong on our side</h1>"
    "<p>Try again in a minute.</p>"
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _unread(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _unread(request, HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if getattr(request, "has_bad_address", False):
        return bad_request(request)
    return _unread(request, HTTPStatus.NOT_FOUND)


def wrong_verb(request: HttpRequest, allowed: Collection[str]) -> HttpResponse:
    if contract_for(request).has_problems:
        return problem(request, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
    return HttpResponseNotAllowed(allowed)


def only_by_a_button(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The page for somebody who opened an address that takes only forms, in place of the empty `answer` 405.

    People come there by reloading, or by signing in again after they had pressed a button.
    """
    if contract_for(request).has_problems:
        return answer
    page = _unread(request, HTTPStatus.METHOD_NOT_ALLOWED, {"above": page_above(request)})
    page["Allow"] = answer["Allow"]
    return page


def wrong_type(request: HttpRequest, types: frozenset[str]) -> HttpResponse:
    """The answer to a body of a type that the view does not take, or that is not in UTF-8."""
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if contract_for(request).has_problems:
        return problem(request, status, detail=f"Send {' or '.join(sorted(types - {''}))}, in UTF-8.")
    return HttpResponse("Send a form, in UTF-8.", status=status, content_type="text/plain; charset=utf-8")


def too_large(request: HttpRequest) -> HttpResponse:
    """The answer to a body longer than the view takes, of which nothing was read."""
    most = f"A body has at most {contract_for(request).limit:,} bytes here."
    return _unread(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"back": _way_back(request)}, detail=most)


def too_many(request: HttpRequest, *, seconds: int) -> HttpResponse:
    """The answer to a request beyond a rate limit; `seconds` is how long to wait."""
    return _answer(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        {"minutes": -(-seconds // 60)},
        detail=f"Try again in {seconds} seconds.",
        headers={"Retry-After": str(seconds)},
    )


def database_is_away(error: BaseException | None) -> bool:
    """Whether the error passes by itself: the database does not answer, is locked or full, or takes no changes.

    A missing table does not pass, although SQLite raises the same class for it.
    """
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) in {READ_ONLY, IDLE_TOO_LONG}
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    return not any(words in str(error) for words in ("no such ", "has no column"))


def cache_is_away(error: BaseException | None) -> bool:
    """Whether the shared cache does not answer. Redis' errors are known by their module, which is not imported here."""
    return isinstance(error, ConnectionError) or any(
        kind.__module__.partition(".")[0] == "redis" for kind in type(error).__mro__
    )


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    if database_is_away(error) or cache_is_away(error):
        return unavailable(request)
    if contract_for(request).has_problems:
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return HttpResponse(_drawn("500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The answer while database or cache is away. It says nothing about whether a change was made."""
    status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": RETRY_AFTER_SECONDS}
    if contract_for(request).has_problems:
        return problem(request, status, headers=headers)
    return HttpResponse(_drawn("503.html"), status=status, headers=headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form without a valid CSRF token, nearly always from a page left open over a sign-in.

    Its text is kept and shown only if one of our own pages sent the form, with the mark of the person it was drawn
    for, so that another site's page can't plant any text.
    """
    logger.warning("A form was refused for its key: %s", reason)
    if contract_for(request).has_problems:
        return problem(request, HTTPStatus.FORBIDDEN, name="csrf")
    texts = unsaved_forms.keep(request)
    context = {"back": _way_back(request), "texts": texts}
    return _unread(request, HTTPStatus.FORBIDDEN, context, template="403_csrf.html")


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a DomainError that the view did not handle: a page with the error's sentence and status.

    htmx gets a notice instead, programs the sentence in a problem document.
    """
    for_program = contract_for(request).has_problems
    status = error.program_status or error.status if for_program else error.status
    if not for_program and status not in PAGES:
        status = HTTPStatus.CONFLICT
    busy = {"Retry-After": RETRY_AFTER_SECONDS} if status in {503, 429} else {}
    if for_program:
        return problem(request, status, name=error.problem, detail=str(error), headers=busy)
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        response = render(request, "components/refusal.html", {"message": str(error)}, status=HTTPStatus.CONFLICT)
        response["HX-Retarget"], response["HX-Reswap"] = "#main", "afterbegin"
        return response
    if request.method == "POST":
        unsaved_forms.keep(request, unsaved_forms.REFUSED)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and request.session.modified:
            # Django saves no session with a 5xx answer. Where the database takes no writes at all, the text is lost.
            with suppress(DatabaseError):
                request.session.save()
    template = "busy.html" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    return _answer(
        request, status, {"message": str(error), "back": _way_back(request)}, template=template, headers=busy
    )


def _unread(
    request: HttpRequest,
    status: int,
    context: Mapping[str, object] | None = None,
    *,
    template: str = "",
    detail: str = "",
) -> HttpResponse:
    """An answer drawn as if no form had been sent."""
    request.POST = QueryDict()
    return _answer(request, status, context, template=template, detail=detail)


def _answer(
    request: HttpRequest,
    status: int,
    context: Mapping[str, object] | None = None,
    *,
    template: str = "",
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    if contract_for(request).has_problems:
        return problem(request, status, detail=detail, headers=headers)
    response = render(request, template or f"{int(status)}.html", context, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _way_back(request: HttpRequest) -> str:
    return came_from(request) or "/"


def _drawn(template: str) -> str:
    try:
        return render_to_string(template)
    except Exception:
        logger.exception("Even the page for errors failed")
        return BARE
