"""The addresses for programs. Every one answers with and without its last slash, and none by redirect."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from api import versions
from api.errors import not_found
from api.patterns import patterns_of
from api.views import (
    analytics,
    appointments,
    calendar,
    developers,
    events,
    key_pages,
    pages,
    people,
    providers,
    series,
    signing_in,
    studio,
    time_off,
    waitlist,
)
from core.view_contract import for_programs, open_to_all

ROUTES = [
    *signing_in.ROUTES,
    *people.ROUTES,
    *providers.ROUTES,
    *studio.ROUTES,
    *time_off.ROUTES,
    *calendar.ROUTES,
    *appointments.ROUTES,
    *series.ROUTES,
    *waitlist.ROUTES,
    *events.ROUTES,
    *analytics.ROUTES,
]


@csrf_exempt
@open_to_all
@for_programs(verbs=("GET", "POST", "PUT", "PATCH", "DELETE"), headers=versions.HEADERS)
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The answer at an address of the API that is none, for programs as everywhere below it."""
    return not_found().answer(request)


urlpatterns = [
    path("my/settings/api/", key_pages.own_keys, name="settings_api"),
    path("my/settings/api/end/", key_pages.end_all_own_keys, name="settings_api_end_all"),
    path("my/settings/api/<uuid:key>/end/", key_pages.end_own_key, name="settings_api_end"),
    path("api/docs", pages.documentation, name="api_docs"),
    path("api/docs/", pages.documentation, name="api_docs"),
    path("developers/", developers.first_steps, name="developers"),
    path("developers/problems/", developers.problems, name="developers_problems"),
    path("developers/problems/<slug:name>/", developers.problem, name="developers_problem"),
    path("docs", pages.to_documentation, name="api_docs_short"),
    path("redoc", pages.to_documentation, name="api_docs_redoc"),
    path("api/schema", pages.serve_schema, name="api_schema"),
    path("api/schema/", pages.serve_schema, name="api_schema"),
    *patterns_of(ROUTES),
    re_path(r"^api(?:/(?P<rest>[\s\S]*))?\Z", nothing_here, name="api_nothing_here"),
]
