"""Signing in to Google for calendars: where to send somebody, what their code is worth, and new access tokens.

Apart from signing in to Dayline with Google: another consent, with offline access. See
https://developers.google.com/identity/protocols/oauth2/web-server.
"""

import functools
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from calendar_sync.states import Problem
from core import clock

from .errors import SignInNeeded, TryLater

SECONDS = 10
# An end of a grant that is farther away is none.
LONGEST = timedelta(days=3650)
# What somebody left out on Google's page is ours to say: the library would raise its answer as a warning instead.
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
if settings.GOOGLE_TOKEN_URI.startswith("http://"):
    # A stand-in on this machine, for no other address may be without TLS (`config.environment.as_endpoint`).
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
# What Google's token endpoint says of a grant that is gone. Any other refusal may be a mistake of this site's settings.
GRANT_IS_GONE = "invalid_grant"


@dataclass(frozen=True, slots=True)
class Departure:
    """The address at Google to send somebody to, and what proves on their return that it is they who come back."""

    address: str
    state: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code was worth: tokens, the scopes that were granted, and whose account it is.

    `refresh_token` is empty where Google sent none, which it does for an account that granted offline access before.
    `lasts_until` is when that token ends, None unless Google says so, as for access that was granted for a time.
    """

    account: str
    email: str
    granted: tuple[str, ...]
    access_token: str
    access_until: datetime
    refresh_token: str
    lasts_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """An access token and until when it is good. `refresh_token` is empty unless Google sent another one."""

    token: str
    until: datetime
    refresh_token: str = ""


class CodeRefused(Exception):
    """The code that somebody brought back is worth nothing: used before, too old, or not meant for us."""


def departure(
    scopes: Sequence[str],
    *,
    redirect_uri: str,
    email: str = "",
    adds_up: bool = True,
    state_of: Callable[[str], str] | None = None,
) -> Departure:
    """Where to send somebody who connects a calendar; `email` is the account to choose, if it is known.

    `state_of` makes the state of the verifier, where it is to say more than that it is the same.

    Offline access with consent, because Google sends a refresh token only then. Where the grant `adds_up`, it has what
    the account granted us before as well.
    """
    verifier = secrets.token_urlsafe(64)
    flow = _flow(scopes, redirect_uri=redirect_uri, code_verifier=verifier)
    more = {"login_hint": email} if email else {}
    if state_of is not None:
        more["state"] = state_of(verifier)
    address, state = flow.authorization_url(
        access_type="offline", prompt="consent", include_granted_scopes="true" if adds_up else "false", **more
    )
    return Departure(address, state, verifier)


def redeem(code: str, *, verifier: str, scopes: Sequence[str], redirect_uri: str) -> Grant:
    """The grant that a code stands for. Waits for Google, ten seconds at most for each of two answers.

    Raises CodeRefused, and TryLater where Google gives no answer.
    """
    import requests
    from oauthlib.oauth2 import OAuth2Error

    flow = _flow(scopes, redirect_uri=redirect_uri, code_verifier=verifier)
    try:
        token = flow.fetch_token(code=code, timeout=SECONDS)
        person = flow.authorized_session().get(settings.GOOGLE_USERINFO_URI, timeout=SECONDS)
        person.raise_for_status()
        said = person.json()
        return Grant(
            account=str(said["sub"]),
            email=str(said.get("email", "")).lower(),
            granted=tuple(sorted(_scopes_in(token))),
            access_token=token["access_token"],
            access_until=datetime.fromtimestamp(token["expires_at"], UTC),
            refresh_token=token.get("refresh_token", ""),
            lasts_until=_end_in(token),
        )
    except OAuth2Error as error:
        if error.error == GRANT_IS_GONE:
            raise CodeRefused(error.error) from None
        raise TryLater(Problem.SLOW, error.error) from None
    except (requests.RequestException, ValueError, LookupError, TypeError, AttributeError) as error:
        # No answer, or none of Google's, such as the page of some proxy.
        raise TryLater(Problem.SLOW, type(error).__name__) from None


def new_access(refresh_token: str) -> Access:
    """A new access token. Asks for no scope by name: naming one that was not granted would be refused.

    Raises SignInNeeded where the grant is gone, and TryLater for any other failure.
    """
    from google.auth.exceptions import GoogleAuthError, RefreshError
    from google.auth.transport.requests import Request
    from google.oauth2.credentials import Credentials

    credentials = Credentials(
        token=None,
        refresh_token=refresh_token,
        token_uri=settings.GOOGLE_TOKEN_URI,
        client_id=settings.GOOGLE_CLIENT_ID,
        client_secret=settings.GOOGLE_CLIENT_SECRET,
    )
    try:
        credentials.refresh(functools.partial(Request(), timeout=SECONDS))
    except RefreshError as error:
        said = _error_code(error)
        if said == GRANT_IS_GONE:
            raise SignInNeeded(Problem.SIGN_IN, said) from None
        raise TryLater(Problem.SLOW, said) from None
    except GoogleAuthError as error:
        raise TryLater(Problem.SLOW, type(error).__name__) from None
    assert credentials.token and credentials.expiry
    # The library's moment is in UTC without saying so.
    until = credentials.expiry.replace(tzinfo=UTC)
    other = credentials.refresh_token
    return Access(credentials.token, until, other if other and other != refresh_token else "")


def revoke(token: str) -> None:
    """Have Google forget a grant; one that is gone already is no failure. Raises TryLater without an answer."""
    import requests

    try:
        answer = requests.post(settings.GOOGLE_REVOKE_URI, data={"token": token}, timeout=SECONDS)
    except requests.RequestException as error:
        raise TryLater(Problem.SLOW, type(error).__name__) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise TryLater(Problem.SLOW, str(answer.status_code))


def _flow(scopes: Sequence[str], **more: Any) -> Any:
    from google_auth_oauthlib.flow import Flow

    client = {
        "client_id": settings.GOOGLE_CLIENT_ID,
        "client_secret": settings.GOOGLE_CLIENT_SECRET,
        "auth_uri": settings.GOOGLE_AUTH_URI,
        "token_uri": settings.GOOGLE_TOKEN_URI,
    }
    return Flow.from_client_config({"web": client}, scopes=list(scopes), **more)


def _scopes_in(token: Any) -> list[str]:
    said = token.get("scope", [])
    return said.split() if isinstance(said, str) else list(said)


def _end_in(token: Any) -> datetime | None:
    """When the refresh token ends by a token answer; what is no number of seconds within reason says nothing."""
    seconds = token.get("refresh_token_expires_in")
    if type(seconds) is not int or not 0 < seconds < LONGEST.total_seconds():
        return None
    return clock.now() + timedelta(seconds=seconds)


def _error_code(error: Exception) -> str:
    details = error.args[1] if len(error.args) > 1 else {}
    return str(details.get("error", ""))[:80] if isinstance(details, dict) else ""
