"""Booking an opening, or requesting it where the provider answers by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from appointments.exceptions import PolicyRefused, TermsChanged
from appointments.models import Appointment
from appointments.rules.moves import answer_deadline
from appointments.rules.pricing import Quote, quote
from appointments.states import OPEN, Role, Status, Verb
from core import clock
from core.compiled_queries import prepared
from core.db import retrying, violates
from providers.models import Provider, Service

from . import availability, holds
from .shares import Ahead, check_share
from .transitions import Outcome, record

ONCE_PER_FORM = "appointment_booked_once_per_form"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the person saw before pressing the button; compared with what holds now, never believed."""

    price: Decimal
    currency: str
    minutes: int
    confirms_at_once: bool
    cutoff_minutes: int


def terms_of(service: Service) -> Terms:
    """The terms in force for `service`, which comes with its provider and policy."""
    price = price_of(service)
    return Terms(
        price=price.price,
        currency=price.currency,
        minutes=service.duration_minutes,
        confirms_at_once=service.confirms_at_once(service.provider.policy),
        cutoff_minutes=service.provider.policy.cancellation_cutoff_minutes,
    )


def price_of(service: Service) -> Quote:
    return quote(service, fee_percent=settings.PLATFORM_FEE_PERCENT)


def book_appointment(
    *,
    service: Service,
    start: datetime,
    customer: User,
    terms: Terms,
    booking_key: str,
    venue: str = "",
    note: str = "",
    browser: str | None = None,
) -> Outcome:
    """Book `service` at `start` (UTC) for `customer`, or request it where the provider answers by hand.

    Of a service with one venue the appointment takes place there; of two it is `venue`, or open while nobody says.

    Afterwards the appointment, its hold, its first history entry and its mails exist, or none of them. The same
    `booking_key` of the same customer gives the first appointment again (`changed` is false).
    Raises SlotTaken with the nearest openings, TermsChanged when `terms` are not those in force or `venue` is no
    longer offered, PolicyRefused.
    """
    wanted = {
        "service": service,
        "start": start,
        "customer": customer,
        "terms": terms,
        "booking_key": booking_key,
        "venue": venue,
        "note": note,
        "browser": browser,
    }
    try:
        return _book(**wanted)
    except IntegrityError as error:
        sent_elsewhere = violates(error, ONCE_PER_FORM)
        if not sent_elsewhere and not violates(error, holds.NO_OVERLAP):
            raise
    # The same form came to another provider at this moment, and what it made is found now. Or a time that somebody kept
    # and let lapse: it counts for nobody, but its row is still in the way. Clear such, once.
    if sent_elsewhere or holds.drop_lapsed_times(now=clock.now()):
        return _book(**wanted)
    raise holds.slot_taken(service, start, browser=browser, just_now=True)


@retrying
@transaction.atomic
def _book(
    *,
    service: Service,
    start: datetime,
    customer: User,
    terms: Terms,
    booking_key: str,
    venue: str,
    note: str,
    browser: str | None,
) -> Outcome:
    service = holds.lock_service(service)
    provider, now = service.provider, clock.now()
    theirs = _of_customer(customer_id=customer.pk, provider_id=provider.pk, booking_key=booking_key, now=now)
    for pk, key, *_ in theirs:
        if key == booking_key:
            return Outcome(Appointment.objects.get(pk=pk), changed=False)
    holds.check_bookable(service)
    _check_person(customer, provider)
    check_share(customer=customer, service=service, start=start, theirs=_ahead(theirs), now=now)
    if terms_of(service) != terms or venue and venue not in service.venues:
        raise TermsChanged
    if len(service.venues) == 1:
        [venue] = service.venues
    if browser:
        holds.drop_stale(provider, now=now, browser=browser)
    if not availability.may_book(service, start, now=now):
        raise holds.slot_taken(service, start, browser=browser)
    appointment = _write(
        service=service, start=start, customer=customer, booking_key=booking_key, venue=venue, note=note, now=now
    )
    holds.take(appointment)
    verb = Verb.BOOK if appointment.is_confirmed else Verb.REQUEST
    record(appointment, verb, actor=customer, role=Role.CUSTOMER, from_status="", now=now)
    return Outcome(appointment, changed=True)


def _write(
    *, service: Service, start: datetime, customer: User, booking_key: str, venue: str, note: str, now: datetime
) -> Appointment:
    policy = service.provider.policy
    at_once = service.confirms_at_once(policy)
    price = price_of(service)
    return Appointment.objects.create(
        customer=customer,
        provider=service.provider,
        service=service,
        status=Status.CONFIRMED if at_once else Status.REQUESTED,
        start=start,
        end=start + timedelta(minutes=service.duration_minutes),
        price=price.price,
        currency=price.currency,
        platform_fee=price.platform_fee,
        venue=venue,
        note=note,
        answer_by=None if at_once else answer_deadline(now=now, start=start, policy=policy),
        booking_key=booking_key,
        created_at=now,
    )


@prepared
def _of_customer(
    customer_id: int, provider_id: int, booking_key: str, now: datetime
) -> QuerySet[Appointment, tuple[int, str, str, datetime, datetime | None]]:
    """What this form made before, and whatever else the person has ahead with this provider. One query."""
    ahead = Q(provider=provider_id, status__in=OPEN, end__gt=now)
    rows = Appointment.objects.filter(Q(booking_key=booking_key) | ahead, customer=customer_id)
    return rows.values_list("pk", "booking_key", "status", "start", "answer_by")


def _ahead(rows: Iterable[tuple[int, str, str, datetime, datetime | None]]) -> list[Ahead]:
    return [Ahead(status, start, answer_by) for _, _, status, start, answer_by in rows]


def check_customer(customer: User, service: Service, start: datetime) -> str:
    """What this person should know of their share before they take `start`, in a sentence, or nothing.

    Raises PolicyRefused when they may not book it now.
    """
    provider, now = service.provider, clock.now()
    _check_person(customer, provider)
    theirs = _of_customer(customer_id=customer.pk, provider_id=provider.pk, booking_key="", now=now)
    return check_share(customer=customer, service=service, start=start, theirs=_ahead(theirs), now=now)


def _check_person(customer: User, provider: Provider) -> None:
    if customer.pk == provider.user_id:
        raise PolicyRefused("You can't book an appointment with yourself.")
    if not customer.is_active:
        raise PolicyRefused("This account is closed.")
    if not customer.email_confirmed:
        raise PolicyRefused("Confirm your email address first; we sent you a link.")
