"""`core` stands at the foot of the staircase: it imports no app, and knows none by a name, an address or an attribute.

Docstrings may give examples; the component sheet shows sample pages.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {"styleguide.py"}
MODULES = sorted(path for path in (ROOT / "core").rglob("*.py") if path.name not in SAMPLES)
APPS = {
    config.label
    for config in apps.get_app_configs()
    if Path(config.path).parent == ROOT and config.label not in {"core"}
}
# What any account of Django's has; everything else is a field, or the end of a relation, of one of ours.
ANY_ACCOUNT = {name for kind in (AbstractBaseUser, PermissionsMixin, AnonymousUser) for name in dir(kind)}
OURS_ALONE = {
    getattr(field, "get_accessor_name", lambda field=field: field.name)() for field in User._meta.get_fields()
}
OURS_ALONE -= ANY_ACCOUNT | {"id", None}
ACCOUNTS = {"user", "account", "person"}


def code_of(path: Path) -> Iterator[ast.AST]:
    """The nodes of a module without its docstrings."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.walk(tree)


def texts_of(path: Path) -> list[str]:
    return [node.value for node in code_of(path) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def url_names(patterns) -> set[str]:
    """Names of the addresses that our apps answer."""
    names = set()
    for entry in patterns:
        if isinstance(entry, URLResolver):
            names |= url_names(entry.url_patterns) if entry.namespace != "admin" else set()
        elif isinstance(entry, URLPattern) and entry.name:
            names.add(entry.name)
    return names - {"health", "ready", "styleguide", "styleguide_error"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at():
    assert {"accounts", "providers", "appointments", "outbox"} <= APPS
    assert {"time_zone", "theme", "uuid", "provider"} <= OURS_ALONE
    assert {"studio_today", "book", "account_login"} <= url_names(get_resolver().url_patterns)
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_core_imports_no_app(path):
    imported = {
        name.partition(".")[0]
        for node in code_of(path)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported & APPS == set()


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_core_uses_nothing_of_an_account_that_only_ours_has(path):
    used = {
        node.attr
        for node in code_of(path)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).rpartition(".")[2] in ACCOUNTS
    }

    assert used & OURS_ALONE == set()


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_core_names_no_app_none_of_their_pages_and_none_of_their_fields(path):
    forbidden = APPS | url_names(get_resolver().url_patterns) | {"provider"}
    words = re.compile(r"studio|provider|appointment|customer", re.IGNORECASE)

    texts = texts_of(path)

    assert [text for text in texts if text in forbidden or words.search(text)] == []
