"""Access and refresh tokens: how they are given, refreshed, ended and revoked."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import scopes
from .accounts import Account, Accounts
from .clock import Clock
from .consent import Client, Code, Consents
from .refusals import OAuthRefusal, Refusal
from .signing import signing_key

ACCESS_LIVES = timedelta(seconds=3599)
UNUSED_LIVES = timedelta(days=182)  # a refresh token that nobody used for six months is dead
TESTING_LIVES = timedelta(days=7)
MOST_REFRESH_TOKENS = 100  # of one account and client; one more ends the oldest in silence


@dataclass(frozen=True)
class Access:
    """A live access token: who allowed what to whom."""

    sub: str
    client_id: str
    scopes: frozenset[str]
    ends_at: datetime


@dataclass
class Refresh:
    sub: str
    client_id: str
    scopes: frozenset[str]
    given_at: datetime
    used_at: datetime
    lasts: timedelta | None = None  # after which it ends, where access was allowed for a time


@dataclass
class Tokens:
    clock: Clock
    accounts: Accounts
    consents: Consents
    issuer: str
    _access: dict[str, Access] = field(default_factory=dict)
    _refresh: dict[str, Refresh] = field(default_factory=dict)  # oldest first

    # --- Given -------------------------------------------------------------

    def client(self, client_id: str, secret: str) -> Client:
        client = self.consents.clients.get(client_id)
        if not client:
            raise OAuthRefusal("invalid_client", "The OAuth client was not found.", status=401)
        if not secrets.compare_digest(client.secret, secret):
            raise OAuthRefusal("invalid_client", "Unauthorized", status=401)
        return client

    def exchange(self, code: Code) -> dict[str, Any]:
        """The answer to a code: a refresh token the first time that a client asks for one, or after a new consent."""
        account, client = self.accounts.get(code.sub), code.asking.client
        answer = self._answer(account, client, code.scopes, nonce=code.asking.nonce)
        grant = self.consents.grant(account.sub, client.id)
        asked_anew = code.consented and "consent" in code.asking.prompt
        if code.asking.offline and (asked_anew or not grant.has_refresh_token):
            grant.has_refresh_token = True
            answer["refresh_token"] = self._give_refresh(account, client, code.scopes, code.lasts)
            if code.lasts:
                answer["refresh_token_expires_in"] = int(code.lasts.total_seconds())
        return answer

    def refresh(self, token: str, client: Client, asked: str) -> dict[str, Any]:
        found = self._live_refresh(token, client)
        if not found:
            raise OAuthRefusal("invalid_grant", "Token has been expired or revoked.")
        wanted, unknown = scopes.asked(asked)
        if unknown or not wanted <= found.scopes | {scopes.OPENID}:
            raise OAuthRefusal("invalid_scope", "Some requested scopes were not granted.")
        found.used_at = self.clock.now()
        return self._answer(self.accounts.get(found.sub), client, wanted & found.scopes or found.scopes)

    def _answer(self, account: Account, client: Client, granted: frozenset[str], nonce: str = "") -> dict[str, Any]:
        access = f"ya29.{secrets.token_urlsafe(48)}"
        now = self.clock.now()
        self._access[access] = Access(account.sub, client.id, granted, now + ACCESS_LIVES)
        answer = {
            "access_token": access,
            "expires_in": int(ACCESS_LIVES.total_seconds()),
            "scope": scopes.written(granted),
            "token_type": "Bearer",
        }
        if scopes.OPENID in granted:
            answer["id_token"] = self._id_token(account, client, granted, access, nonce)
        return answer

    def _id_token(self, account: Account, client: Client, granted: frozenset[str], access: str, nonce: str) -> str:
        now = int(self.clock.now().timestamp())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "azp": client.id,
            "aud": client.id,
            **profile(account, granted),
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **({"nonce": nonce} if nonce else {}),
            "iat": now,
            "exp": now + 3600,
        }
        return signing_key().sign(claims)

    def _give_refresh(self, account: Account, client: Client, granted: frozenset[str], lasts: timedelta | None) -> str:
        token, now = f"1//{secrets.token_urlsafe(48)}", self.clock.now()
        self._refresh[token] = Refresh(account.sub, client.id, granted, now, now, lasts)
        same = [each for each, one in self._refresh.items() if (one.sub, one.client_id) == (account.sub, client.id)]
        for oldest in same[:-MOST_REFRESH_TOKENS]:
            del self._refresh[oldest]
        return token

    # --- Used --------------------------------------------------------------

    def access(self, token: str) -> Access:
        found = self._access.get(token)
        if not found or found.ends_at <= self.clock.now():
            raise Refusal(401, "authError", "Invalid Credentials", location="Authorization")
        return found

    def email_of(self, token: str) -> str:
        """Whose access token this is, also after its end; empty where nobody has it."""
        found = self._access.get(token)
        return self.accounts.get(found.sub).email if found else ""

    def _live_refresh(self, token: str, client: Client) -> Refresh | None:
        found, now = self._refresh.get(token), self.clock.now()
        if not found or found.client_id != client.id or now - found.used_at > UNUSED_LIVES:
            return None
        if found.lasts and now - found.given_at > found.lasts:
            return None
        if client.testing and not found.scopes <= scopes.SIGN_IN and now - found.given_at > TESTING_LIVES:
            return None
        return found

    # --- Ended -------------------------------------------------------------

    def revoke(self, token: str) -> None:
        """End all tokens of this one's person and client, and the consent. Raises OAuthRefusal for a dead token."""
        owner = self._access.get(token) or self._refresh.get(token)
        if not owner:
            raise OAuthRefusal("invalid_token", "Token expired or revoked")
        self.revoke_all(owner.sub, owner.client_id)

    def revoke_all(self, sub: str, client_id: str) -> None:
        """What a person does who removes a client's access in their account."""
        self.consents.forget(sub, client_id)
        self._access = {key: one for key, one in self._access.items() if (one.sub, one.client_id) != (sub, client_id)}
        self._refresh = {key: one for key, one in self._refresh.items() if (one.sub, one.client_id) != (sub, client_id)}

    def expire_access(self, sub: str = "") -> None:
        """End the access tokens of one account, or all; a client refreshes them and goes on."""
        self._access = {key: one for key, one in self._access.items() if sub and one.sub != sub}

    def kill_refresh(self, sub: str = "") -> None:
        """End refresh and access tokens of one account, or all, as Google does without a word; the consent stays."""
        self.expire_access(sub)
        self._refresh = {key: one for key, one in self._refresh.items() if sub and one.sub != sub}


def profile(account: Account, granted: frozenset[str]) -> dict[str, Any]:
    """What these scopes tell of an account, in the words of OpenID Connect."""
    told: dict[str, Any] = {"sub": account.sub}
    if scopes.EMAIL in granted:
        told |= {"email": account.email, "email_verified": account.email_verified}
    if scopes.PROFILE in granted:
        told |= {"name": account.name, "given_name": account.given_name, "family_name": account.family_name}
    return told
