"""Secrets at rest: only one of the keys opens them."""

import pytest
from cryptography.fernet import Fernet

from core.encryption import CannotDecrypt, decrypt, encrypt

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "ya29.secret-token-ü"


@pytest.fixture
def keys(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    return settings


@pytest.mark.parametrize("text", [SECRET, "", "x" * 100_000, "\u2028\n"])
def test_every_text_comes_back_and_looks_different_each_time(keys, text):
    first, second = encrypt(text), encrypt(text)

    assert first != second
    assert not text or text not in first
    assert decrypt(first) == decrypt(second) == text


def test_keys_change_without_losing_what_is_stored(keys):
    stored = encrypt(SECRET)

    keys.ENCRYPTION_KEYS = [NEW, OLD]
    stored = encrypt(decrypt(stored))
    keys.ENCRYPTION_KEYS = [NEW]

    assert decrypt(stored) == SECRET


@pytest.mark.parametrize("keep", [OLD, NEW], ids=["damaged", "key gone"])
def test_what_no_key_opens_is_an_error_that_tells_nothing(keys, keep):
    stored = encrypt(SECRET) if keep == NEW else "not a token, é"
    keys.ENCRYPTION_KEYS = [keep]

    with pytest.raises(CannotDecrypt) as raised:
        decrypt(stored)

    assert str(raised.value) == "No key in ENCRYPTION_KEYS opens this."
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
