"""The customer's pages of one appointment: its details, calendar file, cancelling and withdrawing."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.zones import viewer_zone
from appointments.exceptions import ChangedSince, CountsForMore, MoveRefused, PolicyRefused
from appointments.forms.reasons import CancelForm, ReasonForm
from appointments.models import Appointment, AppointmentEvent, Offer
from appointments.pages import month_picker
from appointments.pages.actions import customer_actions
from appointments.pages.offers import other_times_words
from appointments.pages.standing import Standing, standing_of
from appointments.pages.timeline import timeline
from appointments.queries.customer import appointment_for_customer
from appointments.queries.history import history_of
from appointments.queries.join_links import missing_link
from appointments.queries.offers import offers_instead_of
from appointments.rules.moves import OVER
from appointments.services import availability, transitions
from appointments.states import Role, Status
from core import clock
from core.exceptions import DomainError
from core.shortcuts import with_query
from notifications.queries import mails_about

from .cancelling import to_the_suspended, told_apart, weigh
from .files import calendar_entry


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)


def _mine(request: HttpRequest, reference: str) -> Appointment:
    try:
        return appointment_for_customer(_me(request), reference)
    except Appointment.DoesNotExist:
        raise Http404 from None


# --- One appointment ------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def done(request: HttpRequest, reference: str) -> HttpResponse:
    """The result of a booking. It shows the present state of the appointment, so its address stays of use."""
    appointment = _mine(request, reference)
    standing = _standing(request, appointment, history_of(appointment))
    context = {**_context(standing), **_joining(standing), **_other_times(standing, offers_instead_of(appointment))}
    return render(request, "appointments/done.html", context)


@never_cache
@login_required
@require_safe
def my_appointment(request: HttpRequest, reference: str) -> HttpResponse:
    """The present state of one appointment, with its timeline."""
    return _show(request, _mine(request, reference))


def _show(request: HttpRequest, appointment: Appointment, *, refusal: str = "") -> HttpResponse:
    """The page of the appointment; with `refusal`, why an act was refused: 409, over the present state."""
    history = history_of(appointment)
    mails = mails_about(appointment.reference, _me(request))
    standing, offers = _standing(request, appointment, history), offers_instead_of(appointment)
    context = {
        **_context(standing),
        **_joining(standing),
        **_other_times(standing, offers),
        "actions": customer_actions(standing),
        "timeline": timeline(appointment, history, mails, viewer=Role.CUSTOMER, offers=offers),
        "refusal": refusal,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "appointments/customer/detail.html", context, status=status)


def _standing(request: HttpRequest, appointment: Appointment, history: Sequence[AppointmentEvent] = ()) -> Standing:
    reader = viewer_zone(request, _me(request).time_zone).zone
    return standing_of(appointment, Role.CUSTOMER, reader=reader, now=clock.now(), history=history)


def _context(standing: Standing) -> dict[str, Any]:
    """The context of every page about one appointment. No query."""
    appointment = standing.appointment
    return {
        "standing": standing,
        "appointment": appointment,
        "provider": appointment.provider,
        "service": appointment.service,
        "zone": standing.zones.first.key,
        "now": standing.now,
    }


def _joining(standing: Standing) -> dict[str, Any]:
    """Whether the link to join is on its way. No query unless one may be, else two."""
    return {"link_follows": missing_link(standing.appointment, now=standing.now).is_coming}


def _other_times(standing: Standing, offers: Sequence[Offer]) -> dict[str, Any]:
    """The times that are offered instead of an appointment that came to nothing; else openings near it, each with the
    address of its booking form. Nothing where it was the customer who cancelled."""
    appointment = standing.appointment
    was_called_off = appointment.status == Status.CANCELLED and appointment.ended_by != Role.CUSTOMER
    came_to_nothing = appointment.status in {Status.DECLINED, Status.EXPIRED} or was_called_off
    if not came_to_nothing and not standing.is_unanswered:
        return {}
    if offered := [each for each in offers if each.is_live(standing.now)]:
        return {"offered": offered, "offered_words": other_times_words(len(offered))}
    form = reverse("book", args=[appointment.provider.slug, appointment.service.slug])
    times = availability.other_times(appointment, now=standing.now)
    return {"other_times": [(at, with_query(form, {"start": month_picker.to_value(at)})) for at in times]}


@never_cache
@login_required
@require_safe
def appointment_ics(request: HttpRequest, reference: str) -> HttpResponse:
    """The calendar file; 404 for an appointment that was never agreed."""
    return calendar_entry(_mine(request, reference), _me(request))


# --- Calling it off -------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the consequence of cancelling, or cancel. The rules at the time of the POST decide, not those shown."""
    appointment = _mine(request, reference)
    if appointment.is_request:
        return redirect("withdraw_request", reference=reference)
    if request.method != "POST":
        return (
            _ask_to_cancel(request, appointment) if appointment.is_confirmed else _nothing_to_do(request, appointment)
        )
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _ask_to_cancel(request, appointment, form)
    try:
        outcome = transitions.cancel_appointment(
            appointment=appointment,
            actor=_me(request),
            role=Role.CUSTOMER,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
            shown=form.cleaned_data["shown"],
        )
    except (ChangedSince, CountsForMore, PolicyRefused) as refusal:
        return _ask_to_cancel(request, _mine(request, reference), form, refusal=refusal)
    except MoveRefused as refusal:
        return _show(request, _mine(request, reference), refusal=str(refusal))
    if outcome.banned:
        return to_the_suspended(request, _me(request))
    return _told(request, outcome, "Your appointment is cancelled.")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for confirmation, or withdraw a request that was not answered yet."""
    appointment = _mine(request, reference)
    if request.method != "POST":
        if not appointment.is_request or appointment.is_unanswered(clock.now()):
            return _nothing_to_do(request, appointment)
        return _ask_to_withdraw(request, appointment, ReasonForm())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _ask_to_withdraw(request, appointment, form)
    try:
        outcome = transitions.withdraw_request(
            appointment=appointment, actor=_me(request), reason=form.cleaned_data["reason"]
        )
    except (MoveRefused, PolicyRefused) as refusal:
        return _show(request, _mine(request, reference), refusal=str(refusal))
    return _told(request, outcome, "Your request is withdrawn.")


def _ask_to_cancel(
    request: HttpRequest,
    appointment: Appointment,
    form: CancelForm | None = None,
    *,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The page with the present consequence, what was typed, and the number that its form sends back."""
    standing = _standing(request, appointment)
    context = {
        **_context(standing),
        "form": form or CancelForm(),
        "weighed": weigh(standing, _me(request)),
        "instead": _instead(standing),
        **told_apart(refusal),
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    return render(request, "appointments/customer/cancel.html", context, status=status)


def _instead(standing: Standing) -> list[tuple[datetime, str]]:
    """Openings to which the appointment could be moved instead of a late cancellation, each with its address."""
    if not (standing.terms.is_late and standing.may_reschedule):
        return []
    page = reverse("reschedule_appointment", args=[standing.appointment.reference])
    times = availability.times_to_move_to(standing.appointment, now=standing.now)
    return [(at, with_query(page, {"start": month_picker.to_value(at)})) for at in times]


def _ask_to_withdraw(request: HttpRequest, appointment: Appointment, form: ReasonForm) -> HttpResponse:
    context = {**_context(_standing(request, appointment)), "form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "appointments/customer/withdraw.html", context, status=status)


def _told(request: HttpRequest, outcome: transitions.Outcome, sentence: str) -> HttpResponseRedirect:
    if outcome.changed:
        messages.success(request, f"{sentence} We email you and {outcome.appointment.provider.first_name}.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect("my_appointment", reference=outcome.appointment.reference)


def _nothing_to_do(request: HttpRequest, appointment: Appointment) -> HttpResponseRedirect:
    """Redirect a form that has nothing left to end to the appointment, with the reason."""
    is_unanswered = appointment.is_unanswered(clock.now())
    messages.info(request, OVER[Status.EXPIRED if is_unanswered else Status(appointment.status)])
    return redirect("my_appointment", reference=appointment.reference)
