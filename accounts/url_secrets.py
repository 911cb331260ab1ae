"""Encrypted text that is fit for an address: letters, digits, `-` and `_` only. Encrypted by `core.encryption`."""

from core.encryption import CannotDecrypt, decrypt, encrypt

__all__ = ["CannotDecrypt", "seal", "unseal"]


def seal(text: str) -> str:
    """The encrypted `text`."""
    return encrypt(text).rstrip("=")


def unseal(sealed: str) -> str:
    """The text that `seal` encrypted. Raises CannotDecrypt for anything else."""
    if not sealed.isascii():
        raise CannotDecrypt("No key in ENCRYPTION_KEYS opens this.")
    return decrypt(sealed + "=" * (-len(sealed) % 4))
