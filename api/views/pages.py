"""The pages about the API: its schema, and the documentation that is drawn from it."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from api import conditions, versions
from core.view_contract import for_programs, open_to_all


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI schema of all addresses; the same for everybody, and made once for each process."""
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def _written(kind: str) -> bytes:
    renderer = OpenApiYamlRenderer() if kind == "yaml" else OpenApiJsonRenderer()
    return renderer.render(schema(), renderer_context={})


@open_to_all
@for_programs(verbs=("GET",), headers=versions.HEADERS)
def serve_schema(request: HttpRequest) -> HttpResponse:
    """The schema as JSON, or as YAML where Accept asks for that."""
    kind = "yaml" if "yaml" in request.headers.get("Accept", "") else "json"
    body = _written(kind)
    headers = {"ETag": conditions.tag_of(body), "Cache-Control": "public, max-age=300", "Vary": "Accept"}
    if conditions.is_unchanged(request, headers["ETag"]):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type=f"application/{kind}", headers=headers)


serve_schema.is_open_from_everywhere = True  # type: ignore[attr-defined]


@open_to_all
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """Swagger UI over the schema, from our own files and without a script in the page."""
    return render(request, "api/documentation.html")


@open_to_all
@require_safe
def to_documentation(request: HttpRequest) -> HttpResponse:
    return redirect("api_docs")
