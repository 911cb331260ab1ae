"""Receivers of allauth's signals, which are the only way to learn of its changes to addresses and passwords."""

from typing import Any

from allauth.account import signals
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import services
from accounts.models import User
from core import clock


@receiver(signals.email_confirmed)
def remember_confirmation(sender: Any, email_address: EmailAddress, **kwargs: Any) -> None:
    services.confirm_address(user=email_address.user, email=email_address.email, now=clock.now())


@receiver(signals.email_changed)
def end_other_sessions_after_a_new_address(
    sender: Any, request: HttpRequest, user: User, from_email_address: EmailAddress | None = None, **kwargs: Any
) -> None:
    """End all sessions but the one that opened the link, if it is this person's. A first confirmation ends none."""
    if from_email_address is None:
        return
    if request.user.is_authenticated and request.user.pk == user.pk:
        update_session_auth_hash(request, user)
        UserSession.objects.create_from_request(request)
    _end_other_sessions(request, user)


@receiver(signals.password_changed)
@receiver(signals.password_set)
def end_other_sessions_after_a_new_password(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    _end_other_sessions(request, user)


def _end_other_sessions(request: HttpRequest, user: User) -> None:
    """Delete the rows of other sessions, which no longer work anyway (see `User._get_session_auth_hash`)."""
    own = request.user.is_authenticated and request.user.pk == user.pk
    services.end_sessions(user=user, keep=request.session.session_key if own else None)
