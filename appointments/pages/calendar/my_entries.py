"""A customer's appointments, new times, offered times and events as entries of a calendar, in their words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import Appointment, Offer, Proposal
from appointments.pages.labels import PROPOSED, badges, live_proposal
from appointments.pages.offers import OFFERED
from appointments.pages.zones import zones_of
from appointments.queries.my_calendar import MyCalendarFacts
from appointments.states import Role
from core import clock, wording
from core.money import price_words

from .entries import SOME_REFERENCE, own_entry
from .layout import Entry, Kind
from .sides import MINE


def my_entries_of(facts: MyCalendarFacts, zone: ZoneInfo, *, now: datetime, twelve: bool) -> list[Entry]:
    """Everything on the customer's calendar, told in `zone`."""
    address = reverse("my_appointment", args=[SOME_REFERENCE])
    found = [_appointment(one, zone, now=now, twelve=twelve, address=address) for one in facts.appointments]
    found += [_new_time(each, zone, twelve=twelve, address=address) for each in facts.proposals]
    found += [_offer(each, zone, twelve=twelve) for each in facts.offers]
    return found + [own_entry(each, now, MINE) for each in facts.own]


def _appointment(one: Appointment, zone: ZoneInfo, *, now: datetime, twelve: bool, address: str) -> Entry:
    labels = badges(one, Role.CUSTOMER, now=now)
    proposal = live_proposal(one, now)
    note = ""
    if proposal:
        note = _proposed(proposal, one, zone, twelve)
    elif one.is_request and one.answer_by:
        until = wording.moment_text(one.answer_by, zone, twelve=twelve)
        note = f"{one.provider.first_name} has until {until} to answer"
    return Entry(
        key=one.reference,
        kind=Kind.APPOINTMENT,
        state="proposed" if proposal else one.status,
        start=one.start,
        end=one.end,
        title=one.service.name,
        what=", ".join(part for part in (one.provider.name, one.where, _there(one, zone, twelve)) if part),
        label=", ".join(label.label for label in labels),
        icon=labels[0].icon if proposal else "",
        address=address.replace(SOME_REFERENCE, one.reference),
        note=note,
        price=price_words(one.price, one.currency),
        badges=tuple((each.label, each.family, each.icon, each.dashed) for each in labels),
        is_past=one.end <= now,
        counts=not one.is_request,
        waits=one.is_request,
    )


def _there(one: Appointment, zone: ZoneInfo, twelve: bool) -> str:
    """The start by the clocks of its place, where they show another time than the calendar: "09:20 in New York"."""
    place = zones_of(one, Role.CUSTOMER, reader=zone).first
    if not clock.zones_differ(place, zone, one.start, one.end):
        return ""
    is_same_day = clock.local(one.start, place).date() == clock.local(one.start, zone).date()
    text = wording.clock_text if is_same_day else wording.moment_text
    return f"{text(one.start, place, twelve=twelve)} in {wording.zone_city(place)}"


def _proposed(proposal: Proposal, one: Appointment, zone: ZoneInfo, twelve: bool) -> str:
    """Who proposed which new time, and until when the other side answers."""
    name = one.provider.first_name
    mine = proposal.by == Role.CUSTOMER
    until = wording.moment_text(proposal.answer_by, zone, twelve=twelve)
    time = wording.moment_text(proposal.start, zone, twelve=twelve)
    who, whose = ("You", f"{name} has") if mine else (name, "You have")
    return f"{who} proposed {time}. {whose} until {until}; this time stays until then."


def _new_time(each: Proposal, zone: ZoneInfo, *, twelve: bool, address: str) -> Entry:
    one = each.appointment
    until = wording.moment_text(each.answer_by, zone, twelve=twelve)
    return Entry(
        key=f"n{one.reference}",
        kind=Kind.NEW_TIME,
        state="proposed",
        start=each.start,
        end=each.end,
        title=one.service.name,
        what=one.provider.name,
        label=f"{PROPOSED.label}, held until {until}",
        icon=PROPOSED.icon,
        address=address.replace(SOME_REFERENCE, one.reference),
        note=f"The new time, held until {until}",
        badges=(("Held", PROPOSED.family, PROPOSED.icon, True),),
        is_new=True,
        waits=each.by != Role.CUSTOMER,
    )


def _offer(each: Offer, zone: ZoneInfo, *, twelve: bool) -> Entry:
    page = ""
    if each.instead_of:
        page = reverse("offered_times", args=[each.instead_of.reference])
    elif each.place:
        page = reverse("waitlist_offer", args=[each.place.uuid])
    until = wording.moment_text(each.expires_at, zone, twelve=twelve)
    return Entry(
        key=f"o{each.uuid.hex[:12]}",
        kind=Kind.OFFER,
        state="offered",
        start=each.start,
        end=each.booked_until,
        title=each.service.name,
        what=each.provider.name,
        label=f"Offered to you, held until {until}",
        icon=OFFERED.icon,
        address=page,
        note=f"Offered to you, held until {until}",
        badges=(("Offered to you", OFFERED.family, OFFERED.icon, OFFERED.dashed),),
        waits=True,
    )
