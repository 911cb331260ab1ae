"""System checks of `check --deploy` and of `migrate`, beyond Django's own."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader


@register(deploy=True)
def cache_is_shared(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a cache for each process: rate limits count in the cache, so each process would grant the full number."""
    if settings.CACHES["default"]["BACKEND"] != "django.core.cache.backends.locmem.LocMemCache":
        return []
    return [
        Warning(
            "Each web process has a cache of its own, so that rate limits count several times.",
            hint="Set CACHE_URL to a cache that all share, like redis://host:6379/1.",
            id="dayline.W001",
        )
    ]


@register(Tags.database)
def folded_migrations_are_whole(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a database that has some of the migrations that were folded into one, and lacks others.

    Django leaves the folded one out then, and says that there is nothing to apply.
    """
    return [
        Error(
            f"The database has only some of the migrations that became {app}.{folded}.",
            hint="Run migrate with the checkout that made this database, and then with this one.",
            id="dayline.E001",
        )
        for name in databases or ()
        for (app, folded) in _half_applied(MigrationLoader(connections[name]))
    ]


def _half_applied(loader: MigrationLoader) -> list[tuple[str, str]]:
    """The folded migrations of which something was applied, and something is neither applied nor there any more."""
    there = {*loader.applied_migrations, *loader.disk_migrations}
    return [
        key
        for key, step in loader.replacements.items()
        if not (there.issuperset(step.replaces) or loader.applied_migrations.keys().isdisjoint(step.replaces))
    ]
