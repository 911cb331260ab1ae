"""What is kept of a banned person whose account is erased: a keyed hash of their address, while the ban is open.

Whoever proves the same address gets the ban, with its beginning and the moments of its evidence. The hash can't be
turned back, and without its key nobody can try addresses against it. See `docs/decisions/leaving.md`.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection

from accounts.models import Ban, KeptBan, User
from core.db import lock_rows
from core.hooks import Question

taken = Question[[Ban, User], None]("What else follows when this person gets a ban that an erased account had?")


def keep(ban: Ban, email: str) -> None:
    """Keep the open ban for whoever proves this address next. The caller has locked the person's row."""
    name, key = next(iter(_keys().items()))
    KeptBan.objects.get_or_create(kind=KeptBan.Kind.EMAIL, key=name, mark=_mark(key, email), defaults={"ban": ban})


def kept_for(email: str) -> KeptBan | None:
    """The open ban that is kept for this address, made with any of the keys. One query."""
    marks = [_mark(key, email) for key in _keys().values()]
    rows = KeptBan.objects.filter(kind=KeptBan.Kind.EMAIL, mark__in=marks, ban__lifted_at=None)
    return rows.select_related("ban__user").first()


def take(person: User, email: str) -> Ban | None:
    """Give the person the ban that is kept for their address, in the caller's transaction; None where there is none.

    The erased account has it no longer. Who is banned already keeps their own, and this one waits.
    """
    found = kept_for(email)
    if found is None:
        return None
    # Both rows in one statement, as everybody who changes a ban locks its person first.
    both = User.objects.filter(pk__in={person.pk, found.ban.user_id}).order_by("pk")
    people = {row.pk: row for row in lock_rows(both)}
    kept = KeptBan.objects.select_related("ban").filter(pk=found.pk, ban__lifted_at=None).first()
    if kept is None or people[person.pk].banned_at is not None:
        return None
    ban = kept.ban
    User.objects.filter(pk=ban.user_id).update(banned_at=None)
    Ban.objects.filter(pk=ban.pk).update(user=person)
    User.objects.filter(pk=person.pk).update(banned_at=ban.since)
    kept.delete()
    ban.user, person.banned_at = person, ban.since
    for _ in taken.each(ban, person):
        pass
    return ban


def check_keys(databases: Iterable[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A system check of the database: bans kept with a key that BAN_KEYS no longer has are kept for nobody."""
    if not databases or KeptBan._meta.db_table not in connection.introspection.table_names():
        return []  # migrate asks, too, before it makes the tables
    lost = KeptBan.objects.exclude(key__in=_keys()).filter(ban__lifted_at=None).count()
    if not lost:
        return []
    hint = "Put the old key back at the end of BAN_KEYS, or SECRET_KEY back, until these suspensions are lifted."
    return [checks.Warning(f"{lost} open suspensions are kept with a key that is gone.", hint=hint, id="dayline.W002")]


def _keys() -> dict[str, bytes]:
    """The keys by name, newest first. The last one comes from SECRET_KEY, which alone is enough to begin with."""
    texts = [*settings.BAN_KEYS, f"{settings.SECRET_KEY} of kept bans"]
    keys = [sha256(text.encode()).digest() for text in texts]
    return {sha256(b"name" + key).hexdigest()[:8]: key for key in keys}


def _mark(key: bytes, email: str) -> str:
    return hmac.new(key, f"email {email.strip().lower()}".encode(), sha256).hexdigest()
