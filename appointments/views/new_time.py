"""The page that chooses another time for an appointment, alike behind every door, and the act of its form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from accounts import zonelist
from accounts.zones import ViewerZone, zone_named
from appointments import visitor
from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused, ReasonMissing, SlotTaken, TermsChanged
from appointments.forms.changing import NewTimeForm, OwnTimeForm
from appointments.models import Appointment
from appointments.pages import month_picker
from appointments.pages.changing import Shown, shown
from appointments.pages.month_picker import OtherSide
from appointments.queries.busy import Elsewhere, busy_elsewhere_on
from appointments.queries.customer import own_appointments_on
from appointments.rules.moves import MoveTerms, move_terms
from appointments.rules.obstacles import Obstacle, obstacles, override_words
from appointments.rules.persons import move_refusal
from appointments.services import availability, proposals
from appointments.services.availability import Mine
from appointments.services.persons import dealings_between
from appointments.services.transitions import Outcome
from core import clock
from core.http import Request
from core.intervals import Interval
from core.shortcuts import with_query
from core.wording import moment_text, zone_text

from .doors import Door
from .picker import Asked, Wanted, picker_context

TEMPLATE = "appointments/changing/reschedule.html"
# The ids of the elements that htmx swaps, and the names of their parts of the template.
PARTS = {"picker", "move"}
# Obstacles to a start that nobody overrides.
REFUSED = {Obstacle.TAKEN: "That time is taken.", Obstacle.OVER: "That time is over."}


@dataclass(slots=True)
class Trouble:
    """Why the form that was sent changed nothing: the time was taken, the terms are others, or it may not be done."""

    taken: SlotTaken | None = None
    changed: bool = False
    refusal: str = ""

    def __bool__(self) -> bool:
        return bool(self.taken or self.changed or self.refusal)


def choose_time(request: HttpRequest, enter: Callable[[], Door]) -> HttpResponse:
    """Show the picker with both times and what the change means, or send the chosen time.

    The rules at the time of the POST decide, not those shown. `enter` opens the door anew, to show what holds by then.
    """
    request = cast(Request, request)
    door = enter()
    terms = _terms(door)
    if not terms.allowed:
        return _closed(request, door, terms)
    if refused := _refused(door):
        return _closed(request, door, terms, refused=refused)
    if request.method == "POST" and "pick" not in request.POST:
        return _send(request, enter, door)
    picked = month_picker.from_value(request.POST.get("pick", "")) if request.method == "POST" else None
    typed = {"message": request.POST.get("message", "")} if picked else {}
    return _show(request, door, start=picked, typed=typed)


def _terms(door: Door, start: datetime | None = None) -> MoveTerms:
    policy = door.appointment.provider.policy
    return move_terms(door.appointment, role=door.side, policy=policy, now=clock.now(), start=start)


def _refused(door: Door) -> str:
    """Why its person may choose no new time, whatever the time, as the service would say at the end; empty where
    nothing is in the way. One query for a customer, none for a provider."""
    if not door.is_customers:
        return ""
    customer, provider = door.appointment.customer, door.appointment.provider
    return move_refusal(customer, provider, dealings_between(customer, provider))


def _closed(request: HttpRequest, door: Door, terms: MoveTerms, *, refused: str = "") -> HttpResponse:
    """The page that says why the time can't be changed, and whom to ask; `refused` where that is about the person."""
    now, was_sent = clock.now(), request.method == "POST"
    context = {
        **door.context(door.standing(now=now)),
        "terms": terms,
        "refused": refused,
        "too_late": terms.until < now,
        "was_sent": was_sent,
    }
    status = HTTPStatus.CONFLICT if was_sent else HTTPStatus.OK
    return render(request, "appointments/changing/closed.html", context, status=status)


# --- Sending --------------------------------------------------------------------------------------------------------


def _send(request: Request, enter: Callable[[], Door], door: Door) -> HttpResponse:
    start = month_picker.from_value(request.POST.get("start", ""))
    needs_reason = _needs_reason(request, door, start)
    form = NewTimeForm(request.POST, to=door.other.first_name, needs_reason=needs_reason)
    if not form.is_valid():
        return _show(request, door, start=start, form=form)
    assert start is not None
    typed = {"message": form.cleaned_data["message"]}
    try:
        outcome = proposals.propose_time(
            appointment=door.appointment,
            start=start,
            actor=door.actor,
            role=door.side,
            at_once=form.cleaned_data["at_once"],
            shown=form.cleaned_data["shown"],
            browser=visitor.known(request),
            **typed,
        )
    except SlotTaken as taken:
        return _show(request, enter(), start=start, typed=typed, trouble=Trouble(taken=taken))
    except (ChangedSince, TermsChanged):
        return _show(request, enter(), start=start, typed=typed, trouble=Trouble(changed=True))
    except (MoveRefused, PolicyRefused, ReasonMissing) as refusal:
        door = enter()
        terms = _terms(door)
        if not terms.allowed:
            return _closed(request, door, terms)
        return _show(request, door, start=start, typed=typed, trouble=Trouble(refusal=str(refusal)))
    return _told(request, door, outcome, start)


def _told(request: HttpRequest, door: Door, outcome: Outcome, start: datetime) -> HttpResponseRedirect:
    zone, other = door.standing(now=clock.now()).zones.first, door.other.first_name
    when = moment_text(start, zone, twelve=door.actor.uses_12h_clock)
    if not outcome.changed:
        messages.info(request, "That was already done. Nothing changed.")
    elif outcome.appointment.start == start:
        messages.success(request, f"Rescheduled: it is now {when}, {zone_text(zone)}. We email you and {other}.")
    else:
        stays = f"The present time stays until {other} accepts."
        messages.success(request, f"{other} has your proposal: {when}, {zone_text(zone)}. {stays}")
    return redirect(door.addresses.home)


# --- Showing --------------------------------------------------------------------------------------------------------


def _show(
    request: Request,
    door: Door,
    *,
    start: datetime | None = None,
    form: NewTimeForm | None = None,
    typed: dict[str, str] | None = None,
    trouble: Trouble | None = None,
) -> HttpResponse:
    """The page with `start` chosen, or what its address asks for.

    With `form`, what was sent and is wrong with it; otherwise a fresh form, for what holds now, with what was `typed`.
    """
    trouble = trouble or Trouble()
    zone = _page_zone(request, door)
    own = _own_time(request, door, zone)
    start = start or (own.start(zone.zone) if own and own.is_valid() else None)
    asked = Asked.for_start(start, zone) if start else Asked.of(request, zone)
    # Whoever looks for another time looks near the present one first.
    asked = asked or Asked.around(door.appointment.start, zone)
    picker = picker_context(request, _wanted(request, door, zone), zone, asked)
    choice = _choice(request, door, picker["chosen_start"], None if trouble.taken else asked.start)
    chosen = choice.start
    terms = _terms(door, chosen)
    if form is None:
        initial = {"start": chosen, "shown": door.appointment.as_shown, "at_once": terms.at_once, **(typed or {})}
        form = NewTimeForm(initial=initial, to=door.other.first_name, needs_reason=bool(choice.breaks))
    standing = door.standing(now=clock.now())
    context = {
        **door.context(standing),
        **picker,
        "viewer_zone": zone,
        "zone": zone.name,
        "zone_link": zone.in_links,
        "place_first": _place_differs(door) and zone.name == door.appointment.provider.time_zone,
        "terms": terms,
        "present": {"start": door.appointment.start, "stays": not terms.at_once},
        "old": _shown(door, zone, (door.appointment.start, door.appointment.end)),
        "new": _shown(door, zone, (chosen, chosen + _length(door))) if chosen else None,
        "clashes": _clashes(door, chosen),
        "busy": _busy_elsewhere(door, [chosen] if chosen else []),
        "busy_instead": _busy_elsewhere(door, trouble.taken.nearest if trouble.taken else []),
        "asked_start": asked.start,
        "breaks": choice.breaks,
        "refused": choice.refused,
        "reply": standing.proposal if standing.must_answer else None,
        "own_proposal": standing.proposal if standing.has_proposed else None,
        "form": form,
        "own_time": own or (None if door.is_customers else OwnTimeForm()),
        "trouble": trouble,
        "here": _address(door, zone, chosen or asked.start),
    }
    part = request.htmx.target if request.htmx and request.htmx.target in PARTS else ""
    status = HTTPStatus.CONFLICT if trouble else HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    response = render(request, f"{TEMPLATE}#{part}" if part else TEMPLATE, {**context, "part": part}, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    zonelist.remember(request, response, zone)
    return response


def _page_zone(request: HttpRequest, door: Door) -> ViewerZone:
    """The zone that the address names, else that of the place, or the reader's own where they meet online."""
    appointment = door.appointment
    return zone_named(request, appointment.provider.time_zone if appointment.is_in_person else door.reader.key)


def _place_differs(door: Door) -> bool:
    """Whether the appointment takes place where clocks show another time than the reader's own."""
    one = door.appointment
    return one.is_in_person and clock.zones_differ(one.provider.zone, door.reader, one.start)


def _length(door: Door) -> timedelta:
    return door.appointment.end - door.appointment.start


def _clashes(door: Door, start: datetime | None) -> list[Appointment]:
    """What else the customer has at the chosen time, which warns and stops nothing: one query. None by a link, which
    somebody else may have opened."""
    if start is None or door.is_link or not door.is_customers:
        return []
    return own_appointments_on(door.actor, [(start, start + _length(door))], besides=door.appointment)


def _busy_elsewhere(door: Door, starts: Iterable[datetime]) -> list[Elsewhere]:
    """When the customer is busy elsewhere at these times, which warns, too: one query, none by a link."""
    if door.is_link or not door.is_customers:
        return []
    return busy_elsewhere_on(door.actor, [(start, start + _length(door)) for start in starts])


def _wanted(request: HttpRequest, door: Door, zone: ViewerZone) -> Wanted:
    one = door.appointment
    return Wanted(
        provider=one.provider,
        shape=availability.shape_of(availability.as_agreed(one)),
        mine=_mine(request, door),
        reader=door.actor,
        other=_beside(door, zone),
        present=(one.start, one.end),
    )


def _mine(request: HttpRequest, door: Door) -> Mine:
    """What does not stand in the way of a new time: the appointment, and what its person keeps for a booking."""
    return Mine(visitor.known(request), door.actor.pk, door.appointment.pk)


def _beside(door: Door, zone: ViewerZone) -> OtherSide:
    """Whose clock stands beside a time: the reader's own where the page shows another zone, else the other side's."""
    if zone.name != door.reader.key:
        return OtherSide("you", door.reader)
    return OtherSide(door.other.first_name, door.other.zone)


def _shown(door: Door, zone: ViewerZone, time: Interval) -> Shown:
    return shown(
        time,
        zone=zone.zone,
        reader=door.reader,
        other=door.other.zone,
        whose=door.other.first_name,
        twelve=door.actor.uses_12h_clock,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of the start that was asked for: chosen, perhaps against a rule of the provider's own, or refused."""

    start: datetime | None = None
    breaks: str = ""
    refused: str = ""


def _choice(request: HttpRequest, door: Door, open_start: datetime | None, asked: datetime | None) -> Choice:
    """The start that can be sent: one of the openings, or for a provider any that nothing else takes."""
    if asked is None or asked == door.appointment.start:
        return Choice()
    if open_start:
        return Choice(open_start)
    if door.is_customers:
        return Choice(refused="That time is not open any more.")
    found = _obstacles(request, door, asked)
    refused = next((REFUSED[each] for each in found if each in REFUSED), "")
    if refused:
        return Choice(refused=refused)
    return Choice(asked, breaks=" ".join(override_words(each) for each in found))


def _needs_reason(request: HttpRequest, door: Door, start: datetime | None) -> bool:
    """Whether a provider overrides a rule of their own with `start`; customers override none."""
    if door.is_customers or start is None:
        return False
    found = _obstacles(request, door, start)
    return bool(found) and not REFUSED.keys() & set(found)


def _obstacles(request: HttpRequest, door: Door, start: datetime) -> list[Obstacle]:
    service = availability.as_agreed(door.appointment)
    return obstacles(availability.asked_about(service, start, now=clock.now(), mine=_mine(request, door)))


def _own_time(request: HttpRequest, door: Door, zone: ViewerZone) -> OwnTimeForm | None:
    """The date and time that a provider typed instead of choosing one of the openings."""
    if door.is_customers or "on" not in request.GET:
        return None
    return OwnTimeForm(request.GET)


def _address(door: Door, zone: ViewerZone, start: datetime | None) -> str:
    query = {"start": month_picker.to_value(start) if start else "", "tz": zone.in_links}
    return with_query(door.addresses.reschedule, query)
