"""The world of one round of calls: a customer, a provider, and what they have, topped up before each address."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count, islice
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.db.models import Q
from PIL import Image

from accounts.models import User
from api import keys
from api.models import ApiKey, Scope
from appointments.models import Appointment, Hold, OwnEvent, Proposal, Series, WaitlistPlace
from appointments.services import holds, proposals, waitlist
from appointments.states import OPEN, ProposalState, Role, Status
from bench.world import appoint
from calendar_sync.models import Connection
from core import clock
from core.exceptions import DomainError
from providers.models import (
    BookingPolicy,
    Category,
    Confirmation,
    CustomerBlock,
    DateOverride,
    Listing,
    Provider,
    Service,
    TimeOff,
)
from tests.api.program import start_session
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory, TimeOffFactory, give_hours
from tests.factories.series import book_series, weekly
from tests.factories.waitlist import join

Look = Callable[[str, Mapping[str, str]], Any]
PASSWORD = "correct horse battery"
HOURS = {day: [("08:00", "22:00")] for day in range(7)}
POLICY = {
    "notice_minutes": 0,
    "window_days": 60,
    "max_per_day": None,
    "max_open": None,
    "accepts_at_once": True,
    "answer_minutes": 60,
    "cancellation_cutoff_minutes": 60,
    "reschedule_cutoff_minutes": 60,
    "max_waiting_per_customer": 100,
    "max_week_per_customer": 100,
    "no_show_limit": None,
}
CUSTOMER, PROVIDER = "customer", "provider"
HALF_HOUR, DAY = timedelta(minutes=30), timedelta(days=1)
# How many of each thing there are before the calls at an address begin.
ENOUGH = 3
# Calls there end the token, or change the password or the account that the others are made with: each has a newcomer.
NEEDS_NEWCOMER = {"/api/customer/delete/", "/api/me/password/", "/api/me/email/", "/api/token/revoke"}
# The status that an appointment has to have for what the path's last word does.
STATUS_FOR = {
    "accept": Status.REQUESTED,
    "decline": Status.REQUESTED,
    "withdraw": Status.REQUESTED,
    "cancel": Status.CONFIRMED,
    "proposals": Status.CONFIRMED,
    "reschedule": Status.CONFIRMED,
    "complete": Status.CONFIRMED,
    "no-show": Status.CONFIRMED,
    "correct": Status.COMPLETED,
}
STARTED = {"complete", "no-show"}
# The addresses that read a booking.
BOOKINGS = {
    *(f"/api/appointments/{last}" for last in ("", "create/", "check/", "hold/")),
    *(f"/api/series/{last}" for last in ("", "preview/")),
}
OF_PROVIDERS = {"accept", "decline", "complete", "no-show", "correct"}
# Values that are good in a query, but not beside others in a body.
OF_QUERIES = {"currency", "place", "from", "to"}


def apart(worker: int) -> None:
    """Give this process names of its own."""
    for factory in (UserFactory, ProviderFactory, ServiceFactory):
        factory.reset_sequence(worker * 1_000_000, force=True)


class World:
    """The people of a round and their rows. `look` gives the answer at a path of the API to a query, as a visitor."""

    def __init__(self, look: Look) -> None:
        self.look = look
        terms = {"time_zone": "Europe/London", "hours": HOURS, "is_online": True}
        terms |= {f"policy__{name}": value for name, value in POLICY.items()}
        # Customers book with this one, whose rules nobody changes, and with the one who calls.
        self.third = ProviderFactory(**terms)
        self.provider = ProviderFactory(**terms)
        self.people = {CUSTOMER: UserFactory(), PROVIDER: self.provider.user}
        for person in self.people.values():
            EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        self.services = [
            self._service(provider, confirmation)
            for provider in (self.provider, self.third)
            for confirmation in (Confirmation.AT_ONCE, Confirmation.BY_HAND)
        ]
        self._steps = count()

    @staticmethod
    def _service(provider: Provider, confirmation: str) -> Service:
        more = {"duration_minutes": 30, "repeats": True, "max_occurrences": 12}
        return ServiceFactory(provider=provider, confirmation=confirmation, **more)

    # --- What is there ------------------------------------------------------------------------------------------------

    def top_up(self, path: str, who: str) -> None:
        """Undo what earlier calls did to the provider's offer, and make rows for the calls at `path`."""
        self._open()
        person = self.people[who]
        self._appointments()
        if "{override}" in path:
            self._overrides()
        if "{time_off}" in path:
            self._time_off()
        if path.startswith("/api/provider/services/"):
            for _ in range(ENOUGH):
                ServiceFactory(provider=self.provider)
        if path.startswith("/api/calendar/"):
            connect(self.provider)
        if "/proposals/" in path:
            self._proposals()
        if path.startswith("/api/series/"):
            self._series(person)
        if path.startswith("/api/waitlist/{"):
            self._places(person)
        if path.startswith("/api/events/"):
            self._events(person)
        if path.startswith("/api/me/keys/"):
            self._keys(person)
        if path == "/api/appointments/hold/":
            self._hold(person)

    def _open(self) -> None:
        """The provider is live, open as at first, and takes bookings of everybody, also whoever was told to leave."""
        self.provider.refresh_from_db()
        self.provider.time_zone, self.provider.listing, self.provider.calendar_state = "Europe/London", Listing.LIVE, ""
        self.provider.is_online, self.provider.category_id = True, self.third.category_id
        self.provider.save()
        give_hours(self.provider, HOURS)
        BookingPolicy.objects.filter(provider=self.provider).update(**POLICY)
        for rows in (DateOverride, TimeOff, CustomerBlock):
            rows.objects.filter(provider=self.provider).delete()
        Connection.objects.filter(user=self.provider.user).delete()
        there = Service.objects.filter(pk__in=[each.pk for each in self.services])
        there.update(is_active=True, duration_minutes=30, repeats=True)
        kept = set(there.values_list("pk", flat=True))  # a call may have deleted one
        self.services = [
            each if each.pk in kept else self._service(each.provider, each.confirmation) for each in self.services
        ]
        ids = [each.pk for each in self.people.values()]
        User.objects.filter(pk__in=ids).update(banned_at=None, leaves_at=None)
        for person in self.people.values():
            person.refresh_from_db()

    def _appointments(self) -> None:
        """Appointments of all kinds of the customer with the provider, and of the provider with the third person."""
        pairs = ((self.people[CUSTOMER], self.provider), (self.provider.user, self.third))
        for customer, provider in pairs:
            service = next(each for each in self.services if each.provider_id == provider.pk)
            service.provider = provider
            for status, past in (
                (Status.REQUESTED, False),
                (Status.CONFIRMED, False),
                (Status.CONFIRMED, True),
                (Status.COMPLETED, True),
            ):
                there = self.appointments().filter(provider=provider, customer=customer, status=status)
                now = clock.now()
                there = there.filter(start__lt=now) if past else there.filter(start__gt=now)
                lacking = ENOUGH - there.count()
                starts = [self._past() if past else self._free() for _ in range(lacking)]
                appoint(service, [customer], starts, length=HALF_HOUR, status=status)

    def _past(self) -> datetime:
        """A start of a time that is over, of which nobody made anything."""
        return clock.now().replace(minute=0, second=0, microsecond=0) - 3 * HALF_HOUR - HALF_HOUR * next(self._steps)

    def _free(self) -> datetime:
        """A start within the opening hours, beyond the days at which the calls look, and taken by nobody."""
        morning = clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
        for step in islice(self._steps, 45 * 24):
            day, place = divmod(step, 24)
            start = morning + (10 + day % 45) * DAY + HALF_HOUR * place
            taken = Hold.objects.filter(provider__in=(self.provider, self.third), end__gt=start)
            if not taken.filter(start__lt=start + HALF_HOUR).exists():  # a call may have booked it
                return start
        raise LookupError("All the provider's time is taken.")

    def appointments(self) -> Any:
        """All of the two people's."""
        ids = [each.pk for each in self.people.values()]
        return Appointment.objects.filter(Q(customer__in=ids) | Q(provider=self.provider))

    def _overrides(self) -> None:
        for step in range(ENOUGH):
            DateOverrideFactory(provider=self.provider, start_on=(clock.now() + (40 + step) * DAY).date())

    def _time_off(self) -> None:
        for step in range(ENOUGH):
            start = clock.now().replace(minute=0, second=0, microsecond=0) + (56 + step) * DAY
            TimeOffFactory(provider=self.provider, start=start, end=start + DAY / 2)

    def _proposals(self) -> None:
        rows = Appointment.objects.with_people().filter(pk__in=self.appointments(), status=Status.CONFIRMED)
        ahead = rows.filter(start__gt=clock.now()).exclude(proposals__state=ProposalState.OPEN)
        for step, one in enumerate(ahead[: 2 * ENOUGH]):
            # Of one side and of the other in turn, so that each finds some to answer and some to take back.
            sides = ((Role.CUSTOMER, one.customer), (Role.PROVIDER, one.provider.user))
            role, actor = sides[step % 2]
            try:
                proposals.propose_time(appointment=one, start=self._free(), actor=actor, role=role, at_once=False)
            except DomainError:
                pass

    def _series(self, person: User) -> None:
        service = next(each for each in self.services if each.provider.user_id != person.pk)
        if not Series.objects.filter(customer=person, appointments__status__in=OPEN).exists():
            try:
                book_series(service, person, weekly(self._free(), 3))
            except DomainError:
                pass

    def _places(self, person: User) -> None:
        """Places on waitlists to which a time is offered."""
        for service in self.services:
            if service.provider.user_id == person.pk:
                continue
            day = (clock.now() + 90 * DAY).date()
            try:
                place = join(service, person, first_on=day, last_on=day)
                waitlist.offer_by_hand(place=place, start=self._free(), actor=service.provider.user)
            except DomainError:
                pass

    def _events(self, person: User) -> None:
        for _ in range(ENOUGH - OwnEvent.objects.filter(user=person).count()):
            OwnEventFactory(user=person, start=clock.now() + DAY)

    def _keys(self, person: User) -> None:
        ApiKey.objects.filter(person=person).delete()
        for _ in range(ENOUGH):
            keys.make_key(person=person, name="Till", scopes=[Scope.PROFILE_READ], now=clock.now())

    def _hold(self, person: User) -> None:
        service = next(each for each in self.services if each.provider.user_id != person.pk)
        try:
            holds.keep_time(service=service, start=self._free(), account=person)
        except DomainError:
            pass

    def newcomer(self) -> User:
        """Somebody for one call alone."""
        person = UserFactory()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        return person

    def open_starts(self) -> list[dict[str, Any]]:
        """Each service with its provider and one of its open starts, as the API tells them."""
        found = []
        for service in self.services:
            asked = {"provider": service.provider.slug, "service": service.slug}
            told = self.look("/api/providers/available/slots", asked)
            found += [{**asked, "start": slot["start"]} for slot in told.get("slots", [])[:60:3]]
        return found


class KnownNow:
    """What exists for the calls of one person at one path, read when these begin."""

    def __init__(self, world: World, who: str, path: str, learned: Sequence[str]) -> None:
        self.world, self.path, self.learned = world, path, list(learned)
        self.person = world.people[who]
        self._read = {**self._plain(), **self._in_path()}
        self._groups = self._together()

    def groups(self) -> Sequence[Mapping[str, Any]]:
        return self._groups

    def values(self, name: str, where: str) -> Sequence[Any]:
        if name == "cursor":
            return self.learned
        if where == "body" and name in OF_QUERIES and not self.path.startswith("/api/waitlist"):
            return ()
        found = self._read.get(name, ())
        return found() if callable(found) else found

    def _plain(self) -> dict[str, Any]:
        now = clock.now()
        days = [(now + step * DAY).date().isoformat() for step in range(1, 8)]
        later = [(now + step * DAY).date().isoformat() for step in range(8, 15)]
        is_far = self.path.startswith("/api/waitlist")
        if is_far:
            # Who waits, waits for what cannot be booked yet.
            days = [(now + step * DAY).date().isoformat() for step in range(70, 77)]
            later = [(now + step * DAY).date().isoformat() for step in range(78, 85)]
        return {
            "tz": ["Europe/London", "Asia/Kathmandu", "America/St_Johns"],
            "limit": [1, 2, 25, 100],
            "date": days,
            "from": days,
            "to": later,
            "from_date": later[:3],
            "to_date": later[3:],
            "start": [f"{days[0]}T{hour:02}:00:00+01:00" for hour in range(9, 15)],
            "end": [f"{days[0]}T{hour:02}:30:00Z" for hour in range(15, 20)],
            "category": list(Category.objects.values_list("slug", flat=True)[:5]),
            "currency": ["GBP", "EUR", "JPY"],
            "max_price": ["60", "100.50"],
            "place": ["Camden", "London"],
            "q": ["knee", "Physio", "Person"],
            "instant": ["true", "false"],
            "old_password": [PASSWORD],
            "password": [PASSWORD],
            "username": self._usernames,
            "email": lambda: [f"{uuid4().hex}@example.org"],
            "account": list(Connection.objects.filter(user=self.person).values_list("email", flat=True)),
            "photo": [_picture()],
            "name": ["Maya O.", "Zoë 🌱"],
        }

    def _usernames(self) -> list[str]:
        return [self.person.email] if self.path == "/api/token" else [uuid4().hex]

    def _in_path(self) -> dict[str, Any]:
        """What stands for the names in the path."""
        world, person, path = self.world, self.person, self.path
        own = {
            "/api/series/": Series.objects.filter(Q(customer=person) | Q(provider__user=person)),
            "/api/waitlist/": WaitlistPlace.objects.filter(customer=person),
            "/api/events/": OwnEvent.objects.filter(user=person),
            "/api/me/keys/": ApiKey.objects.filter(person=person),
        }
        ids = next((rows for begin, rows in own.items() if path.startswith(begin)), None)
        found: dict[str, Any] = {"id": [str(each) for each in ids.values_list("uuid", flat=True)] if ids else []}
        if "{ref}" in path or "reschedule" in path:
            found["ref"] = found["appointment"] = self._references(path.strip("/").rpartition("/")[2])
        if "{customer}" in path:
            found["customer"] = [str(world.people[CUSTOMER].uuid)]
        if "{override}" in path:
            found["override"] = [each.start_on.isoformat() for each in world.provider.date_overrides.all()]
        if "{time_off}" in path:
            found["time_off"] = [str(each.uuid) for each in TimeOff.objects.filter(provider=world.provider)]
        if path.startswith("/api/provider/services/"):
            # Those that nobody has booked come twice as often.
            slugs = list(Service.objects.filter(provider=world.provider).order_by("-pk").values_list("slug", flat=True))
            found["service"] = slugs[:10] + slugs[:5]
        elif "{provider}" in path:
            found["provider"] = [world.provider.slug, world.third.slug]
        if path == "/api/appointments/hold/":
            kept = holds.kept_by(person, now=clock.now())
            found["hold"] = [str(holds.id_of_kept(kept, person))] if kept else []
        if path.startswith("/api/token/re"):
            pair = start_session(person)
            found["refresh"] = [pair.refresh]
        return found

    def _references(self, last: str) -> list[str]:
        """References of appointments, with most of which the person may do what the path's `last` word says."""
        rows = self.world.appointments().order_by("-pk")
        own, offered = Q(customer=self.person), Q(provider__user=self.person)
        fitting = rows.filter(offered if last in OF_PROVIDERS else own if last == "withdraw" else own | offered)
        if last in OF_PROVIDERS and not fitting.exists():
            fitting = rows  # whoever has no page gets the same answer everywhere
        if status := STATUS_FOR.get(last):
            fitting = fitting.filter(status=status)
        if last in STARTED:
            fitting = fitting.filter(start__lt=clock.now())
        elif status in OPEN:
            fitting = fitting.filter(start__gt=clock.now())
        found = list(fitting.values_list("reference", flat=True)[:12])
        return [*found, *rows.values_list("reference", flat=True)[: 1 + len(found) // 4]]

    def _together(self) -> list[dict[str, Any]]:
        if "/proposals/{id}" in self.path:
            rows = Proposal.objects.filter(appointment__in=self.world.appointments(), state=ProposalState.OPEN)
            # One's own is withdrawn, the other side's accepted or declined.
            fits = Q(actor=self.person) if self.path.endswith("withdraw/") else ~Q(actor=self.person)
            rows = rows.filter(fits) if rows.filter(fits).exists() else rows
            return [
                {"ref": ref, "id": str(uuid)} for ref, uuid in rows.values_list("appointment__reference", "uuid")[:20]
            ]
        if self.path in BOOKINGS or "available" in self.path:
            return self.world.open_starts()
        if self.path.endswith(("/proposals/", "/reschedule/")):
            return [{"start": each["start"]} for each in self.world.open_starts()]
        if self.path == "/api/waitlist/":
            return [
                {"provider": each.provider.slug, "service": each.slug, "weekdays": [0, 2, 4]}
                for each in self.world.services
            ]
        return []


def _picture() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (300, 300), "teal").save(picture, "PNG")
    return picture.getvalue()
