"""Calendar links, and the appointments in the calendar of a person."""

from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, CalendarFeed, conditions
from appointments.states import Shown, Status
from providers.queries import provider_of

# A calendar program drops what a link no longer shows, so that past appointments stay in it for a while.
LOOK_BACK = timedelta(days=90)
STANDING = (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
# An appointment and when its history last grew.
LastChanged = tuple[Appointment, datetime]


def feed_of(user: User) -> CalendarFeed | None:
    """The person's calendar link. One query."""
    return CalendarFeed.objects.filter(owner=user).first()


def feed_by_token(token: str) -> CalendarFeed:
    """The calendar link with this token, and its owner. One query. Raises CalendarFeed.DoesNotExist."""
    return CalendarFeed.objects.select_related("owner").get(token_hash=CalendarFeed.hash_of(token))


def appointments_in_feed(user: User, shows: Shown, *, now: datetime) -> list[LastChanged]:
    """What a calendar link shows: agreed appointments that were not cancelled, from `LOOK_BACK` before now, by start.

    Two queries at most.
    """
    return _of(user, shows, Q(status__in=STANDING, end__gt=now - LOOK_BACK))


def all_appointments(user: User) -> list[LastChanged]:
    """Every appointment of the person that was ever agreed, on either side, by start.

    Two queries.
    """
    return _of(user, Shown.ALL, conditions.AGREED)


def _of(user: User, shows: Shown, *wanted: Q) -> list[LastChanged]:
    # The provider's own number, since an index serves it; a join in an `OR` would read every appointment there is.
    provider = provider_of(user) if shows != Shown.CUSTOMER else None
    mine = Q(customer=user) if shows != Shown.PROVIDER else Q(pk__in=[])
    if provider:
        mine |= Q(provider=provider.pk)
    entries = AppointmentEvent.objects.filter(appointment=OuterRef("pk")).order_by("-at")
    rows = Appointment.objects.filter(mine, *wanted).select_related("provider__user", "service", "customer")
    rows = rows.annotate(changed_at=Subquery(entries.values("at")[:1])).order_by("start", "id")
    return [(row, row.changed_at) for row in rows]
