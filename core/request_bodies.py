"""Pages take forms in UTF-8 and nothing else.

A button without fields would otherwise be pressed by any body at all, and Django reads address and form by whatever
charset the request names: hex and punycode fail before any middleware, unicode_escape brings lone surrogates in.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_header_parameters

# Nothing at all is what a request without a body says.
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data", ""}


class Utf8Request(WSGIRequest):
    """A request that is read as UTF-8 whatever it says of itself."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request


class PageBodiesMiddleware:
    """Answers 415 to the rest. What takes other bodies is exempt from CSRF, for it knows its callers in another way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A quoted cookie can carry any character, and PostgreSQL fails to look for a session with NUL in its name.
        for name in [name for name, value in request.COOKIES.items() if "\x00" in value]:
            del request.COOKIES[name]
        charset = (request.content_params or {}).get("charset", "utf-8")
        return self.get_response(request) if charset.lower() in {"utf-8", "utf8"} else _refused()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False) or request.content_type in FORMS:
            return None
        return _refused()


def _refused() -> HttpResponse:
    return HttpResponse(
        "Send a form, in UTF-8.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, content_type="text/plain; charset=utf-8"
    )
