"""The URL patterns of the routes, and the view at each path, with the verbs and bodies that it takes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django.urls import URLPattern, path
from rest_framework.renderers import BaseRenderer, JSONRenderer

from accounts import photos
from api import bodies, versions
from api.routes import JSON, Route, name_of
from api.view import RouteView
from core.view_contract import JSON as JSON_BODIES
from core.view_contract import for_programs, open_to_all

MULTIPART = frozenset({bodies.MULTIPART})
LARGEST_UPLOAD = photos.MAX_BYTES + 100_000


def patterns_of(routes: Iterable[Route]) -> list[URLPattern]:
    """The URL patterns of all paths, each with and without its last slash."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, {})[route.verb] = route
    # A name goes before a parameter at the same place.
    paths = sorted(by_path, key=lambda each: ["<" in part for part in each.strip("/").split("/")])
    return [pattern for each in paths for pattern in _patterns(each, by_path[each])]


def _patterns(route_path: str, at_path: Mapping[str, Route]) -> list[URLPattern]:
    view = _view_of(at_path)
    bare = route_path.strip("/")
    name = f"api_{name_of(route_path)}"
    with_slash, without = path(f"{bare}/", view, name=name), path(bare, view, name=name)
    # The one written in the contract is the one that `reverse` gives, which is the last.
    return [without, with_slash] if route_path.endswith("/") else [with_slash, without]


def _view_of(at_path: Mapping[str, Route]) -> Callable[..., Any]:
    verbs = {verb.lower(): RouteView.answer for verb in at_path}
    members = {"routes": dict(at_path), "renderer_classes": _renderers_of(at_path.values()), **verbs}
    kind = cast(type[RouteView], type("RoutesAtPath", (RouteView,), members))
    terms: dict[str, Any] = {"verbs": tuple(at_path), "headers": versions.HEADERS}
    if any(route.upload for route in at_path.values()):
        terms |= {"bodies": MULTIPART | JSON_BODIES, "most_bytes": LARGEST_UPLOAD}
    return open_to_all(for_programs(**terms)(kind.as_view()))


def _renderers_of(routes: Iterable[Route]) -> list[type[BaseRenderer]]:
    """The types that Accept may ask for: JSON, in which problems are told, and those of files."""
    files = sorted({route.media for route in routes} - {JSON})
    return [
        JSONRenderer,
        *(type("FileRenderer", (BaseRenderer,), {"media_type": media, "format": media}) for media in files),
    ]
