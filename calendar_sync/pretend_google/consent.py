"""The clients that may ask, what people allowed them, and the codes that carry a consent back to the client."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from . import scopes
from .accounts import Account
from .clock import Clock
from .refusals import OAuthRefusal

CODE_LIVES = timedelta(minutes=10)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Client:
    """A program that was registered to ask; without redirect addresses of its own it may name any on this machine."""

    id: str
    secret: str
    redirects: tuple[str, ...] = ()
    name: str = "Dayline"
    # While a consent screen is 'Testing', refresh tokens for more than signing in end after seven days.
    testing: bool = False

    def may_redirect_to(self, address: str) -> bool:
        if self.redirects:
            return address in self.redirects
        return urlsplit(address).scheme in {"http", "https"} and urlsplit(address).hostname in LOOPBACK


# The only credentials that the stand-in's own command knows.
PRETEND_CLIENT = Client(id="pretend-client.apps.googleusercontent.com", secret="pretend-secret")


@dataclass(frozen=True)
class Asking:
    """What a client asks a person for, by the address of the page of consent."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str = ""
    offline: bool = False
    prompt: frozenset[str] = frozenset()
    include_granted: bool = False
    login_hint: str = ""
    challenge: str = ""
    challenge_method: str = "plain"
    nonce: str = ""

    @property
    def can_be_left_out(self) -> list[str]:
        return sorted(self.scopes - scopes.SIGN_IN)


@dataclass
class Grant:
    """What one person allows one client."""

    scopes: frozenset[str] = frozenset()
    # A refresh token is given the first time only, and again only after a new consent that was asked for.
    has_refresh_token: bool = False


@dataclass(frozen=True)
class Code:
    asking: Asking
    sub: str
    scopes: frozenset[str]
    consented: bool
    ends_at: datetime
    # For how long the person allows it, None until they take it back.
    lasts: timedelta | None = None


@dataclass
class Consents:
    clock: Clock
    clients: dict[str, Client] = field(default_factory=dict)
    _grants: dict[tuple[str, str], Grant] = field(default_factory=dict)  # by account and client
    _codes: dict[str, Code] = field(default_factory=dict)

    def asking(self, query: Mapping[str, str]) -> Asking:
        """What the address asks for. Raises OAuthRefusal for what Google shows an error page, and redirects nobody."""
        client = self.clients.get(query.get("client_id", ""))
        if not client:
            raise OAuthRefusal("invalid_client", "The OAuth client was not found.", status=401)
        if not client.may_redirect_to(query.get("redirect_uri", "")):
            raise OAuthRefusal("redirect_uri_mismatch", "The redirect address is none of this client's.")
        if query.get("response_type") != "code":
            raise OAuthRefusal("invalid_request", "Only response_type=code is known here.")
        known, unknown = scopes.asked(query.get("scope", ""))
        if unknown:
            raise OAuthRefusal("invalid_scope", f"Some requested scopes were invalid: {', '.join(unknown)}")
        if not known:
            raise OAuthRefusal("invalid_request", "Missing required parameter: scope")
        if query.get("code_challenge_method", "plain") not in {"plain", "S256"}:
            raise OAuthRefusal("invalid_request", "Invalid code_challenge_method")
        return Asking(
            client=client,
            redirect_uri=query["redirect_uri"],
            scopes=known,
            state=query.get("state", ""),
            offline=query.get("access_type", "online") == "offline",
            prompt=frozenset(query.get("prompt", "").split()),
            include_granted=query.get("include_granted_scopes", "false") == "true",
            login_hint=query.get("login_hint", ""),
            challenge=query.get("code_challenge", ""),
            challenge_method=query.get("code_challenge_method", "plain"),
            nonce=query.get("nonce", ""),
        )

    def grant(self, sub: str, client_id: str) -> Grant:
        return self._grants.setdefault((sub, client_id), Grant())

    def granted_to(self, sub: str) -> list[tuple[Client, Grant]]:
        """The clients that this person allows something."""
        return [
            (self.clients[client_id], grant)
            for (owner, client_id), grant in self._grants.items()
            if owner == sub and grant.scopes
        ]

    def forget(self, sub: str, client_id: str) -> None:
        self._grants.pop((sub, client_id), None)

    def needs_asking(self, asking: Asking, account: Account) -> bool:
        """Whether this person is shown the boxes, because not all was allowed before or they must be asked anew."""
        return "consent" in asking.prompt or not asking.scopes <= self.grant(account.sub, asking.client.id).scopes

    def allow(self, asking: Asking, account: Account, ticked: frozenset[str], *, lasts: timedelta | None = None) -> str:
        """Note that the person ticked these scopes; returns the address that carries the code to the client.

        What signing in needs can't be left out; where nothing is left, all was denied.
        """
        code = self.consent(asking, account, ticked, lasts=lasts)
        if not code.scopes:
            return self.deny(asking)
        text = f"4/{secrets.token_urlsafe(32)}"
        self._codes[text] = code
        return self._back(asking, code=text, scope=scopes.written(code.scopes), authuser="0", prompt="consent")

    def consent(
        self, asking: Asking, account: Account, ticked: frozenset[str], *, lasts: timedelta | None = None
    ) -> Code:
        """Note that the person ticked these scopes; returns what a code then stands for."""
        asked = self.needs_asking(asking, account)
        allowed = asking.scopes & (ticked | scopes.SIGN_IN) if asked else asking.scopes
        grant = self.grant(account.sub, asking.client.id)
        answered = grant.scopes | allowed if asking.include_granted and allowed else allowed
        grant.scopes |= allowed
        return Code(asking, account.sub, answered, asked, self.clock.now() + CODE_LIVES, lasts)

    def deny(self, asking: Asking, error: str = "access_denied") -> str:
        return self._back(asking, error=error)

    def redeem(self, code: str, *, client: Client, redirect_uri: str, verifier: str) -> Code:
        """What the code stands for; it is worth nothing afterwards. Raises OAuthRefusal."""
        found = self._codes.get(code)
        if not found or found.asking.client != client or found.ends_at <= self.clock.now():
            raise OAuthRefusal("invalid_grant", "Bad Request")
        if found.asking.redirect_uri != redirect_uri:
            raise OAuthRefusal("redirect_uri_mismatch")
        if found.asking.challenge and not verifier:
            raise OAuthRefusal("invalid_grant", "Missing code verifier.")
        if found.asking.challenge and _challenge(verifier, found.asking.challenge_method) != found.asking.challenge:
            raise OAuthRefusal("invalid_grant", "Invalid code verifier.")
        return self._codes.pop(code)

    @staticmethod
    def _back(asking: Asking, **answer: str) -> str:
        state = {"state": asking.state} if asking.state else {}
        joint = "&" if urlsplit(asking.redirect_uri).query else "?"
        return f"{asking.redirect_uri}{joint}{urlencode({**state, **answer})}"


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
