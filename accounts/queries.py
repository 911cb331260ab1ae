"""What pages and other apps ask about people."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q

from accounts.models import User


def is_address_taken(email: str) -> bool:
    """Whether somebody proved that this address is theirs, or has used an account under it.

    An account nobody confirmed or used, or another person's wish to move to the address, takes nothing.
    """
    return (
        User.objects.filter(Q(email_confirmed_at__isnull=False) | Q(last_login__isnull=False), email=email).exists()
        or EmailAddress.objects.filter(email=email, verified=True).exists()
    )


def sessions_of(user: User, *, now: datetime) -> list[UserSession]:
    """Where the person is signed in, the earliest sign-in first. One query, however often they signed in."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return list(UserSession.objects.filter(user=user, session_key__in=alive).order_by("created_at", "pk"))


def security_overview(user: User) -> dict[str, int | bool]:
    """What the settings page says about ways to sign in: three queries."""
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return {
        "has_password": user.has_usable_password(),
        "has_totp": Authenticator.Type.TOTP in kinds,
        "passkey_count": kinds.count(Authenticator.Type.WEBAUTHN),
        "session_count": UserSession.objects.filter(user=user).count(),
        "has_pending_address": EmailAddress.objects.filter(user=user, verified=False)
        .exclude(email=user.email)
        .exists(),
    }
