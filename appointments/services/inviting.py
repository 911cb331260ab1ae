"""People whom a provider enters by their email address: invited, taken over by an account of theirs, and forgotten.

Until the mailed link is opened the provider knows of the person what they typed themselves, whether or not the address
has an account: nothing of an account is shown to somebody who only knows its address.
"""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max

from accounts import services as accounts
from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Appointment, AppointmentEvent, LateCancellation, Offer, Proposal, WaitlistPlace
from core.db import retrying
from outbox import services as outbox
from providers import services as providers
from providers.models import Provider

from .locks import lock_appointments, lock_people, lock_providers
from .persons import check_person, dealings_between

# Mail to people who never asked for it: what one provider may have sent in a day, how many of their invitations may be
# unopened, and how many wait at one address, whoever invited.
MOST_A_DAY, MOST_UNOPENED, MOST_AT_AN_ADDRESS = 10, 30, 3
DAY = timedelta(days=1)
# As long as the provider sees an address after the last appointment.
FORGOTTEN_AFTER = timedelta(days=90)


def invited_by(provider: Provider, email: str) -> User | None:
    """The person whom the provider invited at this address already. One query."""
    return User.objects.filter(invited_email=email, appointments__provider=provider).order_by("pk").first()


def invite(*, provider: Provider, email: str, name: str, now: datetime) -> User:
    """The person to enter an appointment for, invited before or now. The provider is locked.

    Raises PolicyRefused for one's own address and where enough mail goes to people who did not ask for it.
    """
    if known := invited_by(provider, email):
        return known
    if email == provider.user.email:
        raise PolicyRefused("You can’t add an appointment with yourself.")
    unopened = User.objects.exclude(invited_email="").filter(appointments__provider=provider).distinct()
    if unopened.filter(joined_at__gt=now - DAY).count() >= MOST_A_DAY:
        raise PolicyRefused(f"You invited {MOST_A_DAY} people in a day, and that is the most. Go on tomorrow.")
    if unopened.count() >= MOST_UNOPENED:
        raise PolicyRefused(f"{MOST_UNOPENED} people have not opened your invitation yet. Wait until some have.")
    if User.objects.filter(invited_email=email).count() >= MOST_AT_AN_ADDRESS:
        raise PolicyRefused("This address has as many unopened invitations as it may have.")
    return accounts.create_invited(email=email, name=name, zone=provider.time_zone)


@retrying
@transaction.atomic
def take_over(*, invited: User, account: User) -> bool:
    """Give the account all that was entered for the person invited at its address. False where that was done before.

    Raises PermissionDenied unless the account has that address and has proven it, PolicyRefused where something keeps
    its person from booking with the provider.
    """
    found = Appointment.objects.filter(customer=invited)
    locked = lock_providers(found.order_by().values_list("provider", flat=True))
    people = lock_people([invited.pk, account.pk, *(each.user_id for each in locked.values())])
    guest, person = people[invited.pk], people[account.pk]
    if not guest.is_invited:
        return False
    if person.email != guest.invited_email or not person.email_confirmed:
        raise PermissionDenied
    for provider in locked.values():
        provider.user = people[provider.user_id]
        check_person(person, provider, dealings_between(person, provider))
    theirs = lock_appointments(found.values_list("pk", flat=True))
    _hand_over(guest, person)
    guest.delete()
    if person.keeps_calendar:
        payload = {"appointments": sorted(theirs)}
        outbox.publish("appointments.write_to_calendars", key=f"taken-over:{guest.uuid.hex}", payload=payload)
    return True


def _hand_over(guest: User, person: User) -> None:
    Appointment.objects.filter(customer=guest).update(customer=person)
    Offer.objects.filter(customer=guest).update(customer=person)
    WaitlistPlace.objects.filter(customer=guest).update(customer=person)
    LateCancellation.objects.filter(person=guest).update(person=person)
    Proposal.objects.filter(actor=guest).update(actor=person)
    AppointmentEvent.objects.filter(actor=guest).hand_over(person)
    providers.hand_over_customer(customer=guest, to=person)


def forget_unopened(*, now: datetime) -> int:
    """Forget the people who never opened an invitation, once their last appointment is long over; their number."""
    waiting = User.objects.exclude(invited_email="").annotate(last=Max("appointments__end"))
    gone = waiting.filter(last__lt=now - FORGOTTEN_AFTER)
    for person in gone:
        accounts.forget_invited(user=person, now=now)
    return len(gone)
