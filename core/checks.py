"""System checks of `check --deploy`, beyond Django's own."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


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
