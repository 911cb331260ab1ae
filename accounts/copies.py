"""Copies of a person's data: asked for by them, made by a worker, fetched for a week, then deleted.

The file is in the private storage, which no address leads to; only a page of the signed-in person hands it out.
"""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from accounts import copy_file, services
from accounts.models import DataCopy, User
from core import clock, wording
from core.db import lock_row, retrying
from core.letters import page
from outbox import services as outbox

FOLDER = "copies"
LASTS = timedelta(days=7)
# A copy that no worker could make for so long counts as failed, and another one may be asked for.
GIVEN_UP_AFTER = timedelta(days=1)
HISTORY_LASTS = timedelta(days=90)


def private_storage() -> Storage:
    return storages["private"]


@retrying
@transaction.atomic
def ask_for_copy(*, user: User) -> DataCopy:
    """The copy that a worker will make soon; where one is being made already, that one."""
    lock_row(User.objects.filter(pk=user.pk))
    now = clock.now()
    waiting = DataCopy.objects.filter(user=user, ready_at=None)
    waiting.filter(asked_at__lt=now - GIVEN_UP_AFTER).delete()
    if found := waiting.first():
        return found
    asked = DataCopy.objects.create(user=user, asked_at=now)
    outbox.publish("accounts.make_copy", key=asked.uuid.hex, payload={"copy": asked.uuid.hex})
    return asked


def make_copy(number: str, *, sign_of_life: Callable[[], None] = lambda: None) -> None:
    """Make the file of a copy and mail its person that it is ready. Nothing where it is made, or the account closed.

    `sign_of_life` is called between the parts of a long file. Killed on the way, it leaves at most a file that
    `sweep` deletes.
    """
    asked = DataCopy.objects.select_related("user").filter(uuid=number, ready_at=None, user__is_active=True).first()
    if asked is None:
        return
    with tempfile.TemporaryFile() as made:
        copy_file.write(made, asked.user, now=clock.now(), sign_of_life=sign_of_life)
        size = made.tell()
        made.seek(0)
        name = private_storage().save(f"{FOLDER}/{uuid.uuid4().hex}.zip", File(made))
    try:
        is_kept = _hand_over(asked, name, size)
    except BaseException:
        private_storage().delete(name)
        raise
    if not is_kept:  # another worker made it meanwhile, or the account is gone
        private_storage().delete(name)


@transaction.atomic
def _hand_over(asked: DataCopy, name: str, size: int) -> bool:
    now = clock.now()
    waiting = DataCopy.objects.filter(pk=asked.pk, ready_at=None)
    if not waiting.update(ready_at=now, ends_at=now + LASTS, file=name, size=size):
        return False
    until = wording.date_text(wording.local(now + LASTS, asked.user.zone).date(), long=True)
    services.send_letter(
        letter="accounts/copy_ready",
        to=asked.user.email,
        said={"until": until, "url": page("settings_data")},
        lasts_minutes=int(LASTS.total_seconds()) // 60,
        key=f"copy-{asked.uuid.hex}",
    )
    return True


def has_failed(copy: DataCopy, now: datetime) -> bool:
    """Whether the copy is given up because no worker could make it for a day."""
    return copy.is_being_made and copy.asked_at < now - GIVEN_UP_AFTER


def open_file(copy: DataCopy, *, now: datetime) -> File:
    """The file of the copy, open for reading. Raises FileNotFoundError before it is ready and once it has ended."""
    if not copy.can_be_fetched(now):
        raise FileNotFoundError
    return private_storage().open(copy.file)


def sweep(*, now: datetime) -> int:
    """Delete the files of copies that have ended, old rows, and files of no row; returns the number of files deleted.

    A file younger than a day may belong to a copy that is being made.
    """
    for ended in DataCopy.objects.filter(ends_at__lte=now).exclude(file=""):
        drop_file(ended)
    DataCopy.objects.filter(ends_at__lt=now - HISTORY_LASTS).delete()
    removed = 0
    for name, modified in _files():
        if modified < now - GIVEN_UP_AFTER and not DataCopy.objects.filter(file=name).exists():
            private_storage().delete(name)
            removed += 1
    return removed


def drop_file(copy: DataCopy) -> None:
    """Delete the file of a copy, then forget its name, so that a kill in between leaves nothing behind."""
    private_storage().delete(copy.file)
    DataCopy.objects.filter(pk=copy.pk).update(file="")


def _files() -> Iterator[tuple[str, Any]]:
    try:
        _folders, names = private_storage().listdir(FOLDER)
    except FileNotFoundError:
        return
    for name in names:
        path = f"{FOLDER}/{name}"
        yield path, private_storage().get_modified_time(path).astimezone(timezone.get_default_timezone())
