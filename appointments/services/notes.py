"""Changing what a customer has asked for with an appointment."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused
from appointments.models import Appointment
from core.db import retrying

from .locks import lock_appointments, lock_people, lock_providers
from .transitions import Outcome


@retrying
@transaction.atomic
def change_note(*, appointment: Appointment, actor: User, note: str, version: int | None = None) -> Outcome:
    """Let the customer say something else than they did when they booked, while the appointment is open.

    Nobody is told, as the provider reads it with the appointment; no calendar file or event has it. Raises MoveRefused
    once it has ended, and ChangedSince where it is not the `version` (its `sequence`) that the person saw.
    """
    provider = lock_providers([appointment.provider_id])[appointment.provider_id]
    person = lock_people([actor.pk])[actor.pk]
    row = lock_appointments([appointment.pk])[appointment.pk]
    if person.pk != row.customer_id:
        raise PermissionDenied
    row.provider, row.customer = provider, person
    if row.note == note:
        return Outcome(row, changed=False)
    if not person.takes_part:
        raise PolicyRefused(f"This account is {person.why_not}.")
    if version is not None and version != row.sequence:
        raise ChangedSince
    if not row.is_open:
        raise MoveRefused("It is over, so its note stays as it is.")
    row.note, row.sequence = note, row.sequence + 1
    row.save(update_fields=["note", "sequence"])
    return Outcome(row, changed=True)
