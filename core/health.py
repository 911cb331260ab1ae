"""Two addresses for machines: is the process alive, and can it do its work? No names, no versions."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.errors import cache_is_away


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """The database and the cache answer; 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        cache.get("ready")
    except (DatabaseError, OSError):
        return not_ready()
    except Exception as error:
        if not cache_is_away(error):
            raise
        return not_ready()
    return HttpResponse("ok\n", content_type="text/plain")


def not_ready() -> HttpResponse:
    return HttpResponse("not ready\n", content_type="text/plain", status=503, headers={"Retry-After": "5"})
