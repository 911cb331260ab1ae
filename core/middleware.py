"""Middleware around every view: errors become answers with the headers of the view's contract, private answers are not
cached, admin gets its own CSP."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import FieldDoesNotExist
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from core import errors
from core.admin import refuse_what_was_not_offered
from core.exceptions import DomainError
from core.view_contract import contract_for

logger = logging.getLogger(__name__)

LIST = "_changelist"
# Raised where the admin looks up an impossible year, a number too large or an unknown field from its query string.
UNCHECKED_BY_ADMIN = (OverflowError, FieldDoesNotExist, ValueError, DataError)
# The theme writes its colours into the page, and its scripts (Alpine) read expressions from attributes.
ADMIN_POLICY = {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL]}


class PagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            response = errors.only_by_a_button(request, response)
        for name, value in contract_for(request).headers.items():
            response.headers.setdefault(name, value)
        if self._is_personal(request) and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        if self._is_admins(request):
            response._csp_update = ADMIN_POLICY  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if request.method == "POST" and hasattr(view, "model_admin") and str(match and match.url_name).endswith(LIST):
            refuse_what_was_not_offered(request, view.model_admin)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return errors.refused(request, exception)
        if errors.database_is_away(exception):
            logger.exception("The database did not answer")
            return errors.unavailable(request)
        if errors.cache_is_away(exception):
            # Sign-in, sign-up and new passwords are refused while uncounted; other pages do without the cache.
            logger.exception("The cache did not answer")
            return errors.unavailable(request)
        if isinstance(exception, UNCHECKED_BY_ADMIN) and self._asks_admin(request):
            logger.warning("The admin stumbled over its address", exc_info=True)
            return errors.bad_request(request, exception)
        return None

    @staticmethod
    def _asks_admin(request: HttpRequest) -> bool:
        """Whether this is a GET of the admin with a query string; errors on its pages without one are our own bugs."""
        return request.method == "GET" and bool(request.GET) and PagesMiddleware._is_admins(request)

    @staticmethod
    def _is_admins(request: HttpRequest) -> bool:
        return request.resolver_match is not None and "admin" in request.resolver_match.app_names

    @staticmethod
    def _is_personal(request: HttpRequest) -> bool:
        """Whether the view has loaded a signed-in user; a view that has not shows nothing private. Makes no query."""
        user = getattr(request, "_cached_user", None)
        return user is not None and user.is_authenticated
