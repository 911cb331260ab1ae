"""Tokens: JWTs that name a session, so that whatever ends the session ends them, too, at the next request.

An access token is good for minutes, a refresh token until its successor has been used once. Refresh tokens of a session
are counted, and the session keeps the number of the latest: that one is new, the one before it may be sent again, since
its answer may have been lost, and an older one is somebody else's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jwt
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts import services, url_secrets
from accounts.models import Session, User
from accounts.sessions import SessionStore, person_in
from core import clock

ACCESS, REFRESH = "access", "refresh"
ACCESS_LASTS = timedelta(minutes=15)
REFRESH_LASTS = timedelta(days=14)
# How long after its successor was used a refresh token is still taken for one that came late.
GRACE = timedelta(seconds=10)
ISSUER, AUDIENCE = "dayline", "dayline-api"
ALGORITHM = "HS256"
CLAIMS = ["iss", "aud", "sub", "sid", "use", "exp"]
# The part of a session's data that says which tokens it has.
STATE = "api"


class InvalidToken(Exception):
    """Raised for a token that is none of ours, has ended, or whose session has."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An access and a refresh token, and the seconds for which the first is good."""

    access: str
    refresh: str
    expires_in: int


def start(session: SessionStore, *, person: User, now: datetime) -> Pair:
    """The first pair of tokens of a new session of `person`, which is saved with their state."""
    session[STATE] = {"latest": 0, "since": now.isoformat()}
    session.set_expiry(REFRESH_LASTS)
    session.save()
    return _pair(str(person.uuid), str(session.session_key), number=0, now=now)


def person_of(access: str) -> tuple[User, str]:
    """The person of an access token, and the key of its session. One query. Raises InvalidToken."""
    return _signed_in(_read(access, ACCESS))


def _signed_in(claims: Mapping[str, Any]) -> tuple[User, str]:
    session = SessionStore(_session_key(claims))
    person = person_in(session) if STATE in session else None
    if person is None or str(person.uuid) != claims["sub"]:
        raise InvalidToken
    return person, str(session.session_key)


def refresh(token: str, *, now: datetime) -> Pair:
    """A new pair for a refresh token; the same successor where it is sent again before that was used.

    One that is older ends the session, and its person is told. Raises InvalidToken.
    """
    claims = _read(token, REFRESH)
    person, key = _signed_in(claims)
    with transaction.atomic():
        row = Session.objects.select_for_update(of=("self",)).filter(session_key=key).first()
        if row is None:
            raise InvalidToken
        data = row.get_decoded()
        state = data[STATE]
        age = state["latest"] - claims["num"]
        is_late = age == 2 and now < datetime.fromisoformat(state["since"]) + GRACE
        if age <= 1 or is_late:
            if age == 0:
                data[STATE] = {"latest": state["latest"] + 1, "since": now.isoformat()}
            row.session_data = SessionStore().encode(data)
            row.expire_date = now + REFRESH_LASTS
            row.save(update_fields=["session_data", "expire_date"])
            return _pair(claims["sub"], key, number=data[STATE]["latest"], now=now)
        end(person, key)
        if person.email:
            services.send_letter(letter="accounts/token_used_twice", to=person.email, said={"at": now.isoformat()})
    raise InvalidToken


def session_of_refresh(token: str) -> tuple[User, str]:
    """The person and the session of a refresh token that is still known. Raises InvalidToken."""
    return _signed_in(_read(token, REFRESH))


def end(person: User, session_key: str) -> None:
    """End one session, and with it all its tokens."""
    Session.objects.filter(session_key=session_key).delete()
    UserSession.objects.filter(user=person, session_key=session_key).delete()


def _pair(sub: str, session_key: str, *, number: int, now: datetime) -> Pair:
    sealed = url_secrets.seal(session_key)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "sid": sealed, "iat": now}
    return Pair(
        access=_sign({**claims, "use": ACCESS, "exp": now + ACCESS_LASTS}),
        refresh=_sign({**claims, "use": REFRESH, "num": number, "exp": now + REFRESH_LASTS}),
        expires_in=int(ACCESS_LASTS.total_seconds()),
    )


def _sign(claims: Mapping[str, Any]) -> str:
    return jwt.encode(dict(claims), _key(settings.SECRET_KEY), algorithm=ALGORITHM)


def _read(token: str, use: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(
            token,
            _key(settings.SECRET_KEY),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # Our own clock judges the end, as everything else of ours.
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError):
        raise InvalidToken from None
    if claims["use"] != use or claims["exp"] <= clock.now().timestamp():
        raise InvalidToken
    return claims


def _session_key(claims: Mapping[str, Any]) -> str:
    try:
        return url_secrets.unseal(claims["sid"])
    except url_secrets.CannotDecrypt:
        raise InvalidToken from None


@cache
def _key(secret: str) -> bytes:
    """The key that signs tokens and nothing else."""
    return salted_hmac("api.tokens", "HS256", secret=secret, algorithm="sha256").digest()
