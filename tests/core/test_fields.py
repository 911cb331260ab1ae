"""Secrets at rest: the database never sees them, and they don't slip out on other ways."""

import json
import logging

import pytest
from cryptography.fernet import Fernet
from django.core import checks, serializers
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models.functions import Length
from django.test.utils import CaptureQueriesContext, isolate_apps

from core.fields import CannotDecrypt, EncryptedTextField, decrypt, encrypt

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "ya29.secret-token-ü"


@pytest.fixture(scope="module")
def vault(django_db_setup, django_db_blocker):
    with isolate_apps("core"):

        class Vault(models.Model):
            secret = EncryptedTextField(null=True)

            class Meta:
                app_label = "core"

    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Vault)
        yield Vault
        with connection.schema_editor() as editor:
            editor.delete_model(Vault)


@pytest.fixture
def keys(settings, db):
    settings.ENCRYPTION_KEYS = [OLD]
    return settings


def stored(model) -> list:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT secret FROM {model._meta.db_table} ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_the_database_sees_only_what_a_key_opens(vault, keys):
    for _ in range(2):
        vault.objects.create(secret=SECRET)

    first, second = stored(vault)
    assert "secret" not in first and first != second
    assert [row.secret for row in vault.objects.all()] == [SECRET] * 2


@pytest.mark.parametrize("value", ["", None, "x" * 100_000, "\u2028\n"])
def test_every_text_comes_back(vault, keys, value):
    row = vault.objects.create(secret=value)

    row.refresh_from_db()

    assert row.secret == value
    assert vault.objects.filter(secret__isnull=True).exists() == (value is None)


def test_keys_change_without_losing_what_is_stored(vault, keys):
    row = vault.objects.create(secret=SECRET)

    keys.ENCRYPTION_KEYS = [NEW, OLD]
    row.refresh_from_db()
    row.save()
    keys.ENCRYPTION_KEYS = [NEW]
    row.refresh_from_db()

    assert row.secret == SECRET


def test_what_no_key_opens_is_an_error_and_not_an_empty_secret(vault, keys):
    row = vault.objects.create(secret=SECRET)
    before = stored(vault)
    keys.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CannotDecrypt) as raised:
        vault.objects.get(pk=row.pk)

    assert str(raised.value) == "No key in ENCRYPTION_KEYS opens core.Vault.secret."
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
    assert stored(vault) == before


def test_a_damaged_row_is_an_error(vault, keys):
    row = vault.objects.create(secret=SECRET)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {vault._meta.db_table} SET secret = %s", [SECRET])

    with pytest.raises(CannotDecrypt):
        vault.objects.get(pk=row.pk)


def test_it_can_not_be_searched_for(vault, keys):
    for lookup in ("secret", "secret__contains", "secret__in", "secret__gt"):
        with pytest.raises(FieldError, match="encrypted"):
            vault.objects.filter(**{lookup: [SECRET] if lookup.endswith("in") else SECRET}).exists()


def test_update_and_bulk_create_encrypt_as_well(vault, keys):
    rows = vault.objects.bulk_create([vault(secret=SECRET), vault(secret="other")])
    vault.objects.filter(pk=rows[1].pk).update(secret=SECRET)

    assert [decrypt(token) for token in stored(vault)] == [SECRET, SECRET]
    assert vault.objects.annotate(size=Length("secret")).first().size > len(SECRET)


def test_neither_logged_sql_nor_repr_shows_it(vault, keys, caplog):
    with caplog.at_level(logging.DEBUG), CaptureQueriesContext(connection) as queries:
        row = vault.objects.create(secret=SECRET)
        vault.objects.get(pk=row.pk)

    assert len(queries) == 2
    said = (
        json.dumps(queries.captured_queries)
        + caplog.text
        + repr(row)
        + str(row)
        + repr(vault._meta.get_field("secret"))
    )
    assert "secret-token" not in said


def test_a_fixture_carries_it_encrypted_and_can_be_loaded(vault, keys):
    row = vault.objects.create(secret=SECRET)

    written = serializers.serialize("json", [row, vault(secret=None)])

    assert "secret-token" not in written
    token = json.loads(written)[0]["fields"]["secret"]
    assert vault._meta.get_field("secret").to_python(token) == SECRET
    assert json.loads(written)[1]["fields"]["secret"] is None


def test_the_cipher_is_bound_to_the_keys_of_the_moment(keys):
    token = encrypt(SECRET)
    keys.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CannotDecrypt):
        decrypt(token)
    with pytest.raises(CannotDecrypt):
        decrypt("not a token, é")


@isolate_apps("core")
def test_an_index_on_it_is_a_mistake():
    class Vault(models.Model):
        secret = EncryptedTextField(unique=True)

        class Meta:
            app_label = "core"

    assert [error.id for error in Vault.check(databases={"default"}) if isinstance(error, checks.Error)] == [
        "core.E001"
    ]
