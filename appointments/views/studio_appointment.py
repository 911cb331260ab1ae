"""The studio's pages of one appointment and the acts on it. Times are in the provider's own zone."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from appointments.exceptions import ChangedSince, CountsForMore, MoveRefused, PolicyRefused
from appointments.forms.reasons import CancelForm, ReasonForm
from appointments.models import Appointment, AppointmentEvent, Offer
from appointments.pages.conflicts import told
from appointments.pages.offers import settled_words
from appointments.pages.standing import Standing, standing_of
from appointments.pages.studio import requests as asking
from appointments.pages.studio.earnings import yours_words
from appointments.pages.studio.no_shows import effect_of_marking, effect_of_unmarking
from appointments.pages.timeline import timeline
from appointments.queries.agenda import load_agenda
from appointments.queries.customers import customer_figures
from appointments.queries.history import history_of
from appointments.queries.join_links import missing_link
from appointments.queries.offers import offers_instead_of
from appointments.queries.provider import appointment_for_provider
from appointments.rules.persons import no_shows_of
from appointments.services import offers, transitions
from appointments.services.conflicts import undecided_conflicts
from appointments.services.persons import dealings_between
from appointments.services.time_off import what_is_inside
from appointments.states import Role, Status
from calendar_sync.hooks import LiesOver
from core import clock
from core.exceptions import DomainError
from notifications.queries import mails_about
from providers.access import provider_required
from providers.models import Provider

from .cancelling import to_the_suspended, told_apart, weigh
from .files import calendar_entry

Refusal = (MoveRefused, PolicyRefused)


def me(request: HttpRequest) -> User:
    return cast(User, request.user)


def own_appointment(provider: Provider, reference: str) -> Appointment:
    """The provider's appointment; 404 for anybody else's, as if it did not exist."""
    try:
        return appointment_for_provider(provider, reference)
    except Appointment.DoesNotExist:
        raise Http404 from None


def waits(appointment: Appointment) -> bool:
    return appointment.is_request and not appointment.is_unanswered(clock.now())


@require_safe
@provider_required
def appointment(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """The present state of one appointment, with its customer and timeline; redirects if it waits for an answer."""
    found = own_appointment(provider, reference)
    if waits(found):
        return redirect("studio_request", reference=reference)
    return show_appointment(request, provider, found)


def show_appointment(
    request: HttpRequest, provider: Provider, appointment: Appointment, *, refusal: str = ""
) -> HttpResponse:
    """The page of the appointment; with `refusal`, why an act was refused: 409, over the present state."""
    history = history_of(appointment)
    mails = mails_about(appointment.reference, me(request))
    standing, offered = _standing(appointment, history), offers_instead_of(appointment)
    context = {
        **_context(provider, standing),
        **_offered_instead(standing, offered),
        "missing_link": missing_link(appointment, now=standing.now),
        "timeline": timeline(appointment, history, mails, viewer=Role.PROVIDER, offers=offered),
        "yours": yours_words(appointment),
        "refusal": refusal,
        "lies_over": _lies_over(standing, twelve=me(request).uses_12h_clock),
    }
    if standing.may_mark_no_show or standing.may_correct:
        context["effect"] = _effect_on_customer(provider, standing)
    if standing.is_waiting:
        figures = context["figures"]
        for name in ("visits", "no_shows", "late"):
            setattr(appointment, name, getattr(figures, name))
        twelve = me(request).uses_12h_clock
        agenda = load_agenda(provider, asking.days_of([appointment], provider.zone), now=standing.now)
        [context["row"]] = asking.rows_with_fit(agenda, [appointment], now=standing.now, twelve=twelve)
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "appointments/studio/appointment.html", context, status=status)


def _lies_over(standing: Standing, *, twelve: bool) -> LiesOver | None:
    """What the provider has to decide about the appointment, if a connected calendar is busy at its time.

    No query where none is connected, or the appointment can't be in conflict; else one, and three where it is.
    """
    one = standing.appointment
    if not standing.may_cancel:
        return None
    found = told(undecided_conflicts(one.provider, now=standing.now, only=one), twelve=twelve)
    return found.rows[0] if found else None


def _offered_instead(standing: Standing, offers: Sequence[Offer]) -> dict[str, Any]:
    """The times that are offered instead and can still be taken; else what became of them, if there were any."""
    live = [each for each in offers if each.is_live(standing.now)]
    if not offers or live:
        return {"offered": live}
    customer = standing.appointment.customer.first_name
    return {"settled": settled_words(offers, Role.PROVIDER, other=customer, now=standing.now)}


@require_POST
@provider_required
def withdraw_offers(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Take back the times that are offered instead of the appointment."""
    found = own_appointment(provider, reference)
    if offers.withdraw_offers(appointment=found, actor=me(request)):
        messages.success(request, "Withdrawn: these times are open again.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect("studio_appointment", reference=reference)


def _effect_on_customer(provider: Provider, standing: Standing) -> str:
    """What the offered mark or correction would mean for the customer's bookings. One query."""
    customer = standing.appointment.customer
    no_shows = no_shows_of(provider, dealings_between(customer, provider))
    is_marked = standing.appointment.status == Status.NO_SHOW
    return (effect_of_unmarking if is_marked else effect_of_marking)(no_shows, name=customer.first_name)


def _standing(appointment: Appointment, history: Sequence[AppointmentEvent] = ()) -> Standing:
    reader = appointment.provider.zone
    return standing_of(appointment, Role.PROVIDER, reader=reader, now=clock.now(), history=history)


def _context(provider: Provider, standing: Standing) -> dict[str, Any]:
    """The context of every page about one appointment. One query, for the figures of its customer."""
    appointment, now = standing.appointment, standing.now
    customer = appointment.customer
    figures = customer_figures(provider, customer, now=now)
    return {
        "standing": standing,
        "appointment": appointment,
        "provider": provider,
        "service": appointment.service,
        "customer": customer,
        "figures": figures,
        "history_words": asking.history_words(figures.visits, figures.no_shows, figures.late),
        "can_be_reached": customer.is_active and figures.can_be_reached(now),
        "zone": provider.time_zone,
        "now": now,
        "day": clock.local(appointment.start, provider.zone).date(),
    }


@require_safe
@provider_required
def calendar(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """The calendar file; 404 for an appointment that was never agreed."""
    return calendar_entry(own_appointment(provider, reference), me(request))


@require_POST
@provider_required
def complete(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Mark the appointment as completed."""
    appointment = own_appointment(provider, reference)
    try:
        outcome = transitions.complete_appointment(appointment=appointment, actor=me(request))
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    return _marked(request, outcome, "Marked as completed.")


@require_POST
@provider_required
def no_show(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Mark the appointment as a no-show."""
    appointment = own_appointment(provider, reference)
    try:
        outcome = transitions.mark_no_show(appointment=appointment, actor=me(request))
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    return _marked(request, outcome, "Marked as a no-show.")


@require_POST
@provider_required
def correct(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Correct the outcome to the one in the form; it is named there, so that a second press does not swap it back."""
    appointment = own_appointment(provider, reference)
    to = request.POST.get("to")
    if to not in {Status.COMPLETED, Status.NO_SHOW}:
        return HttpResponseBadRequest("Say what it should be: completed or no_show.", content_type="text/plain")
    try:
        outcome = transitions.correct_outcome(appointment=appointment, to=Status(to), actor=me(request))
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    return _marked(request, outcome, f"Corrected: {'completed' if to == Status.COMPLETED else 'a no-show'}.")


def _marked(request: HttpRequest, outcome: transitions.Outcome, sentence: str) -> HttpResponse:
    if outcome.changed:
        messages.success(request, sentence)
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect("studio_appointment", reference=outcome.appointment.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def cancel(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Show the consequence of cancelling and ask for an optional reason, or cancel.

    The rules at the time of the POST decide, not those shown.
    """
    appointment = own_appointment(provider, reference)
    if request.method != "POST":
        if not appointment.is_confirmed:
            return redirect("studio_appointment", reference=reference)
        return _ask_to_cancel(request, provider, appointment)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _ask_to_cancel(request, provider, appointment, form)
    try:
        outcome = transitions.cancel_appointment(
            appointment=appointment,
            actor=me(request),
            role=Role.PROVIDER,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
            shown=form.cleaned_data["shown"],
        )
    except (ChangedSince, CountsForMore) as refusal:
        return _ask_to_cancel(request, provider, own_appointment(provider, reference), form, refusal=refusal)
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    if outcome.banned:
        return to_the_suspended(request, me(request))
    name = appointment.customer.first_name
    return _marked(request, outcome, f"Cancelled. We tell {name}, and the time is no longer held.")


def _ask_to_cancel(
    request: HttpRequest,
    provider: Provider,
    appointment: Appointment,
    form: CancelForm | None = None,
    *,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The page with the provider's own present consequence, what was typed, and the number its form sends back."""
    standing = _standing(appointment)
    day = clock.day_bounds(clock.local(appointment.start, provider.zone).date(), provider.zone)
    same_day = what_is_inside(
        provider, day, now=standing.now, customer=appointment.customer, with_kept=False, with_offered=False
    )
    context = {
        **_context(provider, standing),
        "same_day": len(same_day.claims),
        "form": form or CancelForm(),
        "weighed": weigh(standing, me(request)),
        **told_apart(refusal),
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    return render(request, "appointments/studio/cancel.html", context, status=status)


# --- Shared by the pages of requests and appointments ---------------------------------------------------------------


def ask_first(
    request: HttpRequest, provider: Provider, appointment: Appointment, what: str, form: ReasonForm
) -> HttpResponse:
    """The page that explains the act `what` and asks for confirmation."""
    context = {**_context(provider, _standing(appointment)), "form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, f"appointments/studio/{what}.html", context, status=status)


def too_late(request: HttpRequest, provider: Provider, reference: str, refusal: str) -> HttpResponse:
    """The answer 409: the page of the appointment as it is now, with the sentence why the act was refused."""
    words = why(provider, reference, refusal, twelve=me(request).uses_12h_clock)
    return show_appointment(request, provider, own_appointment(provider, reference), refusal=words)


def why(provider: Provider, reference: str, refusal: str, *, twelve: bool) -> str:
    appointment = own_appointment(provider, reference)
    last = next(iter(history_of(appointment)), None)
    return asking.refusal_words(appointment, last, refusal, now=clock.now(), twelve=twelve)
