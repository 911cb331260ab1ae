"""Cache headers of public pages: which may be kept, for how long, and by whom (`docs/decisions/caching.md`)."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers

View = Callable[..., HttpResponse]

# Long enough to carry a rush of visitors, short enough that a new figure in the help is read the same morning.
SHARED_FOR = timedelta(minutes=5)
# The key of forms is masked anew in each page, over a secret that stays the visitor's.
MASKED_KEY = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


def shared(view: View) -> View:
    """Decorates a page that is the same for every visitor: shared caches may keep it for `SHARED_FOR`.

    Only the answer to a request without cookies is shared. A visitor with cookies, such as a chosen theme, has the page
    asked for anew each time, and a signed-in person's is not kept at all.
    """
    return _with_headers(view, _share)


def rechecked(view: View) -> View:
    """Decorates a page with times that can be gone in a minute: browsers keep it, and ask each time whether it changed.

    An unchanged page is answered 304, without its body. A signed-in person's is not kept at all.
    """
    return _with_headers(view, _recheck)


def _with_headers(view: View, put_headers: Callable[[HttpRequest, HttpResponse], None]) -> View:
    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != HTTPStatus.OK or request.user.is_authenticated:
            return response
        patch_vary_headers(response, ["Cookie"])
        put_headers(request, response)
        response["ETag"] = f'"{_mark(request, response)}"'
        return get_conditional_response(request, etag=response["ETag"], response=response)  # type: ignore[return-value]

    return run


def _share(request: HttpRequest, response: HttpResponse) -> None:
    if request.COOKIES or response.cookies or _has_key(request):
        _recheck(request, response)
    else:
        patch_cache_control(response, public=True, max_age=int(SHARED_FOR.total_seconds()))


def _recheck(request: HttpRequest, response: HttpResponse) -> None:
    patch_cache_control(response, private=True, no_cache=True)


def _has_key(request: HttpRequest) -> bool:
    """Whether the page has a form with the visitor's own key, with which it gets a cookie that belongs to that form."""
    return bool(request.META.get("CSRF_COOKIE_NEEDS_UPDATE"))


def _mark(request: HttpRequest, response: HttpResponse) -> str:
    """The mark of a page's content: the same for the same words and the same visitor's key, however it is masked."""
    secret = request.META.get("CSRF_COOKIE", "").encode()
    return hashlib.blake2b(MASKED_KEY.sub(b"", response.content), key=secret[:64], digest_size=16).hexdigest()
