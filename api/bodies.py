"""The parser of JSON bodies. It takes what the contract allows and nothing that two readers could read differently.

Python's own parser takes the last of two equal names, NaN, and lone surrogates, and fails at deep nesting.
"""

import json
import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from api.errors import Problem

MULTIPART = "multipart/form-data"
MOST_LEVELS = 32
MOST_DIGITS = 30
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_upload(request: HttpRequest) -> dict[str, Any]:
    """The fields and files of a multipart body, each of which stands once. Raises Problem `malformed`, `wrong-type`."""
    if request.content_type != MULTIPART:
        raise Problem("wrong-type", "Send multipart/form-data.")
    try:
        fields, files = MultiPartParser(request.META, request, request.upload_handlers, "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, ValueError):
        raise _malformed("The body is not multipart/form-data.") from None
    given = [*fields.lists(), *files.lists()]
    found = {name: values[0] for name, values in given}
    if len(found) != sum(len(values) for _, values in given):
        raise _malformed("The body has a name twice.")
    _check_texts({name: value for name, value in found.items() if isinstance(value, str)})
    return found


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; an empty one where there is no body. Raises Problem `malformed`."""
    if not body:
        return {}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("The body is not in UTF-8.") from None
    if text.startswith("\ufeff"):
        raise _malformed("The body begins with a byte order mark.")
    _check_depth(text)
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_decimal
        )
    except (ValueError, RecursionError):
        raise _malformed("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise _malformed("The body must be a JSON object.")
    _check_texts(found)
    return found


def _malformed(detail: str) -> Problem:
    return Problem("malformed", detail)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MOST_LEVELS:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MOST_LEVELS:
            raise _malformed(f"The body is nested more than {MOST_LEVELS} levels deep.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _malformed("The body has a name twice in one object.")
    return found


def _constant(name: str) -> Any:
    raise _malformed(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    _check_digits(digits)
    return int(digits)


def _decimal(digits: str) -> Decimal:
    _check_digits(digits)
    return Decimal(digits)


def _check_digits(digits: str) -> None:
    if len(digits) > MOST_DIGITS:
        raise _malformed(f"A number has more than {MOST_DIGITS} digits.")


def _check_texts(value: Any) -> None:
    """Refuse what no database or file can keep, wherever it stands: NUL, and half of a surrogate pair."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value if char > "\ud7ff"):
            raise _malformed("A text has a character that can't be kept.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_texts(name)
            _check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner)
