"""Queries about people, for pages and other apps."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q

from accounts.models import Session, User


def is_address_taken(email: str) -> bool:
    """Whether this address is confirmed for an account, or an account under it has been used.

    An account nobody confirmed or used, or another person's wish to move to the address, does not take it.
    """
    return (
        User.objects.filter(Q(email_confirmed_at__isnull=False) | Q(last_login__isnull=False), email=email).exists()
        or EmailAddress.objects.filter(email=email, verified=True).exists()
    )


def is_username_taken(username: str) -> bool:
    """Whether an account has this username. One query, none for an empty one."""
    return bool(username) and User.objects.filter(username=username).exists()


def sessions_of(user: User, *, now: datetime) -> list[UserSession]:
    """The sessions in which the person is signed in, the earliest first. One query, whatever their number."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return list(UserSession.objects.filter(user=user, session_key__in=alive).order_by("created_at", "pk"))


def security_overview(user: User) -> dict[str, int | bool | str]:
    """Facts for the settings page about the person's ways to sign in. Four queries."""
    google = SocialAccount.objects.filter(user=user).first()
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return {
        "has_password": user.has_usable_password(),
        "has_totp": Authenticator.Type.TOTP in kinds,
        "has_google": google is not None,
        "google_address": google.extra_data.get("email", "") if google else "",
        "passkey_count": kinds.count(Authenticator.Type.WEBAUTHN),
        "session_count": UserSession.objects.filter(user=user).count(),
        "has_pending_address": EmailAddress.objects.filter(user=user, verified=False)
        .exclude(email=user.email)
        .exists(),
    }
