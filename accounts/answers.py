"""Answers to the questions that lower apps ask; registered in `apps`."""

from collections.abc import Iterator

from accounts.models import User
from accounts.personal_data import File
from core.page_reader import Reader


def reader(user: User) -> Reader:
    """The settings by which pages are drawn for `user`."""
    return Reader(user.uuid.hex, user.time_zone, user.uses_12h_clock, user.theme)


def photo_of(user: User) -> Iterator[File]:
    """The person's photo, for the copy of their data."""
    if user.photo:
        with user.photo.open() as file:
            yield File("photo.webp", file.read())
