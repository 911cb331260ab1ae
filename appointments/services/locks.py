"""Row locks on the providers, people and appointments of a change, always in one order.

Providers first, then people, then appointments, each in order of key and in one statement: changes that concern the
same rows wait for each other and never in a circle. Each function returns its rows as they are once the lock is held,
so that a decision never rests on what was true before the wait. See `docs/decisions/lock-order.md`.
"""

from collections.abc import Iterable

from django.db.models import Model, QuerySet

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment
from core.compiled_queries import prepared, together
from core.db import lock_rows, require_transaction
from providers.models import Provider, Service


def lock_providers(ids: Iterable[int]) -> dict[int, Provider]:
    """The providers by id, with their policy, locked until the transaction ends.

    Their users come from `lock_people`. Raises Provider.DoesNotExist when one is missing.
    """
    wanted = _ordered(ids)
    require_transaction(Provider)
    locked, providers = together(_locked_providers.asking(ids=wanted), _providers.asking(ids=wanted))
    _check_all(Provider, wanted, locked)
    return {provider.pk: provider for provider in providers}


def lock_service(service: Service, *, customer_id: int | None = None) -> tuple[Service, User | None]:
    """The service with provider, policy and user, and the customer, read after locking provider, user and customer.

    Raises PolicyRefused where the service was removed meanwhile.
    """
    provider_id, user_id = service.provider_id, service.provider.user_id
    require_transaction(Provider)
    wanted = _ordered([user_id] if customer_id is None else [user_id, customer_id])
    locked, users, found = together(
        _locked_providers.asking(ids=[provider_id]), _people.asking(ids=wanted), _service.asking(service_id=service.pk)
    )
    _check_all(Provider, [provider_id], locked)
    people = _by_id(wanted, users)
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
    wanted = _ordered(ids)
    require_transaction(User)
    return _by_id(wanted, _people(ids=wanted))


def lock_appointments(ids: Iterable[int]) -> dict[int, Appointment]:
    """The appointments by id, with their service, locked until the transaction ends, after providers and people."""
    require_transaction(Appointment)
    return {appointment.pk: appointment for appointment in _appointments(ids=_ordered(ids))}


def _ordered(ids: Iterable[int]) -> list[int]:
    return sorted(set(ids))


def _check_all(model: type[Model], wanted: list[int], found: list[int]) -> None:
    if found != wanted:
        raise model.DoesNotExist  # type: ignore[attr-defined]


def _by_id(wanted: list[int], users: list[User]) -> dict[int, User]:
    people = {user.pk: user for user in users}
    _check_all(User, wanted, list(people))
    return people


# Locking and reading are two statements: one that had to wait for a lock would see joined rows as they were before.


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


@prepared
def _appointments(ids: list[int]) -> QuerySet[Appointment]:
    return lock_rows(Appointment.objects.select_related("service").filter(pk__in=ids).order_by("pk"))
