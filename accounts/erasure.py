"""Erasing an account for good, in steps that can be repeated: a worker killed between two of them loses nothing.

The row of the person stays without anything of them, so that what others had with them keeps its facts. Each app
erases its own rows (`personal_data`), those of the highest app first.
"""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from accounts import ban_marks, copies, personal_data, services, url_secrets
from accounts.models import Appeal, Ban, DataCopy, Departure, User
from accounts.personal_data import in_batches
from core import clock
from core.db import lock_row, retrying
from core.encryption import CannotDecrypt
from outbox import services as outbox

log = structlog.get_logger("accounts")

BEGUN = "begun"
NAME = "Deleted customer"
# The jobs that carry an address, sealed.
LETTERS = ("notifications.send_account_mail", "accounts.mail_code")

Step = Callable[[User], None]


def erase(number: int, *, sign_of_life: Callable[[], None] = lambda: None) -> bool:
    """Erase the account of a departure that is due; False where it was kept, is not due yet, or is erased already."""
    departure = _begin(number)
    if departure is None:
        return False
    names = [name for name, _ in steps()]
    done = names.index(departure.step) + 1 if departure.step in names else 0
    for name, step in steps()[done:]:
        step(departure.user)
        Departure.objects.filter(pk=departure.pk).update(step=name)
        sign_of_life()
    log.info("account_erased", user=departure.user_id)
    return True


def steps() -> list[tuple[str, Step]]:
    """The steps in their order, by the names under which a departure remembers the last one that was done."""
    parts = [(part.__name__, part.erase) for part in reversed(personal_data.parts)]
    return [("log", blank_log), ("jobs", drop_letters), *parts, ("person", erase_person)]


@retrying
@transaction.atomic
def _begin(number: int) -> Departure | None:
    """The departure, from now on beyond keeping; None where there is nothing to erase (yet)."""
    departure = Departure.objects.select_related("user").filter(pk=number, erased_at=None).first()
    if departure is None:
        return None
    # Whoever keeps the account holds this lock, and so does a booking under way, which then is refused.
    person = lock_row(User.objects.filter(pk=departure.user_id))
    due = Departure.objects.filter(pk=number, erase_at__lte=clock.now())
    if not due.filter(step="").update(step=BEGUN) and not due.exists():
        return None
    User.objects.filter(pk=person.pk).update(is_active=False)
    services.end_sessions(user=person)
    return Departure.objects.select_related("user").get(pk=number)


def blank_log(person: User) -> None:
    """Take the texts out of the admin's log about the person's rows; who did what to which row, and when, stays."""
    for model, ids in _named_rows(person):
        entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=ids)
        entries.update(object_repr=NAME, change_message="")
    _blank_traces(person)


def _blank_traces(person: User) -> None:
    """Take out what else of the log names the person: their address or username, and their name where it stood for a
    row of theirs that is gone. Others may have the same name, or an address that ends like theirs."""
    known_as = person.known_as
    address = re.compile(rf"(?<![\w.%+-]){re.escape(known_as)}(?!\w|[-.]\w)", re.IGNORECASE)
    called = Q(object_repr=person.name) | Q(object_repr__startswith=f"{person.name}, ")
    addressed = Q(object_repr__icontains=known_as) | Q(change_message__icontains=known_as)
    for entry in LogEntry.objects.filter(called | addressed).select_related("content_type").iterator():
        if address.search(entry.object_repr) or _stood_for(person, entry):
            LogEntry.objects.filter(pk=entry.pk).update(object_repr=NAME, change_message="")
        elif address.search(entry.change_message):
            LogEntry.objects.filter(pk=entry.pk).update(change_message="")


def _stood_for(person: User, entry: LogEntry) -> bool:
    """Whether the entry is about somebody of the person's name whose row is gone: an account, or what one has once."""
    if entry.object_repr != person.name and not entry.object_repr.startswith(f"{person.name}, "):
        return False
    model = entry.content_type.model_class() if entry.content_type else None
    if model is None:
        return False
    is_person = model is User or any(field.one_to_one and field.related_model is User for field in model._meta.fields)
    return is_person and not model._base_manager.filter(pk=entry.object_id).exists()


def _named_rows(person: User) -> Any:
    kept = [rows for part in personal_data.parts for rows in part.kept(person).values()]
    written = [section.rows for section in personal_data.all_sections(person)]
    for rows in [*kept, *written]:
        if rows.model is not LogEntry:
            for ids in in_batches(rows):
                yield rows.model, [str(pk) for pk in ids]


def drop_letters(person: User) -> None:
    """Delete the jobs that hold an address of the person, whatever became of them: mails of the account and codes."""

    addresses = {person.email, *EmailAddress.objects.filter(user=person).values_list("email", flat=True)}
    theirs = {address.lower() for address in addresses if address}

    def is_theirs(payload: dict[str, Any]) -> bool:
        try:
            return json.loads(url_secrets.unseal(payload["sealed"]))["to"].lower() in theirs
        except (CannotDecrypt, KeyError, ValueError):
            return False

    outbox.forget(LETTERS, is_theirs)


def erase_person(person: User) -> None:
    """Erase what is left, the account's own row last."""
    for copy in DataCopy.objects.filter(user=person):
        if copy.file:
            copies.drop_file(copy)
    if person.photo.name:
        default_storage.delete(person.photo.name)
    _erase_rows(person)


@retrying
@transaction.atomic
def _erase_rows(person: User) -> None:
    lock_row(User.objects.filter(pk=person.pk))
    services.end_sessions(user=person)
    subjects = list(SocialAccount.objects.filter(user=person).values_list("uid", flat=True))
    for ban in Ban.objects.filter(user=person, lifted_at=None):
        ban_marks.keep(ban, person.email, google=subjects)
    for invited in User.objects.filter(invited_email=person.email or "-"):
        services.forget_invited(user=invited, now=clock.now())
    for rows in (DataCopy, EmailAddress, SocialAccount, Authenticator, UserSession):
        rows.objects.filter(user=person).delete()
    Appeal.objects.filter(ban__user=person).delete()
    Ban.objects.filter(user=person).exclude(lifted_at=None).delete()
    person.groups.clear()
    person.user_permissions.clear()
    User.objects.filter(pk=person.pk).update(**_nobody())
    Departure.objects.filter(user=person, erased_at=None).update(erased_at=clock.now())


def _nobody() -> dict[str, Any]:
    """The values of an account without a person. The address can't exist (RFC 2606) and no password opens it."""
    number, new = uuid.uuid4(), User()
    return {
        "uuid": number,
        "email": f"{number.hex}@deleted.invalid",
        "email_confirmed_at": None,
        "username": None,
        "wanted_username": "",
        "invited_email": "",
        "name": NAME,
        "phone": "",
        "photo": "",
        **{name: getattr(new, name) for name in services.PREFERENCE_FIELDS},
        "time_zone": "UTC",
        "declined_time_zone": "",
        "password": f"!{number.hex}",
        "last_login": None,
        "is_active": False,
    }
