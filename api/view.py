"""The view of every route: who asks, whether they may and how often, what they say; then the operation, once."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.views import APIView

from api import auth, bodies, conditions, limits, once, versions
from api.answers import Answer, File
from api.calls import VISITOR, Call, Caller
from api.errors import FieldError, Problem, answer_to
from api.paging import Page
from api.refusals import refusal_of, suspension
from api.routes import JSON, Route
from api.schema import RouteSchema
from api.serializers.base import UNKNOWN, Params, read, write, write_all
from core import clock
from core.exceptions import DomainError
from core.request_bodies import length_of
from core.view_contract import JSON_BYTES

PRIVATE = "Authorization", "Cookie"


class RouteView(APIView):
    """The routes at one path, by verb."""

    routes: ClassVar[Mapping[str, Route]] = {}
    authentication_classes = ()
    permission_classes = ()
    schema = RouteSchema()

    def perform_authentication(self, request: Request) -> None:
        """Does nothing. REST framework would put a visitor in place of the browser's person."""

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def answer(self, request: Request, **values: str) -> HttpResponse:
        return respond(self.routes[request.method or ""], request._request, values)

    def handle_exception(self, exc: Exception) -> Any:
        """The problem document of an error before the route was asked, such as a header Accept without JSON."""
        found = answer_to(exc, self.request._request)
        if found is None:
            raise exc
        return found


def respond(route: Route, request: HttpRequest, values: Mapping[str, str]) -> HttpResponse:
    """The answer of `route`, whatever comes of it, with the headers that every answer has."""
    headers: dict[str, str] = {}
    if route.retires:
        headers |= route.retires.headers
    call = Call(request, VISITOR, path=route.path)
    try:
        call.caller = caller = _caller(route, request, headers)
        limits.count(request, caller, headers)
        headers[versions.HEADER] = versions.version_for(request, own=caller.key.version if caller.key else "")
        _check_allowed(route, caller)
        response = _answer(route, call, values)
    except Exception as error:
        found = answer_to(refusal_of(error, call), request)
        if found is None:
            raise
        response = found
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if call.anybody is None and route.max_age is not None and response.status_code < 400:
        response.headers["Cache-Control"] = f"public, max-age={route.max_age}"
    elif call.anybody is None:
        response.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(response, PRIVATE)
    return response


def _caller(route: Route, request: HttpRequest, headers: dict[str, str]) -> Caller:
    """Who asks. What is open to everybody is also open to whoever brings a token that has ended, as to a visitor.

    Anybody else who is not let in counts as a visitor, so that tokens and keys can't be guessed without end.
    """
    try:
        return auth.caller_of(request)
    except Problem as problem:
        if route.needs_person or problem.name != "token-invalid":
            limits.count(request, VISITOR, headers)
            raise
        return VISITOR


def _check_allowed(route: Route, caller: Caller) -> None:
    person = caller.person
    if person is None:
        if route.needs_person:
            raise auth.nobody_signed_in()
        return
    if person.leaves_at is not None:
        raise Problem("leaving")
    if person.banned_at is not None and not route.open_to_banned:
        raise Problem("suspended", more=suspension(person.banned_at, clock.zone("UTC")))
    if caller.key is not None and route.needs_person and not caller.has_scope(route.scope):
        said = f"This needs the scope {route.scope}." if route.allows_keys else "No key may do this."
        raise Problem("scope-needed", said, more={"scope": route.scope if route.allows_keys else None})


def _answer(route: Route, call: Call, values: Mapping[str, str]) -> HttpResponse:
    request, caller = call.request, call.caller
    arguments = {**values, **_params(route, request, call), **_body(route, request)}
    if route.limit and caller.person:
        limits.count_act(request, caller, route.limit)
    return _done_once(route, call, arguments)


def _params(route: Route, request: HttpRequest, call: Call) -> dict[str, Any]:
    """The checked query. What it says of zone and page goes into the call."""
    twice = [name for name, given in request.GET.lists() if len(given) > 1]
    if twice:
        errors = [FieldError(name, "repeated", "Send this once.") for name in twice]
        raise Problem(UNKNOWN, "A parameter stands twice.", errors=errors)
    found = read(route.params or Params, request.GET.dict())
    call.zone = found.pop("tz", None)
    call.limit = found.pop("limit", call.limit)
    call.cursor = found.pop("cursor", "")
    return found


def _body(route: Route, request: HttpRequest) -> dict[str, Any]:
    if route.verb == "GET":
        return {}
    if route.upload:
        return read(route.reads or Params, bodies.read_upload(request))
    if length_of(request) > JSON_BYTES:  # at the address of a photo, whose PUT may be longer
        raise Problem("too-large", f"A body has at most {JSON_BYTES:,} bytes here.")
    said = bodies.read_object(request.body)
    if route.reads is None and not said:
        return {}
    return read(route.reads or Params, said)


def _check_state(state: Route | None, call: Call, values: Mapping[str, Any]) -> None:
    """Compare If-Match with the ETag that reading the resource would give now. Raises Problem `changed-meanwhile`.

    Where nothing can be read there is nothing that it could name, and no change is made on a guess.
    """
    if state is None:
        raise Problem("changed-meanwhile", "There is no state here that If-Match could name. Leave it out.")
    result = state.operation(call, **{name: values[name] for name in state.parameters})
    if not conditions.names_state(call.request, conditions.tag_of(_rendered(state, call, result))):
        raise Problem("changed-meanwhile")
    call.seen = result


def _done_once(route: Route, call: Call, arguments: Mapping[str, Any]) -> HttpResponse:
    """Call the operation; with an Idempotency-Key only if this request was not done before."""
    request, person = call.request, call.anybody
    key = request.headers.get(once.HEADER)
    if route.verb != "POST" or key is None or person is None:
        call.key = str(uuid4())
        return _response(route, call, _called(route, call, arguments))
    once.check_key(key)
    told = b"\n".join([route.verb.encode(), request.path.rstrip("/").encode(), request.body])
    claimed = once.claim(person=person, key=key, request=told, now=call.now)
    call.key = str(claimed.row.uuid)
    if claimed.is_done:
        result = _as_it_is_now(route, call, claimed.row.made, arguments)
        response = _response(route, call, result, status=claimed.row.status)
        response.headers["Idempotency-Replayed"] = "true"
        return response
    try:
        result = _called(route, call, arguments)
    except (Problem, DomainError):
        claimed.give_up()
        raise
    response = _response(route, call, result)
    made = route.made(_plain(result)) if route.made else ""
    claimed.finish(status=response.status_code, made=made, now=clock.now())
    return response


def _called(route: Route, call: Call, arguments: Mapping[str, Any]) -> Any:
    """The result of the operation, called only where the caller's If-Match names the present state."""
    if conditions.is_conditional(call.request):
        _check_state(route.state, call, arguments)
    return route.operation(call, **arguments)


def _as_it_is_now(route: Route, call: Call, made: str, arguments: Mapping[str, Any]) -> Any:
    """What a request that was done before made or changed, as it is now.

    Without `again` and a state the operation only looks, or does a thing that is done once by itself.
    """
    if route.again is not None:
        return route.again(call, made)
    if route.state is not None:
        return route.state.operation(call, **{name: arguments[name] for name in route.state.parameters})
    return route.operation(call, **arguments)


def _plain(result: Any) -> Any:
    return result.result if isinstance(result, Answer) else result


def _response(route: Route, call: Call, result: Any, *, status: int = 0) -> HttpResponse:
    answer = result if isinstance(result, Answer) else Answer(result)
    body = _rendered(route, call, answer.result)
    status = status or answer.status or route.status
    headers: dict[str, str] = {}
    if route.location and status == HTTPStatus.CREATED:
        headers["Location"] = route.location(answer.result)
    if isinstance(answer.result, Page) and answer.result.next:
        headers["Link"] = f'<{_page_address(call.request, answer.result.next)}>; rel="next"'
    if route.verb == "GET" and (not route.pages or route.max_age is not None):
        headers["ETag"] = conditions.tag_of(body)
        if conditions.is_unchanged(call.request, headers["ETag"]):
            return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if status == HTTPStatus.NO_CONTENT:
        return HttpResponse(status=status, headers=headers)
    if isinstance(answer.result, File):
        headers["Content-Disposition"] = f'attachment; filename="{answer.result.name}"'
    kind = route.media if route.media == JSON else f"{route.media}; charset=utf-8"
    return HttpResponse(body, status=status, content_type=kind, headers=headers)


def _rendered(route: Route, call: Call, result: Any) -> bytes:
    if isinstance(result, File):
        return result.content
    if route.writes is None:
        return b""
    if isinstance(result, Page):
        content: Any = {
            "results": write_all(route.writes, result.rows, call),
            "next": _page_address(call.request, result.next),
            "previous": _page_address(call.request, result.previous),
        }
    elif isinstance(result, dict):
        content = result  # written plainly by the operation; tests compare it with the schema
    else:
        content = write(route.writes, result, call)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _page_address(request: HttpRequest, cursor: str) -> str | None:
    if not cursor:
        return None
    query = urlencode({**request.GET.dict(), "cursor": cursor})
    return f"{settings.SITE_URL}{request.path}?{query}"
