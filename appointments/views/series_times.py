"""The page that answers several new times of a series at once, for both of its sides."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appointments.exceptions import MoveRefused, PolicyRefused
from appointments.forms.series_times import AnswerTimesForm, named_field
from appointments.models import Proposal
from appointments.pages.series_times import build_new_times, settled_ones, waiting_proposals
from appointments.queries.busy import busy_elsewhere_on
from appointments.queries.customer import own_appointments_on
from appointments.queries.proposals import proposals_for_series
from appointments.queries.series import appointments_of
from appointments.services.proposals import answer_times
from appointments.services.transitions import Outcome
from core import clock
from providers.access import provider_required
from providers.models import Provider

from .series import READ_AND_SEND, SeriesDoor, customers_door, providers_door


@never_cache
@login_required
@require_http_methods(READ_AND_SEND)
def answer_series_times(request: HttpRequest, series: UUID) -> HttpResponse:
    """Show the new times that the provider proposes for dates of the series, or answer them in one act."""
    return _answer(request, customers_door(request, series))


@require_http_methods(READ_AND_SEND)
@provider_required
def studio_answer_series_times(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    return _answer(request, providers_door(request, provider, series))


def _answer(request: HttpRequest, door: SeriesDoor) -> HttpResponse:
    if request.method != "POST":
        return _ask(request, door)
    form = AnswerTimesForm(request.POST)
    # What the page named, and nothing that was proposed since.
    named = proposals_for_series(door.series, form.cleaned_data["proposals"]) if form.is_valid() else []
    parted = form.part(named)
    if not named or parted is None:
        return _ask(request, door, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    accepted, kept = parted
    try:
        outcomes = answer_times(accepted=accepted, kept=kept, actor=door.actor, role=door.side)
    except (MoveRefused, PolicyRefused) as refusal:
        return _ask(request, door, form, named, status=HTTPStatus.CONFLICT, why=str(refusal))
    _tell(request, door, outcomes[: len(accepted)], outcomes[len(accepted) :])
    return redirect(door.home)


def _tell(request: HttpRequest, door: SeriesDoor, accepted: Sequence[Outcome], kept: Sequence[Outcome]) -> None:
    yes, no = (sum(outcome.changed for outcome in outcomes) for outcomes in (accepted, kept))
    name, told = door.other.first_name, []
    if yes:
        told.append(f"{yes} new time{'s' if yes != 1 else ''} accepted.")
    if no:
        told.append("1 original time stays." if no == 1 else f"{no} original times stay.")
    if not told:
        messages.info(request, "That was already done. Nothing changed.")
        return
    told.append(f"We email you and {name}." if yes else f"We tell {name} in one email.")
    messages.success(request, " ".join(told))


def _ask(
    request: HttpRequest,
    door: SeriesDoor,
    form: AnswerTimesForm | None = None,
    named: Sequence[Proposal] = (),
    *,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    """The page of the new times that wait for an answer; after a refusal also what became of those it had `named`."""
    appointments, now = appointments_of(door.series), clock.now()
    waiting = waiting_proposals(appointments, door.side, now)
    if not waiting:
        messages.info(request, why or "No new time of this series waits for your answer.")
        return redirect(door.home)
    spans = [(one.start, one.end) for one in waiting]
    own = own_appointments_on(door.actor, spans, besides=None) if door.is_customers else []
    busy = busy_elsewhere_on(door.actor, spans) if door.is_customers else []
    times, answers = build_new_times(appointments, waiting, own, busy), form.answers if form else {}
    fresh = proposals_for_series(door.series, [one.uuid for one in named]) if named else []
    context = {
        **door.context(door.page(appointments)),
        "times": times,
        "rows": [(row, answers.get(row.appointment.reference, "" if form else "accept")) for row in times.rows],
        "named": named_field(times.proposals),
        "settled": settled_ones(fresh, appointments, door.side, other=door.other.first_name, now=now),
        "why": why,
        "is_refused": status != HTTPStatus.OK,
    }
    return render(request, "appointments/series/new_times.html", context, status=status)
