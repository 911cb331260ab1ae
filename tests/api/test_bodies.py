"""A body is one JSON object in UTF-8 that every reader reads alike; anything else is refused before it is looked at."""

import json
from decimal import Decimal

import pytest

from api.bodies import read_object
from api.errors import Problem


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


REFUSED = {
    "two equal names": b'{"note": "a", "note": "b"}',
    "two equal names inside": b'{"terms": {"minutes": 1, "minutes": 2}}',
    "NaN": b'{"minutes": NaN}',
    "infinity": b'{"minutes": -Infinity}',
    "array": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1",
    "spaces": b"  ",
    "half": b'{"a": ',
    "two objects": b"{}{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "bad UTF-8": b'{"note": "\xff"}',
    "UTF-16": '{"note": "x"}'.encode("utf-16"),
    "surrogate in bytes": b'{"note": "\xed\xa0\x80"}',
    "lone surrogate": b'{"note": "\\ud800"}',
    "lone surrogate as a name": b'{"\\udfff": 1}',
    "NUL": b'{"note": "a\\u0000b"}',
    "NUL deep inside": b'{"a": [{"b": ["\\u0000"]}]}',
    "33 levels": deep(33),
    "20,000 brackets": b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "20,000 brackets that never close": b'{"a": ' + b"[" * 20_000,
    "31 digits": b'{"minutes": ' + b"1" * 31 + b"}",
    "31 digits after the point": b'{"minutes": 0.' + b"1" * 31 + b"}",
    "a comment": b"{} // {}",
    "single quotes": b"{'a': 1}",
    "trailing comma": b'{"a": 1,}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_or_none_is_malformed(body):
    with pytest.raises(Problem) as refused:
        read_object(body)

    assert refused.value.name == "malformed"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", {}),
        (b"{}", {}),
        (deep(32), json.loads(deep(32))),
        (b'{"note": "[[[[[{{{{{ \\" ]"}', {"note": '[[[[[{{{{{ " ]'}),
        (b'{"a": ' + b'"[",' * 0 + b'"' + b"[" * 100 + b'"}', {"a": "[" * 100}),
        (b'{"n": ' + b"1" * 30 + b"}", {"n": int("1" * 30)}),
        (b'{"n": 1.10}', {"n": Decimal("1.10")}),
        ('{"note": "Zoë 😀"}'.encode(), {"note": "Zoë 😀"}),
        (b'{"note": "\\ud83d\\ude00"}', {"note": "😀"}),
    ],
)
def test_an_object_is_read_as_it_was_written(body, found):
    assert read_object(body) == found
