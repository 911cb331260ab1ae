"""The page that ends the appointments inside a time: shown, weighed again at each choice, and done.

Time off and a cleared day share it. The rules at the moment of pressing decide, not those shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from appointments.exceptions import CountsForMore, InsideChanged
from appointments.forms.time_off import ClearForm, typed_ways
from appointments.pages.studio.time_off import Check, build_check, chosen_ways
from appointments.rules.fair_use import FREE, Ending, is_late
from appointments.rules.time_off import Way
from appointments.services import fair_use
from appointments.services.time_off import Cleared, Inside, what_is_inside
from core import clock
from core.intervals import Interval
from providers.exceptions import TimeOffRefused
from providers.models import Provider

from .cancelling import to_the_suspended

# Each row is a field of the form, and Django takes no more than 500 of them.
MOST_ROWS = 400
CHANGED = "Something in this time has changed since you opened this page. Look through it once more."
OTHER_ZONE = "Your time zone has changed since you opened this page, so the day is another stretch of time."
FOR_MORE = "What you have chosen counts as more than this page said. Read what it means now, then press the button."


@dataclass(frozen=True, slots=True)
class Clearing:
    """A time to clear: its span, the act that clears it, and how the page differs between time off and a day.

    `act` takes the ways, the word, the number that was shown, and what was shown of each. `done` answers after it.
    """

    provider: Provider
    span: Interval
    template: str
    is_time_off: bool
    act: Callable[[Mapping[str, Way], str, int, Mapping[str, str]], Cleared]
    done: Callable[[Cleared], HttpResponse]
    context: Mapping[str, object]
    customer: User | None = None


def clear(request: HttpRequest, clearing: Clearing) -> HttpResponse:
    """Answer a POST: do the act if its button was pressed, or where nothing is to be said when the time is first sent;
    else weigh what is chosen. Raises TimeOffRefused where too much lies inside for one form."""
    form, pressed = ClearForm(request.POST), request.POST.get("do", "")
    inside = _inside(clearing)
    if len(inside.claims) > MOST_ROWS:
        raise TimeOffRefused(f"More than {MOST_ROWS} appointments and requests lie inside. Take it off in parts.")
    ways = typed_ways(request.POST)
    if pressed == "save" or not (pressed or inside.claims or inside.kept):
        if not form.is_valid():
            return show(request, clearing, inside, ways, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if form.is_of_another_zone(clearing.provider.zone):
            return show(request, clearing, inside, ways, form, status=HTTPStatus.CONFLICT, why=OTHER_ZONE)
        try:
            data = form.cleaned_data
            cleared = clearing.act(ways, data["word"], data["seen"], data["shown"])
        except (InsideChanged, CountsForMore) as refusal:
            why = CHANGED if isinstance(refusal, InsideChanged) else FOR_MORE
            return show(request, clearing, _inside(clearing), ways, form, status=HTTPStatus.CONFLICT, why=why)
        if cleared.banned:
            return to_the_suspended(request, clearing.provider.user)
        return clearing.done(cleared)
    return show(request, clearing, inside, _pressed(inside, ways, pressed), form)


def show(
    request: HttpRequest,
    clearing: Clearing,
    inside: Inside | None = None,
    ways: Mapping[str, Way] | None = None,
    form: ClearForm | None = None,
    *,
    status: int = HTTPStatus.OK,
    why: str = "",
) -> HttpResponse:
    """The page with what lies inside now and these ways, or the form alone where htmx asks for it."""
    provider = clearing.provider
    check = _check(clearing, _inside(clearing) if inside is None else inside, ways or {})
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "check": check,
        "form": form or ClearForm(),
        "why": why,
        "is_refused": status != HTTPStatus.OK,
        **clearing.context,
    }
    part = "#check" if request.headers.get("HX-Target") == "check" else ""
    answer = render(request, f"{clearing.template}{part}", context, status=status)
    answer.headers["Vary"] = "HX-Request, HX-Target"
    return answer


def _inside(clearing: Clearing) -> Inside:
    return what_is_inside(
        clearing.provider,
        clearing.span,
        now=clock.now(),
        customer=clearing.customer,
        with_kept=clearing.is_time_off,
    )


def _pressed(inside: Inside, ways: Mapping[str, Way], pressed: str) -> dict[str, Way]:
    """The ways after a button for many rows at once: end them all, keep them all, or keep those that count."""
    if pressed == "end-all":
        return {claim.appointment.reference: claim.way_to_end for claim in inside.claims}
    if pressed == "keep-all":
        return {claim.appointment.reference: Way.KEEP for claim in inside.claims}
    if pressed == "keep-late":
        now = clock.now()
        late = {
            claim.appointment.reference
            for claim in inside.claims
            if claim.way_to_end is Way.CANCEL and is_late(claim.start, now)
        }
        return {**ways, **dict.fromkeys(late & ways.keys(), Way.KEEP)}
    return dict(ways)


def _check(clearing: Clearing, inside: Inside, ways: Mapping[str, Way]) -> Check:
    """The page's facts. One query where something is cancelled, and one more where that would ban."""
    provider, now = clearing.provider, clock.now()
    chosen = chosen_ways(inside, ways, now=now)
    # Only what is cancelled or declined is no longer there for a ban to end; a proposal's appointment is.
    ended = [
        claim.appointment
        for claim in inside.claims
        if not claim.proposed and chosen[claim.appointment.reference] is not Way.KEEP
    ]
    cancelled = [one.start for one in ended if one.is_confirmed]
    counts = fair_use.consequence_for(provider.user_id, cancelled, now=now) if cancelled else FREE
    ending = fair_use.what_a_ban_ends(provider.user, besides=ended, now=now) if counts.bans else Ending()
    return build_check(
        inside,
        chosen,
        counts,
        ending,
        is_time_off=clearing.is_time_off,
        reader=provider.zone,
        now=now,
        twelve=provider.user.uses_12h_clock,
    )
