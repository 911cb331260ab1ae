"""The session engine (`accounts.sessions`) and the backend that loads accounts, each with one precompiled query.

Every page of a signed-in person runs these two queries before anything else.
"""

from datetime import datetime

from allauth.account import auth_backends
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.compiled_queries import prepared


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database, read by a precompiled query."""

    def _get_session_from_db(self) -> Session | None:
        found = _session(key=self.session_key, now=clock.now())
        if not found:
            self._session_key = None
        return found[0] if found else None


class AuthenticationBackend(auth_backends.AuthenticationBackend):
    """allauth's backend, by email address and password; accounts are read by a precompiled query."""

    def get_user(self, user_id: int) -> User | None:
        found = _user(user_id=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None


@prepared
def _session(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


@prepared
def _user(user_id: int) -> QuerySet[User]:
    return User.objects.filter(pk=user_id)
