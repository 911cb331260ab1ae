"""Middleware of accounts: the answer to a form of allauth with errors, and what a banned person meets."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.problems import problem
from core.view_contract import contract_of, is_open_to_banned


class InvalidFormsAnswer422:
    """Middleware that answers 422 instead of 200 for a form of allauth with errors, for programs and htmx."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response):
        form = (response.context_data or {}).get("form")
        if request.method == "POST" and response.status_code == HTTPStatus.OK and getattr(form, "errors", None):
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class NothingForTheBanned:
    """Middleware that leads a banned person from every view to the page that says why, except from those open to them.

    The view says whether it is (`core.view_contract.open_to_banned`), never its path. A program gets a problem
    document. An open view is not looked at further, and a browser without a session costs nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if is_open_to_banned(view) or not _comes_from_banned(request):
            return None
        if contract_of(view).has_problems:
            return problem(request, HTTPStatus.FORBIDDEN, name="suspended", detail="Booking is suspended.")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": reverse("suspended")})
        return redirect("suspended")


def _comes_from_banned(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return request.user.is_authenticated and request.user.banned_at is not None
