"""What waits for a person's answer, on either side, as the page of what they were told lists it."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.text import capfirst

from appointments.models import Appointment, Offer, Proposal
from appointments.states import Role
from core.wording import moment_text, zone_text
from notifications.catalogue import View
from notifications.hooks import Waiting

from .changing import asks_of
from .inbox import answer_request, answer_time, offered_for
from .offers import Group, groups_of
from .waitlist import place_offered


def new_times(proposals: Sequence[Proposal], view: View) -> list[Waiting]:
    """The new times that wait for the reader, as a customer or as a provider. Needs their appointments."""
    found = []
    for side in (Role.CUSTOMER, Role.PROVIDER):
        theirs = [each for each in proposals if each.waits_for(side, view.now)]
        found += [
            Waiting(
                title=f"A new time from {ask.other}",
                address=ask.answer,
                icon="swap",
                tone="iris",
                text=answer_time(ask.proposal, side, view),
                do="Answer",
                day=ask.proposal.start,
                until=ask.proposal.answer_by,
            )
            for ask in asks_of(theirs, side, reader=view.zone)
        ]
    return found


def offered_instead(groups: Sequence[Sequence[Offer]], view: View) -> list[Waiting]:
    """The times that are offered to the reader instead of an appointment, one for each appointment."""
    return [
        Waiting(
            title=f"{capfirst(each.words)} from {each.appointment.provider.first_name}",
            address=each.address,
            icon="swap",
            tone="brass",
            text=f"{_instead(each, view)} Held for you until {_moment(each.expires_at, view)}.",
            do="Choose",
            day=each.offers[0].start,
            until=each.expires_at,
        )
        for each in groups_of(groups, reader=view.zone)
    ]


def places(offers: Sequence[Offer], view: View) -> list[Waiting]:
    """The times from waitlists that the reader can take."""
    return [
        Waiting(
            title=f"A place with {each.provider.first_name}",
            address=place_offered(each, reader=view.zone, now=view.now).address,
            icon="bell",
            tone="brass",
            text=f"{offered_for(each, view)} Yours until {_moment(each.expires_at, view)}.",
            do="See the time",
            day=each.start,
            until=each.expires_at,
        )
        for each in offers
    ]


def requests(rows: Sequence[Appointment], in_all: int, view: View) -> list[Waiting]:
    """The most urgent requests to the reader as a provider, and one line for the others of `in_all`."""
    found = [
        Waiting(
            title=f"A request from {each.customer.first_name}",
            address=reverse("studio_appointment", args=[each.reference]),
            icon="wait",
            tone="brass",
            text=f"{each.service.name}: {answer_request(each, view)}",
            do="Answer",
            day=each.start,
            until=each.answer_by,
        )
        for each in rows
    ]
    if others := in_all - len(rows):
        found.append(
            Waiting(
                title=f"{others} more request{'' if others == 1 else 's'}",
                address=reverse("studio_requests"),
                icon="wait",
                tone="brass",
                text="Each with its own deadline, later than those above.",
                do="See all",
                stands_for=others,
            )
        )
    return found


def _instead(group: Group, view: View) -> str:
    """What the offered times are for: "Guitar lesson, instead of Tue 19 January, 15:30, Sydney time."."""
    zones, one = group.zones, group.appointment
    city = f", {zone_text(zones.first)}" if zones.second else ""
    return f"{one.service.name}, instead of {moment_text(one.start, zones.first, twelve=view.twelve)}{city}."


def _moment(moment: datetime, view: View) -> str:
    return moment_text(moment, view.zone, twelve=view.twelve)
