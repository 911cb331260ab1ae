"""Services for changing accounts. Signing in itself is allauth's; see `adapters`."""

import hashlib
import json
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts import ban_marks, photos, queries, url_secrets
from accounts.exceptions import AddressTaken, ChangedMeanwhile
from accounts.models import Session, User
from core import clock
from core.db import violates
from outbox import services as outbox

log = logging.getLogger(__name__)

CODE_LASTS_MINUTES = 15
# How long an account that nobody confirmed or used stays.
UNCONFIRMED_LASTS = timedelta(days=30)
# How long the admin's log of what staff did is kept, and how many entries go at once.
ADMIN_LOG_KEPT = timedelta(days=settings.ADMIN_LOG_DAYS)
BATCH = 1000
# The constraint as PostgreSQL names it, and as SQLite tells of it.
ONE_ACCOUNT_FOR_AN_ADDRESS = ("accounts_user_email_key", "accounts_user.email")
PROFILE_FIELDS = ("name", "phone")
PREFERENCE_FIELDS = ("time_zone", "language", "uses_12h_clock", "first_weekday", "theme")


# --- Addresses ----------------------------------------------------------------


@transaction.atomic
def create_account(*, email: str, name: str, password: str | None = None, zone: str = "") -> User:
    """Make an account under an address that nobody has proven yet, in place of one that nobody confirmed or used.

    Without a `password` none signs in to it. `email` is in lower case. Raises AddressTaken.
    """
    if not discard_unconfirmed_account(email=email):
        raise AddressTaken
    user = User(email=email, name=name)
    user.time_zone = zone or user.time_zone
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody signed up with the same address at this very moment
        if not any(violates(error, name) for name in ONE_ACCOUNT_FOR_AN_ADDRESS):
            raise
        raise AddressTaken from None
    EmailAddress.objects.create(user=user, email=email, primary=True)
    return user


def confirm_address(*, user: User, email: str, now: datetime) -> None:
    """Record that `email` belongs to the person; from then on they may book.

    A ban that an erased account had under this address is theirs from now on (`inherit_ban`).
    """
    with transaction.atomic():
        inherit_ban(user=user, email=email)
        User.objects.filter(pk=user.pk).update(email_confirmed_at=now)
        _ensure_address_row(user=user, email=email)
    user.email_confirmed_at = now


def inherit_ban(*, user: User, email: str = "", google: str = "") -> None:
    """Give `user` the ban that an erased account had under their address or their Google account, in one transaction.

    They are signed out everywhere, and a job ends what lies ahead of them.
    """
    ban = ban_marks.take(user, email, google=google)
    if ban is not None:
        end_sessions(user=user)
        outbox.publish("appointments.end_all_ahead", key=f"ban-{ban.pk}-{user.pk}", payload={"person": user.pk})


def ensure_address_row(*, user: User) -> None:
    """Create allauth's row of a confirmed address where it is missing: for accounts made by staff or a command."""
    if user.email_confirmed:
        _ensure_address_row(user=user, email=user.email)


def _ensure_address_row(*, user: User, email: str) -> None:
    address, _ = EmailAddress.objects.get_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )
    if not address.verified:
        address.verified = True
        address.save(update_fields=["verified"])


def discard_unconfirmed_account(*, email: str) -> bool:
    """Remove an account under `email` that nobody ever confirmed or used; the next sign-up takes its place.

    Signing up first with somebody else's address so gains nothing: the old link and password are gone. Returns
    whether the address is free now.
    """
    with transaction.atomic():
        # Locked before the question: an account that is made, confirmed or used at this moment stays.
        there = list(User.objects.select_for_update(of=("self",)).filter(email=email))
        if queries.is_address_taken(email):
            return False
        for user in there:
            try:
                user.delete()
            except ProtectedError:  # staff gave it something to do
                return False
    return True


# --- Sessions -----------------------------------------------------------------


def end_sessions(*, user: User, keep: str | None = None) -> int:
    """Sign `user` out everywhere, except in the session with the key `keep`. Returns how many sessions ended."""
    ended, _ = Session.objects.filter(person=user).exclude(session_key=keep or "").delete()
    UserSession.objects.filter(user=user).exclude(session_key=keep or "").delete()
    return ended


def deactivate_account(*, user: User) -> None:
    """Close the account: `user` is signed out everywhere and can't sign in any more."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_sessions(user=user)
    user.is_active = False


def purge(*, now: datetime) -> None:
    """Delete sessions past their end, and accounts that nobody confirmed or used for `UNCONFIRMED_LASTS`."""
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    stale = User.objects.filter(
        email_confirmed_at=None,
        last_login=None,
        joined_at__lt=now - UNCONFIRMED_LASTS,
        leaves_at=None,  # an erased account has no address and no sign-in either
    )
    for email in stale.values_list("email", flat=True):
        discard_unconfirmed_account(email=email)


def forget_admin_log(*, now: datetime) -> int:
    """Delete old entries of the admin's log, some at a time; returns their number.

    The log has no index by time, so it is read from its beginning: its entries are written in the order of time.
    """
    old, gone = LogEntry.objects.filter(action_time__lt=now - ADMIN_LOG_KEPT).order_by("pk"), 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        gone += LogEntry.objects.filter(pk__in=keys).delete()[0]
        outbox.renew_lease()
    return gone


# --- Profile and preferences --------------------------------------------------


def fingerprint(user: User, fields: tuple[str, ...]) -> str:
    """A short hash that changes whenever one of `fields` does; a form carries it to notice an edit from elsewhere."""
    values = {field: str(getattr(user, field) or "") for field in fields}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def update_profile(*, user: User, actor: User, values: Mapping[str, Any], seen: str) -> User:
    """Save name and phone. Raises ChangedMeanwhile where they were changed since `seen` (see `fingerprint`)."""
    return _update(user=user, fields=PROFILE_FIELDS, values=values, seen=seen)


def update_preferences(*, user: User, actor: User, values: Mapping[str, Any], seen: str) -> User:
    """Save zone, language, clock, week and theme. A zone chosen by hand answers the question about the device's."""
    return _update(user=user, fields=PREFERENCE_FIELDS, values=values, seen=seen)


def _update(*, user: User, fields: tuple[str, ...], values: Mapping[str, Any], seen: str) -> User:
    with transaction.atomic():
        current = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if fingerprint(current, fields) != seen:
            wanted = {field: str(values[field] or "") for field in fields if field in values}
            if wanted != {field: str(getattr(current, field) or "") for field in wanted}:
                raise ChangedMeanwhile
            return current  # the same form sent twice: already done
        zone = current.time_zone
        for field in fields:
            if field in values:
                setattr(current, field, values[field])
        current.save(update_fields=list(fields))
        if current.time_zone != zone:
            compare_calendar(current)
    return current


def answer_device_zone(*, user: User, actor: User, zone: str, follow: bool) -> None:
    """Make the device's zone the person's own, or with `follow=False` remember not to ask about it again.

    Raises ValueError for a zone nobody knows.
    """
    canonical = clock.canonical_zone(zone)
    fields = {"time_zone": canonical, "declined_time_zone": ""} if follow else {"declined_time_zone": canonical}
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**fields)
        if follow:
            compare_calendar(user)


def compare_calendar(user: User) -> None:
    """Have the person's connected calendar compared with all that stands there, which reads otherwise now: in another
    zone, or with another address of its page. Inside the transaction of the change."""
    if user.keeps_calendar:
        key = f"{user.pk}:{uuid.uuid4().hex}"
        outbox.publish("calendar_sync.compare_person", key=key, payload={"person": user.pk})


# --- Photo --------------------------------------------------------------------


def change_photo(*, user: User, actor: User, upload: UploadedFile) -> None:
    """Store `upload`, re-encoded under a random name, as the person's photo, and delete the old file after the commit.

    Raises PhotoRefused. A failure leaves the old photo and no new file.
    """
    picture = photos.prepare(upload)
    name = default_storage.save(f"{photos.FOLDER}/{uuid.uuid4().hex}.webp", ContentFile(picture))
    try:
        _replace_photo(user=user, name=name)
    except BaseException:
        default_storage.delete(name)
        raise


def remove_photo(*, user: User, actor: User) -> None:
    _replace_photo(user=user, name="")


def _replace_photo(*, user: User, name: str) -> None:
    with transaction.atomic():
        current = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        old = current.photo.name
        User.objects.filter(pk=user.pk).update(photo=name)
        if old and old != name:
            transaction.on_commit(lambda: default_storage.delete(old), robust=True)
    user.photo.name = name


def sweep_photos(*, now: datetime, older_than_hours: int = 24) -> int:
    """Delete photo files of no account, left by a process that died between writing and saving; the number deleted."""
    try:
        _folders, names = default_storage.listdir(photos.FOLDER)
    except FileNotFoundError:
        return 0
    removed = 0
    for name in names:
        path = f"{photos.FOLDER}/{name}"
        age = now - default_storage.get_modified_time(path).astimezone(timezone.get_default_timezone())
        if age.total_seconds() > older_than_hours * 3600 and not User.objects.filter(photo=path).exists():
            default_storage.delete(path)
            removed += 1
    return removed


# --- Mail ---------------------------------------------------------------------


def send_letter(
    *,
    letter: str,
    to: str,
    said: Mapping[str, str],
    asked_from: str = "",
    on_known_device: bool = False,
    lasts_minutes: int = 3 * 24 * 60,
    key: str = "",
) -> None:
    """Have one of `accounts.letters` mailed by a worker soon, and not at all after `lasts_minutes`.

    It may carry a link or a code that grants access, so it waits encrypted. `asked_from` is the network address that
    the request came from. `notifications`, an app above this one, sends it; so this publishes a topic of that app.
    A second letter with the same `key` is not sent.
    """
    facts = {
        "to": to,
        "letter": letter,
        "said": dict(said),
        "asked_from": asked_from,
        "on_known_device": on_known_device,
    }
    key = key or uuid.uuid4().hex
    with transaction.atomic():
        outbox.publish(
            "notifications.send_account_mail",
            key=f"accounts.letter:{key}",
            payload={
                "mail": "accounts.letter",
                "key": key,
                "sealed": url_secrets.seal(json.dumps(facts)),
                "expires": int(clock.now().timestamp()) + lasts_minutes * 60,
            },
        )


def mail_code_later(*, to: str, code: str, wanted: bool) -> None:
    """Have the code of a sign-in mailed by a worker, or no mail where it is not `wanted`.

    Both cases do equal work and write a row, so that the time of the page does not tell whether a password was right.
    """
    expires = int(clock.now().timestamp()) + CODE_LASTS_MINUTES * 60
    facts = {"to": to, "code": code, "wanted": wanted, "expires": expires}
    with transaction.atomic():
        outbox.publish(
            "accounts.mail_code", key=uuid.uuid4().hex, payload={"sealed": url_secrets.seal(json.dumps(facts))}
        )
