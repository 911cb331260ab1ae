"""What a caller may see, found by its id. Anything else does not exist for them."""

from accounts.models import User
from api.errors import not_found
from appointments.models import Appointment
from appointments.pages.standing import Standing, standing_of
from appointments.queries import public, sides
from appointments.states import Role
from core import clock
from providers.models import Provider, Service


def appointment(person: User, reference: str) -> Appointment:
    """The person's appointment, on either side. Raises Problem `not-found`."""
    try:
        return sides.appointment_of(person, key(reference))
    except Appointment.DoesNotExist:
        raise not_found() from None


def key(text: str) -> str:
    """An id as it may be asked for. Raises Problem `not-found` for one that no database could look for."""
    if len(text) > 100 or not text.isprintable() or not text.isascii():
        raise not_found()
    return text


def role_of(person: User, found: Appointment) -> Role:
    """The side of the person in their appointment."""
    return Role.CUSTOMER if found.customer_id == person.pk else Role.PROVIDER


def standing(person: User, found: Appointment) -> Standing:
    """The appointment as the person may see it now."""
    return standing_of(found, role_of(person, found), reader=person.zone, now=clock.now())


def service(provider: str, name: str | None) -> Service:
    """The public service; without a name the provider's first. Raises Problem `not-found`."""
    try:
        if name is not None:
            return public.public_service(key(provider), key(name))
        return public.first_service(key(provider))
    except (Service.DoesNotExist, Provider.DoesNotExist):
        raise not_found() from None
