"""Requests made up from the schema by schemathesis, with values in them that exist.

A request of pure invention is 404 or 400 at most addresses, so three kinds are made:

    good      the example of the schema with values that exist now, and a few invented ones among them
    mixed     an invented request, in which some values are replaced by such as exist
    raw       as it was invented, unknown fields, broken ids and strange headers included
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st

KINDS = ["good"] * 6 + ["mixed"] * 3 + ["raw"]
HOME = "http://testserver"
Schema = Mapping[str, Any]
PARTS = ("method", "url", "headers", "params", "json", "data", "files")


class Known(Protocol):
    """The values that exist for a request: by name, those that belong together in one mapping."""

    def groups(self) -> Sequence[Mapping[str, Any]]:
        """Values of which only some together make sense, such as a service and its provider."""
        ...

    def values(self, name: str, where: str) -> Sequence[Any]:
        """The values for a name in the path, query or body; empty where none is known."""
        ...


def operations(schema: Schema) -> Iterator[Any]:
    """The operations of the schema, in its order."""
    for found in schemathesis.openapi.from_dict(schema).get_all_operations():
        yield found.ok()


def call_each(
    operation: Any, schema: Schema, known: Known, *, times: int, send: Callable[[requests.PreparedRequest], None]
) -> None:
    """Give `send` up to `times` requests for an operation of the schema; fewer where no more differ."""

    @st.composite
    def requests_made(draw: Any) -> requests.PreparedRequest:
        return _request(draw, operation, schema, known)

    @hypothesis.settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(request=requests_made())
    def call(request: requests.PreparedRequest) -> None:
        send(request)

    call()


def _request(draw: Any, operation: Any, schema: Schema, known: Known) -> requests.PreparedRequest:
    told = schema["paths"][operation.path][operation.method.lower()]
    kind = draw(st.sampled_from(KINDS))
    case = draw(operation.as_strategy())
    if kind != "raw":
        filling = _Filling(draw, known, told, is_good=kind == "good")
        filling.path(case)
        filling.query_and_headers(case)
        filling.body(case, _fields(schema, told))
    terms = case.as_transport_kwargs(base_url=HOME)
    made = requests.Request(**{name: terms[name] for name in PARTS if name in terms}).prepare()
    for name in list(made.headers):
        # What the library says of itself, and a cookie that it makes up beside the token.
        if name.lower() in {"accept-encoding", "user-agent", "connection", "cookie", "x-schemathesis-testcaseid"}:
            del made.headers[name]
    return made


def _fields(schema: Schema, told: Schema) -> dict[str, bool]:
    """The names of the fields of an operation's body, and whether each has to be sent."""
    for content in told.get("requestBody", {}).get("content", {}).values():
        part = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        return {name: name in part.get("required", ()) for name in part.get("properties", ())}
    return {}


class _Filling:
    """Puts values that exist into an invented request."""

    def __init__(self, draw: Any, known: Known, told: Schema, *, is_good: bool) -> None:
        self.draw, self.known, self.told, self.is_good = draw, known, told, is_good
        groups = known.groups()
        self.group = draw(st.sampled_from(groups)) if groups else {}

    def path(self, case: Any) -> None:
        for name, value in (case.path_parameters or {}).items():
            if self.is_good or self._happens(8):
                found = self._one(name, "path", None)
                case.path_parameters[name] = value if found is None else quote(str(found), safe="")

    def query_and_headers(self, case: Any) -> None:
        if self.is_good:
            case.query, case.headers = {}, self._once()
        for parameter in self.told.get("parameters", ()):
            if parameter["in"] == "query" and self._happens(2 if self.is_good else 4):
                first = next(iter(parameter["schema"].get("enum", ())), None)
                found = self._one(parameter["name"], "query", first)
                if found is not None:
                    case.query[parameter["name"]] = found

    def body(self, case: Any, fields: Mapping[str, bool]) -> None:
        """Fill the body. Without an example a good one has what it must have."""
        invented = case.body if isinstance(case.body, dict) else {}
        content = self.told.get("requestBody", {}).get("content", {})
        if self.is_good and content:
            case.media_type = case.media_type or next(iter(content))
            plain = {name: invented.get(name) for name, has_to in fields.items() if has_to}
            example = content[case.media_type].get("example") or plain
            odd = {name: value for name, value in invented.items() if name in fields and self._happens(1, 15)}
            case.body = {**{name: self._one(name, "body", value) for name, value in example.items()}, **odd}
        elif invented:
            case.body = {
                name: self._one(name, "body", value) if self._happens(6) else value for name, value in invented.items()
            }

    def _happens(self, times: int, of: int = 10) -> bool:
        """True so many times of ten. Hypothesis begins with 1, for which it is false."""
        return self.draw(st.integers(1, of)) > of - times

    def _one(self, name: str, where: str, otherwise: Any) -> Any:
        """A value that exists; `otherwise` where none is known."""
        if name in self.group:
            return self.group[name]
        values = self.known.values(name, where)
        return self.draw(st.sampled_from(values)) if values else otherwise

    def _once(self) -> dict[str, str]:
        """The headers of a good request: none, or a key that makes it happen once."""
        names = {parameter["name"] for parameter in self.told.get("parameters", ()) if parameter["in"] == "header"}
        return {"Idempotency-Key": str(uuid4())} if "Idempotency-Key" in names and self._happens(2) else {}
