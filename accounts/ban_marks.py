"""What is kept of a banned person whose account is erased, while the ban is open: keyed hashes of their address and of
the Google account that signed them in.

Whoever proves the same address, or comes with the same Google account, gets the ban, with its beginning and the moments
of its evidence. A hash can't be turned back, and without its key nobody can try addresses against it. See
`docs/decisions/leaving.md`.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Ban, KeptBan, User
from core.db import lock_rows
from core.hooks import Question

taken = Question[[Ban, User], None]("What else follows when this person gets a ban that an erased account had?")
copied = Question[[Ban, Ban], None](
    "What follows when a second person gets a ban of their own, as a copy of the first?"
)


def keep(ban: Ban, email: str | None, *, google: Iterable[str] = ()) -> None:
    """Keep the open ban for whoever proves this address next, or comes with one of these Google accounts (`sub`).

    The caller has locked the person's row.
    """
    name, key = next(iter(_keys().items()))
    addresses = [(KeptBan.Kind.EMAIL, email)] if email else []
    for kind, who in [*addresses, *((KeptBan.Kind.GOOGLE, subject) for subject in google)]:
        KeptBan.objects.get_or_create(kind=kind, key=name, mark=_mark(key, kind, who), defaults={"ban": ban})


def kept_for(email: str = "", *, google: str = "") -> KeptBan | None:
    """The open ban that is kept for this address or Google account, made with any of the keys. One query."""
    rows = _marked(email, google).filter(ban__lifted_at=None)
    return rows.select_related("ban__user").order_by("pk").first()


def take(person: User, email: str = "", *, google: str = "") -> Ban | None:
    """Give the person the ban that is kept for their address or Google account, in the caller's transaction.

    None where there is none. The erased account has it no longer. Where somebody who came by another mark has it
    already, this person gets one of their own, as old. Who is banned already keeps their own, and this one waits.
    """
    found = kept_for(email, google=google)
    if found is None:
        return None
    # Both rows in one statement, as everybody who changes a ban locks its person first.
    both = User.objects.filter(pk__in={person.pk, found.ban.user_id}).order_by("pk")
    people = {row.pk: row for row in lock_rows(both)}
    kept = KeptBan.objects.select_related("ban").filter(pk=found.pk, ban__lifted_at=None).first()
    if kept is None or people[person.pk].banned_at is not None:
        return None
    ban, holder = kept.ban, people.get(kept.ban.user_id)
    if holder is not None and holder.is_erased:
        User.objects.filter(pk=ban.user_id).update(banned_at=None)
        Ban.objects.filter(pk=ban.pk).update(user=person)
    else:
        ban = Ban.objects.create(user=person, since=ban.since)
        for _ in copied.each(kept.ban, ban):
            pass
    User.objects.filter(pk=person.pk).update(banned_at=ban.since)
    _marked(email, google).filter(ban=kept.ban).delete()
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


def _marked(email: str, google: str) -> QuerySet[KeptBan]:
    """The marks of this address and this Google account, made with any of the keys."""
    asked = {KeptBan.Kind.EMAIL: email, KeptBan.Kind.GOOGLE: google}
    marks = [_mark(key, kind, who) for kind, who in asked.items() if who for key in _keys().values()]
    return KeptBan.objects.filter(mark__in=marks)


def _mark(key: bytes, kind: str, who: str) -> str:
    """The keyed hash of an address or a Google account; both kinds differ in what is hashed."""
    name = who.strip().lower() if kind == KeptBan.Kind.EMAIL else who
    return hmac.new(key, f"{kind} {name}".encode(), sha256).hexdigest()
