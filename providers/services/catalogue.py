"""Changes of the services a provider offers. None of them touches an appointment that exists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, ProtectedError

from accounts.models import User
from core.db import made_before, retrying
from providers import edit_stamps
from providers.exceptions import ChangedMeanwhile, ChangeRefused
from providers.models import MOST_SERVICES, Provider, Service
from providers.slugs import make_slug
from providers.states import Step

from .locking import appointments_read_otherwise, lock_provider, open_time_changed, step_done


@retrying
@transaction.atomic
def save_service(
    *,
    provider: Provider,
    actor: User,
    values: Mapping[str, Any],
    service: Service | None = None,
    seen: str | None = "",
    key: UUID | None = None,
) -> Service:
    """Create a service at the end of the list, or change `service`; `values` are of `edit_stamps.SERVICE_FIELDS`.

    Its slug is made from its first name and stays once the page is live. Appointments keep the price and the length
    they were made with. `seen` is the service's stamp as it was shown, None for who saves whatever others did
    meanwhile. With the same `key` the service that it made is returned. Raises ChangedMeanwhile, ValidationError (a
    price with more digits than the currency has), ChangeRefused.
    """
    provider, values = lock_provider(provider, actor=actor), _only_ours(values)
    if service is None:
        # The same form sent twice makes one service: nobody offers two services that are equal.
        twin = next((row for row in provider.services.all() if edit_stamps.same(row, values)), None)
        if made := made_before(provider.services.all(), key) or twin:
            return made
        service = _new_service(provider)
        service.made_by_key = key
    else:
        service = _own(provider, service)
        if not edit_stamps.same(service, values):
            _check_seen(service, seen)
    name = service.name
    for field, value in values.items():
        setattr(service, field, value)
    if not service.slug or provider.is_draft:
        service.slug = _slug_for(service, provider)
    service.full_clean(exclude=["provider", "slug"])
    service.save()
    if service.name != name:
        appointments_read_otherwise(provider)
    step_done(provider, Step.SERVICE)
    open_time_changed(provider)
    return service


def pause_service(*, service: Service, actor: User, seen: str | None = None) -> Service:
    """Stop bookings of the service. Its appointments stay. Paused already: nothing happens. Raises ChangedMeanwhile
    where the service is not as `seen`."""
    return _set_active(service=service, actor=actor, is_active=False, seen=seen)


def resume_service(*, service: Service, actor: User, seen: str | None = None) -> Service:
    return _set_active(service=service, actor=actor, is_active=True, seen=seen)


@retrying
@transaction.atomic
def move_service(*, service: Service, actor: User, up: bool) -> None:
    """Move the service one place up or down in the list customers see; at the end of the list nothing happens."""
    provider = lock_provider(service.provider, actor=actor)
    rows = list(provider.services.all())
    at = rows.index(_own(provider, service))
    to = at - 1 if up else at + 1
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows):
        row.position = position
    Service.objects.bulk_update(rows, ["position"])


@retrying
@transaction.atomic
def delete_service(*, service: Service, actor: User, seen: str | None = None) -> None:
    """Delete the service; deleted already: nothing happens. Raises ChangeRefused when it was ever booked, and
    ChangedMeanwhile where it is not as `seen`."""
    provider = lock_provider(service.provider, actor=actor)
    if present := provider.services.filter(pk=service.pk).first():
        _check_seen(present, seen)
    try:
        with transaction.atomic():
            deleted, _rows = provider.services.filter(pk=service.pk).delete()
    except ProtectedError:
        raise ChangeRefused(
            f"{service.name} has appointments or people on its waitlist, so it can’t be deleted. Pause it, and nobody "
            "can book it any more."
        ) from None
    if deleted:
        open_time_changed(provider)


def _new_service(provider: Provider) -> Service:
    if provider.services.count() >= MOST_SERVICES:
        raise ChangeRefused(f"A page has at most {MOST_SERVICES} services. Delete or change one you no longer offer.")
    last = provider.services.aggregate(last=Max("position"))["last"]
    return Service(provider=provider, position=0 if last is None else last + 1)


def _own(provider: Provider, service: Service) -> Service:
    """The service read anew under the provider's lock. Raises ChangeRefused when it was deleted."""
    present = provider.services.filter(pk=service.pk).first()
    if present is None:
        raise ChangeRefused(f"{service.name} was deleted meanwhile.")
    return present


def _check_seen(service: Service, seen: str | None) -> None:
    if seen is not None and seen != edit_stamps.of_service(service):
        raise ChangedMeanwhile


def _only_ours(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in edit_stamps.SERVICE_FIELDS}


def _slug_for(service: Service, provider: Provider) -> str:
    others = provider.services.exclude(pk=service.pk)
    return make_slug(service.name, is_taken=lambda slug: others.filter(slug=slug).exists(), otherwise="service")


@retrying
@transaction.atomic
def _set_active(*, service: Service, actor: User, is_active: bool, seen: str | None) -> Service:
    provider = lock_provider(service.provider, actor=actor)
    service = _own(provider, service)
    if service.is_active != is_active:
        _check_seen(service, seen)
        service.is_active = is_active
        service.save(update_fields=["is_active"])
        open_time_changed(provider)
    return service
