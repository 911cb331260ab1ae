"""Answers to the questions that lower apps ask; registered in `apps`."""

from accounts.models import User
from core.page_reader import Reader


def reader(user: User) -> Reader:
    """The settings by which pages are drawn for `user`."""
    return Reader(user.uuid.hex, user.time_zone, user.uses_12h_clock, user.theme)
