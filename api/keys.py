"""Keys by which programs act for a person. A key is shown once, and kept as a hash."""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from hmac import compare_digest

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Ban, User
from api.exceptions import TooManyKeys
from api.models import ApiKey, Scope
from api.versions import NEWEST

ALPHABET = string.digits + string.ascii_letters
_FORM = re.compile(r"dl_[0-9A-Za-z]{46}", re.ASCII)
PREFIX, SECRET, CHECK = 8, 32, 6
LASTS = timedelta(days=365)
LONGEST = timedelta(days=5 * 365)
MOST_KEYS = 20


@transaction.atomic
def make_key(
    *, person: User, name: str, scopes: Collection[Scope], ends_at: datetime, now: datetime
) -> tuple[ApiKey, str]:
    """Make a key for a program of `person`, and return it with its text, which nobody can read again.

    Raises TooManyKeys.
    """
    User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if ApiKey.objects.filter(person=person, ends_at__gt=now).count() >= MOST_KEYS:
        raise TooManyKeys(MOST_KEYS)
    body = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX + SECRET))
    text = f"dl_{body}{_check_digits(body)}"
    key = ApiKey.objects.create(
        person=person,
        name=name,
        prefix=body[:PREFIX],
        digest=_digest(text),
        scopes=sorted(scopes),
        version=NEWEST,
        made_at=now,
        ends_at=ends_at,
    )
    return key, text


def end_key(*, key: ApiKey) -> None:
    """End a key; its next request is refused."""
    key.delete()


def end_all_keys(*, person: User) -> int:
    """End every key of the person. Returns their number."""
    return ApiKey.objects.filter(person=person).delete()[0]


def looks_like_key(text: str) -> bool:
    return text.startswith("dl_")


def find_key(text: str, *, network: str, now: datetime) -> ApiKey | None:
    """The key with this text, with its person, while it and the person's account are good. One query.

    A key made before its person was suspended stays ended when that is lifted. The day and the network of its use are
    noted, once for each.
    """
    if not _FORM.fullmatch(text) or not compare_digest(_check_digits(text[3:-CHECK]), text[-CHECK:]):
        return None
    banned_since = Exists(Ban.objects.filter(user=OuterRef("person"), since__gte=OuterRef("made_at")))
    alive = Q(person__is_active=True, person__leaves_at=None, person__banned_at=None) & ~Q(banned_since)
    rows = ApiKey.objects.select_related("person").filter(alive, prefix=text[3 : 3 + PREFIX], ends_at__gt=now)
    key = rows.first()
    if key is None or not compare_digest(key.digest, _digest(text)):
        return None
    if (key.used_on, key.used_from) != (now.date(), network):
        key.used_on, key.used_from = now.date(), network
        ApiKey.objects.filter(pk=key.pk).update(used_on=key.used_on, used_from=key.used_from)
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_digits(body: str) -> str:
    """Six characters that fit the others, so that a key copied in part is refused without looking for it."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, rest = divmod(number, len(ALPHABET))
        digits += ALPHABET[rest]
    return digits
