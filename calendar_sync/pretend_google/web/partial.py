"""Partial answers: the parameter `fields`, such as items(id,start/dateTime),nextPageToken."""

import re
from typing import Any

from calendar_sync.pretend_google.refusals import invalid

Mask = dict[str, Any]  # name -> the mask of what is below it; an empty one takes all


def select(body: Any, fields: str) -> Any:
    tokens = re.findall(r"[\w*]+|[(),/]", fields)
    if "".join(tokens) != fields.replace(" ", ""):
        raise invalid(f"Invalid field selection {fields}", "fields")
    mask, rest = _read(tokens)
    if rest:
        raise invalid(f"Invalid field selection {fields}", "fields")
    return _apply(body, mask)


def _read(tokens: list[str]) -> tuple[Mask, list[str]]:
    """A mask from the front of the tokens, up to a closing bracket, and the tokens that are left."""
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        name, below, tokens = _read_one(tokens)
        mask[name] = mask.get(name, {}) | below
        tokens = tokens[1:] if tokens[:1] == [","] else tokens
    return mask, tokens


def _read_one(tokens: list[str]) -> tuple[str, Mask, list[str]]:
    """A name, what is wanted below it, and the tokens that are left."""
    name, *tokens = tokens
    if tokens[:1] == ["("]:
        below, tokens = _read(tokens[1:])
        return name, below, tokens[1:]
    if tokens[:1] == ["/"] and len(tokens) > 1:
        child, below, tokens = _read_one(tokens[1:])
        return name, {child: below}, tokens
    return name, {}, tokens


def _apply(body: Any, mask: Mask) -> Any:
    if not mask or "*" in mask:
        return body
    if isinstance(body, list):
        return [_apply(one, mask) for one in body]
    if not isinstance(body, dict):
        return body
    return {name: _apply(value, mask[name]) for name, value in body.items() if name in mask}
