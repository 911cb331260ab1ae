"""Demo data: each app seeds its own rows, on top of the rows of the apps below it.

An app has a module (or package) `demo` with the functions of `Demo`, and adds it to `parts` in its `AppConfig.ready()`.
"""

from dataclasses import dataclass
from typing import Protocol

from core.hooks import Registry

# The password of everybody in a demo.
PASSWORD = "dayline-demo"


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of a demo; tests make a small one.

    `hosts` is the number of providers, None for all that the demo knows; `diary` the number of entries in the fullest
    diary.
    """

    hosts: int | None = None
    diary: int = 420


class Demo(Protocol):
    """One app's part of the demo: a module with these functions."""

    def is_seeded(self) -> bool:
        """Whether the database has this part."""
        ...

    def seed(self, size: Size) -> None:
        """Create the rows of this part; those of the parts below exist already."""
        ...


parts = Registry[Demo]("Demo data")


def is_seeded() -> bool:
    """Whether the database has every part of the demo."""
    return all(part.is_seeded() for part in parts)


def seed(size: Size) -> None:
    """Create the missing parts, those of lower apps first."""
    for part in parts:
        if not part.is_seeded():
            part.seed(size)
