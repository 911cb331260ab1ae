"""Every URL pattern of the product, by name; one without a name goes by its whole route."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Pattern:
    name: str
    arguments: tuple[str, ...]
    is_named: bool
    is_csrf_exempt: bool

    def address(self, given: dict[str, Any]) -> str | None:
        """The path of the pattern; None if it has no name or needs an argument that is not in `given`."""
        if not self.is_named or any(argument not in given for argument in self.arguments):
            return None
        try:
            return reverse(self.name, kwargs={argument: given[argument] for argument in self.arguments})
        except NoReverseMatch:
            return None


def all_patterns() -> list[Pattern]:
    """One pattern for each name; of two with the same name the first, which answers."""
    return list({pattern.name: pattern for pattern in reversed(_walk(get_resolver(), "", "", ()))}.values())


def _walk(resolver: URLResolver, namespace: str, route: str, arguments: tuple[str, ...]) -> list[Pattern]:
    found = []
    for entry in resolver.url_patterns:
        here = arguments + tuple(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += _walk(entry, inner, f"{route}{entry.pattern}", here)
        elif isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}" if entry.name else f"{route}{entry.pattern}"
            is_exempt = getattr(entry.callback, "csrf_exempt", False)
            found.append(Pattern(name, here, bool(entry.name), is_exempt))
    return found
