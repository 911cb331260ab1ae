"""Errors of the API, and how each becomes a problem document (RFC 9457)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

from api.problems import KINDS
from core import errors as pages
from core.problems import problem


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field or parameter; `field` is the name that the caller used."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """A problem to answer with. `more` are further members of the document, such as `nearest`."""

    def __init__(
        self,
        name: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or name)
        self.name, self.detail = name, detail
        self.errors, self.more, self.headers = list(errors), dict(more or {}), dict(headers or {})

    def answer(self, request: HttpRequest) -> HttpResponse:
        return problem(
            request,
            KINDS[self.name].status,
            name=self.name,
            detail=self.detail,
            headers=self.headers,
            errors=[asdict(error) for error in self.errors],
            more=self.more,
        )


def not_found() -> Problem:
    """The one answer for what is foreign, random, malformed or gone."""
    return Problem("not-found")


def answer_to(error: Exception, request: HttpRequest) -> HttpResponse | None:
    """The answer to an error that a route raised; None for one that is a fault of ours."""
    if isinstance(error, Problem):
        return error.answer(request)
    if isinstance(error, Http404 | PermissionDenied):
        return Problem("not-found" if isinstance(error, Http404) else "not-allowed").answer(request)
    if isinstance(error, exceptions.NotAcceptable):
        return Problem("not-acceptable").answer(request)
    if pages.database_is_away(error) or pages.cache_is_away(error):
        return pages.unavailable(request)
    return None
