"""One person for each role of the access table, and the rows that belong to them."""

import time
from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from http.cookies import SimpleCookie
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.test.client import ClientHandler

from accounts import bans, copies
from accounts.models import Appeal, Ban, DataCopy, User
from analytics.models import MonthlyReport
from api.keys import make_key
from api.models import ApiKey, Scope
from appointments import links
from appointments.models import (
    Appointment,
    CalendarFeed,
    Digest,
    KnownConflict,
    LateCancellation,
    Offer,
    OpenDay,
    OpeningIndex,
    OwnEvent,
    Proposal,
    SearchFigures,
    Series,
    WaitlistPlace,
)
from appointments.rules.conflicts import Conflict
from appointments.rules.time_off import Way
from appointments.search import figures as search_figures
from appointments.services import adding, booking, conflicts, proposals, waitlist
from appointments.services.adding import Addition
from appointments.services.calendar_feed import make_feed
from appointments.services.offers import times_to_offer
from appointments.services.series_moves import move_several
from appointments.services.time_off import cancel_inside, what_is_inside
from appointments.services.waitlist_offers import times_for
from appointments.states import Role, Shown
from calendar_sync.models import BusyInterval, Connection, FreeEvent, Note, WrittenEvent
from calendar_sync.states import Edit
from core import clock
from notifications import inbox, preferences
from notifications.catalogue import Notice
from notifications.models import EMAIL, InboxItem, Kind, MailPreferences, RefusedAddress, SentMail, State, Topic
from outbox.models import Message, ScheduledJob
from providers.models import (
    CustomerAllowance,
    CustomerBlock,
    CustomerNote,
    DateOverride,
    FeeRate,
    PageDecision,
    Provider,
    Service,
    TimeOff,
)
from providers.services import set_fee_rate
from tests.access.passkeys import registered
from tests.api.program import signed_in
from tests.factories.calendars import connect, put
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory
from tests.factories.series import book_series, weekly

AN_HOUR = 60 * 60
# As the key of somebody who takes no part any more, whose keys have all ended.
ENDED_KEY = f"dl_{46 * '0'}"
NAMES = {
    "C": "Carla",
    "C2": "Chris",
    "P": "Petra",
    "P2": "Paul",
    "SV": "Vera",
    "S": "Sam",
    "SU": "Susan",
    "X": "Xenia",
    "B": "Boris",
}


def new_people() -> dict[str, User]:
    people = {
        role: User.objects.create_user(
            f"{role.lower()}@example.org",
            "pass",
            name=name,
            is_staff=role in {"SV", "S", "SU"},
            is_superuser=role == "SU",
            is_active=role != "X",
        )
        for role, name in NAMES.items()
    }
    bans.ban(people["B"], now=clock.now())
    people["SV"].user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    people["S"].user_permissions.set(Permission.objects.all())
    return people


class World:
    """The people, made in the test's transaction, and their rows, each made when a row of the table asks for it."""

    def __init__(
        self,
        people: dict[str, User] | None = None,
        cookies: dict[str, SimpleCookie] | None = None,
        handler: ClientHandler | None = None,
    ) -> None:
        self.people = people or new_people()
        self._cookies = cookies or {}
        # One for all clients, because each would make every middleware anew.
        self._handler = handler or ClientHandler(enforce_csrf_checks=False)

    def with_same_people(self) -> "World":
        """A world with these people and their sessions and nothing else, for a transaction in which only they exist."""
        return type(self)({role: copy(person) for role, person in self.people.items()}, self._cookies, self._handler)

    @property
    def ways(self) -> dict[str, Callable[[Client, str], None]]:
        """The ways in which a client authenticates as a role. An API with tokens adds its own here."""
        return {"cookie": self._with_cookies, "bearer": self._with_token, "key": self._with_key}

    def client(self, role: str, way: str = "cookie") -> Client:
        """A new client of that role, right after signing in."""
        client = Client(raise_request_exception=False)
        client.handler = self._handler
        if role != "V":
            self.ways[way](client, role)
        return client

    def _with_cookies(self, client: Client, role: str) -> None:
        if role not in self._cookies:
            self._cookies[role] = self._signed_in(self.people[role])
        client.cookies = SimpleCookie({name: morsel.value for name, morsel in self._cookies[role].items()})

    def _with_token(self, client: Client, role: str) -> None:
        self._with_authorization(client, signed_in(self.people[role]).token)

    def _with_key(self, client: Client, role: str) -> None:
        now = clock.now()
        ends = {"ends_at": now + timedelta(days=1), "now": now}
        person, text = self.people[role], ENDED_KEY
        if person.takes_part:
            _, text = make_key(person=person, name="Till", scopes=list(Scope), **ends)
        self._with_authorization(client, text)

    @staticmethod
    def _with_authorization(client: Client, text: str) -> None:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"

    def confirm(self, role: str) -> None:
        """Confirm the address of that role, so that they may take time; a visitor has none."""
        if role != "V":
            User.objects.filter(pk=self.people[role].pk).update(email_confirmed_at=clock.now())

    @staticmethod
    def _signed_in(person: User) -> SimpleCookie:
        client = Client()
        client.force_login(person)
        session = client.session
        # As if the password had just been typed, however long the tests take: pages that ask for it again don't.
        typed = {"method": "password", "at": time.time() + AN_HOUR, "reauthenticated": True}
        session["account_authentication_methods_user"] = str(person.pk)
        session["account_authentication_methods"] = [typed]
        session.save()
        return client.cookies

    @cached_property
    def provider(self) -> Provider:
        """The provider P, open at any hour; P2 is a provider, too."""
        ProviderFactory(user=self.people["P2"], name="Paul", slug="paul")
        hours = {weekday: [("00:00", "24:00")] for weekday in range(7)}
        return ProviderFactory(user=self.people["P"], name="Petra", slug="petra", hours=hours)

    @cached_property
    def service(self) -> Service:
        return ServiceFactory(provider=self.provider, slug="first-assessment", duration_minutes=60)

    @cached_property
    def open_start(self) -> datetime:
        """A start of P's service that is open, in five days."""
        return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=5)

    @cached_property
    def api_key(self) -> ApiKey:
        """A key of a program of C."""
        made, _ = make_key(person=self.people["C"], name="Till", scopes=[Scope.APPOINTMENTS_READ], now=clock.now())
        return made

    @cached_property
    def override(self) -> DateOverride:
        return DateOverrideFactory(provider=self.provider, start_on=clock.now().date() + timedelta(days=30))

    @cached_property
    def time_off(self) -> TimeOff:
        """Time off in forty days, so that it meets no appointment."""
        start = clock.now() + timedelta(days=40)
        return TimeOff.objects.create(provider=self.provider, start=start, end=start + timedelta(days=1))

    @cached_property
    def own_event(self) -> OwnEvent:
        """An own event of P in fifty days, so that it meets no appointment."""
        self.provider  # noqa: B018  - built when it is asked for
        return OwnEventFactory(user=self.people["P"], start=clock.now() + timedelta(days=50))

    @cached_property
    def customers_own_event(self) -> OwnEvent:
        """An own event of C in fifty days."""
        self.provider  # noqa: B018
        return OwnEventFactory(user=self.people["C"], start=clock.now() + timedelta(days=50))

    @cached_property
    def by_hand(self) -> Service:
        return ServiceFactory(provider=self.provider, slug="by-hand", duration_minutes=60, confirmation="by_hand")

    @cached_property
    def appointment(self) -> Appointment:
        """A confirmed appointment of C with P, in two days."""
        return self._booked(self.service, days=2)

    @cached_property
    def request(self) -> Appointment:
        """A waiting request of C to P, for in three days."""
        return self._booked(self.by_hand, days=3)

    @cached_property
    def series(self) -> Series:
        """A series of C with P that waits for an answer, from in four days on."""
        self.people["C"].email_confirmed_at = clock.now()
        self.people["C"].save()
        service = self.by_hand
        Service.objects.filter(pk=service.pk).update(repeats=True)
        first = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=4, hours=1)
        [outcome, *_] = book_series(service, self.people["C"], weekly(first, 3))
        return Series.objects.get(appointments=outcome.appointment)

    def series_asked_by(self, who: str) -> Series:
        """The series, for the first two dates of which P or C proposes other times."""
        rows = list(self.series.appointments.with_people().with_proposal().order_by("occurrence")[:2])
        moves = [(one, one.start + timedelta(hours=5)) for one in rows if one.open_proposal is None]
        role = Role.PROVIDER if who == "P" else Role.CUSTOMER
        if moves:
            move_several(moves=moves, actor=self.people[who], role=role, at_once=False, message="A course, sorry.")
        return self.series

    @cached_property
    def proposal(self) -> Proposal:
        """Another time that P proposes to C for the appointment."""
        one = Appointment.objects.with_people().get(pk=self.appointment.pk)
        start = one.start + timedelta(hours=3)
        proposals.propose_time(appointment=one, start=start, actor=self.people["P"], role=Role.PROVIDER)
        return Proposal.objects.get(appointment=one)

    @cached_property
    def feed(self) -> CalendarFeed:
        """The calendar link of C."""
        token = self.feed_token
        return CalendarFeed.objects.get(token_hash=CalendarFeed.hash_of(token))

    @cached_property
    def digest(self) -> Digest:
        return Digest.objects.create(provider=self.provider)

    @cached_property
    def report(self) -> MonthlyReport:
        now = clock.now()
        self.provider  # noqa: B018 - built when it is asked for
        Provider.objects.update(created_at=now - timedelta(days=70))
        month = (now.date().replace(day=1) - clock.ONE_DAY).replace(day=1)
        return MonthlyReport.objects.create(provider=self.provider, month=month, made_at=now)

    @cached_property
    def feed_token(self) -> str:
        return make_feed(actor=self.people["C"], shows=Shown.ALL)

    @cached_property
    def place(self) -> WaitlistPlace:
        """The place of C on P's waitlist, with a time that is offered to it by hand."""
        person, day = self.people["C"], clock.now().date() + timedelta(days=400)
        person.email_confirmed_at = clock.now()
        person.save()
        place = WaitlistPlace.objects.create(
            customer=person,
            provider=self.provider,
            service=self.service,
            first_on=day,
            last_on=day,
            time_zone=self.provider.time_zone,
        )
        start = times_for(place, now=clock.now(), most=1000)[-1]
        waitlist.offer_by_hand(place=place, start=start, actor=self.provider.user)
        return place

    @cached_property
    def offers(self) -> list[Offer]:
        """Other times that P offers to C instead of one in eight days, cancelled by P, far from the moved series."""
        one, now = self._booked(self.service, days=8), clock.now()
        provider = Provider.objects.select_related("policy", "user").get(pk=self.provider.pk)
        span, owner = (one.start, one.end), self.people["P"]
        [claim] = what_is_inside(provider, span, now=now).claims
        shown = times_to_offer(provider, [claim.appointment], away=span, now=now)
        ways, offered = {one.reference: Way.OFFER}, {one.reference: shown[one.reference].starts}
        cancel_inside(provider=provider, span=span, actor=owner, ways=ways, offered=offered)
        return list(Offer.objects.filter(instead_of=one).select_related("instead_of"))

    def _booked(self, service: Service, *, days: int) -> Appointment:
        customer = self.people["C"]
        customer.email_confirmed_at = clock.now()
        customer.save(update_fields=["email_confirmed_at"])
        start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
        terms = booking.terms_of(service)
        return booking.book_appointment(
            service=service, start=start, customer=customer, terms=terms, booking_key=f"in {days} days"
        ).appointment

    # --- Rows that only admin shows, and means of signing in ----------------------------------------------------------

    @cached_property
    def group(self) -> Group:
        return Group.objects.create(name="Front desk")

    @cached_property
    def index(self) -> OpeningIndex:
        now = clock.now()
        return OpeningIndex.objects.create(provider=self.provider, refreshed_at=now, stale_at=now)

    @cached_property
    def open_day(self) -> OpenDay:
        return OpenDay.objects.create(provider=self.provider, day=9000)

    @cached_property
    def figures(self) -> SearchFigures:
        now = clock.now()
        return SearchFigures.objects.create(measured_at=now, figures=search_figures.measure(now=now))

    @cached_property
    def busy(self) -> BusyInterval:
        now = clock.now()
        return BusyInterval.objects.create(provider=self.provider, start=now, end=now + timedelta(hours=1))

    @cached_property
    def free_event(self) -> FreeEvent:
        calendar = self.connection.calendars.create(google_id="free@example.com")
        return calendar.free_events.create(event_id="f", start=clock.now(), end=clock.now())

    @cached_property
    def connection(self) -> Connection:
        self.provider  # noqa: B018  - built when it is asked for
        return Connection.objects.create(
            user=self.people["P"], account="1", email="p@example.com", profile="full", refresh_token="token"
        )

    @cached_property
    def customers_connection(self) -> Connection:
        """A connection of C."""
        self.provider  # noqa: B018  - built when it is asked for
        return Connection.objects.create(
            user=self.people["C"], account="2", email="c@example.com", profile="full", refresh_token="token"
        )

    @cached_property
    def customers_event(self) -> WrittenEvent:
        """The event of an appointment of C, which C moved at Google and is asked about."""
        one = self.appointment
        calendar = self.customers_connection.calendars.create(google_id="c@example.com", name="Own", is_written_to=True)
        return calendar.written.create(
            source="appointment",
            key=one.uuid,
            event_id=uuid4().hex,
            start=one.start,
            end=one.end,
            edit=Edit.DELETED,
            edited_at=clock.now(),
        )

    @cached_property
    def google_note(self) -> Note:
        return Note.objects.create(connection=self.connection, kind="read")

    @cached_property
    def written(self) -> WrittenEvent:
        """The event of a time off of P, which P deleted at Google and is asked about."""
        start = clock.now() + timedelta(days=400)  # where nobody books
        off = TimeOff.objects.create(provider=self.provider, start=start, end=start + timedelta(hours=1))
        calendar = self.connection.calendars.create(google_id="p@example.com", name="Own", is_written_to=True)
        return calendar.written.create(
            source="time_off",
            key=off.uuid,
            event_id=uuid4().hex,
            start=off.start,
            end=off.end,
            edit=Edit.DELETED,
            edited_at=clock.now(),
        )

    @cached_property
    def conflict(self) -> Conflict:
        """The appointment of C, and an event of P's calendar that lies over it."""
        self.connection  # noqa: B018  - which the calendar is one of
        calendar = connect(self.provider)
        put(calendar, self.appointment.start, self.appointment.end)
        [found] = conflicts.undecided_conflicts(self.provider, now=clock.now())
        return found

    @cached_property
    def known_conflict(self) -> KnownConflict:
        self.conflict  # noqa: B018  - built when it is asked for
        conflicts.tell_new_conflicts(self.provider)
        return KnownConflict.objects.get()

    @cached_property
    def allowance(self) -> CustomerAllowance:
        return CustomerAllowance.objects.create(provider=self.provider, customer=self.people["C2"])

    @cached_property
    def link_of_invited(self) -> str:
        """The token of a link for somebody whom P entered by their address alone."""
        new = User(invited_email="invited@example.com", name="Invited", time_zone="UTC")
        start = self.appointment.start + timedelta(hours=9)  # where nobody else of this world is
        addition = Addition(self.appointment.service, start, new, "invited")
        seen = adding.look_before_adding(addition).seen
        made = adding.add_appointment(addition=addition, actor=self.people["P"], seen=seen).appointment
        invited = Appointment.objects.with_people().get(pk=made.pk)
        return links.token_for(invited, Role.CUSTOMER, now=clock.now())

    @cached_property
    def note(self) -> CustomerNote:
        """A private note of P about the customer of the appointment."""
        customer = self.appointment.customer
        return CustomerNote.objects.create(provider=self.provider, customer=customer, text="Prefers mornings.")

    @cached_property
    def fee_rate(self) -> FeeRate:
        """A fee of the provider's page from tomorrow on."""
        tomorrow = clock.local(clock.now(), self.provider.zone).date() + timedelta(days=1)
        return set_fee_rate(
            provider=self.provider, actor=self.people["S"], percent=Decimal(6), starts_on=tomorrow, reason="Agreed"
        )

    @cached_property
    def block(self) -> CustomerBlock:
        """A block of C2, so that no other role is kept from booking by it."""
        owner = self.people["P"]
        return CustomerBlock.objects.create(provider=self.provider, customer=self.people["C2"], blocked_by=owner)

    @cached_property
    def sent_mail(self) -> SentMail:
        return SentMail.objects.create(key="one", user=self.people["C"], kind=Kind.values[0], state=State.REFUSED)

    @cached_property
    def inbox_item(self) -> InboxItem:
        """What C was told of the end of their suspension, which leads to their standing."""
        told = Notice(
            name="appointments.suspension_lifted",
            key="1",
            reader=self.people["C"].pk,
            kind=Kind.SUSPENSION,
            facts={"ban": 1},
        )
        inbox.write([told], now=clock.now())
        return InboxItem.objects.get(name="appointments.suspension_lifted")

    @cached_property
    def refused_address(self) -> RefusedAddress:
        person = self.people["C"]
        return RefusedAddress.objects.create(user=person, email=person.email, code="550", refused_at=clock.now())

    @cached_property
    def mail_preferences(self) -> MailPreferences:
        person = self.people["C"]
        preferences.save_choice(actor=person, off=preferences.by(EMAIL, [Topic.RECEIPTS]), leads=[60])
        return MailPreferences.objects.get(user=person)

    @cached_property
    def ban(self) -> Ban:
        """A suspension of X, so that no other role is kept out by it."""
        return Ban.objects.create(user=self.people["X"], since=clock.now())

    @cached_property
    def google(self) -> SocialAccount:
        """The Google account that signs in to C's."""
        return SocialAccount.objects.create(user=self.people["C"], provider="google", uid="100000000000000000042")

    @cached_property
    def appeal(self) -> Appeal:
        return Appeal.objects.create(ban=self.ban, text="I was in hospital.", sent_at=clock.now())

    @cached_property
    def late_cancellation(self) -> LateCancellation:
        return LateCancellation.objects.create(person=self.people["C"], occasion=uuid4(), at=clock.now())

    @cached_property
    def message(self) -> Message:
        number = Message.id_for("probe", "one")
        return Message.objects.create(id=number, topic="probe", key="one", dead_at=clock.now())

    @cached_property
    def page_decision(self) -> PageDecision:
        return PageDecision.objects.create(
            provider=self.provider,
            decided="reviewed",
            decided_by=self.people["S"],
            at=clock.now(),
            reason="Looks good.",
        )

    @cached_property
    def admin_log(self) -> LogEntry:
        staff = self.people["S"]
        LogEntry.objects.log_actions(staff.pk, [self.people["C"]], CHANGE, change_message="Asked by phone.")
        return LogEntry.objects.get()

    @cached_property
    def job(self) -> ScheduledJob:
        return ScheduledJob.objects.create(name="probe", next_run_at=clock.now())

    @cached_property
    def data_copy(self) -> DataCopy:
        """The copy of C's data, ready to be fetched."""
        copy = copies.ask_for_copy(user=self.people["C"])
        copies.make_copy(copy.uuid.hex)
        return copy

    @cached_property
    def passkeys(self) -> dict[str, Authenticator]:
        """A passkey for each role."""
        kind = Authenticator.Type.WEBAUTHN
        return {
            role: Authenticator.objects.create(user=person, type=kind, data=registered(number))
            for number, (role, person) in enumerate(self.people.items())
        }

    @cached_property
    def passkey(self) -> Authenticator:
        """The passkey of C."""
        return self.passkeys["C"]

    @cached_property
    def photo(self) -> str:
        """The file name of C's photo."""
        name, person = uuid4().hex, self.people["C"]
        person.photo = default_storage.save(f"photos/{name}.webp", ContentFile(b"RIFF0000WEBP"))
        person.save(update_fields=["photo"])
        return name

    @cached_property
    def addresses(self) -> list[EmailAddress]:
        """A confirmed email address for each role."""
        mine = [person.pk for person in self.people.values()]
        User.objects.filter(pk__in=mine).update(email_confirmed_at=clock.now())
        return EmailAddress.objects.bulk_create(
            [
                EmailAddress(user=person, email=person.email, primary=True, verified=True)
                for person in self.people.values()
            ],
            ignore_conflicts=True,
        )

    @cached_property
    def apps(self) -> list[TOTP]:
        """An authenticator app for each role, and with it recovery codes."""
        for person in self.people.values():
            RecoveryCodes.activate(person)
        return [TOTP.activate(person, "A" * 32) for person in self.people.values()]
