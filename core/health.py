"""Two addresses for monitoring: whether the process is alive, and whether it can work. No names, no versions."""

from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.errors import cache_is_away
from core.view_contract import open_to_all


@open_to_all
@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 whenever the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@open_to_all
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """503 without the database; 200 without the cache, since pages do without it. The text names the missing one."""
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
    """Whether the database answers a query; False also when it does not within its time limit."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True


def cache_answers() -> bool:
    """Whether the cache answers. Errors that are not the cache's are raised."""
    try:
        cache.get("ready")
    except Exception as error:
        if not cache_is_away(error):
            raise
        return False
    return True
