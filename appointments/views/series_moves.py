"""The pages that move several dates of a series, for both of its sides: which and whereto, then each before it moves.

Nothing is stored before the last button: the form carries all that was typed and chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.limits import limited
from appointments import visitor
from appointments.exceptions import ChangedSince, MoveRefused, PolicyRefused, ReasonMissing, SlotTaken, TermsChanged
from appointments.forms.series_dates import SentDates, read_dates, rows_shown
from appointments.forms.series_moves import MoveForm
from appointments.forms.stopping import shown_field
from appointments.models import Appointment
from appointments.pages.series_moves import build_moves, scope_choices
from appointments.pages.stopping import date_choices
from appointments.queries.series import appointments_of
from appointments.rules.moves import move_terms
from appointments.rules.new_times import Room
from appointments.rules.persons import move_refusal
from appointments.rules.series import Outcome, SettledDate
from appointments.rules.series_moves import moved, settle_moves
from appointments.rules.stopping import Scope, Way, Ways, ways_to_move
from appointments.services.persons import dealings_between
from appointments.services.series_moves import look_at_moves, move_several
from core import clock
from providers.access import provider_required
from providers.models import Provider

from .series import READ_AND_SEND, SeriesDoor, customers_door, providers_door

TEMPLATE = "appointments/series/move.html"
CHECK = "appointments/series/move_check.html"
ALREADY = "That was already done. Nothing changed."
GONE = "This series has changed since the page was opened. Nothing is moved: choose again."


@never_cache
@login_required
@require_http_methods(READ_AND_SEND)
@limited("check_series")
def move_series(request: HttpRequest, series: UUID) -> HttpResponse:
    """Ask which dates of one's series move and whereto, show each, or move them."""
    return _move(request, customers_door(request, series))


@require_http_methods(READ_AND_SEND)
@provider_required
@limited("check_series")
def studio_move_series(request: HttpRequest, provider: Provider, series: UUID) -> HttpResponse:
    return _move(request, providers_door(request, provider, series))


@dataclass
class Look:
    """The dates that move as things are now, and the trouble to show on top."""

    door: SeriesDoor
    appointments: Sequence[Appointment]
    form: MoveForm
    ways: Ways
    way: Way
    since: Appointment
    sent: SentDates
    room: Room
    dates: list[SettledDate]
    already: list[Appointment]
    has_changed: bool = False
    trouble: str = ""
    must_answer: bool = False
    unlike_shown: list[SettledDate] = field(default_factory=list)
    lost: list[SettledDate] = field(default_factory=list)

    @property
    def status(self) -> int:
        if self.trouble or self.lost or self.unlike_shown:
            return HTTPStatus.CONFLICT
        wrong = self.must_answer or self.form.errors
        return HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK

    @property
    def at_once(self) -> bool:
        return _at_once(self.door)


def _at_once(door: SeriesDoor) -> bool:
    """Whether a new time counts without an answer, where the date is agreed."""
    return door.is_customers and door.series.service.confirms_at_once(door.series.provider.policy)


def _move(request: HttpRequest, door: SeriesDoor) -> HttpResponse:
    appointments, asked = appointments_of(door.series), request.POST if request.method == "POST" else request.GET
    policy, now = door.series.provider.policy, clock.now()
    chooses_since = request.POST.get("do") == "since"
    called = asked.get("since" if chooses_since else "from", "")
    ways = ways_to_move(appointments, called, role=door.side, policy=policy, now=now)
    way = ways.chosen(Scope.FOLLOWING if chooses_since else asked.get("which", ""))
    refused = _refused(door)
    if request.method == "POST" and called and not ways.since and not refused:
        return _is_gone(request, door, appointments)
    if way is None or refused:
        why = refused or next((_why_not(one, door) for one in ways.staying), "Nothing of this series lies ahead.")
        messages.info(request, why)
        return redirect(door.home)
    since = ways.since or way.ending[0]
    to, since_day = door.other.first_name, clock.local(since.start, door.series.zone).date()
    if request.method != "POST" or chooses_since:
        initial = _at_present(since, door) | _typed(request, door, appointments)
        form = MoveForm(initial=initial, to=to, since_day=since_day)
        return _ask(request, door, appointments, ways, way, since, form)
    form = MoveForm(request.POST, to=to, since_day=since_day)
    if not form.is_valid() or request.POST.get("do") == "change":
        return _ask(request, door, appointments, ways, way, since, form)
    look = _look(request, door, form, ways, way, since, appointments)
    if look.has_changed and look.sent.books:
        if not look.dates:
            return _is_gone(request, door, appointments)
        look.trouble = str(ChangedSince())
        return _show(request, look)
    if not look.dates:
        if look.sent.books:
            messages.info(request, ALREADY)
            return redirect(door.home)
        form.add_error("at", "They are at this time already.")
        return _ask(request, door, appointments, ways, way, since, form)
    return _send(request, look) if look.sent.books else _show(request, look)


def _at_present(since: Appointment, door: SeriesDoor) -> dict[str, str]:
    """What the form shows before anything is typed: the day and time that the date has now."""
    wall = clock.local(since.start, door.series.zone)
    return {"from": since.reference, "day": f"{wall:%Y-%m-%d}", "at": f"{wall:%H:%M}"}


def _typed(request: HttpRequest, door: SeriesDoor, appointments: Sequence[Appointment]) -> dict[str, str]:
    """What was typed before another date was chosen; what still is as the page showed it follows the new date."""
    before = next((one for one in appointments if one.reference == request.POST.get("from")), None)
    shown = _at_present(before, door) if before else {}
    sent = {name: request.POST[name] for name in ("day", "at", "message") if name in request.POST}
    return {name: value for name, value in sent.items() if value != shown.get(name)}


def _is_gone(request: HttpRequest, door: SeriesDoor, appointments: Sequence[Appointment]) -> HttpResponse:
    """Redirect to the series, as the date from which its page counted can't be moved any more."""
    sent = read_dates(request.POST, {})
    has_moved = any(_has_moved(one, sent) for one in appointments if one.reference == request.POST.get("from"))
    messages.info(request, ALREADY if sent.books and has_moved else GONE)
    return redirect(door.home)


def _has_moved(one: Appointment, sent: SentDates) -> bool:
    """Whether the date is at the new time that the page showed for it, as after a first press."""
    shown = sent.shown.get(one.occurrence or 0)
    return one.is_open and shown is not None and one.start == shown.start


def _refused(door: SeriesDoor) -> str:
    """Why its person may choose no new time, whatever the time; empty where nothing is in the way."""
    if not door.is_customers:
        return ""
    customer, provider = door.series.customer, door.series.provider
    return move_refusal(customer, provider, dealings_between(customer, provider))


def _why_not(one: Appointment, door: SeriesDoor) -> str:
    return move_terms(one, role=door.side, policy=door.series.provider.policy, now=clock.now()).sentence


def _ask(
    request: HttpRequest,
    door: SeriesDoor,
    appointments: Sequence[Appointment],
    ways: Ways,
    way: Way,
    since: Appointment,
    form: MoveForm,
) -> HttpResponse:
    """The page that asks which dates move, and to which day and time."""
    page = door.page(appointments)
    is_wrong = form.is_bound and bool(form.errors)
    context = {
        **door.context(page),
        "form": form,
        "choices": scope_choices(ways, way, page.zones.first),
        "dates": date_choices(ways, page.zones.first),
        "since": since,
        "series_zone": door.series.zone,
        "at_once": _at_once(door),
        "staying": ways.staying,
        "is_refused": is_wrong,
    }
    return render(request, TEMPLATE, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK)


# --- Each date before it moves ----------------------------------------------------------------------------------------


def _look(
    request: HttpRequest,
    door: SeriesDoor,
    form: MoveForm,
    ways: Ways,
    way: Way,
    since: Appointment,
    appointments: Sequence[Appointment],
) -> Look:
    """The dates as they are now, judged with what the form says of each."""
    now, zone = clock.now(), door.series.zone
    # What the page named, wherever it lies by now, and nothing that joined it since.
    named_now = [one for one in ways.ending if one.reference in form.shown] if form.shown else list(way.ending)
    named_now = named_now or [since]
    wanted = moved(named_now, since, *form.new_time, zone)
    present = {one.occurrence or 0: one.start for one in named_now}
    already = [one for one, date in zip(named_now, wanted, strict=True) if date.start == one.start]
    moving = [one for one in named_now if one not in already]
    wanted = [date for date in wanted if date.start != present[date.number]]
    sent = read_dates(request.POST, {date.number: date.day for date in wanted})
    picks = {number: None if pick == present[number] else pick for number, pick in sent.picks.items()}
    sent = replace(sent, picks=picks)
    starts = [date.start for date in wanted] + [pick for pick in picks.values() if pick]
    starts += [clock.day_bounds(day, zone)[0] for day in sent.days.values()]
    room = look_at_moves(
        moving or named_now, starts, actor=door.actor, role=door.side, browser=visitor.known(request), now=now
    )
    dates = settle_moves(
        room, wanted, picks, unanswered=sent.unanswered, suggests=sent.is_first, overrides=not door.is_customers
    )
    left = [one for one in appointments if one.reference in form.shown and one not in ways.ending]
    has_changed = not all(_has_moved(one, sent) for one in left)
    return Look(door, appointments, form, ways, way, since, sent, room, dates, already, has_changed)


def _send(request: HttpRequest, look: Look) -> HttpResponse:
    door, form = look.door, look.form
    by_number = {one.occurrence: one for one in look.ways.ending}
    unsettled = [date for date in look.dates if not date.is_settled]
    if unsettled:
        look.must_answer = True
        look.lost = [date for date in unsettled if date.is_lost or date.number not in look.sent.asked]
        return _show(request, look)
    if unlike := look.sent.unlike_shown(look.dates):
        look.unlike_shown = unlike
        return _show(request, look)
    moves = [(by_number[date.number], date.start) for date in look.dates if date.start is not None]
    if not moves:
        look.trouble = "Every date stays as it is, so there is nothing to move."
        return _show(request, look)
    needs_reason = any(date.obstacle and date.outcome is Outcome.OPEN for date in look.dates)
    if needs_reason and not form.cleaned_data["message"]:
        form.add_error("message", f"Say why: {door.other.first_name} reads it beside the new times.")
        return _show(request, look)
    try:
        outcomes = move_several(
            moves=moves,
            actor=door.actor,
            role=door.side,
            at_once=form.cleaned_data["at_once"],
            message=form.cleaned_data["message"],
            shown=form.shown,
            browser=visitor.known(request),
        )
    except (ChangedSince, MoveRefused, PolicyRefused, ReasonMissing, SlotTaken, TermsChanged) as refusal:
        return _look_again(request, door, str(refusal))
    _tell(request, door, outcomes, {one.pk: start for one, start in moves})
    return redirect(door.home)


def _look_again(request: HttpRequest, door: SeriesDoor, why: str) -> HttpResponse:
    """The page with the dates as they are by now, of which nothing has moved."""
    appointments, policy = appointments_of(door.series), door.series.provider.policy
    ways = ways_to_move(appointments, request.POST.get("from", ""), role=door.side, policy=policy, now=clock.now())
    way = ways.chosen(request.POST.get("which", ""))
    if way is None or ways.since is None:
        messages.info(request, why)
        return redirect(door.home)
    since = ways.since
    day = clock.local(since.start, door.series.zone).date()
    form = MoveForm(request.POST, to=door.other.first_name, since_day=day)
    if not form.is_valid():
        return _ask(request, door, appointments, ways, way, since, form)
    look = _look(request, door, form, ways, way, since, appointments)
    look.trouble = why
    return _show(request, look)


def _tell(request: HttpRequest, door: SeriesDoor, outcomes: Sequence, starts: Mapping[int, object]) -> None:
    changed = [outcome.appointment for outcome in outcomes if outcome.changed]
    if not changed:
        messages.info(request, ALREADY)
        return
    name = door.other.first_name
    at_once = sum(one.start == starts[one.pk] for one in changed)
    proposed = len(changed) - at_once
    told = []
    if at_once:
        told.append(f"{'1 date is' if at_once == 1 else f'{at_once} dates are'} moved. We email you and {name}.")
    if proposed:
        times = "a new time" if proposed == 1 else f"{proposed} new times"
        told.append(f"{name} has your proposal of {times}. The present ones stay until {name} accepts.")
    messages.success(request, " ".join(told))


def _show(request: HttpRequest, look: Look) -> HttpResponse:
    door, now = look.door, clock.now()
    page = door.page(look.appointments)
    moves = build_moves(
        door.series,
        look.ways.ending,
        look.dates,
        look.room,
        role=door.side,
        at_once=look.at_once,
        opened=look.sent.days,
        zone=page.zones.first,
        now=now,
        twelve=door.actor.uses_12h_clock,
    )
    in_question = [one for one in look.ways.ending if one.occurrence in {date.number for date in look.dates}]
    context = {
        **door.context(page),
        "look": look,
        "form": look.form,
        "staying": look.ways.staying,
        "moves": moves,
        "already": look.already,
        "shown": shown_field(in_question),
        "rows": rows_shown(look.dates),
        "series_zone": door.series.zone,
    }
    part = "#moves" if request.headers.get("HX-Target") == "moves" else ""
    response = render(request, f"{CHECK}{part}", context, status=look.status)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response
