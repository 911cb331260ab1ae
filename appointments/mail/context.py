"""The facts of a mail about an appointment, or several, as one side sees them: names, zones, times, places, links."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from accounts.models import User
from appointments import links
from appointments.models import Appointment, AppointmentEvent, Offer, Series
from appointments.pages.consequences import ordinal
from appointments.pages.labels import state_label, was_cancelled_late
from appointments.pages.offers import offer_zones
from appointments.pages.places import join_link_for, place_for
from appointments.pages.timeline import DROPPED
from appointments.pages.zones import Zones, zones_told
from appointments.rules.fair_use import LIMIT
from appointments.rules.moves import possible_moves
from appointments.states import Role, Status, Verb
from core import clock
from core.letters import Former, Tone, When, page
from core.wording import date_text, moment_text, range_text, why_repeated, zone_text
from notifications.text import one_line

# The verbs with which an appointment begins; their mails to the provider have the customer's note.
BEGINNINGS = {Verb.REQUEST, Verb.BOOK, Verb.ACCEPT}
# The verbs that promise an appointment, or ask for one.
HOPEFUL = BEGINNINGS | {Verb.MOVE}
# The verbs whose mail tells of the new time first; any other tells of the time that the appointment has.
NEW_TIME = {Verb.PROPOSE, Verb.MOVE}
# For longer, a weekday alone could be that of another week.
WEEKDAY_SPEAKS_FOR = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Late:
    """What the reader's act counted as: which late cancellation it was, and the last moment at which it counts."""

    number: int
    until: datetime

    @property
    def bans(self) -> bool:
        return self.number >= LIMIT

    @property
    def figure(self) -> str:
        return f"{ordinal(self.number)} of {LIMIT}"


class MailContext:
    """The facts of a mail about one event of an appointment, for one side.

    `event` must come with its proposal, if any, and its appointment, and that with provider, user, policy, service and
    customer. `late` is given where this side's act was a late cancellation, and `offers` where other times are offered
    to the customer instead, who can still take them; `link_follows` says that the link to join is on its way.
    """

    def __init__(
        self,
        event: AppointmentEvent,
        side: Role,
        *,
        now: datetime,
        late: Late | None = None,
        offers: Sequence[Offer] = (),
        link_follows: bool = False,
    ) -> None:
        self.event, self.side, self.now, self.late, self.offers = event, side, now, late, offers
        self.link_follows = link_follows
        # The time as it was at the event, so that the mail tells the event and no later move.
        self.appointment: Appointment = copy.copy(event.appointment)
        self.appointment.status = event.to_status
        self.start = event.to_start if event.verb in NEW_TIME and event.to_start else event.start
        self.length = event.appointment.end - event.appointment.start
        self.end = self.start + self.length
        self.appointment.start, self.appointment.end = self.start, self.end
        self.provider = event.appointment.provider
        self.for_customer = side is Role.CUSTOMER
        customer = event.appointment.customer
        self.reader: User = customer if self.for_customer else self.provider.user
        self.other_user: User = self.provider.user if self.for_customer else customer
        self.other_name = one_line(self.provider.name if self.for_customer else customer.name, limit=60)
        self.other = one_line(self.provider.first_name if self.for_customer else customer.first_name, limit=60)
        self.twelve = self.reader.uses_12h_clock
        self.service = one_line(event.appointment.service.name)

    @property
    def replies_reach_them(self) -> bool:
        other = self.other_user
        return other.is_active and other.email_confirmed and (other.email or "").isascii()

    @cached_property
    def zones(self) -> Zones:
        return zones_told(
            self.start,
            self.end,
            reader=self.reader.zone if self.for_customer else self.provider.zone,
            other=self.provider.zone if self.for_customer else self.other_user.zone,
            whose=self.other,
            place=self.provider.zone if self.appointment.is_in_person else None,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of all times in the mail that name no other zone."""
        return self.zones.first

    @property
    def in_city(self) -> str:
        """The zone for a subject: ` London time` where the mail names two zones, else empty."""
        return f" {zone_text(self.zone)}" if self.zones.second else ""

    @property
    def short(self) -> str:
        """The start in short: `Thu 12 March, 14:20`, with the city where the zones differ."""
        return self.at(self.start, year=None) + self.in_city

    def at(self, moment: datetime, *, long: bool = False, year: bool | None = True) -> str:
        return moment_text(moment, self.zone, long=long, year=year, twelve=self.twelve, spoken=True)

    @property
    def deadline(self) -> datetime:
        if self.event.proposal:
            return self.event.proposal.answer_by
        return self.waits_until

    @property
    def waits_until(self) -> datetime:
        """The moment until which the request itself waits for an answer."""
        return self.appointment.answer_by or self.start

    @property
    def matters_at(self) -> datetime | None:
        """The next moment by which the reader may have to act: a start, or the end of a time to answer or to take."""
        moments = {self.start, self.event.start, *(offer.expires_at for offer in self.offers)}
        if self.event.to_status == Status.REQUESTED:
            moments.add(self.waits_until)
        if self.event.verb == Verb.PROPOSE:
            moments.add(self.deadline)
        return min((moment for moment in moments if moment > self.now), default=None)

    @property
    def is_asked(self) -> bool:
        """Whether the reader is the one who was to answer the proposal that the event is about."""
        return self.event.proposal is not None and self.event.proposal.side is not self.side

    @property
    def was_request(self) -> bool:
        """Whether the appointment was not confirmed yet when this happened."""
        return self.event.from_status == Status.REQUESTED

    @property
    def short_former(self) -> str:
        """The time before a new one, as short as it can stand beside that: `Sat 14, 10:30`, or with its month."""
        new, old = (clock.local(moment, self.zone).date() for moment in (self.start, self.event.start))
        text = self.at(self.event.start, year=None)
        if (new.year, new.month) != (old.year, old.month):
            return text
        day, _, time = text.partition(", ")
        return f"{day.rpartition(' ')[0]}, {time}"

    @property
    def other_time(self) -> str:
        """The time that the mail does not tell of first, like `Sun 15 March 2026, 11:00`."""
        other = self.event.start if self.event.verb in NEW_TIME else self.event.to_start
        return self.at(other or self.event.start)

    @property
    def former(self) -> Former | None:
        """The time before a new one, for a mail that tells of the new one first."""
        if self.event.verb not in NEW_TIME:
            return None
        is_gone = self.event.verb == Verb.MOVE
        return Former("Before:" if is_gone else "Instead of", self._when(self.event.start), is_gone)

    @property
    def dropped(self) -> tuple[str, ...]:
        """The sentence about a new time that the reader knows and that this one has replaced."""
        dropped = self.event.dropped_start
        return (DROPPED.format(self.at(dropped)),) if dropped else ()

    @property
    def short_deadline(self) -> str:
        """The deadline in short: `Wed 14:20`, with the date where the weekday alone could be another week's."""
        text = self.at(self.deadline, year=None)
        if self.deadline - self.now < WEEKDAY_SPEAKS_FOR:
            day, _, time = text.partition(", ")
            text = f"{day.split()[0]} {time}"
        return text + self.in_city

    @property
    def when(self) -> When:
        elsewhere = self.zones.aside_in_full(self.start, self.end, twelve=self.twelve)
        return replace(self._when(self.start), elsewhere=elsewhere, notes=self._why_twice())

    def _when(self, start: datetime) -> When:
        end = start + self.length
        text = range_text(start, end, self.zone, long=True, year=True, twelve=self.twelve, spoken=True)
        day, _, time = text.partition(", ")
        return When(day, time, zone_text(self.zone, at=start))

    @property
    def offered(self) -> tuple[str, ...]:
        """The times that are offered instead, each in a line: "Mon 16 March 2026, 15:10 to 15:55, London time"."""
        return tuple(self._offered(offer) for offer in self.offers)

    def _offered(self, offer: Offer) -> str:
        zones = offer_zones(offer, self.appointment, reader=self.reader.zone)
        text = range_text(offer.start, offer.booked_until, zones.first, year=True, twelve=self.twelve, spoken=True)
        aside = zones.aside(offer.start, twelve=self.twelve)
        return f"{text}, {zone_text(zones.first, at=offer.start)}{f' ({aside})' if aside else ''}"

    @property
    def offered_until(self) -> str:
        """The moment until which the offered times are held, with its zone."""
        return f"{self.at(min(offer.expires_at for offer in self.offers))}, {zone_text(self.zone)}"

    @property
    def offers_page(self) -> str:
        """The address where the customer takes one of the offered times, which opens without signing in."""
        return page("link_offered_times", links.token_for(self.appointment, self.side, now=self.now))

    def _why_twice(self) -> tuple[str, ...]:
        """A sentence for each zone of the mail in which one of its times happens twice as clocks go back."""
        told = [(moment, zone) for zone in (self.zone, self.zones.second) if zone for moment in (self.start, self.end)]
        if self.former:
            told += [(self.event.start, self.zone), (self.event.start + self.length, self.zone)]
        if self.event.dropped_start:
            told.append((self.event.dropped_start, self.zone))
        if self.event.to_status == Status.REQUESTED or self.event.verb == Verb.PROPOSE:
            told.append((self.deadline, self.zone))
        return tuple(dict.fromkeys(why for moment, zone in told if (why := why_repeated(moment, zone))))

    @property
    def place(self) -> str:
        return place_for(self.appointment, self.side, was_agreed=self._was_agreed)

    @property
    def join_link(self) -> str:
        """The link by which the reader joins online; empty without one."""
        return join_link_for(self.appointment, self.side, was_agreed=self._was_agreed)

    @property
    def says_link_follows(self) -> bool:
        """Whether the mail says that the link to join is on its way: to a customer, with the confirmation."""
        is_confirmed = self.event.verb in {Verb.BOOK, Verb.ACCEPT}
        return self.link_follows and self.for_customer and is_confirmed and not self.join_link

    @property
    def _was_agreed(self) -> bool:
        agreed_at = self.appointment.agreed_at
        return agreed_at is not None and agreed_at <= self.event.at

    # The person who caused the event.

    @property
    def by_reader(self) -> bool:
        return self.event.role == self.side

    @property
    def doer(self) -> str:
        """The person who caused the event: `You`, the other side's first name, `Our team`; empty for the system."""
        if self.by_reader:
            return "You"
        if self.event.role == Role.STAFF:
            return "Our team"
        return "" if self.event.role == Role.SYSTEM else self.other

    @property
    def badge(self) -> str:
        if self.event.verb == Verb.WITHDRAW:
            doer = "you" if self.by_reader else self.doer.replace("Our", "our")
            return f"Withdrawn by {doer}" if doer else "Withdrawn"
        if self.event.verb == Verb.DECLINE and not self.by_reader:
            return "Declined"
        if self.event.verb in NEW_TIME:
            return Verb(self.event.verb).label
        return state_label(self.appointment, self.side).label

    @property
    def tone(self) -> Tone:
        if was_cancelled_late(self.appointment):
            return "ruby"
        if self.event.verb == Verb.PROPOSE:
            return "iris"
        families: dict[str, Tone] = {Status.REQUESTED: "brass", Status.CONFIRMED: "brand"}
        return families.get(self.event.to_status, "slate")

    # Links for the button.

    @property
    def own_page(self) -> str:
        """The address of the reader's page of this appointment, which opens without signing in."""
        return self.linked("link")

    def linked(self, name: str, *args: str) -> str:
        """The address of the page called `name` behind the mail's link, which opens without signing in."""
        # A time that is only proposed is not yet the appointment's.
        told = self.event.start if self.event.verb == Verb.PROPOSE else self.start
        return page(name, links.token_for(self.appointment, self.side, now=self.now, told=told), *args)

    @property
    def moves(self) -> frozenset[Verb]:
        """What the reader may do with the appointment at the moment of the mail."""
        policy = self.provider.policy
        return possible_moves(self.appointment, role=self.side, policy=policy, now=self.now)

    @property
    def can_be_booked(self) -> bool:
        """Whether the service can be booked at another time."""
        provider, service = self.provider, self.event.appointment.service
        return provider.takes_bookings and service.is_active

    @property
    def other_times(self) -> str:
        """The address of the provider's page while it is public, else of the search."""
        return page("provider_page", self.provider.slug) if self.provider.is_public else page("search")


class SharedContext:
    """The facts that several entries of one act share, for their one reader: who did it, to what, with whom.

    `contexts` are not empty and of one side; they are kept in the order of their time.
    """

    def __init__(self, contexts: Sequence[MailContext]) -> None:
        self.contexts = sorted(contexts, key=lambda context: (context.start, context.event.pk))
        self.first = self.contexts[0]
        self.count = len(self.contexts)
        self.for_customer = self.first.for_customer
        self.with_one = len({context.other_user for context in self.contexts}) == 1
        # The names of the other side where it is the same for all, else empty.
        self.other = self.first.other if self.with_one else ""
        self.other_name = self.first.other_name if self.with_one else ""

    @property
    def series(self) -> Series | None:
        """The series to which all of the appointments belong, if there is one."""
        found = {context.appointment.series for context in self.contexts}
        return found.pop() if len(found) == 1 else None

    @property
    def others(self) -> str:
        """The other side inside a sentence: their first name, or `the customers`."""
        return self.other or ("the providers" if self.for_customer else "the customers")

    @property
    def dates(self) -> str:
        """The days on which they are: `Thu 12 March`, or `Thu 12 March to Tue 17 March`."""
        days = [date_text(clock.local(one.start, one.zone).date()) for one in (self.first, self.contexts[-1])]
        return " to ".join(dict.fromkeys(days))

    def who_did(self, past: str, things: str, *, by_itself: str = "") -> str:
        """The sentence for an act: `Our team cancelled 3 of your appointments.`, `You declined 3 requests from Amara.`

        `by_itself` is said where a job did it; without it `were` and the past tense.
        """
        doer = self.first.doer
        if not doer:
            return self.what_did(by_itself or f"were {past}", things)
        return f"{doer} {past} {self._what(things, doer)}."

    def what_did(self, happened: str, things: str = "appointments") -> str:
        """The sentence for what happened by itself: `3 requests from Amara have expired.`"""
        return f"{self._what(things)} {happened}."

    def _what(self, things: str, doer: str = "") -> str:
        if self.for_customer and not self.first.by_reader:
            return f"{self.count} of your {things}"
        preposition = "with" if things == "appointments" else "to" if self.for_customer else "from"
        whose = f" {preposition} {self.other}" if self.other not in {"", doer} else ""
        return f"{self.count} {things}{whose}"
