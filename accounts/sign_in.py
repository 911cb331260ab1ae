"""Signing in for programs: with the limits, the second step and the silence of the page, but without a cookie."""

from datetime import timedelta

from allauth.account import app_settings
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import update_last_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts import sign_in_limits
from accounts.adapters import AccountAdapter
from accounts.exceptions import (
    BadCredentials,
    BrowserNeeded,
    FieldsRefused,
    SecondStepNeeded,
    Suspended,
    WrongCode,
)
from accounts.models import User
from accounts.sessions import SessionStore
from core import clock
from core.db import lock_row, retrying

LONGEST_USER_AGENT = UserSession._meta.get_field("user_agent").max_length
PASSWORD_AGAIN = "You signed in a while ago: send your password as well."
NOT_YOURS = "That is not your password."
# What the list of devices knows a program's session by.
PROGRAM = {"is_program": True}


def sign_in_program(request: HttpRequest, *, login: str, password: str, code: str | None = None) -> User:
    """The person whose username or address, password and, where they have a second step, code these are.

    Nothing is written but the counts of tries: `start_session_for_program` begins the session. A closed account, and
    one whose address has to be confirmed first, read as a wrong password. Raises BadCredentials, SecondStepNeeded (only
    after the right password), Suspended or TooManyTries.
    """
    login = login.strip().lower()
    user = _find(login)
    tried = sign_in_limits.count_program_try(request, login=login, user=user)
    is_right = _is_password(user, password) and not tried.is_in_vain
    if not is_right or user is None or not user.is_active or user.leaves_at is not None:
        raise BadCredentials
    if user.email is not None and not user.address_suffices:
        AccountAdapter(request).send_link_again(request, user)
        raise BadCredentials
    try:
        _take_second_step(request, user, code)
    except WrongCode:
        raise
    except SecondStepNeeded:
        tried.forgive()
        raise
    tried.forgive()
    if user.banned_at is not None:
        raise Suspended(user.banned_at)
    return user


def is_own_password(request: HttpRequest, *, user: User, password: str) -> bool:
    """Whether this is the password of a person who is signed in, asked again before something that can't be undone.

    A wrong one counts as a try to sign in. Raises TooManyTries.
    """
    tried = sign_in_limits.count_program_try(request, login=user.known_as, user=user)
    if not user.check_password(password):
        return False
    tried.forgive()
    return True


def check_own_password(request: HttpRequest, *, user: User, password: str | None, session_key: str) -> None:
    """Raise FieldsRefused unless `password` is the person's, or their session began within the time for which pages
    ask nobody again. Raises TooManyTries."""
    if password is None:
        since = clock.now() - timedelta(seconds=app_settings.REAUTHENTICATION_TIMEOUT)
        if UserSession.objects.filter(user=user, session_key=session_key, created_at__gt=since).exists():
            return
        raise FieldsRefused({"password": [ValidationError(PASSWORD_AGAIN, code="required")]})
    if not is_own_password(request, user=user, password=password):
        raise FieldsRefused({"password": [ValidationError(NOT_YOURS, code="wrong_password")]})


def _find(login: str) -> User | None:
    if "\x00" in login:  # PostgreSQL takes none
        return None
    return User.objects.filter(**{"email" if "@" in login else "username": login}).first()


def _is_password(user: User | None, password: str) -> bool:
    """Whether this is the person's password. It takes as long where there is nobody."""
    if user is None:
        User().set_password(password)
        return False
    return user.check_password(password)


def _take_second_step(request: HttpRequest, user: User, code: str | None) -> None:
    """Check the code of an account with a second step. It works once, as on the page."""
    found = list(Authenticator.objects.filter(user=user))
    kinds = {each.type for each in found}
    if not kinds & {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
        return
    if Authenticator.Type.TOTP not in kinds:
        raise BrowserNeeded
    if not code:
        raise SecondStepNeeded
    tried = sign_in_limits.count_program_code(request, user=user)
    for each in found:
        if each.type != Authenticator.Type.WEBAUTHN and each.wrap().validate_code(code):
            each.record_usage()
            tried.forgive()
            return
    raise WrongCode


@retrying
@transaction.atomic
def start_session_for_program(*, user: User, ip: str, user_agent: str, lasts: timedelta) -> SessionStore:
    """Begin the session of a program that has signed in: like a browser's, and among the person's devices, for `lasts`.

    No cookie leads to it; its key is `session_key`. Raises BadCredentials where the account was closed, or its password
    or address changed, since `user` was read.
    """
    person = lock_row(User.objects.filter(pk=user.pk))
    said = user.get_session_auth_hash()
    if not person.is_active or person.leaves_at is not None or person.get_session_auth_hash() != said:
        raise BadCredentials
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = said
    session.set_expiry(lasts)
    session.create()
    UserSession.objects.create(
        user=person,
        session_key=session.session_key,
        ip=ip,
        user_agent=user_agent[:LONGEST_USER_AGENT],
        data=PROGRAM,
    )
    update_last_login(User, person)
    return session
