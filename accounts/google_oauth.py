"""Google as a way to sign in: sending somebody there, and who they are by Google's answer.

allauth builds the address and keeps the state of each way to Google in the session; the answer is read here, with
limits of time and size, and its tokens are thrown away. Whom to believe what: `docs/decisions/sign-in-with-google.md`.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Thread
from time import monotonic
from typing import Any

import jwt
import requests
import structlog
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.google.provider import GoogleProvider
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from urllib3.exceptions import ReadTimeoutError

from accounts import url_secrets
from core import text
from core.letters import page

log = structlog.get_logger("accounts.google")

SIGN_IN, CONNECT = AuthProcess.LOGIN, AuthProcess.CONNECT
# Seconds for a connection, for each piece of the answer, and for all of it: the browser waits meanwhile.
CONNECT_WITHIN, PIECE_WITHIN, ALL_WITHIN = 3, 4, 8
MOST_BYTES = 64 * 1024
CLOCKS_DIFFER_BY = 60  # seconds
# Google delivers the mail of these itself. The claim `hd` says whose account it is, not where its mail goes.
MAILBOXES_OF_GOOGLE = ("@gmail.com", "@googlemail.com")
LONGEST_SUBJECT, LONGEST_NAME = 191, 120


class GoogleIsAway(Exception):
    """Raised where Google gave no answer, or none but that something is wrong there."""


class GoogleIsSlow(GoogleIsAway):
    """Raised where we gave up waiting."""


class NotUnderstood(Exception):
    """Raised for an answer that names nobody: the code was refused or used before, or the token is not for us."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as Google knows them. Only `subject` stays theirs for ever: an address may go to somebody else.

    `is_checked` says that Google asked the mailbox once. `is_hosted` says that Google delivers its mail, too, so that
    who signs in to Google is who reads it now.
    """

    subject: str
    email: str
    name: str
    is_checked: bool
    is_hosted: bool


def is_offered() -> bool:
    """Whether this site has a client at Google, and so shows the button."""
    return bool(settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET)


# --- There ------------------------------------------------------------------------------------------------------------


class _Endpoints(GoogleOAuth2Adapter):
    """allauth's adapter, with the addresses of the settings as they are now: its own are read once, at the import."""

    @property
    def authorize_url(self) -> str:
        return settings.GOOGLE_AUTH_URI

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return page("google_callback")


class Google(GoogleProvider):
    """allauth's provider with the client of the settings; the table of clients stays empty."""

    oauth2_adapter_class = _Endpoints

    def __init__(self, request: HttpRequest) -> None:
        how = {"scope": ["openid", "email", "profile"], "oauth_pkce_enabled": True}
        client = {"client_id": settings.GOOGLE_CLIENT_ID, "secret": settings.GOOGLE_CLIENT_SECRET}
        super().__init__(request, SocialApp(provider=self.id, settings=how, **client))


def send_there(request: HttpRequest, *, process: str, way_back: str = "") -> HttpResponse:
    """The redirect to Google. The session keeps who started, so that nobody else can finish.

    The way back travels sealed in the state, too, where it outlives a session that ends meanwhile.
    """
    nonce = secrets.token_urlsafe(24)
    return Google(request).redirect(
        request,
        process,
        next_url=way_back,
        auth_params={"access_type": "online", "prompt": "select_account", "nonce": nonce},
        state_id=".".join([secrets.token_urlsafe(24), url_secrets.seal(way_back) if way_back else ""]),
        nonce=nonce,
        started_by=_who(request),
    )


def _who(request: HttpRequest) -> str:
    """The person signed in by their public id, empty for a visitor."""
    return request.user.uuid.hex if request.user.is_authenticated else ""


# --- And back ---------------------------------------------------------------------------------------------------------


def take_state(request: HttpRequest) -> dict[str, Any] | None:
    """What `send_there` kept, once: None for a state that is unknown, used, another browser's or ten minutes old."""
    return statekit.unstash_state(request, provider_id=GoogleProvider.id, state_id=request.GET.get("state", ""))


def was_started_by(request: HttpRequest, state: Mapping[str, Any]) -> bool:
    return constant_time_compare(state["started_by"], _who(request))


def way_back_in_state(request: HttpRequest) -> str:
    """The way back that the state carries, empty where there is none. Only we can seal one."""
    try:
        return url_secrets.unseal(request.GET.get("state", "").partition(".")[2])
    except url_secrets.CannotDecrypt:
        return ""


def identify(code: str, state: Mapping[str, Any]) -> Identity:
    """Who brings this code, by Google's answer. Raises GoogleIsAway or NotUnderstood.

    Asks Google over the network: never call it in a transaction. The browser waits for it, so it is kept short.
    """
    answer = _exchange(code, state.get("pkce_code_verifier", ""))
    claims = _claims(answer.get("id_token"))
    if not constant_time_compare(str(claims.get("nonce")), state["nonce"]):
        raise NotUnderstood("nonce")
    return _identity(claims)


def _exchange(code: str, verifier: str) -> Mapping[str, Any]:
    """Google's answer to the code. Redirects are not followed: they would carry the secret elsewhere."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": page("google_callback"),
        "client_id": settings.GOOGLE_CLIENT_ID,
        "client_secret": settings.GOOGLE_CLIENT_SECRET,
    }
    status, body = _in_time(partial(_post, settings.GOOGLE_TOKEN_URI, asked))
    if status != HTTPStatus.OK:
        raise NotUnderstood(f"status {status}")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise NotUnderstood("no JSON") from None
    if not isinstance(answer, dict):
        raise NotUnderstood("no object")
    return answer


def _in_time(ask: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    """The answer of `ask`, or GoogleIsSlow after `ALL_WITHIN`, whatever it is waiting for.

    It runs in a thread of its own, for `requests` has no limit for finding a name, nor for headers that drip. A thread
    that is given up holds nothing but its connection.
    """
    answer: Future[tuple[int, bytes]] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=run, name="google", daemon=True).start()
    try:
        return answer.result(timeout=ALL_WITHIN)
    except TimeoutError:
        raise GoogleIsSlow("too slow") from None


def _post(url: str, asked: Mapping[str, str]) -> tuple[int, bytes]:
    until = monotonic() + ALL_WITHIN
    try:
        with requests.post(
            url, data=asked, timeout=(CONNECT_WITHIN, PIECE_WITHIN), allow_redirects=False, stream=True
        ) as response:
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code == 429:
                raise GoogleIsAway(f"status {response.status_code}")
            return response.status_code, _read(response, until)
    except requests.RequestException as error:
        kind = GoogleIsSlow if _is_timeout(error) else GoogleIsAway
        raise kind(type(error).__name__) from None  # its message may quote the address


def _is_timeout(error: requests.RequestException) -> bool:
    """Whether nothing came for too long; in the middle of a body `requests` says that by a ConnectionError."""
    return isinstance(error, requests.Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in error.args)


def _read(response: requests.Response, until: float) -> bytes:
    """The body, byte by byte: a larger piece that drips would not let us look at the clock before it is whole."""
    body = bytearray()
    for piece in response.iter_content(1):
        body += piece
        if monotonic() > until:
            raise GoogleIsSlow("too slow")
        if len(body) > MOST_BYTES:
            raise NotUnderstood("too long")
    return bytes(body)


def _claims(token: Any) -> Mapping[str, Any]:
    """The claims of an ID token that is for us and alive.

    It came from Google itself over TLS, which stands in for its signature (OpenID Connect Core 3.1.3.7).
    """
    if not isinstance(token, str):
        raise NotUnderstood("no ID token")
    try:
        return jwt.decode(
            token,
            audience=settings.GOOGLE_CLIENT_ID,
            issuer=[settings.GOOGLE_ISSUER, settings.GOOGLE_ISSUER.partition("//")[2]],  # Google uses both
            leeway=CLOCKS_DIFFER_BY,
            options={
                "verify_signature": False,
                "verify_aud": True,
                "verify_iss": True,
                "verify_exp": True,
                "verify_iat": True,
                "require": ["aud", "iss", "exp", "sub"],
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise NotUnderstood(type(error).__name__) from None


def _identity(claims: Mapping[str, Any]) -> Identity:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not _is_plain(subject):
        raise NotUnderstood("subject")
    email = _address(claims.get("email"))
    is_checked = bool(email) and claims.get("email_verified") is True
    return Identity(
        subject=subject,
        email=email,
        name=_name(claims.get("name")) or email.partition("@")[0][:LONGEST_NAME],
        is_checked=is_checked,
        is_hosted=is_checked and email.endswith(MAILBOXES_OF_GOOGLE),
    )


def _is_plain(subject: str) -> bool:
    return subject.isascii() and subject.isprintable()


def _address(told: Any) -> str:
    """An address as accounts have it, empty where it could be none of an account."""
    try:
        return forms.EmailField(max_length=254).clean(told).lower() if isinstance(told, str) else ""
    except ValidationError:
        return ""


def _name(told: Any) -> str:
    """A name as `SignupForm` takes it, empty where it would refuse it."""
    try:
        name = text.clean_line(told) if isinstance(told, str) else ""
    except ValidationError:
        return ""
    return name if len(name) <= LONGEST_NAME else ""
