"""The page that asks a customer whether they will come, alike behind every door of theirs, and its answer."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused
from appointments.forms.reasons import ShownForm
from appointments.rules.moves import check_move
from appointments.services import transitions
from appointments.states import Verb
from core import clock

from .doors import Door

SAID_BEFORE = "You have said that you will come."


def ask_whether_they_come(request: HttpRequest, enter: Callable[[], Door]) -> HttpResponse:
    """Ask, or note that the customer will come. Where that has no sense any more, redirect with the reason.

    The form sends back the time that its page showed, so that nobody promises to come at another one.
    """
    door = enter()
    if not door.is_customers:
        raise Http404
    if request.method != "POST":
        return _ask(request, door)
    form = ShownForm(request.POST)
    if not form.is_valid():
        return _ask(request, door, has_changed=True)
    try:
        outcome = transitions.say_coming(
            appointment=door.appointment, actor=door.actor, role=door.side, shown=form.cleaned_data["shown"]
        )
    except ChangedSince:
        return _ask(request, enter(), has_changed=True)
    except (MoveRefused, PolicyRefused) as refusal:
        messages.warning(request, str(refusal))
        return redirect(door.addresses.home)
    if outcome.changed:
        messages.success(request, f"Good. {door.other.first_name} sees that you will come.")
    else:
        messages.info(request, SAID_BEFORE)
    return redirect(door.addresses.home)


def _ask(request: HttpRequest, door: Door, *, has_changed: bool = False) -> HttpResponse:
    """The page that asks; with `has_changed`, over the time that the appointment has now."""
    now, appointment = clock.now(), door.appointment
    try:
        check_move(appointment, Verb.COME, role=door.side, policy=appointment.provider.policy, now=now)
    except (MoveRefused, PolicyRefused) as over:
        messages.info(request, str(over))
        return redirect(door.addresses.home)
    if appointment.will_come:
        messages.info(request, SAID_BEFORE)
        return redirect(door.addresses.home)
    context = {**door.context(door.standing(now=now)), "has_changed": has_changed}
    status = HTTPStatus.CONFLICT if has_changed else HTTPStatus.OK
    return render(request, "appointments/changing/come.html", context, status=status)
