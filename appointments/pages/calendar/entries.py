"""A provider's appointments, times off and events as entries of a calendar, in the words of a provider."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, Hold, Offer, OwnEvent, Proposal
from appointments.pages.labels import PROPOSED, WILL_COME, badges, live_proposal
from appointments.pages.offers import OFFERED
from appointments.pages.zones import zones_of
from appointments.queries.calendar import CalendarFacts
from appointments.states import Role
from calendar_sync.queries import Mirrored
from core import clock, wording
from core.intervals import Interval
from core.money import price_words
from providers.models import TimeOff

from .layout import OUTSIDE, Entry, Ground, Kind
from .sides import STUDIO, Side

SOME_REFERENCE = REFERENCE_ALPHABET[0] * REFERENCE_LENGTH
OUTSIDE_WORDS = {Kind.BUSY: "Busy in Google Calendar", Kind.FREE: "Free in Google Calendar"}
TREATED_AS_FREE = "Treated as free by you"


def ground_of(facts: CalendarFacts, days: Iterable) -> Ground:
    """The provider's zone, and the opening hours of these dates."""
    return Ground(facts.agenda.zone, {day: facts.agenda.opening(day) for day in days})


def entries_of(
    facts: CalendarFacts, *, now: datetime, twelve: bool, clashes: Collection[int] = (), outside: bool = True
) -> list[Entry]:
    """Everything on the calendar. `clashes` are the keys of the appointments over which an event lies that waits for a
    decision; without `outside`, events of connected calendars are left out."""
    zone = facts.agenda.zone
    address = reverse("studio_appointment", args=[SOME_REFERENCE])
    waitlist = reverse("studio_waitlist")
    decide = reverse("studio_conflict", args=[SOME_REFERENCE])
    found = [
        _appointment(one, facts.held, zone, now=now, twelve=twelve, address=address, decide=decide, clashes=clashes)
        for one in facts.agenda.appointments
    ]
    found += [_new_time(each, zone, twelve=twelve, address=address) for each in facts.agenda.proposals]
    found += [_offer(each, zone, twelve=twelve, address=address, waitlist=waitlist) for each in facts.agenda.offers]
    found += [_kept(each, n) for n, each in enumerate(facts.kept)]
    found += [_time_off(each, now) for each in facts.time_off]
    found += [own_entry(each, now, STUDIO) for each in facts.own]
    found += [_outside(each, n, zone, now) for n, each in enumerate(facts.outside)]
    return [one for one in found if outside or one.kind not in OUTSIDE]


def _appointment(
    one: Appointment,
    held: Mapping[int, Interval],
    zone: ZoneInfo,
    *,
    now: datetime,
    twelve: bool,
    address: str,
    decide: str,
    clashes: Collection[int],
) -> Entry:
    labels = badges(one, Role.PROVIDER, now=now)
    first = labels[0]
    proposal = live_proposal(one, now)
    is_expected = WILL_COME in labels
    has_clash = one.pk in clashes
    note = ""
    if proposal:
        note = _proposed(proposal, one, zone, twelve)
    elif one.is_request and one.answer_by:
        left = wording.duration_text(one.answer_by - now)
        note = f"Answer by {wording.moment_text(one.answer_by, zone, twelve=twelve)}, in {left}"
    there = "" if one.is_in_person else zones_of(one, Role.PROVIDER, reader=zone).aside(one.start, twelve=twelve)
    return Entry(
        key=one.reference,
        kind=Kind.APPOINTMENT,
        state="proposed" if proposal else one.status,
        start=one.start,
        end=one.end,
        title=one.customer.name,
        what=", ".join(part for part in (one.service.name, one.where, there) if part),
        label=", ".join(label.label for label in labels),
        icon="warn" if has_clash else WILL_COME.icon if is_expected else first.icon if proposal else "",
        address=address.replace(SOME_REFERENCE, one.reference),
        note=note,
        warning="An event of your calendar lies over it." if has_clash else "",
        warning_at=decide.replace(SOME_REFERENCE, one.reference) if has_clash else "",
        price=price_words(one.price, one.currency),
        badges=tuple((each.label, each.family, each.icon, each.dashed) for each in labels),
        held=held.get(one.pk),
        is_past=one.end <= now,
        counts=not one.is_request,
        waits=one.is_request,
    )


def _proposed(proposal: Proposal, one: Appointment, zone: ZoneInfo, twelve: bool) -> str:
    """Who proposed which new time, and until when the other side answers."""
    name = one.customer.first_name
    theirs = proposal.by == Role.CUSTOMER
    until = wording.moment_text(proposal.answer_by, zone, twelve=twelve)
    time = wording.moment_text(proposal.start, zone, twelve=twelve)
    said = f"{name if theirs else 'You'} proposed {time}."
    return f"{said} {'You have' if theirs else f'{name} has'} until {until}; this time stays until then."


def _new_time(each: Proposal, zone: ZoneInfo, *, twelve: bool, address: str) -> Entry:
    one = each.appointment
    until = wording.moment_text(each.answer_by, zone, twelve=twelve)
    return Entry(
        key=f"n{one.reference}",
        kind=Kind.NEW_TIME,
        state="proposed",
        start=each.start,
        end=each.end,
        title=one.customer.name,
        what=one.service.name,
        label=f"{PROPOSED.label}, held until {until}",
        icon=PROPOSED.icon,
        address=address.replace(SOME_REFERENCE, one.reference),
        note=f"The new time, held until {until}",
        badges=(("Held", PROPOSED.family, PROPOSED.icon, True),),
        is_new=True,
        waits=each.by == Role.CUSTOMER,
    )


def _offer(each: Offer, zone: ZoneInfo, *, twelve: bool, address: str, waitlist: str) -> Entry:
    until = wording.moment_text(each.expires_at, zone, twelve=twelve)
    one = each.instead_of
    return Entry(
        key=f"o{each.uuid.hex[:12]}",
        kind=Kind.OFFER,
        state="offered",
        start=each.start,
        end=each.end,
        title=each.customer.name,
        what=each.service.name,
        label=OFFERED.label,
        icon=OFFERED.icon,
        address=address.replace(SOME_REFERENCE, one.reference) if one else waitlist,
        note=f"Held for {each.customer.first_name} until {until}",
        badges=((OFFERED.label, OFFERED.family, OFFERED.icon, OFFERED.dashed),),
    )


def _kept(each: Hold, number: int) -> Entry:
    return Entry(
        key=f"k{number}",
        kind=Kind.KEPT,
        state="kept",
        start=each.start,
        end=each.end,
        title="Somebody is booking",
        label="Kept for a few minutes",
        icon="clock",
        badges=(("Kept", "slate", "clock", True),),
    )


def _time_off(each: TimeOff, now: datetime) -> Entry:
    return Entry(
        key=f"t{each.uuid.hex[:12]}",
        kind=Kind.OFF,
        state="off",
        start=each.start,
        end=each.end,
        title="Time off" if each.all_day else "Blocked",
        what=each.reason,
        label="Time off",
        icon="away",
        address=reverse("studio_time_off"),
        badges=(("Time off", "slate", "away", False),),
        is_all_day=each.all_day,
        is_past=each.end <= now,
    )


def own_entry(each: OwnEvent, now: datetime, side: Side) -> Entry:
    """An event of the person's own, which leads to its page on this side."""
    return Entry(
        key=f"w{each.uuid.hex[:12]}",
        kind=Kind.OWN,
        state="own",
        start=each.start,
        end=each.end,
        title=each.name,
        what=each.place,
        label="Your event, takes no time" if each.is_free else "Your event",
        address=reverse(side.event, args=[each.uuid]),
        badges=(("Your event", "slate", "note", False),),
        is_all_day=each.is_all_day,
        is_past=each.end <= now,
    )


def _outside(each: Mirrored, number: int, zone: ZoneInfo, now: datetime) -> Entry:
    kind = Kind.BUSY if each.takes_time else Kind.FREE
    start, end = each.start, each.end
    if each.first_day is not None and each.last_day is not None:
        start, end = clock.day_bounds(each.first_day, zone)[0], clock.day_bounds(each.last_day, zone)[1]
    return Entry(
        key=f"b{number}",
        kind=kind,
        state=kind.value,
        start=start,
        end=end,
        title=each.title or ("Busy" if kind is Kind.BUSY else "Free"),
        what=f"Google, {each.calendar}" if each.calendar else "Google",
        label=TREATED_AS_FREE if each.is_free_by_choice else OUTSIDE_WORDS[kind],
        badges=(("Google" if kind is Kind.BUSY else "Google, free", "slate", "link", False),),
        is_all_day=each.is_all_day,
        is_past=end <= now,
    )
