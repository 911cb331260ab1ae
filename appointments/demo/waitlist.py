"""Waitlists in the demo: the customer with a login has a place offered, waits in two more, and had one before; the
provider with a login has people who wait, one of whom was offered a time by hand."""

from collections.abc import Sequence
from datetime import timedelta

from accounts.models import User
from appointments.exceptions import JoinRefused, PolicyRefused
from appointments.models import Appointment, WaitlistPlace
from appointments.rules.parts import part_of
from appointments.services import transitions, waitlist
from appointments.services.waitlist import Wish
from appointments.services.waitlist_offers import times_for
from appointments.states import ALL_PARTS, ALL_WEEKDAYS, Role
from core import clock
from providers.models import Provider, Service

DAY, AGO = timedelta(days=1), timedelta(minutes=20)
# The dates lie beyond every booking window, so that nothing is open on them.
FAR = 75
# A visitor of the demo comes back to an offer that is still open.
KEPT = 24 * 60
WEEKENDS, MORNINGS = 0b1100000, 0b001


def seed(*, provider: Provider, customer: User, others: Sequence[Provider], people: Sequence[User]) -> None:
    """Let `people` wait with `provider`, and `customer` with the `others`."""
    for number, person in enumerate(people):
        place = _wait(provider, person, weekdays=WEEKENDS if number % 2 else ALL_WEEKDAYS)
        if place and number == 1 and (times := times_for(place, now=clock.now())):
            waitlist.offer_by_hand(place=place, start=times[-1], actor=provider.user)
    _offer_one(customer, others)
    waiting = [place for other in others[-3:] if (place := _wait(other, customer, parts=MORNINGS))]
    for place in waiting[2:]:
        waitlist.leave(place=place, actor=customer)


def _wait(
    provider: Provider, person: User, *, weekdays: int = ALL_WEEKDAYS, parts: int = ALL_PARTS
) -> WaitlistPlace | None:
    """A place for a later month; None where the person can't wait there."""
    today = clock.local(clock.now(), provider.zone).date()
    wish = Wish(today + FAR * DAY, today + (FAR + 30) * DAY, weekdays, parts, provider.time_zone)
    service = Service.objects.filter(provider=provider, is_active=True).first()
    try:
        with clock.pretended(clock.now() - 3 * DAY):
            return waitlist.join(service=service, actor=person, wish=wish).place if service else None
    except (JoinRefused, PolicyRefused):
        return None


def _offer_one(customer: User, providers: Sequence[Provider]) -> None:
    """Let somebody cancel an appointment for whose time the customer waits, the first for which that works."""
    now = clock.now()
    taken = Appointment.objects.with_people().ahead(now + 4 * DAY).filter(provider__in=providers, proposals=None)
    for one in taken.filter(series=None).exclude(customer=customer).order_by("start", "pk"):
        zone = one.provider.zone
        there = clock.local(one.start, zone)
        wish = Wish(there.date(), there.date(), ALL_WEEKDAYS, 1 << part_of(there.hour), zone.key)
        try:
            place = waitlist.join(service=one.service, actor=customer, wish=wish).place
        except (JoinRefused, PolicyRefused):
            continue
        policy = one.provider.policy
        policy.waitlist_minutes = KEPT
        policy.save(update_fields=["waitlist_minutes"])
        with clock.pretended(now - AGO):
            transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER)
        if place.offers.exists():
            return
        waitlist.leave(place=place, actor=customer)
