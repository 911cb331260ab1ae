"""Text that waits or travels where others may look, encrypted as in `core.encryption` and fit for an address."""

from core.encryption import CannotDecrypt, decrypt, encrypt

__all__ = ["CannotDecrypt", "seal", "unseal"]


def seal(text: str) -> str:
    """Letters, digits, `-` and `_` only."""
    return encrypt(text).rstrip("=")


def unseal(sealed: str) -> str:
    """Raises CannotDecrypt for anything `seal` did not make."""
    if not sealed.isascii():
        raise CannotDecrypt("No key in ENCRYPTION_KEYS opens this.")
    return decrypt(sealed + "=" * (-len(sealed) % 4))
