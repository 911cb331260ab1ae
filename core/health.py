"""Two addresses for monitoring: whether the process is alive, and whether it can work. No names, no versions."""

from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.errors import cache_is_away
from core.hooks import Question
from core.view_contract import open_to_all

jobs_wait = Question[[], float]("For how many seconds has the job waited that has been due longest?")
# Once a job has waited longer, jobs are said to be behind. A dead worker's job is taken again after two minutes.
BEHIND_SECONDS = 300


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
    """503 without the database; 200 without the cache or with jobs that are behind, since pages do without both.

    The first line names what is missing, the second for how many seconds the oldest due job has waited.
    """
    if not database_answers():
        return _not_ready()
    try:
        waited = jobs_wait.first()
    except (DatabaseError, InterfaceError):
        return _not_ready()
    remarks = {
        "the cache does not answer": not cache_answers(),
        "jobs are behind": waited is not None and waited > BEHIND_SECONDS,
    }
    missing = " and ".join(remark for remark, stands in remarks.items() if stands)
    lines = [f"ok, but {missing}" if missing else "ok"]
    if waited is not None:
        lines.append(f"oldest due job: {waited:.0f} seconds")
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain")


def _not_ready() -> HttpResponse:
    return HttpResponse(
        "not ready: the database does not answer\n",
        content_type="text/plain",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": "5"},
    )


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
