"""The rows that the apps keep about a person. Each app names its own rows, so that none has to know the others.

An app has a module `personal_data` with a function `kept`, and adds the module to `parts` in its `AppConfig.ready()`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from accounts.models import Appeal, Ban, Session, User
from core.hooks import Registry

Rows = Mapping[str, QuerySet[Any]]


class PersonalData(Protocol):
    """One app's part of the data about people: a module with these functions."""

    def kept(self, user: User) -> Rows:
        """The rows that the app keeps about `user`, by the plural that staff call them. Asks the database nothing yet.

        Rows that the database deletes together with one of these need no name of their own.
        """
        ...


parts = Registry[PersonalData]("The rows kept about a person")


def count(user: User) -> dict[str, int]:
    """The number of rows of each kind that is kept about `user`. One query for each kind."""
    return {name: rows.count() for part in parts for name, rows in part.kept(user).items()}


def kept(user: User) -> Rows:
    """The rows of this app about `user`: addresses, second steps, sessions, suspensions, and what they did as staff."""
    return {
        "email addresses": EmailAddress.objects.filter(user=user),
        "second steps and passkeys": Authenticator.objects.filter(user=user),
        "devices signed in": UserSession.objects.filter(user=user),
        "sessions of these devices": Session.objects.filter(person=user),
        "suspensions": Ban.objects.filter(user=user),
        "appeals they wrote": Appeal.objects.filter(ban__user=user),
        "suspensions they lifted": Ban.objects.filter(lifted_by=user),
        "appeals they answered": Appeal.objects.filter(answered_by=user),
        "entries in the admin's log": LogEntry.objects.filter(user=user),
    }
