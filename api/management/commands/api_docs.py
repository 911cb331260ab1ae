"""What the repository says of the API, made from the routes: `docs/openapi.json`, what of it is promised, and the table
in `docs/api.md`.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from api.promises import broken, promised
from api.routes import Route
from api.urls import ROUTES
from api.views.pages import schema
from core import clock

DOCS = Path(settings.BASE_DIR) / "docs"
PROMISES = DOCS / "openapi.promised.json"
TABLE = re.compile(r"(<!-- addresses -->\n).*(<!-- end of addresses -->)", re.S)


class Command(BaseCommand):
    help = (
        "Write docs/openapi.json, its promises and the table of addresses in docs/api.md anew, from the routes."
        " It refuses to where a promise is broken."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if gone := broken_promises():
            raise CommandError("Within a version nothing goes:\n" + "\n".join(gone))
        for path, text in documents().items():
            path.write_text(text)
            self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")


def documents() -> dict[Path, str]:
    """Each file that is made from the routes, with its text."""
    written = (DOCS / "api.md").read_text()
    return {
        DOCS / "openapi.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
        PROMISES: _by_lines(promised(schema())),
        DOCS / "api.md": TABLE.sub(lambda found: found[1] + table_of(ROUTES) + found[2], written),
    }


def broken_promises() -> list[str]:
    """Each promise of the version that the routes do not keep any more."""
    return broken(json.loads(PROMISES.read_text()), promised(schema()), today=clock.now().date())


def _by_lines(promises: dict[str, Any]) -> str:
    """Promises as JSON, with a line for each operation and each part, so that a change can be read."""
    sides = []
    for side, rows in promises.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(told)}" for name, told in rows.items()]
        sides.append(f' "{side}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(sides) + "\n}\n"


def table_of(routes: Iterable[Route]) -> str:
    """The table of addresses in Markdown: verb, path, who may, and what it does."""
    rows = [f"| {route.verb} | `{route.path}` | {_who(route)} | {_summary(route)} |" for route in routes]
    return "\n".join(["| verb | address | who | what it does |", "|---|---|---|---|", *rows]) + "\n"


def _who(route: Route) -> str:
    if not route.needs_person:
        return "everybody"
    return f"`{route.scope}`" if route.allows_keys else "people, no key"


def _summary(route: Route) -> str:
    return route.said.split(". ")[0].rstrip(".")
