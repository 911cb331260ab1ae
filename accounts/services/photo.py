"""Services for the photo of a person."""

import uuid
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts import photos
from accounts.models import User


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
