"""Two addresses for machines: is the process alive, and can it do its work? No names, no versions."""

from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
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
    """Which of database and cache answer. 503 without the database; 200 without the cache, for pages do without it."""
    if not database_answers():
        return HttpResponse(
            "not ready: the database does not answer\n",
            content_type="text/plain",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": "5"},
        )
    if not cache_answers():
        return HttpResponse("ok, but the cache does not answer\n", content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def database_answers() -> bool:
    """Whether the database answers a question; False too when it does not within its time."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def cache_answers() -> bool:
    """Whether the cache answers. Its errors are not ours to import, and any other error passes."""
    try:
        cache.get("ready")
    except Exception as error:
        if not cache_is_away(error):
            raise
        return False
    return True
