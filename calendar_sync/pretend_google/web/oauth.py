"""The endpoints that clients call for tokens, and for who somebody is."""

import base64
from typing import Any
from urllib.parse import unquote

from calendar_sync.pretend_google.consent import Client
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.refusals import OAuthRefusal, Refusal
from calendar_sync.pretend_google.signing import signing_key
from calendar_sync.pretend_google.tokens import profile

from .messages import Answer, Request


def token(google: Google, request: Request) -> Answer:
    form = request.form
    client = _client(google, request)
    match form.get("grant_type"):
        case "authorization_code":
            code = google.consents.redeem(
                form.get("code", ""),
                client=client,
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
            )
            return Answer(google.tokens.exchange(code), headers={"Cache-Control": "no-store"})
        case "refresh_token":
            answer = google.tokens.refresh(form.get("refresh_token", ""), client, form.get("scope", ""))
            return Answer(answer, headers={"Cache-Control": "no-store"})
    raise OAuthRefusal("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")


def _client(google: Google, request: Request) -> Client:
    """Who asks, by the header of Basic authentication or by the body."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise OAuthRefusal("invalid_client", "Unauthorized", status=401) from None
        return google.tokens.client(unquote(name), unquote(secret))
    return google.tokens.client(request.form.get("client_id", ""), request.form.get("client_secret", ""))


def revoke(google: Google, request: Request) -> Answer:
    google.tokens.revoke(request.form.get("token") or request.query.text("token"))
    return Answer({})


def userinfo(google: Google, request: Request) -> Answer:
    return Answer(_profile(google, request))


def userinfo_v2(google: Google, request: Request) -> Answer:
    """The older form of the same, with other names."""
    told = _profile(google, request)
    names = {"sub": "id", "email_verified": "verified_email"}
    return Answer({names.get(name, name): value for name, value in told.items()})


def _profile(google: Google, request: Request) -> dict[str, Any]:
    try:
        access = google.tokens.access(request.bearer)
    except Refusal:
        raise OAuthRefusal("invalid_request", "Invalid Credentials", status=401) from None
    return profile(google.accounts.get(access.sub), access.scopes)


def certificates(google: Google, request: Request) -> Answer:
    return Answer(signing_key().as_certificates())


def jwks(google: Google, request: Request) -> Answer:
    return Answer(signing_key().as_jwks())
