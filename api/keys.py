"""Keys by which programs act for a person. A key is shown once, and kept as a hash.

Keys end for good when their person stops taking part: by a ban, a closing or a deletion (`end_all_keys`).
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts.exceptions import FieldsRefused
from accounts.models import User, taking_part
from api.exceptions import NoKeysAnyMore, TooManyKeys
from api.models import ApiKey, Scope
from api.versions import NEWEST
from core.db import lock_row, retrying

ALPHABET = string.digits + string.ascii_letters
_FORM = re.compile(r"dl_[0-9A-Za-z]{46}", re.ASCII)
PREFIX, SECRET, CHECK = 8, 32, 6
LASTS = timedelta(days=365)
LONGEST = timedelta(days=5 * 365)
MOST_KEYS = 20
# From then on the page says that a key ends soon.
SOON = timedelta(days=14)


BAD_END = "Choose an end within the next five years."


def keys_of(person: User, *, now: datetime) -> QuerySet[ApiKey]:
    """The person's keys that have not ended, the newest first."""
    return ApiKey.objects.filter(person=person, ends_at__gt=now)


@retrying
@transaction.atomic
def make_key(
    *,
    person: User,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    ends_at: datetime | None = None,
    uuid: UUID | None = None,
) -> tuple[ApiKey, str]:
    """Make a key for a program of `person`, good for a year unless `ends_at` says otherwise.

    Returns it with its text, which nobody can read again. With the `uuid` of a key that the person has, that key is
    returned with an empty text. Raises FieldsRefused, TooManyKeys, and NoKeysAnyMore for somebody who was banned or
    has left since they asked.
    """
    ends_at = ends_at or now + LASTS
    if not now < ends_at <= now + LONGEST:
        raise FieldsRefused({"ends_at": [ValidationError(BAD_END, code="out_of_range")]})
    if not lock_row(User.objects.filter(pk=person.pk)).takes_part:
        raise NoKeysAnyMore
    if uuid and (found := ApiKey.objects.filter(person=person, uuid=uuid).first()):
        return found, ""
    if keys_of(person, now=now).count() >= MOST_KEYS:
        raise TooManyKeys(MOST_KEYS)
    body = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX + SECRET))
    text = f"dl_{body}{_check_digits(body)}"
    own = {"uuid": uuid} if uuid else {}
    key = ApiKey.objects.create(
        person=person,
        name=name,
        prefix=body[:PREFIX],
        digest=_digest(text),
        scopes=sorted(set(scopes)),
        version=NEWEST,
        made_at=now,
        ends_at=ends_at,
        **own,
    )
    return key, text


def end_key(*, key: ApiKey) -> None:
    """End a key; its next request is refused."""
    key.delete()


def end_all_keys(person: User) -> int:
    """End every key of the person, in the transaction of whatever ends them. Returns their number."""
    return ApiKey.objects.filter(person=person).delete()[0]


def looks_like_key(text: str) -> bool:
    return text.startswith("dl_")


def find_key(text: str, *, network: str, now: datetime) -> ApiKey | None:
    """The key with this text, with its person, while it and the person's account are good. One query.

    The day and the network of its use are noted, once for each.
    """
    if not _FORM.fullmatch(text) or not compare_digest(_check_digits(text[3:-CHECK]), text[-CHECK:]):
        return None
    rows = ApiKey.objects.select_related("person").filter(prefix=text[3 : 3 + PREFIX], ends_at__gt=now)
    key = rows.filter(taking_part("person__")).first()
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
