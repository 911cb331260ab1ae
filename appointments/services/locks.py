"""Row locks on the providers, people and appointments of a change, always in one order.

Providers first, then people, then appointments, each in order of key and in one statement: changes that concern the
same rows wait for each other and never in a circle. Each function returns its rows as they are once the lock is held,
so that a decision never rests on what was true before the wait. See `docs/decisions/lock-order.md`.
"""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment
from core.compiled_queries import prepared
from core.db import lock_rows, require_transaction
from providers.models import Provider, Service


def lock_providers(ids: Iterable[int]) -> dict[int, Provider]:
    """The providers by id, with their policy, locked until the transaction ends.

    Their users come from `lock_people`. Raises Provider.DoesNotExist when one is missing.
    """
    wanted = _lock_only(ids)
    return {provider.pk: provider for provider in _providers(ids=wanted)}


def lock_service(service: Service, *, customer_id: int | None = None) -> tuple[Service, User | None]:
    """The service with provider, policy and user, and the customer, read after locking provider, user and customer.

    Raises PolicyRefused where the service was removed meanwhile.
    """
    _lock_only([service.provider_id])
    user_id = service.provider.user_id
    people = lock_people([user_id] if customer_id is None else [user_id, customer_id])
    found = _service(service_id=service.pk)
    if not found:
        raise PolicyRefused(f"{service.provider.first_name} no longer offers {service.name}.")
    [service] = found
    service.provider.user = people[user_id]
    return service, people[customer_id] if customer_id is not None else None


def lock_people(ids: Iterable[int]) -> dict[int, User]:
    """The people by id, locked until the transaction ends, after any provider and before any appointment.

    Closing, suspending or erasing an account changes its row, so it waits for this transaction, or this one for it.
    Raises User.DoesNotExist when one is missing.
    """
    require_transaction(User)
    wanted = sorted(set(ids))
    people = {user.pk: user for user in _people(ids=wanted)}
    if len(people) < len(wanted):
        raise User.DoesNotExist
    return people


def lock_appointments(ids: Iterable[int]) -> dict[int, Appointment]:
    """The appointments by id, with their service, locked until the transaction ends, after providers and people."""
    rows = lock_rows(Appointment.objects.select_related("service").filter(pk__in=sorted(set(ids))).order_by("pk"))
    return {appointment.pk: appointment for appointment in rows}


def _lock_only(provider_ids: Iterable[int]) -> list[int]:
    """Lock the providers and return their ids in order; reading is a second statement.

    A statement that had to wait for a lock would see joined rows as they were before the wait.
    """
    require_transaction(Provider)
    wanted = sorted(set(provider_ids))
    if _locked_providers(ids=wanted) != wanted:
        raise Provider.DoesNotExist
    return wanted


@prepared
def _locked_providers(ids: list[int]) -> QuerySet[Provider, int]:
    return lock_rows(Provider.objects.filter(pk__in=ids).order_by("pk")).values_list("pk", flat=True)


@prepared
def _providers(ids: list[int]) -> QuerySet[Provider]:
    return Provider.objects.select_related("policy").filter(pk__in=ids)


@prepared
def _service(service_id: int) -> QuerySet[Service]:
    return Service.objects.select_related("provider__policy").filter(pk=service_id)


@prepared
def _people(ids: list[int]) -> QuerySet[User]:
    return lock_rows(User.objects.filter(pk__in=ids).order_by("pk"))
