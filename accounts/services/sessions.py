"""Services that sign people out, end what acts for them, and close accounts."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts import hooks
from accounts.models import Session, User


def end_sessions(*, user: User, keep: str | None = None) -> int:
    """Sign `user` out everywhere, except in the session with the key `keep`. Returns how many sessions ended."""
    ended, _ = Session.objects.filter(person=user).exclude(session_key=keep or "").delete()
    UserSession.objects.filter(user=user).exclude(session_key=keep or "").delete()
    return ended


def end_access(*, user: User) -> None:
    """Sign `user` out everywhere, and end for good what else acts for them, such as the keys of their programs."""
    end_sessions(user=user)
    for _ in hooks.acting_for_them.each(user):
        pass


def deactivate_account(*, user: User) -> None:
    """Close the account: `user` is signed out everywhere and can't sign in any more, and no program acts for them."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_access(user=user)
    user.is_active = False
