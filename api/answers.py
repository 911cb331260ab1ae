"""What an operation may return where an object alone does not say it: another status, or a file."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with another status than the route's usual one."""

    result: Any
    status: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file of the route's `media` type, to be saved under `name`."""

    content: bytes
    name: str
