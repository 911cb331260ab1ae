"""What a caller may see, found by its id. Anything else does not exist for them."""

from uuid import UUID

from accounts.models import User
from api.errors import Problem, not_found
from appointments.models import Appointment, Proposal
from appointments.pages.standing import Standing, standing_of
from appointments.queries import proposals, public, sides
from appointments.states import MOVES, Role, Verb
from core import clock
from providers.models import Provider, Service


def appointment(person: User, reference: str) -> Appointment:
    """The person's appointment, on either side. Raises Problem `not-found`."""
    try:
        return sides.appointment_of(person, key(reference))
    except Appointment.DoesNotExist:
        raise not_found() from None


def to_change(person: User, reference: str) -> Appointment:
    """The person's appointment, to do something with it. Raises Problem `not-allowed` for staff, who act in admin with
    whatever is not their own, and `not-found` for anybody else."""
    try:
        return appointment(person, reference)
    except Problem:
        raise (Problem("not-allowed") if person.is_staff else not_found()) from None


def in_role(person: User, reference: str, verb: Verb) -> tuple[Appointment, Role]:
    """The person's appointment and their side in it, to do `verb`. Raises the Problems of `to_change`, and `not-found`
    where that verb is the other side's."""
    one = to_change(person, reference)
    role = role_of(person, one)
    if role not in MOVES[verb][2]:
        raise not_found()
    return one, role


def proposal(of: Appointment, uuid: str) -> Proposal:
    """The new time that was proposed for this appointment. Raises Problem `not-found`."""
    try:
        return proposals.proposal_of(of, uuid_of(uuid))
    except Proposal.DoesNotExist:
        raise not_found() from None


def uuid_of(text: str) -> UUID:
    """The UUID that `text` writes in its usual form. Raises Problem `not-found`."""
    try:
        found = UUID(key(text))
    except ValueError:
        raise not_found() from None
    if str(found) != text:
        raise not_found()
    return found


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
