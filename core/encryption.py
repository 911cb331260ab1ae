"""Encryption of secrets at rest, with the first of `settings.ENCRYPTION_KEYS`; any of the keys decrypts."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """Raised when none of ENCRYPTION_KEYS opens a stored secret: a key left the list too early, or a damaged row."""


def encrypt(text: str) -> str:
    """The encrypted text in ASCII; a text encrypted twice gives two different tokens."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text of an encrypted token. Raises CannotDecrypt, with neither of the two in its message."""
    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError):
        raise CannotDecrypt("No key in ENCRYPTION_KEYS opens this.") from None


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
