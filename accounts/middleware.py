"""Middleware of accounts: the answer to a form of allauth with errors, and what those meet who take no part."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.problems import problem
from core.view_contract import contract_of, is_open_to_all, is_open_to_banned


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


class NothingForThoseOut:
    """Middleware that leads who takes no part from every view to the page that says why, but from those open to them.

    That is the page of their suspension, or, where they deleted their account, the one on which they can keep it. The
    view says whether it is open (`core.view_contract.open_to_banned` and `open_to_all`), never its path. A program gets
    a problem document. A view open to all is not looked at further, and a browser without a session costs nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if is_open_to_all(view):
            return None
        page = _page_for(request)
        if page is None or (page == SUSPENDED and is_open_to_banned(view)):
            return None
        if contract_of(view).has_problems:
            return problem(request, HTTPStatus.FORBIDDEN, name=page, detail=DETAILS[page])
        if request.headers.get("HX-Request"):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": reverse(page)})
        return redirect(page)


# The names of the pages that say why, which are those of the problems, too.
SUSPENDED, LEAVING = "suspended", "leaving"
DETAILS = {SUSPENDED: "Booking is suspended.", LEAVING: "The account was deleted by its person."}


def _page_for(request: HttpRequest) -> str | None:
    """The name of the page to which who sends the request is led; None for everybody who takes part, and visitors."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return None
    if request.user.leaves_at is not None:
        return LEAVING
    return SUSPENDED if request.user.banned_at is not None else None
