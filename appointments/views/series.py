"""The pages of a series for both of its sides: its dates, stopping it, and the provider's answer to its requests.

The rules at the moment of pressing decide, not those shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.zones import viewer_zone
from appointments.exceptions import ChangedSince, CountsForMore, MoveRefused, PolicyRefused
from appointments.forms.reasons import ReasonForm
from appointments.forms.stopping import StopForm, shown_field, shown_of, typed_answers
from appointments.mail.ics import series_ics
from appointments.models import Appointment, Series
from appointments.pages.series import SeriesPage, ahead_of, build_series
from appointments.pages.stopping import Stopping, build_stopping
from appointments.queries.series import appointments_of, series_for_customer, series_for_provider
from appointments.rules.fair_use import Ending
from appointments.rules.stopping import Scope, ways_to_stop
from appointments.services import fair_use
from appointments.services.series import answer_several, end_several
from appointments.states import Role
from core import clock
from providers.access import provider_required
from providers.models import Provider

from .cancelling import to_the_suspended
from .files import calendar_file

READ_AND_SEND = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True)
class SeriesDoor:
    """The side from which somebody came to a series: who acts, in which frame, and where its pages are."""

    series: Series
    side: Role
    actor: User
    reader: ZoneInfo
    frame: str
    home: str
    cancel: str
    move: str
    new_times: str
    crumbs: Sequence[tuple[str, str]]

    @property
    def is_customers(self) -> bool:
        return self.side is Role.CUSTOMER

    @property
    def other(self) -> User | Provider:
        return self.series.provider if self.is_customers else self.series.customer

    @property
    def other_photo(self) -> Any:
        return self.series.provider.user.photo if self.is_customers else self.series.customer.photo

    @property
    def appointment_page(self) -> str:
        """The name of the route of one appointment's page."""
        return "my_appointment" if self.is_customers else "studio_appointment"

    def page(self, appointments: Sequence[Appointment]) -> SeriesPage:
        left_out = list(self.series.left_out.all())
        twelve = self.actor.uses_12h_clock
        return build_series(
            self.series, appointments, left_out, self.side, reader=self.reader, now=clock.now(), twelve=twelve
        )

    def context(self, page: SeriesPage) -> dict[str, Any]:
        return {
            "door": self,
            "frame": self.frame,
            "series": self.series,
            "provider": self.series.provider,
            "customer": self.series.customer,
            "service": self.series.service,
            "page": page,
            "zone": page.zones.first.key,
            "now": clock.now(),
        }


def customers_door(request: HttpRequest, uuid: UUID) -> SeriesDoor:
    me = cast(User, request.user)
    try:
        series = series_for_customer(me, uuid)
    except Series.DoesNotExist:
        raise Http404 from None
    mine = reverse("my_appointments")
    return SeriesDoor(
        series=series,
        side=Role.CUSTOMER,
        actor=me,
        reader=viewer_zone(request, me.time_zone).zone,
        frame="base.html",
        home=reverse("my_series", args=[uuid]),
        cancel=reverse("cancel_series", args=[uuid]),
        move=reverse("move_series", args=[uuid]),
        new_times=reverse("answer_series_times", args=[uuid]),
        crumbs=[("Your appointments", mine), ("Series", f"{mine}?tab=series")],
    )


def providers_door(request: HttpRequest, provider: Provider, uuid: UUID) -> SeriesDoor:
    try:
        series = series_for_provider(provider, uuid)
    except Series.DoesNotExist:
        raise Http404 from None
    customer = series.customer
    return SeriesDoor(
        series=series,
        side=Role.PROVIDER,
        actor=cast(User, request.user),
        reader=provider.zone,
        frame="studio.html",
        home=reverse("studio_series", args=[uuid]),
        cancel=reverse("studio_cancel_series", args=[uuid]),
        move=reverse("studio_move_series", args=[uuid]),
        new_times=reverse("studio_answer_series_times", args=[uuid]),
        crumbs=[(customer.name, reverse("studio_customer", args=[customer.uuid]))],
    )


# --- The series -----------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def my_series(request: HttpRequest, series: UUID) -> HttpResponse:
    """The customer's page of a series. Three queries with what is behind the door."""
    return _show(request, customers_door(request, series))


@require_safe
@provider_required
def studio_series(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    """The provider's page of a customer's series."""
    return _show(request, providers_door(request, provider, series))


def _show(request: HttpRequest, door: SeriesDoor) -> HttpResponse:
    page = door.page(appointments_of(door.series))
    return render(request, "appointments/series/series.html", door.context(page))


@never_cache
@login_required
@require_safe
def my_series_ics(request: HttpRequest, series: UUID) -> HttpResponse:
    """One calendar file with an entry for each agreed date ahead; 404 where there is none."""
    door = customers_door(request, series)
    return _calendar(door)


@require_safe
@provider_required
def studio_series_ics(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    return _calendar(providers_door(request, provider, series))


def _calendar(door: SeriesDoor) -> HttpResponse:
    agreed = [one for one in ahead_of(appointments_of(door.series), clock.now()) if one.is_confirmed]
    if not agreed:
        raise Http404("No date of it is agreed")
    return calendar_file(series_ics(agreed, door.side), f"series-{str(door.series.uuid)[:8]}")


# --- Stopping it ----------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(READ_AND_SEND)
def cancel_series(request: HttpRequest, series: UUID) -> HttpResponse:
    """Show what cancelling one, the following or all would count as, or do it."""
    return _stop(request, customers_door(request, series))


@require_http_methods(READ_AND_SEND)
@provider_required
def studio_cancel_series(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    return _stop(request, providers_door(request, provider, series))


def _stop(request: HttpRequest, door: SeriesDoor) -> HttpResponse:
    if request.method != "POST":
        return _ask_to_stop(request, door, request.GET.get("from", ""), request.GET.get("which", ""))
    form = StopForm(request.POST)
    if request.POST.get("do") == "since":
        return _ask_to_stop(request, door, request.POST.get("since", ""), Scope.FOLLOWING, form=form)
    if request.POST.get("do") == "weigh":
        return _ask_to_stop(request, door, request.POST.get("from", ""), request.POST.get("which", ""), form=form)
    data = form.cleaned_data if form.is_valid() else {}
    if not data:
        sent = request.POST.get("from", ""), request.POST.get("which", "")
        return _ask_to_stop(request, door, *sent, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    # What the page named, and nothing that joined it since.
    named = [one for one in appointments_of(door.series) if one.reference in form.shown]
    try:
        outcomes = end_several(
            appointments=[one for one in named if one.is_open],
            actor=door.actor,
            role=door.side,
            reason=data["reason"],
            seen=form.seen,
            shown=form.shown,
        )
    except (ChangedSince, CountsForMore, MoveRefused, PolicyRefused) as refusal:
        return _ask_to_stop(
            request, door, data["from"], data["which"], form=form, status=HTTPStatus.CONFLICT, why=str(refusal)
        )
    if any(outcome.banned for outcome in outcomes):
        return to_the_suspended(request, door.actor)
    changed = sum(outcome.changed for outcome in outcomes)
    if changed:
        ended = "1 date is" if changed == 1 else f"{changed} dates are"
        messages.success(request, f"{ended} cancelled. We email you and {door.other.first_name}.")
    else:
        messages.info(request, "That was already done. Nothing changed.")
    return redirect(door.home)


def _ask_to_stop(
    request: HttpRequest,
    door: SeriesDoor,
    since: str,
    which: str,
    *,
    form: StopForm | None = None,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    """The page with what each choice ends and counts as."""
    appointments = appointments_of(door.series)
    page = door.page(appointments)
    if not page.ahead:
        messages.info(request, "Nothing of this series lies ahead.")
        return redirect(door.home)
    stopping = _stopping(door, appointments, since, which)
    if request.method == "POST" and since and not stopping.since:
        messages.info(request, "This series has changed since the page was opened. Nothing is cancelled: choose again.")
        return redirect(door.home)
    context = {
        **door.context(page),
        "form": form or StopForm(),
        "stopping": stopping,
        "why": why,
        "is_refused": status != HTTPStatus.OK,
    }
    part = "#stop" if request.headers.get("HX-Target") == "stop" else ""
    answer = render(request, f"appointments/series/cancel.html{part}", context, status=status)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def _stopping(door: SeriesDoor, appointments: Sequence[Appointment], since: str, which: str) -> Stopping:
    """What each way of stopping ends and counts as. One query a way, and one more where the chosen one would ban."""
    now, actor = clock.now(), door.actor
    ways = ways_to_stop(appointments, since, role=door.side, policy=door.series.provider.policy, now=now)
    counts = {
        way.scope: fair_use.consequence_for(actor.pk, [one.start for one in way.ending if one.is_confirmed], now=now)
        for way in ways.ways
    }
    chosen = ways.chosen(which)
    bans = chosen is not None and counts[chosen.scope].bans
    ending = fair_use.what_a_ban_ends(actor, besides=chosen.ending, now=now) if bans and chosen else Ending()
    zone = door.page(appointments).zones.first
    return build_stopping(ways, counts, chosen, ending, role=door.side, zone=zone, now=now, twelve=actor.uses_12h_clock)


# --- The provider's answer ------------------------------------------------------------------------------------------


@require_http_methods(READ_AND_SEND)
@provider_required
def answer_series(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    """Accept and decline the requests of a series, all at once or date by date, in one act."""
    door = providers_door(request, provider, series)
    appointments = appointments_of(door.series)
    if request.method != "POST":
        return _ask_to_answer(request, door, appointments, ReasonForm())
    form = ReasonForm(request.POST)
    answers = typed_answers(request.POST)
    if not form.is_valid() or "shown" not in request.POST:
        return _ask_to_answer(request, door, appointments, form, answers, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    # What the page named, and nothing that joined it since.
    shown, all_waiting = shown_of(request.POST.get("shown", "")), door.page(appointments).waiting
    waiting = [one for one in all_waiting if one.reference in shown]
    pressed = request.POST.get("do", "")
    accepts = {one.reference: pressed == "accept-all" or answers.get(one.reference) == "accept" for one in waiting}
    if pressed not in {"accept-all", "decline-all"} and any(one.reference not in answers for one in waiting):
        return _ask_to_answer(request, door, appointments, form, answers, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        outcomes = answer_several(
            accepted=[one for one in waiting if accepts[one.reference]],
            declined=[one for one in waiting if not accepts[one.reference]],
            actor=door.actor,
            reason=form.cleaned_data["reason"],
            shown=shown,
        )
    except (ChangedSince, MoveRefused, PolicyRefused) as refusal:
        return _ask_to_answer(
            request, door, appointments_of(door.series), form, answers, status=HTTPStatus.CONFLICT, why=str(refusal)
        )
    name = door.other.first_name
    accepted = sum(outcome.changed and outcome.appointment.is_confirmed for outcome in outcomes)
    declined = sum(outcome.changed for outcome in outcomes) - accepted
    told = [f"{count} {verb}" for count, verb in ((accepted, "accepted"), (declined, "declined")) if count]
    if told:
        messages.success(request, f"{' and '.join(told).capitalize()}. We tell {name} in one email.")
    else:
        messages.info(request, "These requests were already answered. Nothing changed.")
    if joined := len(all_waiting) - len(waiting):
        more = "1 more request has" if joined == 1 else f"{joined} more requests have"
        messages.warning(request, f"{more} joined since the page was opened, and still wait{'s' * (joined == 1)}.")
    return redirect(door.home)


def _ask_to_answer(
    request: HttpRequest,
    door: SeriesDoor,
    appointments: Sequence[Appointment],
    form: ReasonForm,
    answers: Mapping[str, str] | None = None,
    *,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    page = door.page(appointments)
    if not page.waiting:
        messages.info(request, "No request of this series waits for an answer.")
        return redirect(door.home)
    waiting = {one.reference for one in page.waiting}
    context = {
        **door.context(page),
        "form": form,
        "rows": [
            (row, (answers or {}).get(row.appointment.reference, "" if status != HTTPStatus.OK else "accept"))
            for row in page.rows
            if row.appointment and row.appointment.reference in waiting
        ],
        "shown": shown_field(page.waiting),
        "why": why,
        "is_refused": status != HTTPStatus.OK,
    }
    return render(request, "appointments/series/answer.html", context, status=status)
