"""What the apps keep about a person. Each app speaks for its own rows, so that none has to know the others.

An app has a module `personal_data` with the functions of `PersonalData`, and adds the module to `parts` in its
`AppConfig.ready()`. `docs/decisions/leaving.md` says which row is named, copied or erased where.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from accounts.models import Appeal, Ban, DataCopy, Departure, Session, User
from core.hooks import Question, Registry

BATCH = 500
Rows = Mapping[str, QuerySet[Any]]
# One row as programs read it: texts, numbers, moments and lists of these, by names in English.
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the copy that a person gets of their data: `rows`, each written as the facts that they may see of it.

    `name` stands in the file for programs, `title` in the file for people and on the page that counts.
    """

    name: str
    title: str
    rows: QuerySet[Any]
    write: Callable[[Any], Facts]


@dataclass(frozen=True, slots=True)
class File:
    """A file that belongs into a person's copy, such as their photo."""

    name: str
    content: bytes


class PersonalData(Protocol):
    """One app's part of the data about people: a module with these functions."""

    __name__: str

    def kept(self, user: User) -> Rows:
        """The rows that the app keeps about `user`, by the plural that staff call them. Asks the database nothing yet.

        Rows that the database deletes together with one of these need no name of their own.
        """
        ...

    def sections(self, user: User) -> Iterable[Section]:
        """What a copy of the data about `user` holds of this app, in reading order. Asks the database nothing yet.

        Nothing about others beyond what `user` can see, and nothing that grants access: no password, code or token.
        """
        ...

    def erase(self, user: User) -> None:
        """Erase what the app keeps of `user`, in transactions of its own: short ones, for many rows.

        Called for an account that is closed for good, perhaps several times, after a worker was killed on the way. What
        others had with the person keeps its facts, without anything they wrote or could be known by. The account's own
        row is erased last, by `accounts.erasure`.
        """
        ...


parts = Registry[PersonalData]("The rows kept about a person")
files_of = Question[[User], Iterable[File]]("Which files belong into a copy of this person's data?")


def count(user: User) -> dict[str, int]:
    """The number of rows of each kind that is kept about `user`. One query for each kind."""
    return {name: rows.count() for part in parts for name, rows in part.kept(user).items()}


def all_sections(user: User) -> list[Section]:
    """The sections of all apps, the account's own first."""
    return [section for part in parts for section in part.sections(user)]


def count_sections(user: User) -> list[tuple[str, int]]:
    """The title and the number of rows of each section that has any: what a copy made now would hold. A query each."""
    counts = [(section.title, section.rows.count()) for section in all_sections(user)]
    return [(title, number) for title, number in counts if number]


def in_batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The keys of the rows, some hundred at a time, so that changing many locks few at once."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


# --- The rows of this app ---------------------------------------------------------------------------------------------


def kept(user: User) -> Rows:
    """The rows of this app about `user`: addresses, second steps, sessions, suspensions, and what they did as staff."""
    return {
        "email addresses": EmailAddress.objects.filter(user=user),
        "Google accounts they sign in with": SocialAccount.objects.filter(user=user),
        "second steps and passkeys": Authenticator.objects.filter(user=user),
        "devices signed in": UserSession.objects.filter(user=user),
        "sessions of these devices": Session.objects.filter(person=user),
        "deletions of their account": Departure.objects.filter(user=user),
        "copies of their data": DataCopy.objects.filter(user=user),
        "suspensions": Ban.objects.filter(user=user),
        "appeals they wrote": Appeal.objects.filter(ban__user=user),
        "suspensions they decided": Ban.objects.filter(made_by=user),
        "suspensions they lifted": Ban.objects.filter(lifted_by=user),
        "appeals they answered": Appeal.objects.filter(answered_by=user),
        "entries in the admin's log": LogEntry.objects.filter(user=user),
    }


def sections(user: User) -> list[Section]:
    """The account and its settings, addresses, ways to sign in without their secrets, devices, suspensions, appeals."""
    return [
        Section("account", "Profile and settings", User.objects.filter(pk=user.pk), _account),
        Section("email_addresses", "Email addresses", EmailAddress.objects.filter(user=user).order_by("pk"), _address),
        Section("google", "Signing in with Google", SocialAccount.objects.filter(user=user).order_by("pk"), _google),
        Section("second_steps", "Second steps and passkeys", _of(Authenticator, user), _second_step),
        Section("devices", "Devices signed in", _of(UserSession, user), _device),
        Section("suspensions", "Suspensions", Ban.objects.filter(user=user).order_by("since"), _suspension),
        Section("appeals", "Appeals", Appeal.objects.filter(ban__user=user), _appeal),
    ]


def erase(user: User) -> None:
    """Nothing yet: the account's own rows are erased last, with the account (`erasure.erase_person`)."""


def _of(model: type[Any], user: User) -> QuerySet[Any]:
    return model.objects.filter(user=user).order_by("created_at", "pk")


def _account(user: User) -> Facts:
    return {
        "name": user.name,
        "email": user.email,
        "email_confirmed_at": user.email_confirmed_at,
        "username": user.username,
        "wanted_username": user.wanted_username,
        "phone": str(user.phone),
        "has_photo": bool(user.photo),
        "time_zone": user.time_zone,
        "time_zone_of_a_device_not_followed": user.declined_time_zone,
        "language": user.language,
        "clock": "12 hours" if user.uses_12h_clock else "24 hours",
        "week_starts_on": user.get_first_weekday_display(),
        "colours": user.get_theme_display(),
        "joined_at": user.joined_at,
        "last_signed_in_at": user.last_login,
    }


def _address(row: EmailAddress) -> Facts:
    return {"email": row.email, "confirmed": row.verified, "in_use": row.primary}


def _google(row: SocialAccount) -> Facts:
    return {
        "google_account": row.uid,
        "email_at_google": row.extra_data.get("email", ""),
        "connected_at": row.date_joined,
        "last_used_at": row.last_login,
    }


def _second_step(row: Authenticator) -> Facts:
    kind = Authenticator.Type(row.type).label
    return {"kind": str(kind), "added_at": row.created_at, "last_used_at": row.last_used_at}


def _device(row: UserSession) -> Facts:
    is_program = bool(row.data.get("is_program"))
    return {
        "network_address": row.ip,
        "browser": "" if is_program else row.user_agent,
        "program": row.user_agent if is_program else "",
        "signed_in_at": row.created_at,
    }


def _suspension(row: Ban) -> Facts:
    return {"since": row.since, "because": row.reason, "lifted_at": row.lifted_at, "lifted_because": row.lift_reason}


def _appeal(row: Appeal) -> Facts:
    return {"sent_at": row.sent_at, "text": row.text, "answered_at": row.answered_at, "answer": row.answer}
