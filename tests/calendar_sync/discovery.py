"""What Google's discovery document, as it comes with the client library, says of a call and of its answer."""

import json
import re
from datetime import date, datetime
from functools import cache
from importlib import resources

API = "/calendar/v3/"


@cache
def document():
    file = resources.files("googleapiclient") / "discovery_cache" / "documents" / "calendar.v3.json"
    return json.loads(file.read_text())


def method(name):
    resource, _, verb = name.partition(".")
    return document()["resources"][resource]["methods"][verb]


def problems(call):
    """What of a call or its answer the document does not allow, in words."""
    known = method(call.method)
    where = f"{call.method} {call.status}"
    found = []
    if call.verb != known["httpMethod"]:
        found.append(f"{where}: {call.verb} is not its verb")
    if not re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known["path"]), call.path.removeprefix(API)):
        found.append(f"{where}: {call.path} is not its path")
    if unknown := set(call.query) - set(known.get("parameters", {})) - set(document()["parameters"]):
        found.append(f"{where}: has no parameters {unknown}")
    if call.spoilt:
        return found
    if call.answer is None and call.status not in {0, 204}:
        return [*found, f"{where}: no answer"]
    if call.status == 204 and "response" in known:
        return [*found, f"{where}: an answer is promised"]
    if call.status >= 400:
        error = call.answer["error"]
        return found if error["code"] == call.status and error["errors"][0]["reason"] else [*found, f"{where}: {error}"]
    if call.status == 200 and "fields" not in call.query:
        found += wrong(call.answer, known["response"], where)
    return found


def wrong(value, schema, where):
    """Where a value is not as its schema says."""
    if "$ref" in schema:
        schema = document()["schemas"][schema["$ref"]]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if schema["type"] != "any" and not isinstance(value, kinds[schema["type"]]):
        return [f"{where} is no {schema['type']}: {value!r}"]
    if schema["type"] == "array":
        return [one for item in value for one in wrong(item, schema["items"], f"{where}[]")]
    if schema["type"] == "object":
        below = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        return [
            one
            for name, item in value.items()
            for one in (
                wrong(item, below.get(name) or rest, f"{where}.{name}")
                if name in below or rest
                else [f"{where}.{name} is not in the document"]
            )
        ]
    return [] if well_formed(value, schema.get("format")) else [f"{where} is no {schema['format']}: {value!r}"]


def well_formed(value, form):
    try:
        if form == "date-time":
            return datetime.fromisoformat(value).tzinfo is not None
        if form == "date":
            return bool(date.fromisoformat(value))
        if form == "int64":
            return str(int(value)) == value
    except ValueError:
        return False
    return True
