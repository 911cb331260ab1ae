"""Encrypting anew what is encrypted at rest, with the first of ENCRYPTION_KEYS, so that an old key can go."""

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.db.models import Model

from accounts.personal_data import in_batches
from core.db import lock_rows
from core.encryption import EncryptedText, decrypt, encrypt


def encrypt_again(*, sign_of_life: Callable[[str, int], None] = lambda name, number: None) -> int:
    """Encrypt every stored secret with the newest key; returns the number of rows.

    Some hundred rows at a time are locked, so that a secret which changes meanwhile is not put back. Run again, it does
    the same again. Raises CannotDecrypt at a row that none of the keys opens; those before it are done.
    """
    done = 0
    for model in apps.get_models():
        fields = [each.attname for each in model._meta.concrete_fields if isinstance(each, EncryptedText)]
        if fields:
            done += _each(model, partial(_save, fields))
            sign_of_life(str(model._meta.verbose_name_plural), done)
    done += _each(Authenticator, _second_step)
    sign_of_life("second steps", done)
    return done


def _each(model: type[Model], write: Callable[[Any], None]) -> int:
    done = 0
    for keys in in_batches(model._base_manager.all()):
        with transaction.atomic():
            for row in lock_rows(model._base_manager.filter(pk__in=keys).order_by("pk")):
                write(row)
                done += 1
    return done


def _save(fields: list[str], row: Any) -> None:
    row.save(update_fields=fields)


def _second_step(row: Authenticator) -> None:
    """The secret of an app that makes codes, and the seed or the codes of a list, which allauth keeps in JSON."""
    for name in ("secret", "seed"):
        if name in row.data:
            row.data[name] = encrypt(decrypt(row.data[name]))
    if "migrated_codes" in row.data:
        row.data["migrated_codes"] = [encrypt(decrypt(code)) for code in row.data["migrated_codes"]]
    row.save(update_fields=["data"])
