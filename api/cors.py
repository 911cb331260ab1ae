"""Which addresses a browser may read from any page: those that are open to everybody, without cookies."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from api.routes import ANYBODY


def is_open_from_everywhere(sender: Any, request: HttpRequest, **terms: Any) -> bool:
    """Whether what is asked for is the same for everybody: search, providers, slots, and the schema.

    Everything that is open lies where `CORS_URLS_REGEX` says: pages are asked about, too, and finding a page's view
    twice would cost a thirtieth of each request.
    """
    if not re.match(settings.CORS_URLS_REGEX, request.path_info):
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    routes = getattr(getattr(view, "cls", None), "routes", {})
    reads = routes.get("GET")
    return getattr(view, "is_open_from_everywhere", False) or (reads is not None and reads.scope == ANYBODY)
