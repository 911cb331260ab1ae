"""The locks of a change of a connection: its owner's provider first, as everywhere, then the connection's row."""

from django.db.models import QuerySet

from accounts.models import User
from calendar_sync.models import Connection, GoogleCalendar
from core.db import lock_rows
from providers import services as providers
from providers.models import Provider


def lock_provider_of(user: User, *, actor: User | None = None) -> Provider | None:
    """The provider of the person who owns a connection, locked before any other row.

    None for a customer, whose own row is locked instead, so that they do not become a provider meanwhile. Raises
    ChangeRefused where an `actor` is given whom the provider is not.
    """
    provider = Provider.objects.filter(user=user).first()
    if provider is None:
        lock_rows(User.objects.filter(pk=user.pk)).first()
        provider = Provider.objects.filter(user=user).first()
    return providers.lock_provider(provider, actor=actor or user) if provider else None


def lock_connection(rows: QuerySet[Connection]) -> Connection | None:
    """The connection as it is once its row is locked; None where there is none (any more)."""
    return lock_rows(rows).first()


def lock_if_kept(calendar: GoogleCalendar) -> bool:
    """Lock the connection of a calendar; False where it was ended meanwhile, and its calendars with it."""
    lock_connection(Connection.objects.filter(pk=calendar.connection_id))
    return GoogleCalendar.objects.filter(pk=calendar.pk).exists()
