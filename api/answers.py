"""What an operation may return where an object alone does not say it: another status, further headers, or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer other than the route's usual one: another status, or further headers."""

    result: Any = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the route's `media` type, to be saved under `name`."""

    content: bytes
    name: str
