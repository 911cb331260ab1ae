"""Logs: one JSON line per event on standard output, in UTC, with the request's id and the user's number.

No personal data: a request is logged by its route (`my/appointments/<str:reference>/`), not by its address, which may
carry a token or a search; tracebacks lose the values that databases quote, and anything that looks like an email.
JSON escapes control characters and everything beyond ASCII, so nobody can forge or colour a line.
"""

import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

Event = MutableMapping[str, Any]

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_SAFE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=]+@[^\s@<>\"'(),:;=]+")
_QUOTED_VALUES = re.compile(r"^\s*(DETAIL|CONTEXT|STATEMENT|QUERY):.*$", re.MULTILINE)  # PostgreSQL repeats whole rows

log = structlog.get_logger("dayline.request")


def add_request(logger: Any, method: str, event: Event) -> Event:
    """Add the ids of the request and of its user, if the user is loaded already: logging never queries the database."""
    request = _request.get()
    if request is not None:
        event["request_id"] = request.request_id  # type: ignore[attr-defined]
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk:
            event["user_id"] = user.pk
    return event


def name_the_route(logger: Any, method: str, event: Event) -> Event:
    """Replace the address, with which Django's own lines about a request end, by status and route."""
    record = event.get("_record")
    request = getattr(record, "request", None)
    if record is not None and isinstance(request, HttpRequest):
        event["event"] = HTTPStatus(getattr(record, "status_code", 500)).phrase
        event["status"] = getattr(record, "status_code", 500)
        event["route"] = route_of(request)
    return event


def add_traceback(logger: Any, method: str, event: Event) -> Event:
    """Add the traceback as text, from which `mask` then removes the values."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    elif isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if found and found[0]:
        event["exception"] = "".join(traceback.format_exception(*found))
    return event


def mask(logger: Any, method: str, event: Event) -> Event:
    for key, value in event.items():
        if isinstance(value, str) and key not in {"timestamp", "level", "logger"}:
            event[key] = _EMAIL.sub("[email]", _QUOTED_VALUES.sub("[values removed]", value))
    return event


def logging_config(*, level: str, form: str) -> dict[str, Any]:
    """Django's LOGGING; sets structlog up to match. `form` is json, or console for a person's terminal."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request,
        name_the_route,
        add_traceback,
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer = structlog.processors.JSONRenderer(default=repr) if form == "json" else structlog.dev.ConsoleRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Every refused page has its own line already (RequestLogMiddleware); only failures say more.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "gunicorn.error": {"handlers": [], "propagate": True},
            # At a lower level they log what they send and get, tokens included.
            **{name: {"level": "WARNING"} for name in ("google", "googleapiclient", "oauthlib", "requests_oauthlib")},
            # At DEBUG it writes out all that a page knows where one name of it is missing, links of mails included.
            "django.template": {"level": "INFO"},
        },
    }


def route_of(request: HttpRequest) -> str:
    match = getattr(request, "resolver_match", None)
    return match.route if match else "(no such page)"


class RequestLogMiddleware:
    """Gives each request an id (or keeps our proxy's), answers with it in X-Request-ID, and logs one line about it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = request_id(request)  # type: ignore[attr-defined]
        token = _request.set(request)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            log.log(
                logging.ERROR if response.status_code >= 500 else logging.INFO,
                "request",
                method=request.method if request.method in KNOWN_METHODS else "other",
                route=route_of(request),
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )
        finally:
            _request.reset(token)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}


def request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    if settings.TRUSTED_PROXIES and _SAFE_ID.fullmatch(given):
        return given
    return uuid.uuid4().hex
