"""What a person's inbox says of appointments: what happened, and how it stands by now."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.urls import reverse

from appointments.models import Appointment, AppointmentEvent, KnownConflict, Offer, Proposal, WaitlistPlace
from appointments.rules.wishes import want_words
from appointments.states import OPEN, ProposalState, Role, Status, Verb
from core.wording import moment_text, range_text, zone_text
from notifications.catalogue import Line, View

from .labels import state_label
from .places import place_for
from .waitlist import offer_zones, settled_words
from .zones import Zones, zones_of

# A look for each kind of news.
GOOD, WAITS, NEWS, ENDED = ("check", "brand"), ("wait", "brass"), ("swap", "iris"), ("x", "slate")
LOOKS: dict[Verb, tuple[str, str]] = {
    Verb.REQUEST: WAITS,
    Verb.BOOK: GOOD,
    Verb.ACCEPT: GOOD,
    Verb.DECLINE: ENDED,
    Verb.WITHDRAW: ENDED,
    Verb.EXPIRE: ("clock", "slate"),
    Verb.CANCEL: ENDED,
    Verb.PROPOSE: NEWS,
    Verb.MOVE: ("swap", "brand"),
    Verb.DECLINE_TIME: ("swap", "slate"),
    Verb.WITHDRAW_TIME: ("swap", "slate"),
    Verb.LAPSE: ("clock", "slate"),
}
PAGES = {Role.CUSTOMER: "my_appointment", Role.PROVIDER: "studio_appointment"}
ANSWERS = {Role.CUSTOMER: "answer_time", Role.PROVIDER: "studio_answer_time"}
HAPPENED = {
    Verb.REQUEST: "asked for",
    Verb.BOOK: "confirmed",
    Verb.ACCEPT: "confirmed",
    Verb.DECLINE: "declined",
    Verb.WITHDRAW: "withdrawn",
    Verb.EXPIRE: "expired",
    Verb.CANCEL: "cancelled",
    Verb.MOVE: "moved",
}
# What became of a new time, after the time and place that the appointment has.
BECAME: dict[str, str] = {
    ProposalState.OPEN: "Nobody answered in time.",
    ProposalState.ACCEPTED: "The new time was accepted.",
    ProposalState.DECLINED: "The new time was declined.",
    ProposalState.WITHDRAWN: "The new time was taken back.",
    ProposalState.LAPSED: "Nobody answered in time.",
    ProposalState.REPLACED: "Another new time took its place.",
}


def event_line(event: AppointmentEvent, side: Role, view: View) -> Line:
    """The line about one event. Needs it with its proposal and an appointment of `events_with_people()`."""
    one, verb = event.appointment, Verb(event.verb)
    icon, tone = LOOKS[verb]
    waiting = _waiting(event, side, view)
    return Line(
        title=_title(event, side, is_open=waiting is not None),
        address=waiting.address if waiting else _page(one, side),
        icon=icon,
        tone=tone,
        text=waiting.text
        if waiting
        else " ".join(filter(None, [how_it_stands(one, side, view), _what_became(event), _reason(event, side)])),
        badge=_badge_if_changed(event, side, view),
        do="Answer" if waiting else "",
        until=waiting.until if waiting else None,
    )


def events_line(events: Sequence[AppointmentEvent], side: Role, view: View) -> Line:
    """The line about several events of one act, which leads to their series, or to the reader's list."""
    ordered = sorted(events, key=lambda event: (event.appointment.start, event.pk))
    first, others = ordered[0], {_other(event.appointment, side) for event in ordered}
    verbs = {Verb(event.verb) for event in ordered}
    verb = verbs.pop() if len(verbs) == 1 else None
    happened = HAPPENED.get(verb, "changed") if verb else "changed"
    whom = f" with {others.pop()}" if len(others) == 1 else ""
    series = {event.appointment.series for event in ordered}
    of_series = series.pop() if len(series) == 1 else None
    lists = {Role.CUSTOMER: "my_appointments", Role.PROVIDER: "studio_today"}
    icon, tone = LOOKS.get(verb, NEWS) if verb else NEWS
    if of_series:
        address = reverse({Role.CUSTOMER: "my_series", Role.PROVIDER: "studio_series"}[side], args=[of_series.uuid])
    else:
        address = reverse(lists[side])
    waiting = [found for event in ordered if (found := _waiting(event, side, view))]
    ends = [found.until for found in waiting if found.until]
    starts = sum(event.appointment.status in OPEN and event.appointment.start > view.now for event in ordered)
    ahead = f"{starts} of them {'lies' if starts == 1 else 'lie'} ahead." if starts else "None of them lies ahead."
    title = f"{len(ordered)} appointments{whom} {happened}"
    if verb is Verb.PROPOSE:
        asked = "New times to answer for" if waiting else "New times were proposed for"
        title = f"{asked} {len(ordered)} appointments{whom}"
    return Line(
        title=title,
        address=address,
        icon=icon,
        tone=tone,
        text=f"The first: {how_it_stands(first.appointment, side, view)} {ahead}",
        do="Answer" if waiting else "",
        until=min(ends, default=None),
    )


def conflicts_line(rows: Sequence[KnownConflict], undecided: Collection[str], view: View) -> Line:
    """The line that a connected calendar is busy at the time of appointments; `undecided` are the references of those
    for which the provider still has to decide. Needs rows of `known_conflicts()`."""
    told = list(dict.fromkeys(row.appointment for row in rows))
    waiting = [one for one in told if one.reference in undecided]
    one, whom = (waiting or told)[0], f"{len(told)} appointments"
    if len(told) == 1:
        whom = f"the appointment with {one.customer.name}"
    decide = reverse("studio_conflict", args=[one.reference])
    return Line(
        title=f"Busy in Google at the time of {whom}",
        address=decide if waiting else _page(one, Role.PROVIDER) if len(told) == 1 else reverse("studio_google"),
        icon="warn",
        tone="brass" if waiting else "slate",
        text=f"{how_it_stands(one, Role.PROVIDER, view)} Nothing is cancelled by itself."
        if waiting
        else "There is nothing left to decide.",
        do="Decide" if waiting else "",
    )


def reminder_line(one: Appointment, side: Role, view: View) -> Line:
    """The line of a reminder, which stays true: it says when the appointment is, or that it is off."""
    return Line(
        title=f"Reminder: {one.service.name} with {_other(one, side)}",
        address=_page(one, side),
        icon="bell",
        tone="brand" if one.is_confirmed else "slate",
        text=how_it_stands(one, side, view),
        badge=None if one.is_confirmed else state_label(one, side, now=view.now),
    )


def join_links_line(rows: Sequence[Appointment], view: View) -> Line:
    """The line to a customer about links to join with one provider, as they are by now. Needs rows by their start."""
    one, has_link = rows[0], any(row.joined_by for row in rows)
    many = len(rows) > 1
    what = f"{len(rows)} appointments" if many else one.service.name
    head = f"Link{'s' if many else ''} to join" if has_link else "No link to join"
    return Line(
        title=f"{head}: {what} with {one.provider.name}",
        address=reverse("my_appointments") if many else _page(one, Role.CUSTOMER),
        icon="video",
        tone="brand" if has_link else "slate",
        text=f"{'The first: ' if many else ''}{how_it_stands(one, Role.CUSTOMER, view)}",
        badge=None if one.is_confirmed or many else state_label(one, Role.CUSTOMER, now=view.now),
    )


def last_call_line(one: Appointment, view: View) -> Line:
    """The line to a provider that a request is about to expire."""
    waits = one.is_request and not one.is_unanswered(view.now)
    return Line(
        title=f"{'Answer soon: ' if waits else ''}{one.customer.name} {_asks(waits)} {one.service.name}",
        address=_page(one, Role.PROVIDER),
        icon="wait",
        tone="brass",
        text=answer_request(one, view) if waits else how_it_stands(one, Role.PROVIDER, view),
        badge=None if waits else state_label(one, Role.PROVIDER, now=view.now),
        do="Answer" if waits else "",
        until=one.answer_by if waits else None,
    )


def last_call_for_time_line(proposal: Proposal, view: View) -> Line:
    """The line that a new time is about to lapse, to the side that has to answer it."""
    one = proposal.appointment
    side = Role.PROVIDER if proposal.side is Role.CUSTOMER else Role.CUSTOMER
    waits = proposal.waits_for(side, view.now) and one.status in OPEN
    return Line(
        title=f"{'Answer soon: ' if waits else ''}{_other(one, side)} {_asks(waits)} another time",
        address=reverse(ANSWERS[side], args=[one.reference]) if waits else _page(one, side),
        icon="swap",
        tone="iris",
        text=answer_time(proposal, side, view)
        if waits
        else f"{how_it_stands(one, side, view)} {BECAME.get(proposal.state, '')}".rstrip(),
        badge=None if waits else state_label(one, side, now=view.now),
        do="Answer" if waits else "",
        until=proposal.answer_by if waits else None,
    )


def offers_withdrawn_line(one: Appointment, offers: Sequence[Offer], view: View) -> Line:
    """The line to a customer that other times are no longer held for them; `offers` are those that still are."""
    text = how_it_stands(one, Role.CUSTOMER, view)
    if not offers:
        title = f"{one.provider.name} no longer offers other times"
        return Line(title=title, address=_page(one, Role.CUSTOMER), icon="x", text=text)
    held = f"{len(offers)} other time{'' if len(offers) == 1 else 's'} can still be taken."
    return Line(
        title=f"{one.provider.name} took back some of the times offered",
        address=_page(one, Role.CUSTOMER),
        icon="swap",
        text=f"{text} {held}",
        do="Choose",
        until=min(offer.expires_at for offer in offers),
    )


def place_line(offer: Offer, view: View) -> Line:
    """The line to a customer about a time offered from a waitlist, as it stands by now. Needs a whole offer."""
    is_live, when = offer.is_live(view.now), offered_for(offer, view)
    until = f"Yours until {moment_text(offer.expires_at, view.zone, twelve=view.twelve)}."
    return Line(
        title=f"A place opened with {offer.provider.name}",
        address=reverse("waitlist_offer", args=[offer.place.uuid]) if offer.place else reverse("my_waitlist"),
        icon="bell",
        tone="brass" if is_live else "slate",
        text=f"{when} {until if is_live else settled_words(offer, now=view.now)}",
        do="See the time" if is_live else "",
        until=offer.expires_at if is_live else None,
    )


def place_withdrawn_line(offer: Offer, view: View) -> Line:
    """The line to a customer that a time offered from a waitlist was taken back. Needs a whole offer."""
    return Line(
        title=f"No longer offered: a place with {offer.provider.name}",
        address=reverse("my_waitlist"),
        icon="x",
        text=f"{offered_for(offer, view)} {settled_words(offer, now=view.now)}",
    )


def offered_for(offer: Offer, view: View) -> str:
    """When a time from a waitlist is, with its zone."""
    offer.service.provider = offer.provider
    zone = offer_zones(offer, offer.service, reader=view.zone).first
    return f"{moment_text(offer.start, zone, twelve=view.twelve)}, {zone_text(zone)}."


def removed_line(place: WaitlistPlace) -> Line:
    """The line to somebody whom the provider took off the waitlist."""
    name = place.provider.first_name
    return Line(
        title=f"{place.provider.name} took you off the waitlist",
        address=reverse("my_waitlist"),
        icon="x",
        text=f"{name} wrote: {place.reason}" if place.reason else f"{place.service.name}. {want_words(place)}.",
    )


def closed_line(places: Sequence[WaitlistPlace]) -> Line:
    """The line to somebody who waited for these at a provider whose waitlist is closed."""
    return Line(
        title=f"Waitlist closed: {places[0].provider.name}",
        address=reverse("my_waitlist"),
        icon="x",
        text=" ".join(f"{place.service.name}: {want_words(place)}." for place in places),
    )


def how_it_stands(one: Appointment, side: Role, view: View) -> str:
    """The time and place of an appointment that is on, else the time it had: "Was Fri 27 November, 10:00"."""
    zones = zones_of(one, side, reader=view.zone)
    city = _city(zones)
    if one.status in {Status.CANCELLED, Status.DECLINED, Status.EXPIRED} or one.is_unanswered(view.now):
        return f"Was {moment_text(one.start, zones.first, twelve=view.twelve)}{city}."
    when = range_text(one.start, one.end, zones.first, twelve=view.twelve)
    place = place_for(one, side, was_agreed=one.was_agreed)
    return f"{when}{city}. {place}." if place else f"{when}{city}."


class _Waiting:
    """What the reader has to do about an event by now."""

    def __init__(self, address: str, text: str, until: datetime | None) -> None:
        self.address, self.text, self.until = address, text, until


def _waiting(event: AppointmentEvent, side: Role, view: View) -> _Waiting | None:
    one, proposal = event.appointment, event.proposal
    if event.verb == Verb.PROPOSE and proposal and one.status in OPEN and proposal.waits_for(side, view.now):
        address = reverse(ANSWERS[side], args=[one.reference])
        return _Waiting(address, answer_time(proposal, side, view, one), proposal.answer_by)
    asks = event.verb == Verb.REQUEST and side is Role.PROVIDER and one.is_request
    if asks and not one.is_unanswered(view.now):
        return _Waiting(_page(one, side), answer_request(one, view), one.answer_by)
    return None


def answer_request(one: Appointment, view: View) -> str:
    """When the request is for, and until when its provider can answer it."""
    zones = zones_of(one, Role.PROVIDER, reader=view.zone)
    when = range_text(one.start, one.end, zones.first, twelve=view.twelve)
    until = moment_text(one.answer_by or one.start, zones.reader, twelve=view.twelve)
    return f"{when}{_city(zones)}. Answer by {until}."


def answer_time(proposal: Proposal, side: Role, view: View, of: Appointment | None = None) -> str:
    """The new time and the present one, and until when this side can answer."""
    one = of or proposal.appointment
    zones = zones_of(one, side, reader=view.zone)
    new, old = (moment_text(moment, zones.first, twelve=view.twelve) for moment in (proposal.start, one.start))
    until = moment_text(proposal.answer_by, zones.reader, twelve=view.twelve)
    return f"{one.service.name}: {new} instead of {old}{_city(zones)}. Answer by {until}."


def _city(zones: Zones) -> str:
    """The zone of the place after a time, where the reader's clock shows another; else empty."""
    return f", {zone_text(zones.first)}" if zones.second else ""


def _what_became(event: AppointmentEvent) -> str:
    """What became of the new time that the event proposed, which the title does not tell."""
    return BECAME.get(event.proposal.state, "") if event.verb == Verb.PROPOSE and event.proposal else ""


def _asks(is_open: bool) -> str:
    return "asks for" if is_open else "asked for"


def _title(event: AppointmentEvent, side: Role, *, is_open: bool) -> str:
    """What happened; `is_open` says that its reader still has to answer."""
    one, verb = event.appointment, Verb(event.verb)
    what, other = one.service.name, _other(one, side)
    doer = _doer(event, side)
    by = f" by {doer}" if doer else ""
    if verb is Verb.REQUEST:
        return f"Request sent: {what} with {other}" if side is Role.CUSTOMER else f"{other} {_asks(is_open)} {what}"
    if verb is Verb.CANCEL:
        return f"Cancelled{by}: {what} with {other}"
    if verb is Verb.PROPOSE:
        team = f"Our team {'proposes' if is_open else 'proposed'}"
        return f"{team if doer == 'our team' else f'{other} {_asks(is_open)}'} another time"
    if verb in {Verb.DECLINE_TIME, Verb.WITHDRAW_TIME, Verb.LAPSE}:
        said = {Verb.DECLINE_TIME: "New time declined", Verb.WITHDRAW_TIME: "New time taken back"}
        return f"{said.get(verb, 'New time not answered')}: {what} with {other}"
    said = {
        Verb.BOOK: "Confirmed" if side is Role.CUSTOMER else "New appointment",
        Verb.ACCEPT: "Confirmed",
        Verb.DECLINE: f"Declined{by}",
        Verb.WITHDRAW: f"Request withdrawn{by}",
        Verb.EXPIRE: "Not answered in time",
        Verb.MOVE: "Moved",
    }
    return f"{said[verb]}: {what} with {other}"


def _doer(event: AppointmentEvent, side: Role) -> str:
    """Who did it inside a title: you, the other side's first name, our team; empty for the system."""
    if event.role == side:
        return "you"
    if event.role == Role.STAFF:
        return "our team"
    one = event.appointment
    other = one.provider if side is Role.CUSTOMER else one.customer
    return "" if event.role == Role.SYSTEM else other.first_name


def _reason(event: AppointmentEvent, side: Role) -> str:
    """What the other side wrote about it, in quotation marks."""
    return f"“{event.reason}”" if event.reason and event.role not in {side, Role.SYSTEM} else ""


def _badge_if_changed(event: AppointmentEvent, side: Role, view: View) -> object:
    """The label of the present state, where it is not the one that the event led to."""
    one = event.appointment
    if one.status == event.to_status and not one.is_unanswered(view.now):
        return None
    return state_label(one, side, now=view.now)


def _other(one: Appointment, side: Role) -> str:
    return one.provider.name if side is Role.CUSTOMER else one.customer.name


def _page(one: Appointment, side: Role) -> str:
    return reverse(PAGES[side], args=[one.reference])
