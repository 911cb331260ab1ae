"""The rows of a run, created in a database of its own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from accounts.sessions import SessionStore
from appointments.models import Appointment, AppointmentEvent, Hold, WaitlistPlace
from appointments.states import OPEN, Role, Status, Verb
from calendar_sync.models import BusyInterval
from core import clock
from notifications import inbox
from notifications.catalogue import Notice
from notifications.models import Kind
from providers.models import BookingPolicy, Category, Listing, Provider, Service, WorkingHours

MONTH_SIZES = (0, 100, 500)
BUSY = 200
NO_LIMIT = 30_000
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def person(email: str) -> User:
    return people([email])[0]


def people(emails: Sequence[str]) -> list[User]:
    now = clock.now()
    return User.objects.bulk_create(
        User(email=email, name=email.partition("@")[0].title(), email_confirmed_at=now) for email in emails
    )


def provider(name: str, *, week: list[tuple[int, int]], minutes: int, window: int = 60) -> Service:
    """The only service, confirmed at once, of a new provider who is open on every day in these ranges."""
    category, _ = Category.objects.get_or_create(name="Measured", slug="measured")
    owner = Provider.objects.create(
        user=person(f"{name}@example.org"),
        slug=name,
        name=name.title(),
        trade="Measured",
        category=category,
        is_online=True,
        time_zone="Europe/London",
        listing=Listing.LIVE,
        live_since=clock.now(),
    )
    BookingPolicy.objects.create(
        provider=owner,
        window_days=window,
        notice_minutes=0,
        max_waiting_per_customer=NO_LIMIT,
        max_week_per_customer=NO_LIMIT,
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(provider=owner, weekday=day, start_minute=start, end_minute=end)
        for day in range(7)
        for start, end in week
    )
    return Service.objects.create(
        provider=owner, name="Session", slug="session", duration_minutes=minutes, price=Decimal(50)
    )


def month_provider(appointments: int, month: date) -> Service:
    """The service of a provider open 08:00 to 20:00, with this many appointments and 200 busy times in the month."""
    service = provider(f"month-{appointments}-{month:%Y-%m}", week=[(480, 1200)], minutes=45, window=365)
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    customer = person(f"month-customer-{appointments}-{month:%Y-%m}@example.org")
    places = [start + n % 28 * DAY + (8 * 60 + n // 28 * 30) * MINUTE for n in range(appointments)]
    appoint(service, [customer], places, length=15 * MINUTE)
    BusyInterval.objects.bulk_create(
        BusyInterval(provider=service.provider, start=at, end=at + 20 * MINUTE)
        for at in (start + n % 28 * DAY + (8 * 60 + 15 + n // 28 * 60) * MINUTE for n in range(BUSY))
    )
    return service


def appoint(
    service: Service,
    customers: Sequence[User],
    starts: Sequence[datetime],
    *,
    length: timedelta,
    status: Status = Status.CONFIRMED,
) -> None:
    """Create an appointment at each start, for the customers in turn; a request may be answered until it starts."""
    rows = Appointment.objects.bulk_create(
        Appointment(
            customer=customer,
            provider=service.provider,
            service=service,
            status=status,
            start=at,
            end=at + length,
            price=service.price,
            currency=service.currency,
            answer_by=at if status is Status.REQUESTED else None,
            agreed_at=None if status is Status.REQUESTED else clock.now(),
            closed_at=None if status in OPEN else at + length,
            refund=None if status in OPEN else Decimal(0),
            fee_due=None if status in OPEN else Decimal(0),
            booking_key=str(uuid4()),
        )
        for at, customer in zip(starts, cycle(customers), strict=False)
    )
    Hold.objects.bulk_create(
        Hold(provider=service.provider, appointment=row, start=row.start, end=row.end) for row in rows
    )
    AppointmentEvent.objects.bulk_create(
        AppointmentEvent(
            appointment=row,
            at=row.created_at,
            verb=Verb.REQUEST if row.is_request else Verb.BOOK,
            role=Role.CUSTOMER,
            actor=row.customer,
            to_status=row.status,
            start=row.start,
        )
        for row in rows
    )


def wait(service: Service, customers: Sequence[User], day: date) -> None:
    """Let these customers wait, in this order, for any time of the service on the day (UTC)."""
    WaitlistPlace.objects.bulk_create(
        WaitlistPlace(
            customer=customer, provider=service.provider, service=service, first_on=day, last_on=day, time_zone="UTC"
        )
        for customer in customers
    )


def session_cookie(user: User) -> str:
    """The Cookie header of a signed-in browser of `user`."""
    session = session_of(user)
    session.create()
    return f"sessionid={session.session_key}"


def session_of(user: User) -> SessionStore:
    """A new session of `user`, which is not saved yet."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return session


def remind(reader: User) -> None:
    """Tell the reader, in their inbox, of each of their appointments."""
    appointments = Appointment.objects.filter(customer=reader).order_by("start")
    notices = [
        Notice(
            name="appointments.reminder",
            key=str(one.pk),
            reader=reader.pk,
            kind=Kind.REMINDER,
            about=one.reference,
            facts={"appointment": one.pk, "to": Role.CUSTOMER, "at": 0, "minutes": 0},
        )
        for one in appointments
    ]
    inbox.write(notices, now=clock.now())
