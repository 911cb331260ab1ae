"""ETags and the requests that depend on them (RFC 9110, section 13)."""

import hashlib

from django.http import HttpRequest


def tag_of(body: bytes) -> str:
    """The strong ETag of an answer, over its body as this caller sees it."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_unchanged(request: HttpRequest, tag: str) -> bool:
    """Whether the caller has this answer already, as If-None-Match says."""
    return _names(request.headers.get("If-None-Match", ""), tag, weak=True)


def names_state(request: HttpRequest, tag: str) -> bool:
    """Whether If-Match names this state. A weak tag never does."""
    return _names(request.headers.get("If-Match", ""), tag, weak=False)


def is_conditional(request: HttpRequest) -> bool:
    return bool(request.headers.get("If-Match", "").strip())


def _names(header: str, tag: str, *, weak: bool) -> bool:
    named = [each.strip() for each in header.split(",")]
    if weak:
        named = [each.removeprefix("W/") for each in named]
    return "*" in named or tag in named
