"""Model fields that Django has none for."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError
from django.db import models


class CannotDecrypt(Exception):
    """None of ENCRYPTION_KEYS opens a stored secret: a key left the list too early, or the row was damaged."""


class EncryptedTextField(models.TextField):
    """Text that the database never sees: a token, a secret.

    Stored encrypted under the first of `settings.ENCRYPTION_KEYS`, read with any of them; to change keys put the new
    one first and save every row. The same text is stored differently each time, so that it can't be searched for: only
    `isnull` is a lookup. Fixtures and other serialisations carry it encrypted. Reading what no key opens raises
    CannotDecrypt rather than answering something that would then be saved in its place.
    """

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return None if value is None else encrypt(str(value))

    def from_db_value(self, value, expression, connection):
        if value is None:
            return None
        try:
            return decrypt(value)
        except CannotDecrypt:
            raise CannotDecrypt(f"No key in ENCRYPTION_KEYS opens {self.model._meta.label}.{self.name}.") from None

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))

    def to_python(self, value):
        """Also takes what `value_to_string` made, so that a fixture can be loaded."""
        value = super().to_python(value)
        try:
            return value if value is None else decrypt(value)
        except CannotDecrypt:
            return value

    def get_lookup(self, lookup_name):
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and can't be searched for.")
        return super().get_lookup(lookup_name)

    def check(self, **kwargs):
        errors = super().check(**kwargs)
        if self.unique or self.db_index:  # type: ignore[attr-defined]
            errors.append(
                checks.Error("An encrypted field can be neither unique nor indexed.", obj=self, id="core.E001")
            )
        return errors


def encrypt(text: str) -> str:
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
