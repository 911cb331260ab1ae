"""The session engine, and the middleware and backend that find the person signed in.

Every page of a signed-in person needs session and person before anything else: one precompiled query reads both.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any, cast

from allauth.account import auth_backends
from django.contrib.auth import SESSION_KEY, middleware
from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Session, User
from core import clock
from core.compiled_queries import prepared
from core.hooks import Question

# Answers are expressions by name, of a query on `Session`; the person has their values as attributes of these names.
read_along = Question[[], Mapping[str, Any]]("What else is read with a session and its person?")


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database, with the person who is signed in."""

    person: User | None = None  # as read with the session

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.person_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return session

    def _get_session_from_db(self) -> Session | None:
        found = _session(key=self.session_key, now=clock.now())
        if not found:
            self._session_key = None
            return None
        self.person = found[0].person
        if self.person:
            for name in _read_along():
                setattr(self.person, name, getattr(found[0], name))
        return found[0]


# The session of the request whose person is being found, for `AuthenticationBackend`, which is not told of requests.
_session_in_use: ContextVar[SessionStore | None] = ContextVar("session_in_use", default=None)


class PersonMiddleware(middleware.AuthenticationMiddleware):
    """Sets `request.user` as Django does, to the person who was read with the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person_of(request))  # type: ignore[assignment]


def person_in(session: SessionStore) -> User | None:
    """The person signed in by this session; None where it has ended, or no longer fits their password and address."""
    request = HttpRequest()
    request.session = session
    person = _person_of(request)
    return person if person.is_authenticated else None


def _person_of(request: HttpRequest) -> Any:
    before = _session_in_use.set(request.session)  # type: ignore[arg-type]
    try:
        return middleware.get_user(request)
    finally:
        _session_in_use.reset(before)


class AuthenticationBackend(auth_backends.AuthenticationBackend):
    """allauth's backend, by email address and password. The person whom a session names is not read again."""

    def get_user(self, user_id: int) -> User | None:
        session = _session_in_use.get()
        person = session.person if session else None
        if person is None or person.pk != user_id:
            person = User.objects.filter(pk=user_id).first()
        return person if person and self.user_can_authenticate(person) else None


@prepared
def _session(key: str, now: datetime) -> QuerySet[Session]:
    rows = Session.objects.select_related("person").filter(session_key=key, expire_date__gt=now)
    return rows.annotate(**_read_along())


# Kept, since the expressions are the same for every session and building them costs as much as reading one.
@cache
def _read_along() -> dict[str, Any]:
    return {name: expression for answer in read_along.each() for name, expression in answer.items()}
