"""Requests that are done once, however often they are sent: those with an Idempotency-Key.

A row is claimed before the service is called, and the service gets a key for a unique column of what it makes; so a
program that was cut off sends its request again and gets what the first one made, also where the process was killed
before it could say so.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from api.errors import FieldError, Problem
from api.models import OnceRequest
from core.compiled_inserts import insert_all

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
# A request that has not ended after this was killed: no request runs that long.
RUNS_AT_MOST = timedelta(seconds=60)
_FORM = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Once:
    """A claimed request. `is_done` is true where it was done before: then `row` says what it made."""

    row: OnceRequest
    is_done: bool

    def finish(self, *, status: int, made: str, now: datetime) -> None:
        OnceRequest.objects.filter(pk=self.row.pk).update(status=status, made=made, done_at=now)

    def give_up(self) -> None:
        """Open a request that was refused, so that its key may be sent again, with another body, too.

        The row stays, and with it the key of what the request makes: should a part be made, it is made once.
        """
        OnceRequest.objects.filter(pk=self.row.pk, done_at=None).update(request_hash="")


def check_key(key: str) -> None:
    """Raise Problem `invalid` for a key that is none."""
    if not _FORM.fullmatch(key):
        detail = "Send 1 to 255 printable ASCII characters."
        raise Problem("invalid", detail, errors=[FieldError(HEADER, "invalid", detail)])


def claim(*, person: User, key: str, request: bytes, now: datetime) -> Once:
    """Claim the request of `person` with this key; `request` is all of it that must be the same again.

    Raises Problem `key-reused` where the key stands for another request, `still-running` where it is being done.
    """
    row = OnceRequest(person=person, key_hash=_hash(key.encode()), request_hash=_hash(request), began_at=now)
    try:
        with transaction.atomic():
            insert_all([row])
    except IntegrityError:
        row = OnceRequest.objects.get(person=person, key_hash=row.key_hash)
    else:
        return Once(row, is_done=False)
    if row.done_at is None and not row.request_hash:
        return _take_over(row, now, request)
    if row.request_hash != _hash(request):
        raise Problem("key-reused")
    if row.done_at is not None:
        return Once(row, is_done=True)
    if row.began_at > now - RUNS_AT_MOST:
        raise _still_running()
    return _take_over(row, now, request)


def _take_over(row: OnceRequest, now: datetime, request: bytes) -> Once:
    """Claim a request that was refused, or whose process was killed; of several who try one succeeds."""
    was = OnceRequest.objects.filter(pk=row.pk, began_at=row.began_at, request_hash=row.request_hash, done_at=None)
    if not was.update(began_at=now, request_hash=_hash(request)):
        raise _still_running()
    return Once(row, is_done=False)


def _still_running() -> Problem:
    return Problem("still-running", headers={"Retry-After": "1"})


@transaction.atomic
def forget_old(*, now: datetime) -> int:
    """Delete the requests that are older than a day. Returns their number."""
    return OnceRequest.objects.filter(began_at__lt=now - KEPT).delete()[0]


def _hash(text: bytes) -> str:
    """A keyed hash: a body may hold a password, which nobody who reads the table may try to guess."""
    return salted_hmac("api.once", text, algorithm="sha256").hexdigest()
