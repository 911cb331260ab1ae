"""The words of 'Why is this time not offered?': what stands in the way, and the rules that are fine. No database.

For the provider and for staff alike, so that nothing here says "you"; only the title of an own event is for its owner
alone. A row leads to the studio's page that changes it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from django.urls import reverse

from appointments.models import Appointment
from appointments.rules.bookable import Shut
from appointments.rules.obstacles import Asked
from appointments.rules.why_not import (
    Closed,
    DayFull,
    Entry,
    EntryKind,
    Full,
    OffTheGrid,
    Over,
    Part,
    Reason,
    Taken,
    TooFarAhead,
    TooSoon,
)
from appointments.services.why_not import WhyNot
from core import wording
from core.intervals import Interval
from core.wording import duration_text
from providers.hours import WEEKDAYS, ranges_text
from providers.models import DateOverride, Listing
from providers.services import dates_text


@dataclass(frozen=True, slots=True)
class Row:
    """A reason, or a rule that is fine. The link `change` leads to the `address` where the provider can change it."""

    title: str
    detail: str
    change: str = ""
    address: str = ""
    appointment: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in the way of the start, and what does not; and the nearest starts that are open."""

    headline: str
    standing: list[Row]
    fine: list[Row]
    nearest: list[str]


def answer_of(found: WhyNot, *, twelve: bool, for_owner: bool = False) -> Answer:
    words = _Words(found, twelve, for_owner)
    standing = [words.of(reason) for reason in found.reasons]
    return Answer(
        headline=_headline(len(standing)),
        standing=standing,
        fine=words.fine(),
        nearest=[words.moment(start) for start in found.nearest if start != found.asked.start],
    )


NUMBERS = ["", "One thing stands", "Two things stand", "Three things stand", "Four things stand", "Five things stand"]


def _headline(count: int) -> str:
    if not count:
        return "It is offered."
    number = NUMBERS[count] if count < len(NUMBERS) else f"{count} things stand"
    return f"{number} in the way."


class _Words:
    """The words about one start. Times are in the provider's zone, and on the start's own date without the date."""

    def __init__(self, found: WhyNot, twelve: bool, for_owner: bool) -> None:
        self.found, self.asked, self.service = found, found.asked, found.service
        self.zone, self.twelve, self.for_owner = found.asked.facts.zone, twelve, for_owner

    @property
    def opens(self) -> datetime | None:
        """The beginning of the working range that the start lies in, of several the latest."""
        return max((opens for opens, closes in self.asked.ranges if opens <= self.asked.start < closes), default=None)

    # --- Times --------------------------------------------------------------------------------------------------------

    def moment(self, moment: datetime) -> str:
        if wording.local(moment, self.zone).date() == self.asked.day:
            return wording.clock_text(moment, self.zone, twelve=self.twelve)
        return wording.moment_text(moment, self.zone, twelve=self.twelve)

    def span(self, span: Interval) -> str:
        return f"{self.moment(span[0])} to {self.moment(span[1])}"

    def hours(self, day: date) -> str:
        facts = self.asked.facts
        ranges = facts.overrides.get(day, facts.hours.get(day.weekday(), ()))
        return ranges_text(sorted(ranges), twelve=self.twelve)

    @property
    def lasts(self) -> str:
        """The end of a sentence about what the appointment would run into: ", and 10:30 would last until 11:15"."""
        return f", and {self.moment(self.asked.start)} would last until {self.moment(self.asked.end)}"

    def lasts_into(self, begins: datetime) -> str:
        return self.lasts if begins > self.asked.start else ""

    # --- What stands in the way ---------------------------------------------------------------------------------------

    def of(self, reason: Shut | Reason) -> Row:
        match reason:
            case Shut():
                return self.shut(reason)
            case Over():
                return Row("Over", f"It began before now, {self.moment(self.asked.now)}.")
            case TooSoon(earliest):
                return _policy("Notice", f"{self.notice()}: from {self.moment(earliest)} on.", "Change notice")
            case TooFarAhead(last):
                detail = f"{self.window()} ahead: up to {wording.date_text(last)}."
                return _policy("How far ahead", detail, "Change how far ahead")
            case Closed(day, override):
                return self.closed(day, override)
            case OffTheGrid():
                return self.off_the_grid(reason)
            case Full(count, most):
                return _policy("Most appointments ahead", f"{count} of {most} taken.", "Change the most")
            case DayFull(day, count, most):
                detail = f"{count} of {most} taken on {wording.date_text(day)}."
                return _policy("Most appointments a day", detail, "Change the most")
            case Taken(entry, theirs, ours):
                return self.taken(entry, theirs, ours)
            case _:
                assert_never(reason)

    def shut(self, reason: Shut) -> Row:
        match reason:
            case Shut.PERSON:
                return Row("Account", "Closed or suspended, so that nobody can book.")
            case Shut.PAGE:
                listing = Listing(self.service.provider.listing)
                resume = (reverse("studio_profile"), "Resume the page") if listing is Listing.PAUSED else ("", "")
                return Row("Public page", f"{listing.label}, so that nobody can book.", resume[1], resume[0])
            case Shut.CALENDAR:
                chosen, required = "and you chose that nobody books then", "and this site takes no bookings without"
                missing = self.service.provider.calendar_is_missing
                detail = f"It can’t be read, {required if missing else chosen}."
                return Row("Google Calendar", detail, "See the connection", reverse("studio_google"))
            case Shut.SERVICE:
                return self.of_service(self.service.name, "Paused, so that nobody can book it.", "Resume the service")

    def of_service(self, title: str, detail: str, change: str) -> Row:
        return Row(title, detail, change, reverse("studio_service", args=[self.service.slug]))

    def closed(self, day: date, override: DateOverride | None) -> Row:
        lasts = self.lasts if self.opens else ""
        if override is not None:
            detail = f"{dates_text(override.start_on, override.end_on)}: {self.hours(day)}{lasts}."
            address = reverse("studio_override", args=[override.start_on])
            return Row("Date override", detail, "Change these dates", address)
        detail = f"{WEEKDAYS[day.weekday()]}: {self.hours(day)}{lasts}."
        return Row("Working hours", detail, "Change working hours", reverse("studio_hours"))

    def off_the_grid(self, reason: OffTheGrid) -> Row:
        near = [self.moment(each) for each in (reason.before, reason.after) if each is not None]
        detail = f"{self.grid(reason.opens)}. Nearest: {' and '.join(near)}."
        return self.of_service(f"Starts of {self.service.name}", detail, "Change starts")

    def taken(self, entry: Entry, theirs: Part, ours: Part) -> Row:
        if ours is not Part.TIME:
            return self.our_free_time(entry, theirs, ours)
        if theirs is not Part.TIME and entry.appointment is not None:
            return self.their_free_time(entry.appointment, entry, theirs)
        return self.their_time(entry)

    def their_time(self, entry: Entry) -> Row:
        times = f"{self.span(entry.time)}{self.lasts_into(entry.time[0])}"
        match entry.kind:
            case EntryKind.APPOINTMENT:
                assert entry.appointment is not None
                one = entry.appointment
                what = "Request" if one.is_request else "Appointment"
                return _appointment(one, f"{what} of {one.customer.name}", f"{one.service.name}, {times}.")
            case EntryKind.KEPT:
                assert entry.expires_at is not None
                until = self.moment(entry.expires_at)
                return Row("Kept while somebody books", f"{times}. Open again at {until}, unless it is booked.")
            case EntryKind.PROPOSAL:
                assert entry.appointment is not None and entry.expires_at is not None
                one, until = entry.appointment, self.moment(entry.expires_at)
                detail = f"{one.service.name}, {times}. Held until it is answered, or until {until}."
                return _appointment(one, f"New time proposed for {one.customer.name}", detail)
            case EntryKind.OFFER:
                assert entry.offer is not None and entry.expires_at is not None
                offer, until = entry.offer, self.moment(entry.expires_at)
                detail = f"{offer.service.name}, {times}. Open again at {until}, unless it is taken."
                title = f"Offered to {offer.customer.name} until {until}"
                if offer.instead_of is None:
                    return Row(title, detail, "See waitlist", reverse("studio_waitlist"))
                return _appointment(offer.instead_of, title, detail)
            case EntryKind.TIME_OFF:
                return Row("Time off", f"{times}.", "See time off", reverse("studio_time_off"))
            case EntryKind.OWN_EVENT:
                assert entry.event is not None
                address = reverse("studio_event", args=[entry.event.uuid])
                detail = f"{times}. Customers never see this."
                return Row(self.own_event(entry), detail, "Change the event", address)
            case EntryKind.BUSY:
                detail = f"{times}. Customers never see this."
                return Row(f"Busy in {_calendar(entry)}", detail, "See the connection", reverse("studio_google"))

    def their_free_time(self, one: Appointment, entry: Entry, theirs: Part) -> Row:
        (opens, closes), (blocked_from, blocked_to) = entry.time, entry.blocked
        if theirs is Part.AFTER:
            free = f"ends at {self.moment(closes)} and keeps {duration_text(blocked_to - closes)} free"
            detail = f"{one.service.name} {free}, until {self.moment(blocked_to)}."
        else:
            since = f"{self.moment(blocked_from)}{self.lasts_into(blocked_from)}"
            free = f"starts at {self.moment(opens)} and keeps {duration_text(opens - blocked_from)} free"
            detail = f"{one.service.name} {free} before it, from {since}."
        return _appointment(one, f"Free time {theirs} {one.customer.name}", detail)

    def our_free_time(self, entry: Entry, theirs: Part, ours: Part) -> Row:
        """The row where only the free time around the one asked about meets an entry."""
        blocked_from, blocked_to = self.asked.blocked
        shape, other = self.asked.shape, self._named(entry, theirs)
        if ours is Part.AFTER:
            keeps = f"{duration_text(shape.after)} free after it, until {self.moment(blocked_to)}"
            meets = f"{other} begins at {self.moment(entry.blocked[0])}"
        else:
            keeps = f"{duration_text(shape.before)} free before it, from {self.moment(blocked_from)}"
            meets = f"{other} lasts until {self.moment(entry.blocked[1])}"
        title = f"Free time {ours} {self.service.name}"
        return self.of_service(title, f"It would keep {keeps}, and {meets}.", "Change free time")

    def _named(self, entry: Entry, part: Part) -> str:
        match entry.kind:
            case EntryKind.APPOINTMENT:
                assert entry.appointment is not None
                one = entry.appointment
                free = "" if part is Part.TIME else f"the free time {part} "
                return f"{free}{one.service.name} of {one.customer.name}"
            case EntryKind.KEPT:
                return "the time kept while somebody books"
            case EntryKind.PROPOSAL:
                assert entry.appointment is not None
                return f"the new time proposed for {entry.appointment.customer.name}"
            case EntryKind.OFFER:
                assert entry.offer is not None
                return f"the time offered to {entry.offer.customer.name}"
            case EntryKind.TIME_OFF:
                return "time off"
            case EntryKind.OWN_EVENT:
                return self.own_event(entry)
            case EntryKind.BUSY:
                return f"busy time in {_calendar(entry)}"

    def own_event(self, entry: Entry) -> str:
        """The name of an own event for who wrote it, and a word for it for anybody else."""
        assert entry.event is not None
        return f"Own event “{entry.event.name}”" if self.for_owner else "Own event"

    # --- What is fine -------------------------------------------------------------------------------------------------

    def fine(self) -> list[Row]:
        """A row for each rule that does not stand in the way and has something to say about this start."""
        asked, reasons = self.asked, [type(each) for each in self.found.reasons]
        rules = asked.facts.rules
        override = self.found.named.overrides.get(asked.day)
        closed = [each for each in self.found.reasons if isinstance(each, Closed)]
        weekday = WEEKDAYS[asked.day.weekday()]
        ahead = duration_text(max(asked.start - asked.now, timedelta()))
        rows = []
        if override is not None:
            rows.append(Row("Working hours", f"Those of {weekday} are replaced on this date"))
        elif not closed:
            rows.append(Row("Working hours", f"{weekday} {self.hours(asked.day)}"))
        if not any(each.override for each in closed):
            rows.append(Row("Date overrides", self.hours(asked.day) if override is not None else "None on this day"))
        taken = {each.entry.kind for each in self.found.reasons if isinstance(each, Taken)}
        if EntryKind.TIME_OFF not in taken:
            rows.append(Row("Time off", "None at that time"))
        if self.opens and OffTheGrid not in reasons:
            start = self.moment(asked.start)
            rows.append(Row(f"Starts of {self.service.name}", f"{self.grid(self.opens)}: {start} is one of them"))
        if TooSoon not in reasons and Over not in reasons:
            rows.append(Row("Notice", f"{self.notice()}; it is {ahead} away"))
        if TooFarAhead not in reasons:
            rows.append(Row("How far ahead", f"Within {self.window()}"))
        if DayFull not in reasons:
            count, most = asked.facts.booked.get(asked.day, 0), rules.max_per_day
            rows.append(Row("Most appointments a day", f"{count} of {most} taken" if most else "No limit"))
        if Full not in reasons and rules.max_open:
            rows.append(Row("Most appointments ahead", f"{asked.facts.open_count} of {rules.max_open} taken"))
        if taken <= {EntryKind.TIME_OFF}:
            rows.append(Row("Calendar", "Nothing else at that time"))
        if Shut not in reasons:
            rows.append(Row("Public page", f"Live, {self.service.name} is live"))
        return rows

    def grid(self, opens: datetime) -> str:
        return f"Every {duration_text(self.asked.shape.step)} from {self.moment(opens)}"

    def notice(self) -> str:
        notice = self.asked.facts.rules.notice
        return f"{duration_text(notice)} ahead" if notice else "None asked for"

    def window(self) -> str:
        days = self.asked.facts.rules.window_days
        return f"{days} day{'s' if days != 1 else ''}"


def _policy(title: str, detail: str, change: str) -> Row:
    return Row(title, detail, change, reverse("studio_policies"))


def _calendar(entry: Entry) -> str:
    """The calendar that makes the provider busy, by its name at Google."""
    return f"“{entry.calendar}” (Google)" if entry.calendar else "a connected calendar"


def _appointment(one: Appointment, title: str, detail: str) -> Row:
    address = reverse("studio_appointment", args=[one.reference])
    return Row(title, detail, "See the request" if one.is_request else "See the appointment", address, one)


def subtitle(asked: Asked, service_name: str) -> str:
    """The line under the headline: "First assessment, 45 min and 5 min free after"."""
    shape = asked.shape
    free = [(shape.before, "before"), (shape.after, "after")]
    parts = [f"{duration_text(length)} free {where}" for length, where in free if length]
    return f"{service_name}, {' and '.join([duration_text(shape.duration), *parts])}"
