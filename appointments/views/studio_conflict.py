"""The studio's page of a conflict: an appointment at whose time a connected calendar is busy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from appointments.exceptions import ConflictChanged
from appointments.forms.conflicts import ConflictForm
from appointments.models import Appointment
from appointments.pages import conflicts as page
from appointments.pages.consequences import Weighed
from appointments.pages.standing import Standing, standing_of
from appointments.pages.studio.requests import history_words
from appointments.queries.customers import customer_figures
from appointments.rules.conflicts import Conflict
from appointments.services import availability, conflicts
from appointments.states import Role
from calendar_sync.services import free_by_choice
from core import clock
from providers.access import provider_required
from providers.models import Provider

from .cancelling import weigh
from .studio_appointment import me, own_appointment

ALREADY = "That was already decided. Nothing changed."
LEADS_TO = {page.MOVE: "studio_reschedule", page.CANCEL: "studio_cancel"}


@dataclass(frozen=True, slots=True)
class Case:
    """An appointment with what lies over it, the provider's conflicts, how it stands, and what cancelling counts as."""

    appointment: Appointment
    found: Sequence[Conflict]
    standing: Standing
    weighed: Weighed | None
    twelve: bool

    @property
    def conflict(self) -> Conflict | None:
        """What lies over the appointment; None once nothing does."""
        return next((each for each in self.found if each.appointment.pk == self.appointment.pk), None)

    def ways(self, nearest: datetime | None = None) -> list[page.Way]:
        if self.conflict is None:
            return []
        return page.ways_out(self.conflict, self.standing, self.weighed, nearest=nearest, twelve=self.twelve)


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def conflict(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Show what lies over an appointment and the ways out, or take the one that was chosen."""
    case = _case(request, own_appointment(provider, reference))
    return _decide(request, case) if request.method == "POST" else _show(request, case)


def _case(request: HttpRequest, appointment: Appointment) -> Case:
    now = clock.now()
    standing = standing_of(appointment, Role.PROVIDER, reader=appointment.provider.zone, now=now)
    found = conflicts.all_conflicts(appointment.provider, now=now)
    return Case(appointment, found, standing, weigh(standing, me(request)), me(request).uses_12h_clock)


def _decide(request: HttpRequest, case: Case) -> HttpResponse:
    if case.conflict is None:
        messages.info(request, "Nothing lies over this appointment any more. Nothing changed.")
        return redirect("studio_appointment", reference=case.appointment.reference)
    form = ConflictForm(request.POST, ways=case.ways())
    if not form.is_valid():
        return _show(request, case, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    chosen = form.cleaned_data["do"]
    if chosen in LEADS_TO:
        return redirect(LEADS_TO[chosen], reference=case.appointment.reference)
    if chosen == page.KEEP:
        return _keep(request, case, form.cleaned_data["shown"])
    return _free(request, case, chosen)


def _keep(request: HttpRequest, case: Case, shown: str) -> HttpResponse:
    try:
        changed = conflicts.keep_both(appointment=case.appointment, shown=shown, actor=me(request))
    except ConflictChanged as refusal:
        now_is = _case(request, case.appointment)
        return _show(request, now_is, refusal=str(refusal), status=HTTPStatus.CONFLICT)
    if changed:
        messages.success(request, "You keep both. Nothing was changed, and nobody is told.")
    else:
        messages.info(request, ALREADY)
    return redirect("studio_appointment", reference=case.appointment.reference)


def _free(request: HttpRequest, case: Case, chosen: str) -> HttpResponse:
    assert case.conflict is not None
    over = page.over_with_key(case.conflict, chosen)
    if over and free_by_choice.treat_as_free(busy=over.busy, actor=me(request)):
        messages.success(request, "The event counts as free time now. Your Google Calendar was not changed.")
    else:
        messages.info(request, ALREADY)
    return redirect("studio_conflict", reference=case.appointment.reference)


def _show(
    request: HttpRequest,
    case: Case,
    *,
    form: ConflictForm | None = None,
    refusal: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    appointment, provider = case.appointment, case.appointment.provider
    context: dict[str, Any] = {
        "appointment": appointment,
        "customer": appointment.customer,
        "provider": provider,
        "zone": provider.time_zone,
        "now": case.standing.now,
        "standing": case.standing,
        "day": clock.local(appointment.start, provider.zone).date(),
        "refusal": refusal,
    }
    if case.conflict is not None:
        context |= _what_lies_over(case, case.conflict, form)
    return render(request, "appointments/studio/conflict.html", context, status=status)


def _what_lies_over(case: Case, conflict: Conflict, form: ConflictForm | None) -> dict[str, Any]:
    """The context of the two things and the ways out. Five queries, six where the provider has a cap."""
    one, now = case.appointment, case.standing.now
    nearest = next(iter(availability.times_to_move_to(one, now=now, count=1)), None)
    ways = case.ways(nearest)
    figures = customer_figures(one.provider, one.customer, now=now)
    opens, closes = page.drawn_span(one)
    return {
        "conflict": conflict,
        "busy": page.busy_of(conflict, case.found, twelve=case.twelve),
        "ways": ways,
        "form": form or ConflictForm(ways=ways),
        "chosen": form["do"].value() if form else ways[0].value,
        "opens": opens,
        "closes": closes,
        "drawn": [("open", opens, closes), ("confirmed", one.start, one.end)],
        "drawn_over": [("busy", each.start, each.end) for each in conflict.busy],
        "figures": figures,
        "history_words": history_words(figures.visits, figures.no_shows, figures.late),
        "can_be_reached": one.customer.is_active and figures.can_be_reached(now),
    }
