"""The OpenAPI schema, made from the routes by drf-spectacular."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from api.problems import KINDS
from api.promises import SUNSET

# An answer of each route, and what was sent for it, by the route's name: taken from the tests.
EXAMPLES = Path(__file__).parent / "examples.json"


class FieldErrorOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    """A problem document (RFC 9457). Some kinds have further members, such as `nearest` or `terms`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldErrorOut(many=True)  # type: ignore[assignment]


# The kinds of problems that any route may have, by what it is.
COMMON = ("invalid", "malformed", "unknown-field", "not-acceptable", "too-many", "fault", "unavailable", "busy")
WITH_PERSON = ("token-invalid", "suspended", "leaving", "scope-needed")
WITH_BODY = ("too-large", "wrong-type", "csrf")
JSON = "application/json"
PROBLEM = "application/problem+json"


def kinds_of(route: Any) -> list[str]:
    """The names of the problems that `route` may answer with."""
    names = [*COMMON, *route.problems]
    if route.needs_person:
        names += WITH_PERSON
    else:
        names += ["suspended", "leaving"]
    if route.verb != "GET":
        names += [*WITH_BODY, "changed-meanwhile"]
    if route.parameters:
        names.append("not-found")
    if route.verb == "POST" and route.needs_person:
        names += ["still-running", "key-reused"]
    return sorted(set(names), key=lambda name: (KINDS[name].status, name))


class RouteSchema(AutoSchema):
    """The schema of one route, read from its row and never guessed."""

    @property
    def route(self) -> Any:
        return self.view.routes[self.method]  # type: ignore[attr-defined]

    def get_operation_id(self) -> str:
        return self.route.name

    def get_tags(self) -> list[str]:
        return [self.route.tag]

    def get_summary(self) -> str:
        return self.route.said.split(". ")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        route = self.route
        told = route.said
        if route.allows_keys:
            told += f"\n\nKeys need the scope `{route.scope}`."
        elif route.needs_person:
            told += "\n\nNo key may do this: sign in with a password."
        return told

    def get_auth(self) -> list[dict[str, list[str]]]:
        signed_in: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
        return signed_in if self.route.needs_person else [*signed_in, {}]

    def is_deprecated(self) -> bool:
        return self.route.retires is not None

    def get_extensions(self) -> dict[str, Any]:
        """The day after which a route that will go may be gone."""
        retires = self.route.retires
        return {SUNSET: retires.until.date().isoformat()} if retires else {}

    def map_parsers(self) -> list[str]:
        return ["multipart/form-data" if self.route.upload else JSON]

    def get_request_serializer(self) -> Any:
        return self.route.reads

    def _get_request_body(self, direction: Any = "request") -> Any:
        """The body, which the package knows only of POST, PUT and PATCH; deleting an account takes the password."""
        if self.method != "DELETE" or self.route.reads is None:
            return super()._get_request_body(direction)
        component = self.resolve_serializer(self.route.reads(), direction)
        return {"content": {JSON: {"schema": component.ref}}, "required": True}

    def get_response_serializers(self) -> Any:
        route = self.route
        good: Any = route.writes
        if route.pages:
            good = _page_of(route.writes)
        if route.media != JSON:
            good = OpenApiTypes.STR
        told: dict[Any, Any] = {(status, route.media): good for status in (route.status, *route.statuses)}
        by_status: dict[int, list[str]] = {}
        for name in kinds_of(route):
            by_status.setdefault(KINDS[name].status, []).append(name)
        for status, names in by_status.items():
            said = ", ".join(f"`{name}`" for name in names)
            told[status, PROBLEM] = OpenApiResponse(ProblemOut, description=said)
        return told

    def get_override_parameters(self) -> list[Any]:
        route = self.route
        found: list[Any] = [
            OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.PATH) for name in route.parameters
        ]
        if route.params is not None:
            found.append(route.params)
        if route.verb == "POST" and route.needs_person:
            found.append(_header("Idempotency-Key", "Done once for each key, however often it is sent."))
        if route.state is not None:
            found.append(_header("If-Match", "The ETag that was read; another state by now is 412."))
        found.append(_header("Dayline-Version", "The version to answer in; without it the newest, or the key's."))
        return found


@cache
def _page_of(rows: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """A page of a list, the same for all routes with these rows."""
    return inline_serializer(
        name=f"{rows.__name__.removesuffix('Out')}Page",
        fields={
            "results": rows(many=True),
            "next": serializers.CharField(allow_null=True),
            "previous": serializers.CharField(allow_null=True),
        },
    )


def _header(name: str, said: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=said)


def only_as_written(endpoints: list[Any], **terms: Any) -> list[Any]:
    """A hook: each path once, as the contract writes it, with or without its last slash."""
    found = []
    for path, path_regex, method, callback in endpoints:
        routes: Mapping[str, Any] = getattr(callback.cls, "routes", {})
        written = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path) for route in routes.values()}
        if path in written:
            found.append((path, path_regex, method, callback))
    return found


@cache
def examples() -> dict[str, dict[str, Any]]:
    """The examples by the names of their routes: `status`, `answer`, and `body` where one was sent."""
    return json.loads(EXAMPLES.read_text())


def with_examples(result: dict[str, Any], **terms: Any) -> dict[str, Any]:
    """A hook: each operation with its example."""
    for verbs in result["paths"].values():
        for told in verbs.values():
            example = examples().get(told["operationId"])
            if example is None:
                continue
            told["responses"][str(example["status"])]["content"]["application/json"]["example"] = example["answer"]
            if "body" in example:
                for content in told["requestBody"]["content"].values():
                    content["example"] = example["body"]
    return result
