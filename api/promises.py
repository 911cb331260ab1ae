"""The promises of a version of the API: paths, parameters, fields and values that stay as long as it does.

`promised` takes them out of a schema, `broken` compares those that were made with those that are kept. What a program
sends may become less strict, and what it reads may grow.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

Schema = Mapping[str, Any]
# What describes a value and promises nothing.
_WORDS = {"description", "summary", "example", "examples", "title", "default", "tags", "security", "operationId"}
# What a value from outside has to keep to: may be eased, never tightened.
_LEAST, _MOST = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
SUNSET = "x-sunset"


def promised(schema: Schema) -> dict[str, Any]:
    """The promises of a schema: its operations with parameters, bodies and good answers, and the parts they use."""
    operations = {
        f"{verb.upper()} {path}": _operation(told)
        for path, verbs in schema["paths"].items()
        for verb, told in verbs.items()
    }
    return {"operations": operations, "parts": _bare(schema["components"]["schemas"], names=True)}


def broken(kept: Schema, served: Schema, *, today: date) -> list[str]:
    """Each promise of `kept` that `served` breaks, as a sentence. A route that was to go by `today` may be gone."""
    found: list[str] = []
    for name, before in kept["operations"].items():
        now = served["operations"].get(name)
        if now is not None:
            found += [f"{name}: {said}" for said in _Comparison(kept, served).operation(before, now)]
        elif not (SUNSET in before and date.fromisoformat(before[SUNSET]) <= today):
            found.append(f"{name} is gone")
    return found


def _operation(told: Schema) -> dict[str, Any]:
    made: dict[str, Any] = {
        "parameters": [_bare(each) for each in told.get("parameters", [])],
        "responses": {
            status: {kind: _bare(content["schema"]) for kind, content in answer.get("content", {}).items()}
            for status, answer in told["responses"].items()
            if status.startswith("2")
        },
    }
    if "requestBody" in told:
        made["body"] = {kind: _bare(content["schema"]) for kind, content in told["requestBody"]["content"].items()}
        made["needs_body"] = told["requestBody"].get("required", False)
    if SUNSET in told:
        made[SUNSET] = told[SUNSET]
    return made


def _bare(value: Any, *, names: bool = False) -> Any:
    """A schema without its words. With `names` the names of the mapping are those of fields or parts, and all stay."""
    if isinstance(value, Mapping):
        return {
            name: _bare(inner, names=name == "properties" and not names)
            for name, inner in value.items()
            if names or name not in _WORDS
        }
    return [_bare(each) for each in value] if isinstance(value, list) else value


class _Comparison:
    """The comparison of one operation in two sets of promises. Parts are compared by what they say, not by name."""

    def __init__(self, kept: Schema, served: Schema) -> None:
        self.kept, self.served = kept, served
        self.inside: set[tuple[str, str, bool]] = set()  # pairs of parts that are being compared

    def operation(self, before: Schema, now: Schema) -> Iterator[str]:
        yield from self._parameters(before, now)
        yield from self._body(before, now)
        for status, kinds in before["responses"].items():
            if status not in now["responses"]:
                yield f"never answers {status} any more"
                continue
            for kind, schema in kinds.items():
                if kind not in now["responses"][status]:
                    yield f"{status} is no more {kind}"
                else:
                    yield from self._value(schema, now["responses"][status][kind], f"{status}", sent=False)

    def _parameters(self, before: Schema, now: Schema) -> Iterator[str]:
        old, new = ({(each["in"], each["name"]): each for each in side["parameters"]} for side in (before, now))
        for (where, name), told in old.items():
            if (where, name) not in new:
                yield f"{where} {name} is gone"
            else:
                yield from self._value(told["schema"], new[where, name]["schema"], f"{where} {name}", sent=True)
        for (where, name), told in new.items():
            if told.get("required") and not old.get((where, name), {}).get("required"):
                yield f"{where} {name} has to be sent"

    def _body(self, before: Schema, now: Schema) -> Iterator[str]:
        if now.get("needs_body") and not before.get("needs_body"):
            yield "a body has to be sent"
        for kind, schema in before.get("body", {}).items():
            if kind not in now.get("body", {}):
                yield f"takes no more {kind}"
            else:
                yield from self._value(schema, now["body"][kind], "body", sent=True)

    def _value(self, before: Schema, now: Schema, where: str, *, sent: bool) -> Iterator[str]:
        """What is broken of a value that programs send, or else read."""
        pair = (before.get("$ref", ""), now.get("$ref", ""), sent)
        if all(pair[:2]):
            if pair in self.inside:
                return
            self.inside.add(pair)
        old, new = self._whole(before, self.kept), self._whole(now, self.served)
        if old["type"] != new["type"] or old.get("format") != new.get("format"):
            # Where programs send, more kinds may be taken; what they read must be as they know it.
            takes_all = not new["type"] or old["type"] and old["type"] <= new["type"]  # without a type anything goes
            wider = sent and takes_all and new.get("format") in (None, old.get("format"))
            if not wider:
                yield f"{where} was {_said(old)} and is {_said(new)}"
        if old["values"] is not None:
            if new["values"] is not None:
                for value in sorted(old["values"] - new["values"]):
                    yield f"{where} is never {value} any more" if not sent else f"{where} takes no more {value}"
        elif sent and new["values"] is not None:
            yield f"{where} takes a few values only"
        if sent:
            yield from self._limits(old, new, where)
        yield from self._fields(old, new, where, sent=sent)
        if "items" in old:
            yield from self._value(old["items"], new.get("items", {}), f"{where}[]", sent=sent)
        if isinstance(old.get("additionalProperties"), Mapping):
            inner = new.get("additionalProperties")
            yield from self._value(
                old["additionalProperties"], inner if isinstance(inner, Mapping) else {}, f"{where}.*", sent=sent
            )
        if all(pair[:2]):
            self.inside.discard(pair)

    def _limits(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        for names, is_tighter in ((_LEAST, lambda a, b: b > a), (_MOST, lambda a, b: b < a)):
            for name in names:
                if name in new and (name not in old or is_tighter(old[name], new[name])):
                    yield f"{where} has a {name} of {new[name]}, and had {old.get(name, 'none')}"
        if new.get("pattern") not in (None, old.get("pattern")):
            yield f"{where} has to match another pattern"

    def _fields(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        fields = new.get("properties", {})
        for name, schema in old.get("properties", {}).items():
            if name not in fields:
                yield f"{where}.{name} is gone"
                continue
            yield from self._value(schema, fields[name], f"{where}.{name}", sent=sent)
        before, now = set(old.get("required", ())), set(new.get("required", ()))
        if sent:
            yield from (f"{where}.{name} has to be sent" for name in sorted(now - before))
        else:
            yield from (f"{where}.{name} may be left out" for name in sorted((before - now) & set(fields)))

    def _whole(self, schema: Schema, root: Schema) -> dict[str, Any]:
        """A schema with its references followed: `type` is the set of its types, `values` the set of its values."""
        made: dict[str, Any] = {"type": frozenset(), "values": None}
        self._gather(schema, root, made)
        return made

    def _gather(self, schema: Schema, root: Schema, made: dict[str, Any]) -> None:
        if "$ref" in schema:
            self._gather(root["parts"][schema["$ref"].rpartition("/")[2]], root, made)
        for name, value in schema.items():
            if name == "type":
                made["type"] |= {value} if isinstance(value, str) else set(value)
            elif name in {"enum", "const"}:
                values = {str(each) for each in (value if name == "enum" else [value])}
                made["values"] = (made["values"] or set()) | values
            elif name in {"oneOf", "anyOf", "allOf"}:
                for inner in value:
                    self._gather(inner, root, made)
            elif name == "properties":
                made["properties"] = {**made.get("properties", {}), **value}
            elif name == "required":
                made["required"] = [*made.get("required", []), *value]
            elif name != "$ref":
                made[name] = value


def _said(whole: Schema) -> str:
    kinds = " or ".join(sorted(whole["type"])) or "anything"
    return f"{kinds} ({whole['format']})" if "format" in whole else kinds
