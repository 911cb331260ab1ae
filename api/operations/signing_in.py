"""Operations by which a program signs up, signs in, and ends its session."""

from django.conf import settings

from accounts import services
from accounts.client_ip import client_ip, network
from accounts.services import SignedUp
from accounts.sign_in import sign_in_program, start_session_for_program
from accounts.sign_in_limits import count_for_program
from api import auth, drafts, tokens
from api.calls import Call
from api.errors import Problem
from api.tokens import Pair
from providers.services import draft_page

NO_SESSION = "Send a bearer token, or a refresh token as refresh. A key has no session: it ends at /api/me/keys/."


def sign_up(
    call: Call,
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    name: str = "",
    time_zone: str = "",
    role: str = drafts.CUSTOMER,
) -> SignedUp:
    """Make an account. A link is mailed to its address; a username alone works at once, for programs.

    The answer is the same for a new address and for a known one. A provider gets the draft of a page.
    """
    count_for_program(call.request, "signup")
    made = services.sign_up(
        email=email,
        username=username,
        password=password,
        name=name,
        zone=time_zone or settings.DEFAULT_TIME_ZONE,
        asked_from=network(call.request),
        until_confirmed=drafts.wish_for_page if drafts.wants_page(role) else None,
    )
    if made.user is not None and made.works and drafts.wants_page(role):
        draft_page(person=made.user)
    return made


def sign_in(call: Call, *, username: str, password: str, code: str | None = None) -> Pair:
    """Sign in by username or confirmed address: a session begins, which is listed with the person's devices."""
    request = call.request
    person = sign_in_program(request, login=username, password=password, code=code)
    session = start_session_for_program(
        user=person,
        ip=client_ip(request),
        user_agent=request.headers.get("User-Agent", ""),
        lasts=tokens.REFRESH_LASTS,
    )
    return tokens.start(session, person=person, now=call.now)


def refresh(call: Call, *, refresh: str) -> Pair:
    """Change a refresh token for a new pair. It is good until its successor has been used once."""
    try:
        return tokens.refresh(refresh, now=call.now)
    except tokens.InvalidToken:
        raise auth.invalid_token() from None


def revoke(call: Call, *, refresh: str | None = None) -> None:
    """End the session of a refresh token, or of the bearer. Both its tokens end with it."""
    if refresh is not None:
        try:
            person, session_key = tokens.session_of_refresh(refresh)
        except tokens.InvalidToken:
            raise auth.invalid_token() from None
    elif call.caller.session_key and not call.caller.is_browser:
        person, session_key = call.person, call.caller.session_key
    else:
        raise Problem("token-invalid", NO_SESSION, headers=auth.CHALLENGE)
    tokens.end(person, session_key)
