"""What a person reads when a page cannot be shown: calm, in our words, with a way on.

400, 403, 404, 409, 410 and 429 are ordinary pages. 500 and 503 are drawn without context, session or database, because
any of these may be what broke.
"""

import logging
import sys
from contextlib import suppress
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from core import unsaved_forms
from core.exceptions import DomainError
from core.shortcuts import came_from

logger = logging.getLogger(__name__)

# PostgreSQL's own: a standby before it takes over, and a transaction that was ended because nothing came of it.
READ_ONLY, IDLE_TOO_LONG = "25006", "25P03"
RETRY_AFTER_SECONDS = "10"
PAGES = {400, 403, 404, 409, 410, 429, 503}
BARE = (
    "<!doctype html><title>Something went wrong</title><h1>Something went wrong on our side</h1>"
    "<p>Try again in a minute.</p>"
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def database_is_away(error: BaseException | None) -> bool:
    """It does not answer, is locked or full, takes no changes: that passes. A missing table does not, of which SQLite
    says the same."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) in {READ_ONLY, IDLE_TOO_LONG}
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    return not any(words in str(error) for words in ("no such ", "has no column"))


def cache_is_away(error: BaseException | None) -> bool:
    """The shared cache does not answer. Redis has errors of its own, which are not ours to import."""
    return isinstance(error, ConnectionError) or any(
        kind.__module__.partition(".")[0] == "redis" for kind in type(error).__mro__
    )


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    if database_is_away(error) or cache_is_away(error):
        return unavailable()
    return HttpResponse(_drawn("500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def unavailable() -> HttpResponse:
    """Database or cache did not answer: nothing was promised, so nothing is said of what was done."""
    return HttpResponse(
        _drawn("503.html"), status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_AFTER_SECONDS}
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its key: nearly always a page left open over a sign-in. Never a bare 403, and nothing typed lost.

    Only a form that one of our own pages sent, with the mark of the person it was drawn for, is kept and shown: a
    stranger's page can't plant any text.
    """
    logger.warning("A form was refused for its key: %s", reason)
    texts = unsaved_forms.keep(request)
    return render(request, "403_csrf.html", {"back": _way_back(request), "texts": texts}, status=HTTPStatus.FORBIDDEN)


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A rule said no and the view had no better answer: its sentence and status, as a page or, for htmx, a notice."""
    status = error.status if error.status in PAGES else HTTPStatus.CONFLICT
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        response = render(request, "components/refusal.html", {"message": str(error)}, status=HTTPStatus.CONFLICT)
        response["HX-Retarget"], response["HX-Reswap"] = "#main", "afterbegin"
        return response
    if request.method == "POST":
        unsaved_forms.keep(request, unsaved_forms.REFUSED)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and request.session.modified:
            # Django saves no session with such an answer; where the database takes nothing at all, this is lost.
            with suppress(DatabaseError):
                request.session.save()
    template = "409.html" if status == HTTPStatus.SERVICE_UNAVAILABLE else f"{int(status)}.html"
    response = render(request, template, {"message": str(error), "back": _way_back(request)}, status=status)
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        response.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    return response


def _way_back(request: HttpRequest) -> str:
    return came_from(request) or "/"


def _drawn(template: str) -> str:
    try:
        return render_to_string(template)
    except Exception:
        logger.exception("Even the page for errors failed")
        return BARE
