"""Middleware that refuses a verb outside the view's contract before the view is called.

Django's own views answer TRACE, and a view that only looks for POST would take DELETE for GET. HEAD is answered by the
view that answers GET, and its body is removed here: Django leaves that to the server, and gunicorn warns of every page
it has to cut.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from core import errors
from core.view_contract import contract_of


class VerbsMiddleware:
    """Answers 405 with `Allow` to a verb that the view does not take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "HEAD":
            return self._head(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        allowed = contract_of(view).allowed
        return None if request.method in allowed else errors.wrong_verb(request, allowed)

    def _head(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to GET without its body, with all its headers and so with its Content-Length."""
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = ()
        else:
            response.content = b""  # type: ignore[attr-defined]
        return response
