"""The first and last steps of the services of a provider's page, hours and catalogue of services."""

import uuid

from django.db.models import QuerySet

from accounts.models import User
from core.compiled_queries import prepared
from core.db import lock_rows, require_transaction
from outbox import services as outbox
from providers import hooks
from providers.exceptions import ChangeRefused
from providers.models import Provider


def lock_provider(provider: Provider, *, actor: User) -> Provider:
    """The provider read anew with its policy and locked until the transaction ends; bookings wait for this lock, too.

    Raises ChangeRefused unless the actor is its owner or staff.
    """
    require_transaction(Provider)
    if not _locked(provider_id=provider.pk):
        raise Provider.DoesNotExist
    [locked] = _with_policy(provider_id=provider.pk)
    if locked.user_id != actor.pk and not actor.is_staff:
        raise ChangeRefused("That is not yours to change.")
    return locked


@prepared
def _locked(provider_id: int) -> QuerySet[Provider, int]:
    return lock_rows(Provider.objects.filter(pk=provider_id)).values_list("pk", flat=True)


@prepared
def _with_policy(provider_id: int) -> QuerySet[Provider]:
    # A statement of its own: rows joined to a locked row are read as they were before the wait for the lock.
    return Provider.objects.select_related("policy", "user").filter(pk=provider_id)


def refresh_openings(provider: Provider) -> None:
    """Publish that the provider's open time has changed, unless the page is a draft."""
    if not provider.is_draft:
        outbox.publish(
            "appointments.refresh_openings", key=f"{provider.pk}:{uuid.uuid4().hex}", payload={"provider": provider.pk}
        )


def appointments_read_otherwise(provider: Provider) -> None:
    """Publish that what is said of the locked provider's appointments is other now: with whom, for what, where, or in
    which zone."""
    if not provider.is_draft:
        outbox.publish(
            "appointments.page_changed", key=f"{provider.pk}:{uuid.uuid4().hex}", payload={"provider": provider.pk}
        )


def step_done(provider: Provider, step: str) -> None:
    """Remember that a draft has passed the step."""
    if provider.is_draft and step not in provider.steps_done:
        provider.steps_done = [*provider.steps_done, step]
        provider.save(update_fields=["steps_done"])


def open_time_changed(provider: Provider) -> None:
    """Publish that the locked provider's open time has changed, and let higher apps use what has become open at once,
    as somebody may wait for it; see `hooks.time_opened`."""
    refresh_openings(provider)
    if provider.is_live:
        for _ in hooks.time_opened.each(provider):
            pass
