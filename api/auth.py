"""Who sends a request: the bearer of a token, a program with a key, a browser that is signed in, or a visitor."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import CSRFCheck

from accounts.client_ip import network
from accounts.models import User
from api import keys, tokens
from api.calls import VISITOR, Caller
from api.errors import Problem
from core import clock

SAFE = {"GET", "HEAD", "OPTIONS"}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Dayline"'}
REFUSED = {"WWW-Authenticate": 'Bearer realm="Dayline", error="invalid_token"'}


def caller_of(request: HttpRequest) -> Caller:
    """Who sends the request. With `Authorization` no cookie is looked at. Raises Problem `token-invalid` or `csrf`.

    Afterwards `request.user` is that person, so that logs name them and the answer is kept in no cache.
    """
    told = request.headers.get("Authorization")
    if told is None:
        return _browser(request)
    scheme, _, text = told.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise invalid_token()
    caller = _program(request, text.strip())
    request.user = request._cached_user = caller.person  # type: ignore[attr-defined, assignment]
    return caller


def invalid_token() -> Problem:
    return Problem("token-invalid", headers=REFUSED)


def nobody_signed_in() -> Problem:
    return Problem("token-invalid", "Sign in first: send a bearer token or a key.", headers=CHALLENGE)


def _program(request: HttpRequest, text: str) -> Caller:
    if keys.looks_like_key(text):
        key = keys.find_key(text, network=network(request), now=clock.now())
        if key is None:
            raise invalid_token()
        return Caller(key.person, key=key)
    try:
        person, session_key = tokens.person_of(text)
    except tokens.InvalidToken:
        raise invalid_token() from None
    return Caller(person, session_key=session_key)


def _browser(request: HttpRequest) -> Caller:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
        return VISITOR
    if request.method not in SAFE:
        check = CSRFCheck(lambda request: None)  # type: ignore[arg-type]
        check.process_request(request)
        if check.process_view(request, lambda request: HttpResponse(), (), {}):
            raise Problem("csrf")
    return Caller(request.user, session_key=request.session.session_key or "", is_browser=True)
