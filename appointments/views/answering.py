"""The page that answers a proposal of another time, alike behind every door, and the acts of its forms."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from appointments.exceptions import MoveRefused, PolicyRefused, SlotTaken
from appointments.forms.changing import AnswerForm
from appointments.models import Proposal
from appointments.pages.changing import DayOf, day_of_customer, day_of_provider, settled_words, shown
from appointments.pages.labels import PROPOSED
from appointments.pages.standing import Standing
from appointments.queries.agenda import load_agenda
from appointments.queries.busy import busy_elsewhere
from appointments.queries.customer import own_appointments_on
from appointments.queries.proposals import latest_proposal
from appointments.services import proposals
from appointments.services.transitions import Outcome
from core import clock
from core.intervals import Interval
from core.wording import moment_text, zone_text

from .doors import Door

Enter = Callable[[], Door]


def answer_time(request: HttpRequest, enter: Enter) -> HttpResponse:
    """Show both times and ask, or answer. A proposal that can't be answered any more is shown with what became of it.

    The form names the proposal that the page showed, so that no other one is answered by it.
    """
    door = enter()
    if request.method != "POST":
        return _show(request, door)
    proposal = latest_proposal(door.appointment)
    form = AnswerForm(request.POST)
    if proposal is None or not form.is_valid() or not form.is_about(proposal):
        return _show(request, door, refusal="That new time can’t be answered any more.")
    act = proposals.accept_time if form.accepts else proposals.decline_time
    try:
        outcome = act(proposal=proposal, actor=door.actor, role=door.side)
    except (MoveRefused, PolicyRefused, SlotTaken) as refusal:
        return _show(request, enter(), refusal=str(refusal))
    return _told(request, door, outcome, _answered(door, outcome, form))


def withdraw_time(request: HttpRequest, enter: Enter) -> HttpResponse:
    """Take back the proposal of one's own that waits for an answer."""
    door = enter()
    proposal = latest_proposal(door.appointment)
    if proposal is None:
        return redirect(door.addresses.home)
    try:
        outcome = proposals.withdraw_time(proposal=proposal, actor=door.actor, role=door.side)
    except (MoveRefused, PolicyRefused) as refusal:
        return _show(request, enter(), refusal=str(refusal))
    stays = _when(door, outcome)
    return _told(request, door, outcome, f"You took it back, so it stays {stays}. We tell {door.other.first_name}.")


def _answered(door: Door, outcome: Outcome, form: AnswerForm) -> str:
    other, when = door.other.first_name, _when(door, outcome)
    if form.accepts:
        return f"Accepted: it is now {when}. We email you and {other}."
    return f"The original time stays: {when}. We tell {other}."


def _when(door: Door, outcome: Outcome) -> str:
    zone = door.standing(now=clock.now()).zones.first
    return f"{moment_text(outcome.appointment.start, zone, twelve=door.actor.uses_12h_clock)}, {zone_text(zone)}"


def _told(request: HttpRequest, door: Door, outcome: Outcome, sentence: str) -> HttpResponseRedirect:
    if outcome.changed:
        messages.success(request, sentence)
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect(door.addresses.home)


def _show(request: HttpRequest, door: Door, *, refusal: str = "") -> HttpResponse:
    """The present state of the proposal; with `refusal` why an answer was refused: 409."""
    now = clock.now()
    standing = door.standing(now=now)
    context: dict[str, Any] = {**door.context(standing), "refusal": refusal}
    proposal = standing.proposal
    if proposal is None:
        latest = latest_proposal(door.appointment)
        if latest is None:
            messages.info(request, "No new time is proposed.")
            return redirect(door.addresses.home)
        other = door.other.first_name
        context["settled"] = settled_words(latest, door.appointment, door.side, other=other, now=now)
    else:
        context |= {"proposal": proposal, "proposed": PROPOSED, **_both_times(door, standing, proposal)}
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "appointments/changing/answer.html", context, status=status)


def _both_times(door: Door, standing: Standing, proposal: Proposal) -> dict[str, Any]:
    """Both times in one zone, and the reader's days around them; not by a link, which somebody else may have opened."""
    one, twelve = door.appointment, door.actor.uses_12h_clock
    times = {"old": (one.start, one.end), "new": (proposal.start, proposal.end)}
    told: dict[str, Any] = {
        name: shown(
            time,
            zone=standing.zones.first,
            reader=door.reader,
            other=door.other.zone,
            whose=door.other.first_name,
            twelve=twelve,
        )
        for name, time in times.items()
    }
    if door.is_link:
        return told
    days = _customers_days if door.is_customers else _providers_days
    return told | days(door, standing, times)


def _customers_days(door: Door, standing: Standing, times: dict[str, Interval]) -> dict[str, Any]:
    """Both days of a customer, and what of their own overlaps the new time, here and elsewhere. Two queries."""
    one, zone = door.appointment, standing.zones.first
    spans = [clock.day_bounds(clock.local(start, zone).date(), zone) for start, _ in times.values()]
    others = own_appointments_on(door.actor, spans, besides=one)
    start, end = times["new"]

    def day(name: str, kind: str) -> DayOf:
        return day_of_customer(
            times[name], kind, others, what=one.service.name, zone=zone, twelve=door.actor.uses_12h_clock
        )

    clashes = [other for other in others if other.start < end and other.end > start]
    return {
        "old_day": day("old", "mine"),
        "new_day": day("new", "proposed"),
        "clashes": clashes,
        "busy": busy_elsewhere(door.actor, start, end),
    }


def _providers_days(door: Door, standing: Standing, times: dict[str, Interval]) -> dict[str, Any]:
    """Both days of a provider. Five queries."""
    now, twelve = standing.now, door.actor.uses_12h_clock
    zone = door.appointment.provider.zone
    dates = {name: clock.local(start, zone).date() for name, (start, _) in times.items()}
    agenda = load_agenda(door.appointment.provider, dates.values(), now=now)

    def day(name: str, kind: str) -> DayOf:
        return day_of_provider(agenda, times[name], kind, door.appointment, now=now, twelve=twelve)

    kind = "requested" if door.appointment.is_request else "confirmed"
    return {"old_day": day("old", kind), "new_day": day("new", "proposed")}
