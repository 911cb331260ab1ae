"""Small helpers for views."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import Resolver404, get_script_prefix, get_urlconf, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme


def slug_address(name: str, *slugs: str) -> str:
    """`reverse(name, args=slugs)` for pages with hundreds of links: the route is reversed once, then filled in.

    Only for routes whose arguments are all slugs, which need no quoting.
    """
    return _pattern(name, len(slugs), get_urlconf(), get_script_prefix()).format(*slugs)


@lru_cache(maxsize=256)
def _pattern(name: str, count: int, urlconf: str | None, prefix: str) -> str:
    marks = [f"slug-number-{number}" for number in range(count)]
    pattern = reverse(name, urlconf, args=marks).replace("{", "{{").replace("}", "}}")
    for number, mark in enumerate(marks):
        pattern = pattern.replace(mark, f"{{{number}}}")
    return pattern


def came_from(request: HttpRequest) -> str:
    """Path and query of the page that sent this request, when it is one of ours; empty otherwise.

    Also empty for a path such as `//evil.example`, which browsers take for the address of another site.
    """
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(referer)
    address = parts.path + (f"?{parts.query}" if parts.query else "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def page_above(request: HttpRequest) -> str:
    """The nearest address above the request's that leads to a view: that of the thing to which an act belongs."""
    path = request.path_info
    while len(path) > 1:
        path = f"{path.rstrip('/').rpartition('/')[0]}/"
        with suppress(Resolver404):
            resolve(path)
            break
    return f"{get_script_prefix().rstrip('/')}{path}"


def is_from_our_pages(request: HttpRequest) -> bool:
    """Whether one of our own pages sent this request: its Origin says so, or its Referer where it has no Origin."""
    said = request.headers["Origin"] if "Origin" in request.headers else _origin(request.headers.get("Referer", ""))
    return said in {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def with_query(address: str, query: Mapping[str, str]) -> str:
    """`address` with the values that are not empty as its query string."""
    said = {name: value for name, value in query.items() if value}
    return f"{address}?{urlencode(said)}" if said else address


def redirect_with(
    address: str, query: Mapping[str, str], *, message: tuple[HttpRequest, str] | None = None
) -> HttpResponseRedirect:
    """A redirect to a page of ours with a query string, and with a warning to show there if one is given."""
    if message is not None:
        messages.warning(*message)
    return HttpResponseRedirect(with_query(address, query))
