"""Pages understand GET, HEAD, POST and OPTIONS; every other verb is refused before it reaches one.

Django's own views answer TRACE, and a view that only looks for POST would take DELETE for GET. HEAD is answered by what
answers GET, whoever wrote the page, and loses its body here: Django leaves that to the server, and gunicorn warns of
every page it has to cut.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase

VERBS = ("GET", "HEAD", "POST", "OPTIONS")


class PageVerbsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in VERBS:
            return HttpResponseNotAllowed(VERBS)
        if request.method == "HEAD":
            return self._head(request)
        return self.get_response(request)

    def _head(self, request: HttpRequest) -> HttpResponseBase:
        """The headers are GET's, Content-Length with them."""
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = ()
        else:
            response.content = b""  # type: ignore[attr-defined]
        return response
