"""A customer's no-shows, by provider."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts.models import User
from appointments.models import Appointment
from appointments.rules.no_shows import NoShows
from appointments.states import Status
from providers.models import CustomerAllowance, Provider


@dataclass(frozen=True, slots=True)
class WithProvider:
    """The no-shows of a customer with one provider: what they mean for booking, and the appointments, newest first."""

    provider: Provider
    no_shows: NoShows
    are_lifted: bool
    appointments: Sequence[Appointment]


def no_shows_by_provider(customer: User) -> list[WithProvider]:
    """The appointments of the customer that are marked as no-shows now, the provider of the newest first. One query."""
    allowances = CustomerAllowance.objects.filter(provider=OuterRef("provider"), customer=OuterRef("customer"))
    rows = Appointment.objects.for_customer(customer).filter(status=Status.NO_SHOW)
    rows = rows.select_related("service", "provider__policy").annotate(are_lifted=Exists(allowances))
    found: dict[int, list[Appointment]] = {}
    for one in rows.order_by("-start", "-pk"):
        found.setdefault(one.provider_id, []).append(one)
    return [_with_provider(appointments) for appointments in found.values()]


def _with_provider(appointments: list[Appointment]) -> WithProvider:
    newest = appointments[0]
    are_lifted: bool = newest.are_lifted  # type: ignore[attr-defined]
    limit = None if are_lifted else newest.provider.policy.no_show_limit
    return WithProvider(newest.provider, NoShows(len(appointments), limit), are_lifted, appointments)
