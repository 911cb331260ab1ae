"""Changing the key that encrypts at rest."""

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from calendar_sync.models import BusyInterval, Connection, FreeEvent
from core import clock
from core.encryption import CannotDecrypt, decrypt, encrypt
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def secrets(settings):
    """A connection, a busy time and both kinds of second steps, encrypted with the old key."""
    settings.ENCRYPTION_KEYS = [OLD]
    provider, now = ProviderFactory(), clock.now()
    row = Connection.objects.create(
        user=provider.user, account="1", email="m@example.com", profile="full", refresh_token="r", access_token="a"
    )
    BusyInterval.objects.create(provider=provider, start=now, end=now + clock.ONE_DAY, title="Dentist")
    row.calendars.create(google_id="m").free_events.create(event_id="f", start=now, end=now, title="Choir outing")
    user = UserFactory()
    Authenticator.objects.create(user=user, type="totp", data={"secret": encrypt("s")})
    Authenticator.objects.create(
        user=user, type="recovery_codes", data={"seed": encrypt("e"), "migrated_codes": [encrypt("c")], "used_mask": 0}
    )
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "key"})
    return row


def what_is_stored():
    row, busy, free = Connection.objects.get(), BusyInterval.objects.get(), FreeEvent.objects.get()
    totp, codes = Authenticator.objects.get(type="totp").data, Authenticator.objects.get(type="recovery_codes").data
    steps = [totp["secret"], codes["seed"], *codes["migrated_codes"]]
    return [row.refresh_token, row.access_token, busy.title, free.title, *(decrypt(each) for each in steps)]


def test_afterwards_the_old_key_can_go(secrets, settings, capsys):
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    call_command("encrypt_again")
    assert "rows are encrypted with the newest key" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [NEW]
    assert what_is_stored() == ["r", "a", "Dentist", "Choir outing", "s", "e", "c"]


def test_without_it_nothing_opens_with_the_new_key_alone(secrets, settings):
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CannotDecrypt):
        what_is_stored()


def test_a_key_that_left_too_early_is_said(secrets, settings):
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="put the key that made it back"):
        call_command("encrypt_again")
