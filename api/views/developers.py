"""The pages for developers: first steps, all addresses, and one page for each kind of problem."""

import json
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from api import once, tokens, versions
from api.problems import KINDS
from api.serializers import waitlist
from api.views.pages import schema
from appointments.search import quarters
from appointments.states import Frequency
from core import clock
from core.caching import shared
from core.view_contract import open_to_all
from core.wording import words_for_minutes

VERBS = ("get", "post", "put", "patch", "delete")


@open_to_all
@require_safe
@shared
def first_steps(request: HttpRequest) -> HttpResponse:
    day = clock.now().date() + timedelta(days=7)
    context = {
        "api": f"{settings.SITE_URL}/api",
        "day": day,
        "day_after": day + timedelta(days=1),
        "access_lasts": words_for_minutes(tokens.ACCESS_LASTS // timedelta(minutes=1)),
        "refresh_lasts": words_for_minutes(tokens.REFRESH_LASTS // timedelta(minutes=1)),
        "keys_kept": words_for_minutes(once.KEPT // timedelta(minutes=1)),
        "search_parts": quarters.PARTS,
        "waitlist_parts": waitlist.PARTS,
        "frequencies": Frequency.choices,
        "limits": {name: settings.LIMITS[name][0] for name in ("api_read", "api_write", "api_visit", "book")},
        "version": versions.NEWEST,
        "version_header": versions.HEADER,
        "addresses": addresses(),
    }
    return render(request, "api/developers.html", context)


@open_to_all
@require_safe
@shared
def problems(request: HttpRequest) -> HttpResponse:
    by_status: dict[int, list[tuple[str, Any]]] = {}
    for name, kind in KINDS.items():
        by_status.setdefault(kind.status, []).append((name, kind))
    return render(request, "api/problems.html", {"by_status": sorted(by_status.items())})


@open_to_all
@require_safe
@shared
def problem(request: HttpRequest, name: str) -> HttpResponse:
    kind = KINDS.get(name)
    if kind is None:
        raise Http404
    document = {
        "type": request.path,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.means,
        "request_id": "5f0c6b7e9d1a4c2e",
        "errors": [],
    }
    written = json.dumps(document, indent=2, ensure_ascii=False)
    return render(request, "api/problem.html", {"name": name, "kind": kind, "document": written})


@cache
def addresses() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each resource with its addresses, from the schema: verb, path, and what it does."""
    by_tag: dict[str, list[tuple[str, str, str]]] = {}
    for path, verbs in schema()["paths"].items():
        for verb in VERBS:
            if verb in verbs:
                told = verbs[verb]
                by_tag.setdefault(told["tags"][0], []).append((verb.upper(), path, told["summary"]))
    return sorted(by_tag.items())
