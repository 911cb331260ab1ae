"""Secrets at rest, under the first of `settings.ENCRYPTION_KEYS` and read with any of them."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """None of ENCRYPTION_KEYS opens a stored secret: a key left the list too early, or the row was damaged."""


def encrypt(text: str) -> str:
    """The same text comes out differently each time."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """Raises CannotDecrypt; the message holds nothing of either."""
    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError):
        raise CannotDecrypt("No key in ENCRYPTION_KEYS opens this.") from None


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
