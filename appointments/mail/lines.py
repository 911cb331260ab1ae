"""The lines of the inbox about appointments, standing and suspension. Each function asks a fixed number of queries."""

from collections.abc import Callable, Sequence

from django.urls import reverse

from appointments.models import Appointment, Offer, Proposal, WaitlistPlace
from appointments.pages import inbox
from appointments.queries.conflicts import known_conflicts
from appointments.queries.offers import live_offers_instead_of
from appointments.queries.waitlist import whole_offers
from appointments.services.conflicts import undecided_conflicts
from appointments.states import Role
from notifications import catalogue
from notifications.catalogue import Facts, Line, View
from providers.models import PageDecision

from .catalogue import events_with_people


@catalogue.lines("appointments.event", "appointments.events")
def event_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about history entries, one or several in each. One query."""
    ids = [facts.get("events") or [facts["event"]] for facts in items]
    found = events_with_people().in_bulk([each for some in ids for each in some])
    lines: list[Line | None] = []
    for facts, some in zip(items, ids, strict=True):
        events, side = [found[each] for each in some if each in found], Role(facts["to"])
        if len(events) > 1:
            lines.append(inbox.events_line(events, side, view))
        else:
            lines.append(inbox.event_line(events[0], side, view) if events else None)
    return lines


@catalogue.lines("appointments.reminder", "appointments.last_call", "appointments.offers_withdrawn")
def appointment_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about appointments that nothing happened to. One query, two where offered times were withdrawn."""
    found = Appointment.objects.with_people().in_bulk({facts["appointment"] for facts in items})
    withdrawn = {facts["appointment"] for facts in items if "act" in facts}
    offers = live_offers_instead_of(withdrawn, now=view.now) if withdrawn else {}
    return [
        _about(found[key], facts, offers.get(key, ()), view) if (key := facts["appointment"]) in found else None
        for facts in items
    ]


def _about(one: Appointment, facts: Facts, offers: Sequence[Offer], view: View) -> Line:
    if "minutes" in facts:
        return inbox.reminder_line(one, Role(facts["to"]), view)
    return inbox.offers_withdrawn_line(one, offers, view) if "act" in facts else inbox.last_call_line(one, view)


@catalogue.lines("appointments.join_links")
def join_link_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about links to join. One query."""
    found = Appointment.objects.with_people().in_bulk({key for facts in items for key in facts["appointments"]})
    rows = [[found[key] for key in facts["appointments"] if key in found] for facts in items]
    return [inbox.join_links_line(some, view) if some else None for some in rows]


@catalogue.lines("appointments.last_call_for_time")
def proposal_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about new times that nobody answered yet. One query."""
    found = Proposal.objects.with_appointment().in_bulk({facts["proposal"] for facts in items})
    return [
        inbox.last_call_for_time_line(found[facts["proposal"]], view) if facts["proposal"] in found else None
        for facts in items
    ]


@catalogue.lines("appointments.place_opened")
def place_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about times that were offered from a waitlist. One query."""
    return _of_offers(inbox.place_line, items, view)


@catalogue.lines("appointments.place_withdrawn")
def place_withdrawn_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that times from a waitlist are no longer offered. One query."""
    return _of_offers(inbox.place_withdrawn_line, items, view)


@catalogue.lines("appointments.conflicts")
def conflict_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a connected calendar is busy at the time of appointments. Four queries at most."""
    known = {row.pk: row for row in known_conflicts([key for facts in items for key in facts["conflicts"]])}
    told = [[known[key] for key in facts["conflicts"] if key in known] for facts in items]
    provider = next((rows[0].appointment.provider for rows in told if rows), None)
    waiting = undecided_conflicts(provider, now=view.now) if provider else []
    references = {each.appointment.reference for each in waiting}
    return [inbox.conflicts_line(rows, references, view) if rows else None for rows in told]


def _of_offers(write: Callable[[Offer, View], Line], items: Sequence[Facts], view: View) -> list[Line | None]:
    found = whole_offers().in_bulk({facts["offer"] for facts in items})
    return [write(found[facts["offer"]], view) if facts["offer"] in found else None for facts in items]


@catalogue.lines("appointments.place_removed")
def removed_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines about places on waitlists that the provider removed. One query."""
    found = WaitlistPlace.objects.with_people().in_bulk({facts["place"] for facts in items})
    return [inbox.removed_line(found[facts["place"]]) if facts["place"] in found else None for facts in items]


@catalogue.lines("appointments.waitlist_closed")
def closed_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a provider's waitlist was closed, with all that the reader waited for there. One query."""
    found = WaitlistPlace.objects.with_people().in_bulk([each for facts in items for each in facts["places"]])
    places = [[found[each] for each in facts["places"] if each in found] for facts in items]
    return [inbox.closed_line(some) if some else None for some in places]


@catalogue.lines("appointments.suspended")
def suspended_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that booking was suspended, which somebody reads once it is open again. No query."""
    return [_about_standing("Booking was suspended", "ruby") for _ in items]


@catalogue.lines("appointments.suspension_lifted")
def lifted_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a suspension was lifted. No query."""
    return [_about_standing("Booking is open to you again", "brand") for _ in items]


@catalogue.lines("appointments.appeal_answered")
def answered_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that an appeal was answered. No query."""
    return [_about_standing("Your appeal was answered", "slate") for _ in items]


@catalogue.lines("appointments.late_forgiven")
def forgiven_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that a late cancellation no longer counts. No query."""
    return [_about_standing("A late cancellation no longer counts", "brand") for _ in items]


@catalogue.lines("appointments.page_decided")
def page_decided_lines(items: Sequence[Facts], view: View) -> list[Line | None]:
    """The lines that staff decided about the reader's page. One query."""
    found = PageDecision.objects.in_bulk({facts["decision"] for facts in items})
    return [_about_page(found[facts["decision"]]) if facts["decision"] in found else None for facts in items]


def _about_page(decision: PageDecision) -> Line:
    title = f"Our staff decided about your page: {decision.get_decided_display().lower()}"
    text = decision.reason
    return Line(title=title, address=reverse("studio_profile"), icon="user", tone="brass", text=text)


def _about_standing(title: str, tone: str) -> Line:
    text = "Your standing says how things are now."
    return Line(title=title, address=reverse("my_standing"), icon="shield", tone=tone, text=text)
