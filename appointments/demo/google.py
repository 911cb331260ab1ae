"""The demo's connections to the pretend Google, made as people make them: connected, filled, read and written.

The provider and the customer with a login have theirs in order; two other providers have one that Google has ended, and
one that cannot be read.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from accounts import demo as people
from accounts.models import User
from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.models import Appointment
from appointments.services import availability, booking, conflicts, transitions
from appointments.states import IN_CALENDARS, Status
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import connecting, reading, time_off, writing, written
from calendar_sync.states import WhenStale
from core import clock
from outbox.models import Message
from providers import demo as hosts
from providers.models import Provider, TimeOff, Venue

from . import pretend

SIGNED_OUT, UNREADABLE = "pawel@example.com", "callum@example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE, OLD = 2 * DAY, 3 * HOUR
# Marks the one appointment that is made here, and with it a demo that has this part, whoever disconnects later.
BOOKED = "demo-google-meet"


def is_seeded() -> bool:
    """Whether the database has this part, or somebody connected the provider's calendar themselves."""
    known = Appointment.objects.filter(booking_key=BOOKED).exists()
    return known or Connection.objects.filter(user__email=hosts.PROVIDER).exists()


def seed() -> None:
    """Connect four people of the demo. Afterwards nothing is left to be mailed about it."""
    before = list(Message.objects.filter(topic__startswith="notifications.").values_list("pk", flat=True))
    providers = {each.user.email: each for each in hosts.providers()}
    _seed_provider(providers[hosts.PROVIDER], people.customers()[0])
    _seed_customer(people.customers()[0], providers[hosts.PROVIDER])
    if provider := providers.get(SIGNED_OUT):
        _seed_signed_out(provider)
    if provider := providers.get(UNREADABLE):
        _seed_unreadable(provider)
    Message.objects.filter(topic__startswith="notifications.").exclude(pk__in=before).delete()


# --- The provider and the customer with a login -----------------------------------------------------------------------


def _seed_provider(provider: Provider, customer: User) -> None:
    """A calendar with busy times, one of them over an appointment, links to Meet, and three changed entries."""
    pretend.make_account(provider.user)
    today, now = clock.local(clock.now(), provider.zone).date(), clock.now()
    _put_busy_times(provider, today)
    ahead = _to_be_changed(provider, customer, now=now)
    if clash := next(ahead, None):
        _put(provider.user, "School play", clash.start, clash.end)
    with clock.pretended(now - SINCE):
        connection = pretend.connect(provider.user)
        own = connection.calendars.get(is_primary=True)
        connecting.choose_calendars(
            connection=connection,
            busy=[own],
            write_to=own,
            makes_meet=True,
            when_stale=WhenStale.PAUSE,
            actor=provider.user,
        )
        _read(connection)
    _book_online(provider, customer, now=now)
    written.compare(provider.user, now=now)
    writing.write_due(connection.pk)
    _change_entries(provider, connection, ahead, now=now)
    _read(connection)
    writing.write_due(connection.pk)
    conflicts.tell_new_conflicts(provider)


def _put_busy_times(provider: Provider, today: date) -> None:
    """Entries in time that is open, so that they lie over nothing; one that is free, and one of eight weeks."""
    user, service = provider.user, provider.services.select_related("provider__policy").first()
    for days, title in [(2, "Dentist"), (4, "Letting agent"), (6, "Lunch with Dana"), (9, "School assembly")]:
        start, end = clock.day_bounds(today + days * DAY, provider.zone)
        if service and (starts := availability.slots_between(service, start, end, now=clock.now())):
            at = starts[len(starts) // 2]
            _put(user, title, at, at + HOUR)
    evening = clock.wall_minute_to_instant(today + DAY, 19 * 60, provider.zone)
    _put(user, "Choir", evening, evening + 2 * HOUR, recurrence=["RRULE:FREQ=WEEKLY;COUNT=8"])
    birthday = today + 5 * DAY
    _put(user, "Dad’s birthday", birthday, birthday + DAY, transparency="transparent")


def _to_be_changed(provider: Provider, customer: User, *, now: datetime) -> Iterator[Appointment]:
    """The provider's confirmed appointments from the day after tomorrow on with whom nothing else is being agreed."""
    rows = Appointment.objects.with_people().for_provider(provider).ahead(now + 2 * DAY)
    return iter(rows.filter(proposals=None, series=None).exclude(customer=customer).order_by("start", "pk"))


def _book_online(provider: Provider, customer: User, *, now: datetime) -> None:
    """An appointment of the customer that they join by a link; none where no time is open for it.

    Where as many of their requests wait as may, one of these is accepted first.
    """
    if _booked_online(provider, customer, now=now):
        return
    waiting = Appointment.objects.filter(provider=provider, customer=customer, status=Status.REQUESTED, series=None)
    if request := waiting.filter(start__gt=now).order_by("start").first():
        transitions.accept_request(appointment=request, actor=provider.user)
        _booked_online(provider, customer, now=now)


def _booked_online(provider: Provider, customer: User, *, now: datetime) -> bool:
    services = provider.services.select_related("provider__policy", "provider__user")
    service = next((each for each in services if Venue.ONLINE in each.venues), None)
    open_from = now + 3 * DAY
    if service is None:
        return False
    for start in availability.slots_between(service, open_from, open_from + 21 * DAY, now=now):
        try:
            made = booking.book_appointment(
                service=service,
                start=start,
                customer=customer,
                terms=booking.terms_of(service),
                booking_key=BOOKED,
                venue=Venue.ONLINE,
            )
        except (SlotTaken, PolicyRefused):
            continue  # the customer has as much as they may in these days
        if not made.appointment.is_confirmed:
            transitions.accept_request(appointment=made.appointment, actor=provider.user)
        return True
    return False


def _change_entries(provider: Provider, connection: Connection, ahead: Iterator[Appointment], *, now: datetime) -> None:
    """Move and delete the entries of an appointment each, and move that of a time off, as somebody may by mistake."""
    user = provider.user
    if moved := next(ahead, None):
        [start] = availability.nearest_slots(availability.as_agreed(moved), moved.start + DAY, now=now, count=1)
        length = moved.end - moved.start
        _move(user, _entry_of(connection, IN_CALENDARS, moved), start, start + length)
    if deleted := next(ahead, None):
        pretend.act("remove", who=user.email, event_id=_entry_of(connection, IN_CALENDARS, deleted))
    if away := TimeOff.objects.filter(provider=provider, all_day=True, end__gt=now).order_by("start").first():
        first, last = (clock.local(each, provider.zone).date() for each in (away.start, away.end))
        _move(user, _entry_of(connection, time_off.name, away), first + 7 * DAY, last + 7 * DAY)


def _entry_of(connection: Connection, source: str, thing: Appointment | TimeOff) -> str:
    return WrittenEvent.objects.get(calendar__connection=connection, source=source, key=thing.uuid).event_id


def _seed_customer(customer: User, provider: Provider) -> None:
    """A calendar of the customer's own, in which they are busy at times that the provider offers."""
    pretend.make_account(customer)
    now, today = clock.now(), clock.local(clock.now(), customer.zone).date()
    service = provider.services.select_related("provider__policy").first()
    for days, title in [(3, "Choir rehearsal"), (5, "Training day"), (6, "Lunch with Ines")]:
        start, end = clock.day_bounds(today + days * DAY, customer.zone)
        if service and (starts := availability.slots_between(service, start, end, now=now)):
            _put(customer, title, starts[0], starts[0] + 2 * HOUR)
    with clock.pretended(now - SINCE):
        connection = pretend.connect(customer)
    _read(connection)
    writing.write_due(connection.pk)


# --- Two with whom it does not go well --------------------------------------------------------------------------------


def _seed_signed_out(provider: Provider) -> None:
    """Google has ended the sign-in, and its owner chose to go on by working hours."""
    user = provider.user
    pretend.make_account(user)
    with clock.pretended(clock.now() - DAY):
        connection = pretend.connect(user)
        own = connection.calendars.get(is_primary=True)
        connecting.choose_calendars(
            connection=connection, busy=[own], write_to=own, when_stale=WhenStale.GO_ON, actor=user
        )
        _read(connection)
        writing.write_due(connection.pk)
        pretend.act("expire", what="refresh_tokens", who=user.email)
        connecting.read_list(connection.pk)


def _seed_unreadable(provider: Provider) -> None:
    """Google does not answer for this account any more: the copy is too old, and nobody can book."""
    user = provider.user
    pretend.make_account(user)
    with clock.pretended(clock.now() - OLD):
        connection = pretend.connect(user)
        _read(connection)
        writing.write_due(connection.pk)
    pretend.act("fault", method="events.list", status=503, times=1_000_000_000, match=user.known_as.replace("@", "%40"))
    _read(connection)


# --- Entries ----------------------------------------------------------------------------------------------------------


def _read(connection: Connection) -> None:
    """Read the calendars that count, whenever that is due."""
    for calendar in connection.calendars.filter(counts_as_busy=True):
        reading.read_soon(connection, now=clock.now())
        reading.read_calendar(calendar.pk)


def _put(user: User, title: str, start: Any, end: Any, **more: Any) -> None:
    zone = {} if not isinstance(start, datetime) else {"timeZone": user.time_zone}
    times = {name: each | zone for name, each in _times(start, end).items()}
    pretend.act("put", who=user.email, body={"summary": title, **times, **more})


def _move(user: User, event_id: str, start: Any, end: Any) -> None:
    pretend.act("change", who=user.email, event_id=event_id, body=_times(start, end))


def _times(start: Any, end: Any) -> dict[str, dict[str, str]]:
    """The times of an entry: instants, or whole days of which the last is exclusive."""
    name = "dateTime" if isinstance(start, datetime) else "date"
    return {"start": {name: start.isoformat()}, "end": {name: end.isoformat()}}
