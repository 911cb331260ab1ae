"""Public names of passkeys, for addresses: row numbers would tell how many people have one."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.utils.crypto import constant_time_compare, salted_hmac

LENGTH = 32  # hexadecimal digits: 128 bits


def name_of(passkey: Authenticator) -> str:
    """The passkey's name in addresses: it never changes, and can't be guessed."""
    return salted_hmac("accounts.passkeys", str(passkey.pk), algorithm="sha256").hexdigest()[:LENGTH]


def find(passkeys: Iterable[Authenticator], name: str) -> Authenticator | None:
    """The one of `passkeys` with this name; None for any other name."""
    return next((each for each in passkeys if constant_time_compare(name_of(each), name)), None)
