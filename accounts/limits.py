"""Answers of pages to requests that cost other people something and come too often, as `usage` counts them.

Signing in has limits of its own (`sign_in_limits`).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts import usage
from accounts.client_ip import network
from accounts.models import User
from core import errors, unsaved_forms

View = Callable[..., HttpResponse]


def limited(
    action: str, *, methods: tuple[str, ...] = ("POST",), person: Callable[..., User] | None = None
) -> Callable[[View], View]:
    """A decorator that answers 429, with the time to wait, once `settings.LIMITS[action]` is used up.

    The limit is a count and the seconds it is counted over; only requests with one of `methods` count. They count for
    the account signed in, or for that of `person`, called with the view's arguments, where these name who acts.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            account = person(*args, **kwargs) if person else _signed_in(request)
            if request.method in methods and (wait := _wait(request, action, account)):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return run

    return decorate


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The 429 answer; text that was typed into the form is kept for its owner."""
    if request.method == "POST":
        unsaved_forms.keep(request, unsaved_forms.REFUSED)
    return errors.too_many(request, seconds=seconds)


def _signed_in(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _wait(request: HttpRequest, action: str, account: User | None) -> int:
    return usage.count(action, account=account, network=network(request)).wait
