"""Encryption of secrets at rest, with the first of `settings.ENCRYPTION_KEYS`; any of the keys decrypts."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact, IsNull


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


class Empty(Exact):
    """The lookup whether an encrypted text is empty. Any other text has another token each time, so none is found."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("An encrypted text can only be asked for whether it is empty.")
        return self.rhs


class EncryptedText(models.TextField):
    """A text that the database only has encrypted; an empty one stays empty, and can be found by that.

    Reading a row raises CannotDecrypt when no key opens its secret.
    """

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return {"exact": Empty, "isnull": IsNull}.get(lookup_name)


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
