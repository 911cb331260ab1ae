"""The check of imports of Django that are forbidden on a floor; import-linter checks only our own modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

APPS = ("accounts", "analytics", "api", "appointments", "calendar_sync", "notifications", "outbox", "providers")
HTTP = ("django.http", "django.shortcuts")
ADDRESSES, DATABASE = "django.urls", "django.db"
# floor -> modules that it must not import. Pages may import django.urls, because they show the addresses of links.
FORBIDDEN = {
    "services": (*HTTP, ADDRESSES),
    "queries": (*HTTP, ADDRESSES),
    "rules": (*HTTP, ADDRESSES, DATABASE),
    "pages": (*HTTP, DATABASE),
    # The API's: its operations ask queries and services, and its serializers only what they are given.
    "operations": (*HTTP, DATABASE),
    "serializers": (*HTTP, DATABASE),
    # The stand-in for Google is no part of the product: it knows neither Django nor any app.
    "pretend_google": ("django", "core", "config", *(app for app in APPS if app != "calendar_sync")),
}


def forbidden_imports(root: Path) -> list[str]:
    """A text "app/floor/module.py imports django.http" for each forbidden import below `root`, also in functions."""
    return [
        f"{path.relative_to(root)} imports {name}"
        for app in APPS
        for floor, forbidden in FORBIDDEN.items()
        for path in sorted([*(root / app / floor).rglob("*.py"), *(root / app).glob(f"{floor}.py")])
        for name in _imported(path)
        if any(name == one or name.startswith(f"{one}.") for one in forbidden)
    ]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
