"""Limits on guessing passwords, and the way in that stays open to the owner of a guessed account.

Tries are counted by account and address together, so the first limit stops one guesser and nobody else. A second, wider
one counts the tries at one account from unknown devices anywhere. Past it the right password still lets its owner in,
together with a code from their mailbox; every try is answered with the page that asks for the code, so that a guesser
learns neither whether the account exists nor whether the password was right.

An account may have two names, an address and a username. Each has both counts, and they alone say when a guesser has to
wait: otherwise tries at one name would tell whose other name it is. So that two names give no more guesses than one,
the account has both counts for all its names together, and they are never told: past them the right password is a
wrong one. Only on a page, past the wider one, it still leads its owner to the mailed code; so there a guesser may learn
by as many tries again which password is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from time import time

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import after_login, services
from accounts.exceptions import TooManyTries
from accounts.models import User
from core import errors

APP = "allauth.account"
A_MINUTE = 60
HERE, ANYWHERE, CODE = "login_failed", "login_failed_anywhere", "code_after_password"
# The limits that allauth's views refuse with 429, by the name of their address.
REFUSED_AT = {
    "account_login": (APP, "login"),
    "account_signup": (APP, "signup"),
    "account_reset_password": (APP, "reset_password"),
    "account_reset_password_from_key": (APP, "reset_password_from_key"),
    "account_email": (APP, "manage_email"),
    "account_change_password": (APP, "change_password"),
    "account_set_password": (APP, "change_password"),
    "account_reauthenticate": (APP, "reauthenticate"),
    "mfa_reauthenticate": (APP, "reauthenticate"),
    "mfa_reauthenticate_webauthn": (APP, "reauthenticate"),
    "mfa_login_webauthn": ("allauth.mfa", "webauthn_login"),
}


@dataclass(frozen=True)
class Try:
    """One counted try of a password. With `needs_code` the right password alone signs nobody in.

    With `is_in_vain` the account has been tried too often by all its names together: any password is a wrong one. On a
    page that holds for tries from one address alone, since past the wider limit the owner still comes in: with
    `right_one_needs_code` only the right password is answered with the page that asks for a code.
    """

    usages: tuple[ratelimit.RateLimitUsage, ...]
    needs_code: bool
    is_in_vain: bool = False
    right_one_needs_code: bool = False

    def forgive(self) -> None:
        """Take a try with the right password off the limits.

        A try that needs a code stays counted: otherwise the limit itself would tell which password was right.
        """
        if self.needs_code or self.is_in_vain or self.right_one_needs_code:
            return
        for usage in self.usages:
            usage.rollback()


def count_try(request: HttpRequest, *, email: str, on_known_device: bool) -> Try:
    """Count one try for the account of `email`. Past a limit raises ImmediateHttpResponse with the 429 page.

    Past the wider limit alone, a try goes on but needs a code, unless somebody already signed in is asked for their
    password again: that is refused, too.
    """
    key = _key_here(request, email, on_known_device=on_known_device)
    here = ratelimit.consume(request, app=APP, action=HERE, key=key)
    if here is None:
        raise _pause(request, HERE, key)
    if on_known_device:
        return Try((here,), needs_code=False)
    anywhere = ratelimit.consume(request, app=APP, action=ANYWHERE, key=email)
    if anywhere is None and request.user.is_authenticated:
        raise _pause(request, ANYWHERE, email)
    together = _count_together(request, email)
    if None in together and request.user.is_authenticated:
        raise _paused_for(request, _wait_together(request, email))
    return Try(
        tuple(usage for usage in (here, anywhere, *together) if usage),
        needs_code=anywhere is None,
        is_in_vain=together[0] is None,
        right_one_needs_code=together[1] is None,
    )


def count_program_try(request: HttpRequest, *, login: str, user: User | None) -> Try:
    """Count one try of a program for `login`, an address or a username, with those of the pages.

    `user` is the account that has this name; where there is none, the try is counted alike. Raises TooManyTries past
    either limit of the name: a program can't go to the page that asks for a mailed code.
    """
    key = _key_here(request, login, on_known_device=False)
    here = ratelimit.consume(request, app=APP, action=HERE, key=key)
    if here is None:
        raise TooManyTries(_wait(request, APP, HERE, key))
    anywhere = ratelimit.consume(request, app=APP, action=ANYWHERE, key=login)
    if anywhere is None:
        raise TooManyTries(_wait(request, APP, ANYWHERE, login))
    known_as = user.known_as if user else login
    together = _count_together(request, known_as)
    if None in together and user is not None and request.user == user:
        # They are asked for their password again, and know all names of theirs.
        raise TooManyTries(_wait_together(request, known_as))
    usages = (here, anywhere, *(usage for usage in together if usage))
    return Try(usages, needs_code=False, is_in_vain=None in together)


def count_for_program(request: HttpRequest, action: str, *, user: User | None = None, key: str = "") -> None:
    """Count one use of a limit of ACCOUNT_RATE_LIMITS by a program, with those of the page that has the same limit.

    The limits for an account count for `user`, those for an address for `key`. Raises TooManyTries.
    """
    if ratelimit.consume(request, app=APP, action=action, key=key, user=user, limit_get=True) is None:
        raise TooManyTries(max(_waits(request, APP, action, key, user=user), default=A_MINUTE))


def count_program_code(request: HttpRequest, *, user: User) -> Try:
    """Count one try of a second step's code, with those of the page that asks for one. Raises TooManyTries."""
    key = f"mfa-auth-user-{user.pk}"  # as allauth has it
    used = ratelimit.consume(request, app=APP, action=HERE, key=key)
    if used is None:
        raise TooManyTries(_wait(request, APP, HERE, key))
    return Try((used,), needs_code=False)


def forget_tries(request: HttpRequest, *, email: str) -> None:
    here = [(HERE, _key_here(request, email, on_known_device=known)) for known in (False, True)]
    for action, key in [*here, (ANYWHERE, email), *_together(request, email)]:
        ratelimit.clear(request, app=APP, action=action, key=key)


def ask_for_code(request: HttpRequest, *, email: str, user: User | None) -> HttpResponse:
    """The redirect to the page that asks for a mailed code, no different for a right password than for a wrong one.

    `user` is the account whose password was right, None where it was not: then no code exists. Both do equal work:
    the worker decides whether a mail goes out.
    """
    if user is not None and user.email != email:
        user = None  # signed in by an address that is not proven to be theirs
    login = Login(user=user, email=email)
    login.state["stages"] = {"current": LoginByCodeStage.key}
    stage = LoginByCodeStage(LoginStageController(request, login), request, login)
    stage.state.update(
        LoginCodeVerificationProcess.initial_state(user=user, email=email),
        initiated_by_user=True,  # so that the code starts a sign-in with all its steps
        after_password=True,
    )
    process = LoginCodeVerificationProcess(stage=stage)
    code = process.generate_code()
    if user is None:
        process.state["code"] = ""  # no typed code equals it
    has_room = ratelimit.consume(request, app=APP, action=CODE, key=f"{email} {user is not None}") is not None
    services.mail_code_later(to=email, code=code, wanted=has_room and user is not None)
    process.persist()
    if not request.POST.get("remember"):
        request.session.set_expiry(0)
    if back := after_login.way_back(request):
        after_login.remember(request, back)
    return redirect("account_confirm_login_code")


def over(request: HttpRequest, action: str, *, key: str = "") -> HttpResponse | None:
    """The 429 page where the limit `action` is used up; else None, and this request is counted, whatever its verb."""
    if ratelimit.consume(request, app=APP, action=action, key=key, limit_get=True) is not None:
        return None
    return errors.too_many(request, seconds=_wait(request, APP, action, key))


def wait_for_password_alone(request: HttpRequest, *, email: str) -> int:
    """The seconds until a password alone signs in on a new device again, if nobody tries meanwhile."""
    return _wait(request, APP, ANYWHERE, email)


def wait_of_page(request: HttpRequest) -> int:
    """The seconds until this page, which allauth refused with 429, may be sent again; 0 where that is not known."""
    match = request.resolver_match
    app, action = REFUSED_AT.get(match.url_name or "" if match else "", (APP, ""))
    return _wait(request, app, action, request.POST.get("email", "").lower())


def _pause(request: HttpRequest, action: str, key: str) -> ImmediateHttpResponse:
    return _paused_for(request, _wait(request, APP, action, key))


def _paused_for(request: HttpRequest, seconds: int) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(errors.too_many(request, seconds=seconds))


def _wait(request: HttpRequest, app: str, action: str, key: str) -> int:
    return max(_waits(request, app, action, key), default=0)


def _waits(request: HttpRequest, app: str, action: str, key: str, *, user: User | None = None) -> Iterator[int]:
    now = time()
    for rate in ratelimit.get_rates(app=app, action=action):
        if rate.per == "user" and user is None and not request.user.is_authenticated:
            continue
        tries = cache.get(ratelimit.get_cache_key(request, app=app, action=action, rate=rate, key=key, user=user), [])
        alive = [at for at in tries if at > now - rate.duration]
        if len(alive) >= rate.amount:
            yield ceil(min(alive) + rate.duration - now)


def _count_together(request: HttpRequest, known_as: str) -> list[ratelimit.RateLimitUsage | None]:
    """Count one try for all names of an account, from this address and anywhere; None for a limit that is used up."""
    return [ratelimit.consume(request, app=APP, action=action, key=key) for action, key in _together(request, known_as)]


def _wait_together(request: HttpRequest, known_as: str) -> int:
    return max(_wait(request, APP, action, key) for action, key in _together(request, known_as))


def _together(request: HttpRequest, known_as: str) -> list[tuple[str, str]]:
    """The counts for all names of an account, by action and key; `known_as` is its address, or else its username."""
    # No name begins with a space, so that no try at a name that somebody made up counts here, and tells of the limit.
    key = f" {known_as} by any name"
    return [(HERE, _key_here(request, key, on_known_device=False)), (ANYWHERE, key)]


def _key_here(request: HttpRequest, email: str, *, on_known_device: bool) -> str:
    """The key of the tries at one account from one address: those on its owner's devices have a count of their own."""
    return f"{email} {ratelimit.get_ip(request)}{' known device' if on_known_device else ''}"
